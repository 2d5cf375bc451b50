// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sluice/base/unaligned.h"
#include "sluice/parquet/uint128.h"

namespace sluice {

// Hashes for dictionaries of values, the same on every machine: what a dictionary holds must not
// depend on one. Texts may be chosen by an attacker, so their user bounds its probes.
namespace hashing {

inline constexpr uint64_t kOdd1 = 0x9e37'79b9'7f4a'7c15, kOdd2 = 0xd6e8'feb8'6659'fd93;

// Folds the 128-bit product, so that every bit of both reaches the low bits.
inline uint64_t Fold(uint64_t a, uint64_t b) {
  const UInt128 product = static_cast<UInt128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Two words that hold all of a text of up to kShortText bytes: with its length they tell it from
// any other. Reads nothing outside it, and has no branch between 4 bytes and 16.
inline constexpr size_t kShortText = 16;
struct TextWords {
  uint64_t low, high;
};

inline TextWords WordsOfShort(const char* text, size_t size) {
  if (size >= 4) {
    const size_t step = (size >> 3) << 2;
    return {uint64_t{LoadAs<uint32_t>(text)} << 32 | LoadAs<uint32_t>(text + step),
            uint64_t{LoadAs<uint32_t>(text + size - 4)} << 32 |
                LoadAs<uint32_t>(text + size - 4 - step)};
  }
  if (size == 0) return {0, 0};
  const auto byte = [text](size_t at) { return uint64_t{static_cast<uint8_t>(text[at])}; };
  return {byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1), 0};
}

inline uint64_t OfWords(TextWords words, size_t size) {
  return Fold(words.low ^ kOdd1 ^ size, words.high ^ kOdd2);
}

// Where block number `block` of a text begins that is taken as blocks of 16 bytes: the last ones
// overlap, so that as many blocks do for texts of many lengths. Lengths of values are random, and a
// branch on one costs as much as four blocks.
inline size_t BlockAt(size_t block, size_t size) {
  return block * 16 < size - 16 ? block * 16 : size - 16;
}

template <size_t kBlocks>
uint64_t OfBlocks(const char* text, size_t size) {
  uint64_t hash = kOdd1 ^ size;
#pragma GCC unroll 8
  for (size_t block = 0; block < kBlocks; ++block) {
    const char* const at = text + BlockAt(block, size);
    hash ^= Fold(LoadAs<uint64_t>(at) ^ kOdd1 * (2 * block + 1), LoadAs<uint64_t>(at + 8) ^ kOdd2);
  }
  return Fold(hash, kOdd2);
}

// Of a text longer than kShortText. All bytes count: user agents and URLs agree at both ends.
inline uint64_t OfLongText(const char* text, size_t size) {
  if (size <= 64) return OfBlocks<4>(text, size);
  uint64_t hash = 0;
  for (; size > 128; text += 64, size -= 64) hash = Fold(hash ^ OfBlocks<4>(text, 64), kOdd2);
  return hash ^ OfBlocks<8>(text, size);
}

inline uint64_t OfNumber(uint64_t key) {
  return Fold(key ^ kOdd1, kOdd2);
}
inline uint64_t OfNumber(UInt128 key) {
  return Fold(static_cast<uint64_t>(key) ^ kOdd1, static_cast<uint64_t>(key >> 64) ^ kOdd2);
}

}  // namespace hashing

}  // namespace sluice
