// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice {

// For every set of eight bytes (bit i: byte i is in it), the numbers of its members in order, then
// 0xFF: what a byte shuffle needs to move them side by side.
inline constexpr std::array<std::array<uint8_t, 8>, 256> kCompaction = [] {
  std::array<std::array<uint8_t, 8>, 256> table{};
  for (size_t set = 0; set < table.size(); ++set) {
    table[set].fill(0xFF);
    size_t count = 0;
    for (uint8_t byte = 0; byte < 8; ++byte) {
      if ((set >> byte & 1) != 0) table[set][count++] = byte;
    }
  }
  return table;
}();

}  // namespace sluice
