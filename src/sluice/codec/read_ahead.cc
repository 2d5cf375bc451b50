// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/read_ahead.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr size_t kReadSize = size_t{1} << 17;
// Of frames that are decoded ahead (log2), so that hostile ones do not take 128 MiB in each thread.
constexpr int kLargestWindowAhead = 23;

Result<size_t> ReadInto(ByteSource& source, Piece& piece) {
  if (piece.memory.size() < piece.size + kReadSize) {
    const size_t wanted = piece.size + piece.size / 2 + kReadSize;
    piece.memory.reserve(wanted);  // no more than that
    piece.memory.resize(wanted);
  }
  SLUICE_ASSIGN(const size_t n,
                source.Read(std::span(piece.memory).subspan(piece.size, kReadSize)));
  piece.size += n;
  return n;
}

// In a row; then it is not worth it for this stream: what looks like headers is data, or its
// members are too large.
constexpr int kMostInVain = 4;

// Whether `piece` is whole members of at most `limit` bytes; `text_memory` then holds them.
bool DecodeWhole(Decoder& decoder, Piece& piece, size_t limit) {
  Input input(piece.bytes());
  piece.text_size = 0;
  while (!input.bytes().empty() || !decoder.IsBetweenMembers()) {
    if (piece.text_memory.size() == piece.text_size) {
      piece.text_memory.resize(std::min(limit, std::max(piece.text_size * 2, piece.size * 4)));
    }
    const size_t left = input.bytes().size();
    const Result<size_t> n =
        decoder.Decode(input, std::span(piece.text_memory).subspan(piece.text_size));
    if (!n || (*n == 0 && input.bytes().size() == left)) return false;
    piece.text_size += *n;
  }
  return true;
}

}  // namespace

Result<size_t> ReadAhead::ReadFirst() {
  if (ended_) return 0;
  if (!front_) front_ = FreePiece();
  SLUICE_ASSIGN(const size_t n, ReadInto(source_, *front_));
  ended_ = n == 0;
  return n;
}

void ReadAhead::SetFormat(StreamFormat format) {
  format_ = format;
  search_ = MakeMemberSearch(format);
}

bool ReadAhead::LookAhead(std::string_view rest) {
  if (looks_ahead_ || options_.pieces == 0 || in_vain_ == kMostInVain) return false;
  // What was read already comes first; and behind the end nothing would come.
  if (filling_ || !waiting_.empty() || ended_) return false;
  if (rest.size() > kReadSize) return false;  // it was looked through already
  looks_ahead_ = true;
  BeginPiece(rest);
  return true;
}

Result<const Piece*> ReadAhead::Next(bool is_member) {
  std::unique_lock lock(mutex_);
  if (front_) {
    AwaitHelper(*front_, lock);
    free_.push_back(std::move(front_));
  }
  lock.unlock();
  ReadPieces();
  if (waiting_.empty()) {
    if (!fault_) return nullptr;
    std::unexpected fault(*std::move(fault_));
    fault_.reset();
    return fault;
  }
  lock.lock();
  front_ = std::move(waiting_.front());
  waiting_.pop_front();
  const bool was_cut = front_->state != Piece::State::kInTurn;
  if (front_->state == Piece::State::kWaiting) front_->state = Piece::State::kInTurn;
  if (is_member) AwaitHelper(*front_, lock);
  if (was_cut && (!is_member || front_->state == Piece::State::kRefused)) {
    looks_ahead_ = false;
    in_vain_ = std::min(in_vain_ + 1, kMostInVain);
  } else if (front_->state == Piece::State::kDecoded) {
    in_vain_ = 0;
  }
  return front_.get();
}

void ReadAhead::ReadPieces() {
  while (!ended_ && !fault_ && (waiting_.empty() || looks_ahead_) &&
         waiting_.size() <= options_.pieces) {
    ReadPiece();
  }
}

void ReadAhead::ReadPiece() {
  if (!filling_) BeginPiece({});
  for (;;) {
    if (looks_ahead_) {
      const size_t end = search_->Find(filling_->bytes(), options_.smallest_piece);
      if (end != std::string_view::npos) return Cut(end);
      if (filling_->size >= options_.largest_piece) break;
    }
    Result<size_t> n = ReadInto(source_, *filling_);
    if (!n) {
      fault_ = std::move(n).error();
      break;
    }
    ended_ = *n == 0;
    if (ended_ || !looks_ahead_) break;
  }
  // What has no end that can be seen is decoded in its turn; the last piece ends with the source.
  const bool is_whole = looks_ahead_ && ended_;
  looks_ahead_ = is_whole;
  Push(std::move(filling_), is_whole ? Piece::State::kWaiting : Piece::State::kInTurn);
}

// The front of what was read is a piece; the rest becomes the front of the next one.
void ReadAhead::Cut(size_t end) {
  std::unique_ptr<Piece> whole = std::move(filling_);
  BeginPiece(whole->bytes().substr(end));
  whole->size = end;
  Push(std::move(whole), Piece::State::kWaiting);
}

void ReadAhead::BeginPiece(std::string_view front) {
  filling_ = FreePiece();
  if (filling_->memory.size() < front.size()) filling_->memory.resize(front.size());
  filling_->size = front.copy(filling_->memory.data(), front.size());
  if (search_) search_->Restart();
}

void ReadAhead::Push(std::unique_ptr<Piece> piece, Piece::State state) {
  if (piece->size == 0) {
    free_.push_back(std::move(piece));
    return;
  }
  piece->state = state;
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(piece));
}

std::unique_ptr<Piece> ReadAhead::FreePiece() {
  if (free_.empty()) return std::make_unique<Piece>();
  std::unique_ptr<Piece> piece = std::move(free_.back());
  free_.pop_back();
  piece->size = 0;
  piece->state = Piece::State::kInTurn;
  return piece;
}

bool ReadAhead::Help() {
  std::unique_lock lock(mutex_);
  return HelpOnce(lock);
}

bool ReadAhead::HelpOnce(std::unique_lock<std::mutex>& lock) {
  const auto next = std::ranges::find(waiting_, Piece::State::kWaiting,
                                      [](const auto& piece) { return piece->state; });
  if (next == waiting_.end()) return false;
  Piece& piece = **next;
  piece.state = Piece::State::kTaken;
  std::unique_ptr<Decoder> decoder;
  if (!decoders_.empty()) {
    decoder = std::move(decoders_.back());
    decoders_.pop_back();
  }
  lock.unlock();
  if (!decoder) decoder = MakeDecoder(format_, kLargestWindowAhead);
  const bool is_whole = DecodeWhole(*decoder, piece, options_.largest_text);
  if (!is_whole) decoder->Restart();
  lock.lock();
  piece.state = is_whole ? Piece::State::kDecoded : Piece::State::kRefused;
  decoders_.push_back(std::move(decoder));
  changed_.notify_all();
  return true;
}

// Meanwhile it is a helper too.
void ReadAhead::AwaitHelper(const Piece& piece, std::unique_lock<std::mutex>& lock) {
  while (piece.state == Piece::State::kTaken) {
    if (!HelpOnce(lock)) changed_.wait(lock);
  }
}

}  // namespace sluice
