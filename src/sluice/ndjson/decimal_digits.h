// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "sluice/base/unaligned.h"

namespace sluice {

// Eight characters at once, as a word whose lowest byte is the first of them.
struct EightDigits {
  static constexpr uint64_t kZeros = 0x3030'3030'3030'3030;  // "00000000"

  // The values of the characters: 0 to 9 of digits, more of anything else. 8 bytes are readable.
  static uint64_t Load(const char* at) {
    auto word = LoadAs<uint64_t>(at);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word ^ kZeros;
  }

  // Whether every byte is 0 to 9: those have no high half, and adding six gives them none.
  static bool AreDigits(uint64_t values) {
    constexpr uint64_t kSix = 0x0606'0606'0606'0606, kHighHalves = 0xF0F0'F0F0'F0F0'F0F0;
    return ((values | (values + kSix)) & kHighHalves) == 0;
  }

  // The number that they are: neighbours are joined to numbers below 100, these to numbers below
  // 10,000, and these to one.
  static uint64_t Join(uint64_t values) {
    values = (values * 10 + (values >> 8)) & 0x00FF'00FF'00FF'00FF;
    values = (values * 100 + (values >> 16)) & 0x0000'FFFF'0000'FFFF;
    return (values * 10'000 + (values >> 32)) & 0xFFFF'FFFF;
  }
};

}  // namespace sluice
