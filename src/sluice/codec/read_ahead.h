// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/codec/member_search.h"
#include "sluice/codec/parallel_decompressor.h"
#include "sluice/codec/stream_codec_decoder.h"

namespace sluice {

// Some compressed bytes, and what comes out of them where they were decoded ahead of their turn.
struct Piece {
  enum class State {
    kInTurn,   // for the reading thread alone
    kWaiting,  // seems to be whole members: may be decoded by any thread
    kTaken,    // a helper is at it
    kDecoded,  // it was whole members, and this is their content
    kRefused,  // something else
  };

  std::string_view bytes() const { return {memory.data(), size}; }
  std::string_view text() const { return {text_memory.data(), text_size}; }

  State state = State::kInTurn;
  std::vector<char> memory;  // larger than what is in it, and kept from piece to piece
  size_t size = 0;
  std::vector<char> text_memory;
  size_t text_size = 0;
};

// Reads a source and cuts it into pieces. At first a piece is what one Read of the source gave.
// After LookAhead pieces are whole members, as far as that can be seen without decoding, and wait
// to be decoded by Help; that ends with the first piece whose end is not found in time, or which
// was no whole members. All functions but Help are for the reading thread.
class ReadAhead {
 public:
  ReadAhead(ByteSource& source, const AheadOptions& options) : source_(source), options_(options) {}

  // Adds one Read of the source to the first piece; 0: the end.
  Result<size_t> ReadFirst();
  // What is there of the first piece, until Next is called.
  std::string_view first() const { return front_ ? front_->bytes() : std::string_view(); }
  // Before the first Next. Not for kPlain.
  void SetFormat(StreamFormat format);

  // To be called where a member ended, with what follows of the piece at hand. True: this becomes
  // part of the next piece. False: it is not worth it, or the pieces behind were cut already.
  bool LookAhead(std::string_view rest);
  // The next piece, which lasts until the next call; none at the end. `is_member`: the decoder is
  // between members, so that the piece may be one: then it is not kTaken. An error of the source
  // comes behind all bytes before it; the next call tries the source again.
  Result<const Piece*> Next(bool is_member);

  // Decodes a waiting piece. False: there is none. Any thread.
  bool Help();

 private:
  void ReadPieces();
  void ReadPiece();
  void Cut(size_t end);
  void BeginPiece(std::string_view front);
  void Push(std::unique_ptr<Piece> piece, Piece::State state);
  std::unique_ptr<Piece> FreePiece();
  void AwaitHelper(const Piece& piece, std::unique_lock<std::mutex>& lock);
  // Unlocks meanwhile.
  bool HelpOnce(std::unique_lock<std::mutex>& lock);

  ByteSource& source_;  // outlives this
  const AheadOptions options_;
  StreamFormat format_ = StreamFormat::kPlain;
  std::unique_ptr<MemberSearch> search_;
  bool looks_ahead_ = false;
  int in_vain_ = 0;  // pieces in a row that were no whole members
  bool ended_ = false;
  std::optional<Error> fault_;      // of the source, met ahead of its turn
  std::unique_ptr<Piece> front_;    // given out by Next
  std::unique_ptr<Piece> filling_;  // not in waiting_ yet
  std::vector<std::unique_ptr<Piece>> free_;

  std::mutex mutex_;  // guards the states of pieces, and what comes now
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Piece>> waiting_;  // behind front_; changed by the reading thread only
  std::vector<std::unique_ptr<Decoder>> decoders_;  // that no helper has
};

}  // namespace sluice
