// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/ndjson/scan_kernels_of.h"

namespace sluice {

// The kernels gaps and hold, the same for every instruction set. Included behind the pragma that
// allows the instructions, like index_blocks.h.

// ScanKernels::gaps. A Simd has
//   explicit Simd(uint32_t gap);
//   static constexpr size_t kStrings;              looked at together; 64 is a multiple of it
//   uint64_t Equal(const uint32_t* ends) const;    bit i: the string behind string i begins `gap`
//                                                  bytes behind its end; ends[2 * i] is that end,
//                                                  ends[2 * i + 1] that begin, both with marks
template <typename Simd>
void MeasureGaps(const IndexedLine& line, uint32_t gap, uint64_t* mask) {
  const Simd simd(gap);
  const size_t strings = line.quote_count / 2;
  uint64_t bits = 0;
  for (size_t j = 0; j < strings; j += Simd::kStrings) {
    bits |= simd.Equal(line.quotes + 2 * j + 1) << j % 64;
    if ((j + Simd::kStrings) % 64 == 0 || j + Simd::kStrings >= strings) {
      mask[j / 64] = bits;
      bits = 0;
    }
  }
}

// ScanKernels::hold. A Simd has
//   static uint32_t Differing(const char* at, const Literal& literal);
//                                   bit i: byte i is not head[i]; of 32 readable bytes
// All are looked at, because nearly always all of them hold.
template <typename Simd>
bool HoldLiterals(const IndexedLine& line, const Literal* literals, const FieldPlace* fields,
                  size_t count) {
  uint32_t differing = 0;
  for (size_t i = 0; i < count; ++i) {
    const Literal& literal = literals[i];
    const char* const at = line.text + line.quote(fields[i].key_quote()) - literal.lead;
    differing |= Simd::Differing(at, literal) & literal.head_mask;
    if (literal.size > Literal::kHead && !HoldsAt(line, literal, fields[i])) return false;
  }
  return differing == 0;
}

}  // namespace sluice
