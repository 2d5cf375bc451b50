// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iterator>

namespace sluice {

// Numbers that look random and are the same on every machine, which the standard library's
// distributions do not promise. SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
// number generators", 2014). Not for secrets.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() { return Mix(state_ += 0x9E3779B97F4A7C15); }

  // From 0 to n - 1; n > 0.
  uint64_t Below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<Product>(Next()) * n) >> 64);
  }

  // From 0 up to, but not including, 1.
  double Share() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // `items` is not empty.
  template <typename Items>
  const auto& Pick(const Items& items) {
    return items[Below(std::size(items))];
  }

  // A bijection: different numbers stay different.
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  __extension__ typedef unsigned __int128 Product;
  uint64_t state_;
};

}  // namespace sluice
