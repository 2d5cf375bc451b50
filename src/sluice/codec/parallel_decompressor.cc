// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/parallel_decompressor.h"

#include "sluice/codec/read_ahead.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/codec/stream_codec_decoder.h"
#include "sluice/codec/stream_codec_zstd_header.h"

namespace sluice {
namespace {

// Decodes the pieces of the source one behind the other, as if they had not been cut. Only where a
// piece begins between members, and a helper found whole members in it, what the helper made takes
// the place of decoding: that is what the decoder would have made of it.
class Decompressor : public ParallelDecompressor {
 public:
  Decompressor(ByteSource& source, const AheadOptions& options)
      : source_(source), pieces_(source, options) {}

  Result<size_t> Read(std::span<char> buffer) override {
    SLUICE_TRY(state_);
    if (!is_recognised_) SLUICE_TRY(Recognise());
    if (!decoder_) return ReadPlain(buffer);
    for (;;) {
      if (!text_.empty()) return Give(buffer);
      const size_t left = input_.bytes().size();
      Result<size_t> n = decoder_->Decode(input_, buffer);
      if (!n) return Remember(std::unexpected(std::move(n).error()));
      if (decoder_->IsBetweenMembers() && pieces_.LookAhead(input_.bytes())) {
        input_ = Input({}, input_.offset());  // the rest comes back as the next piece
      }
      if (*n > 0) return n;
      if (!input_.bytes().empty()) {
        if (input_.bytes().size() == left) return Remember(Corrupt("no progress"));
      } else if (!ended_) {
        SLUICE_TRY(NextPiece());
      } else if (decoder_->IsBetweenMembers()) {
        return 0;
      } else {
        return Remember(Corrupt("it is cut short"));
      }
    }
  }

  bool Help() override { return pieces_.Help(); }
  bool is_plain() const override { return is_recognised_ && !decoder_; }

 private:
  // By the first four bytes, or all where there are fewer.
  Status Recognise() {
    while (pieces_.first().size() < 4 && !ended_) {
      SLUICE_ASSIGN(const size_t n, pieces_.ReadFirst());
      ended_ = n == 0;
    }
    input_ = Input(pieces_.first());
    if (input_.bytes().starts_with("\x1F\x8B")) {
      format_ = StreamFormat::kGzip;
    } else if (input_.bytes().size() >= 4 && MayBeZstdFrame(input_.bytes())) {
      format_ = StreamFormat::kZstd;
    }
    pieces_.SetFormat(format_);
    decoder_ = MakeDecoder(format_);
    is_recognised_ = true;
    return {};
  }

  Result<size_t> ReadPlain(std::span<char> buffer) {
    if (input_.bytes().empty()) return ended_ ? 0 : source_.Read(buffer);
    const size_t n = input_.bytes().copy(buffer.data(), buffer.size());
    input_.Consume(n);
    return n;
  }

  Status NextPiece() {
    const bool may_be_whole = decoder_->IsBetweenMembers();
    SLUICE_ASSIGN(const Piece* const piece, pieces_.Next(may_be_whole));
    ended_ = piece == nullptr;
    if (ended_) return {};
    input_ = Input(piece->bytes(), input_.offset());
    if (may_be_whole && piece->state == Piece::State::kDecoded) {
      input_.Consume(piece->size);
      text_ = piece->text();
    }
    return {};
  }

  size_t Give(std::span<char> buffer) {
    const size_t n = text_.copy(buffer.data(), buffer.size());
    text_.remove_prefix(n);
    return n;
  }

  std::unexpected<Error> Corrupt(std::string_view what) const {
    return CorruptStream(format_, what, input_.offset());
  }

  std::unexpected<Error> Remember(std::unexpected<Error> fault) {
    state_ = fault;
    return fault;
  }

  ByteSource& source_;  // outlives this
  ReadAhead pieces_;
  bool is_recognised_ = false;
  bool ended_ = false;  // nothing is behind input_
  StreamFormat format_ = StreamFormat::kPlain;
  std::unique_ptr<Decoder> decoder_;  // none: plain
  Input input_;                       // of the piece at hand
  std::string_view text_;             // of the piece at hand, where it was decoded by a helper
  Status state_;                      // the first fault of the data; it stays
};

}  // namespace

std::unique_ptr<ParallelDecompressor> MakeParallelDecompressor(ByteSource& source,
                                                               const AheadOptions& options) {
  return std::make_unique<Decompressor>(source, options);
}

std::unique_ptr<ByteSource> DecompressingSource(ByteSource& source) {
  return MakeParallelDecompressor(source, {});
}

}  // namespace sluice
