// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "sluice/ndjson/structural_index.h"

namespace sluice {

// A Simd's Emit where no instruction does it: bit after bit, four without asking whether they are
// there. Included behind the pragma that allows the instructions; `Tag` makes it a function of its
// own for each of them.
template <typename Tag>
uint32_t* EmitBits(uint32_t* out, uint32_t begin, uint64_t quotes, uint64_t escaped) {
  constexpr size_t kAtOnce = 4;
  uint32_t* const end = out + std::popcount(quotes);
  for (; quotes != 0; out += kAtOnce) {
    for (size_t i = 0; i < kAtOnce; ++i) {
      // 64 where no bit is left: an entry behind the end, which the next block overwrites.
      const auto place = static_cast<uint32_t>(std::countr_zero(quotes));
      const uint64_t mark = escaped >> (place & 63) & 1;
      out[i] = (begin + place) | static_cast<uint32_t>(mark << 31);
      quotes &= quotes - 1;
    }
  }
  return end;
}

}  // namespace sluice
