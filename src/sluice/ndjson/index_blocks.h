// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sluice/ndjson/structural_index.h"

namespace sluice {

// What 64 bytes of text hold: bit i of each word speaks of byte i.
struct BlockBits {
  uint64_t quotes, backslashes, newlines;
  uint64_t controls;  // below 0x20, newlines too
};

// The part of the index that is arithmetic on those words, the same for every instruction set. A
// Simd has
//   BlockBits Load(const char* block);    of 64 readable bytes
//   static uint32_t* Emit(uint32_t* out, uint32_t begin, uint64_t quotes, uint64_t escaped);
//                                         writes `begin` + i for each bit i of `quotes`, with the
//                                         mark where that bit of `escaped` is set; returns the end.
//                                         StructuralIndex::kSlack entries may be written
//   bool has_high_bit() const;            of all that was loaded
// This header is included behind the pragma that allows the instructions, so that the templates
// are compiled with them; it has no other functions.
template <typename Simd>
class BlockIndexer {
 public:
  BlockIndexer(std::string_view text, StructuralIndex& index)
      : text_(text), index_(index), out_(index.quotes.get()) {}

  void Run() {
    constexpr size_t kBlock = 64;
    // The processor's own prefetching starts anew at every page. Past the end it does no harm.
    constexpr size_t kAhead = 2048;
    size_t at = 0;
    for (; at + kBlock <= text_.size(); at += kBlock) {
      __builtin_prefetch(text_.data() + at + kAhead);
      Step(simd_.Load(text_.data() + at), static_cast<uint32_t>(at));
    }
    if (at < text_.size()) {
      char rest[kBlock];
      std::memset(rest, ' ', kBlock);
      std::memcpy(rest, text_.data() + at, text_.size() - at);
      Step(simd_.Load(rest), static_cast<uint32_t>(at));
    }
    index_.quote_count = QuoteCount();
    index_.has_high_bit = simd_.has_high_bit();
  }

 private:
  uint32_t QuoteCount() const { return static_cast<uint32_t>(out_ - index_.quotes.get()); }

  [[gnu::always_inline]] inline void Step(BlockBits bits, uint32_t at) {
    const uint64_t quotes = bits.quotes & ~Escaped(bits.backslashes);
    const uint64_t marks = ClosesEscaped(quotes, bits.backslashes);
    for (uint64_t newlines = bits.newlines; newlines != 0; newlines &= newlines - 1) {
      const uint64_t before = (newlines & -newlines) - 1;
      index_.rows.push_back(
          {.end = at + static_cast<uint32_t>(std::countr_zero(newlines)),
           .quotes = QuoteCount() + static_cast<uint32_t>(std::popcount(quotes & before))});
    }
    if ((bits.controls & ~bits.newlines) != 0) [[unlikely]] {
      AddControls(bits.controls & ~bits.newlines, at);
    }
    out_ = Simd::Emit(out_, at, quotes, marks);
  }

  // The bytes before which an odd number of backslashes stands.
  //
  //   text       a \ b \ \ c \ \ \ "        each run of backslashes escapes every second byte,
  //   backslash  0 1 0 1 1 0 1 1 1 0        from the one behind its first
  //   escaped    0 0 1 0 1 0 0 1 0 1
  uint64_t Escaped(uint64_t backslashes) {
    const uint64_t behind = backslashes << 1 | next_is_escaped_;
    if ((backslashes & behind) == 0) [[likely]] {  // no two side by side
      next_is_escaped_ = backslashes >> 63;
      return behind;
    }
    // Runs that begin at an odd place, added to what they consist of, carry into the byte behind
    // themselves; the parity of where a run began then says which of its bytes are escaped.
    constexpr uint64_t kEven = 0x5555'5555'5555'5555;
    backslashes &= ~next_is_escaped_;
    const uint64_t follows = backslashes << 1 | next_is_escaped_;
    const uint64_t odd_starts = backslashes & ~kEven & ~follows;
    uint64_t even_runs = 0;
    next_is_escaped_ = __builtin_add_overflow(odd_starts, backslashes, &even_runs) ? 1 : 0;
    return (kEven ^ even_runs << 1) & follows;
  }

  // The quotes before which, since the quote before them, a backslash stands: one addition, in
  // which every backslash carries through the ones that are all bytes but quotes.
  //
  //   text        " a \ " b " "         (the second is escaped: no quote)
  //   no quote    0 1 1 1 1 0 0
  //   backslash   0 0 1 0 0 0 0
  //   sum         0 1 0 0 0 1 0         set where a quote was: it closes a string with a backslash
  uint64_t ClosesEscaped(uint64_t quotes, uint64_t backslashes) {
    uint64_t sum = 0;
    const bool first = __builtin_add_overflow(~quotes, backslashes, &sum);
    const bool second = __builtin_add_overflow(sum, carry_, &sum);
    carry_ = first || second ? 1 : 0;
    return sum & quotes;
  }

  void AddControls(uint64_t controls, uint32_t at) {
    for (; controls != 0; controls &= controls - 1) {
      const uint32_t place = at + static_cast<uint32_t>(std::countr_zero(controls));
      const bool ends_line =
          text_[place] == '\r' && place + 1 < text_.size() && text_[place + 1] == '\n';
      if (!ends_line) index_.controls.push_back(place);
    }
  }

  const std::string_view text_;
  StructuralIndex& index_;
  uint32_t* out_;
  Simd simd_;
  uint64_t next_is_escaped_ = 0;  // 1: the first byte of the next block is
  uint64_t carry_ = 0;            // 1: a backslash since the last quote
};

// ScanKernels::index.
template <typename Simd>
void IndexBlocks(std::string_view text, StructuralIndex& index) {
  BlockIndexer<Simd>(text, index).Run();
}

}  // namespace sluice
