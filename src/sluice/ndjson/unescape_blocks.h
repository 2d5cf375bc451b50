// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "sluice/ndjson/json_scan.h"

namespace sluice {

// What 64 bytes of the inside of a string hold.
struct EscapeBits {
  uint64_t backslashes;
  uint64_t themselves;  // `"`, `\` and `/`, which an escape leaves as they are
};

// ScanKernels::unescape, the same for every instruction set. A Simd has
//   explicit Simd(const char* block);              loads 64 bytes
//   EscapeBits Bits() const;
//   void Copy(char* out) const;                    all 64 bytes
//   char* Keep(char* out, uint64_t bytes) const;   those whose bit is set, side by side; returns
//                                                  their end, and may write 64 bytes
// Included behind the pragma that allows the instructions, like index_blocks.h.
//
//   inside   { \ " a \ " : \ " x \ \ \ " }      the backslash that begins an escape goes, what it
//   begins   0 1 0 0 1 0 0 1 0 0 1 0 1 0 0      escapes stays; any other escape than \" \\ \/ ends
//   keep     1 0 1 1 0 1 1 0 1 1 0 1 0 1 1      the block and is read by itself
template <typename Simd>
bool UnescapeBlocks(std::string_view inside, char*& out, StringTraits& traits) {
  constexpr uint64_t kEven = 0x5555'5555'5555'5555;
  const char* at = inside.data();
  const char* const end = at + inside.size();
  while (at < end) {
    const Simd block(at);
    const EscapeBits bits = block.Bits();
    const size_t left = static_cast<size_t>(end - at);
    uint64_t here = left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    const uint64_t backslashes = bits.backslashes & here;
    if (backslashes == 0) {
      block.Copy(out);
      const size_t size = left >= 64 ? 64 : left;
      at += size;
      out += size;
      continue;
    }
    // As BlockIndexer::Escaped; a block never begins behind the backslash of an escape.
    const uint64_t behind = backslashes << 1;
    uint64_t escaped = behind;
    if ((backslashes & behind) != 0) {
      const uint64_t odd_starts = backslashes & ~kEven & ~behind;
      escaped = (kEven ^ (odd_starts + backslashes) << 1) & behind;
    }
    const uint64_t begins = backslashes & ~escaped;
    here &= ~(begins & uint64_t{1} << 63);  // its other half is in the next block
    const uint64_t others = escaped & ~bits.themselves;
    if (others != 0) here &= ((others & -others) >> 1) - 1;
    out = block.Keep(out, here & ~begins);
    at += std::popcount(here);
    if (others == 0) continue;
    do {
      at = UnescapeOne(at, out, traits);
      if (at == nullptr) return false;
    } while (at < end && *at == '\\');
  }
  return at == end;
}

}  // namespace sluice
