// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sluice/parquet/uint128.h"

namespace sluice {

// Hashes for dictionaries of values, the same on every machine: what a dictionary holds must not
// depend on one. Texts may be chosen by an attacker, so their user bounds its probes.
namespace hashing {

inline constexpr uint64_t kOdd1 = 0x9e37'79b9'7f4a'7c15, kOdd2 = 0xd6e8'feb8'6659'fd93;

template <typename T>
T Load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Folds the 128-bit product, so that every bit of both reaches the low bits.
inline uint64_t Fold(uint64_t a, uint64_t b) {
  const UInt128 product = static_cast<UInt128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// All bytes count: user agents and URLs agree at both ends.
inline uint64_t OfText(const char* text, size_t size) {
  uint64_t hash = kOdd1 ^ size, low = 0, high = 0;
  if (size > 16) {
    for (size_t at = 0; at + 16 < size; at += 16) {
      hash = Fold(hash ^ Load<uint64_t>(text + at), kOdd2 ^ Load<uint64_t>(text + at + 8));
    }
    low = Load<uint64_t>(text + size - 16);
    high = Load<uint64_t>(text + size - 8);
  } else if (size >= 8) {
    low = Load<uint64_t>(text);
    high = Load<uint64_t>(text + size - 8);
  } else if (size >= 4) {
    low = Load<uint32_t>(text);
    high = Load<uint32_t>(text + size - 4);
  } else {
    for (size_t i = 0; i < size; ++i) low = low << 8 | static_cast<uint8_t>(text[i]);
  }
  return Fold(hash ^ low, kOdd2 ^ high);
}

inline uint64_t OfNumber(uint64_t key) {
  return Fold(key ^ kOdd1, kOdd2);
}
inline uint64_t OfNumber(UInt128 key) {
  return Fold(static_cast<uint64_t>(key) ^ kOdd1, static_cast<uint64_t>(key >> 64) ^ kOdd2);
}

}  // namespace hashing

}  // namespace sluice
