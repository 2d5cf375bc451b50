// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// A size in bytes. Strong, so that it is never mixed up with a count of rows or events.
struct Bytes {
  uint64_t count = 0;

  friend auto operator<=>(const Bytes&, const Bytes&) = default;
  friend Bytes operator+(Bytes a, Bytes b) { return {a.count + b.count}; }
  Bytes& operator+=(Bytes other) {
    count += other.count;
    return *this;
  }
};

constexpr Bytes KiB(uint64_t n) {
  return {n << 10};
}
constexpr Bytes MiB(uint64_t n) {
  return {n << 20};
}
constexpr Bytes GiB(uint64_t n) {
  return {n << 30};
}

// "512MiB", "64KiB", "1GiB", "10B", "100MB" (powers of ten), "4096"; < 2^64. Else kPermanent.
Result<Bytes> ParseBytes(std::string_view text);

// For people: "618.4 MB", "12 KB", "512 B" (powers of ten, at most one decimal).
std::string ToText(Bytes size);

}  // namespace sluice
