// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/unaligned.h"

namespace sluice {

// Smallest and largest of the texts added, by unsigned bytes (TypeDefinedOrder of UTF8). A text
// longer than kLongest makes the range unknown for good: nobody prunes by such columns, and their
// values often begin alike, which makes comparing them dear.
class TextRange {
 public:
  static constexpr size_t kLongest = 64;

  // Most values differ from both ends in their first 8 bytes, compared as one number.
  void Add(std::string_view text) {
    has_long_ |= text.size() > kLongest;
    if (has_long_) return;
    const uint64_t head = Head(text);
    if (head > min_head_ && head < max_head_) return;
    AddSlowly(text, head);
  }

  bool known() const { return !empty_ && !has_long_; }
  const std::string& min() const { return min_; }
  const std::string& max() const { return max_; }
  void Clear() { *this = TextRange(); }

 private:
  // Its first 8 bytes as a big-endian number, zeros where it has fewer.
  static uint64_t Head(std::string_view text) {
    const char* const at = text.data();
    const size_t size = text.size();
    if (size >= 8) return __builtin_bswap64(LoadAs<uint64_t>(at));
    if (size >= 4) {  // two halves that overlap
      const uint64_t last = __builtin_bswap32(LoadAs<uint32_t>(at + size - 4));
      return uint64_t{__builtin_bswap32(LoadAs<uint32_t>(at))} << 32 | last << (64 - 8 * size);
    }
    uint64_t head = 0;
    for (size_t i = 0; i < size; ++i) head |= uint64_t{static_cast<uint8_t>(at[i])} << (56 - 8 * i);
    return head;
  }
  void AddSlowly(std::string_view text, uint64_t head);

  bool has_long_ = false;
  bool empty_ = true;  // not told by an empty min_, which is a legal minimum
  uint64_t min_head_ = ~uint64_t{0}, max_head_ = 0;
  std::string min_, max_;
};

// The same for numbers. A NaN, which has no place in the order, makes the range unknown for good.
template <typename T>
class NumberRange {
 public:
  void Add(const T* values, size_t count) {
    if (count == 0) return;
    T least = empty_ ? values[0] : min_, most = empty_ ? values[0] : max_;
    bool ordered = true;
    for (size_t i = 0; i < count; ++i) {
      least = values[i] < least ? values[i] : least;
      most = values[i] > most ? values[i] : most;
      ordered &= values[i] == values[i];
    }
    min_ = least;
    max_ = most;
    ordered_ &= ordered;
    empty_ = false;
  }

  bool known() const { return !empty_ && ordered_; }
  T min() const { return min_; }
  T max() const { return max_; }
  void Clear() { *this = NumberRange(); }

 private:
  bool empty_ = true, ordered_ = true;
  T min_{}, max_{};
};

}  // namespace sluice
