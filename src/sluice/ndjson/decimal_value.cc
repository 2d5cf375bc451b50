// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/decimal_value.h"

#include <algorithm>
#include <cstdint>

namespace sluice {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view TakeDigits(std::string_view& rest) {
  size_t n = 0;
  while (n < rest.size() && IsDigit(rest[n])) ++n;
  const std::string_view digits = rest.substr(0, n);
  rest.remove_prefix(n);
  return digits;
}

// A number as it is written: (-) whole.fraction × 10^exponent.
struct Written {
  bool negative = false;
  std::string_view whole, fraction;
  int64_t exponent = 0;
};

// Exponents beyond any that digits could make up for all mean the same.
constexpr int64_t kLargestExponent = int64_t{1} << 48;

bool TakeExponent(std::string_view& rest, int64_t& exponent) {
  if (!rest.starts_with('e') && !rest.starts_with('E')) return true;
  rest.remove_prefix(1);
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const std::string_view digits = TakeDigits(rest);
  for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), kLargestExponent);
  if (negative) exponent = -exponent;
  return !digits.empty();
}

bool Read(std::string_view rest, Written& number) {
  number.negative = rest.starts_with('-');
  if (number.negative) rest.remove_prefix(1);
  number.whole = TakeDigits(rest);
  if (number.whole.empty()) return false;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    number.fraction = TakeDigits(rest);
    if (number.fraction.empty()) return false;
  }
  return TakeExponent(rest, number.exponent) && rest.empty();
}

// The digits between the first and the last that are not zero, in one numbering across the point.
class SignificantDigits {
 public:
  explicit SignificantDigits(const Written& number)
      : number_(number), whole_(static_cast<int64_t>(number.whole.size())) {
    end_ = whole_ + static_cast<int64_t>(number.fraction.size());
    while (first_ < end_ && At(first_) == 0) ++first_;
    while (end_ > first_ && At(end_ - 1) == 0) --end_;
  }

  int64_t count() const { return end_ - first_; }
  // Powers of ten of the places before the first digit and of the last one.
  int64_t above_first() const { return number_.exponent + whole_ - first_; }
  int64_t of_last() const { return number_.exponent + whole_ - end_; }

  Int128 Value() const {
    Int128 value = 0;
    for (int64_t i = first_; i < end_; ++i) value = value * 10 + At(i);
    return value;
  }

 private:
  int At(int64_t i) const {
    return (i < whole_ ? number_.whole[static_cast<size_t>(i)]
                       : number_.fraction[static_cast<size_t>(i - whole_)]) -
           '0';
  }

  const Written& number_;
  int64_t whole_, first_ = 0, end_ = 0;
};

}  // namespace

Converted<Int128> ParseDecimal(std::string_view text, int precision, int scale) {
  Written number;
  if (!Read(text, number)) return std::unexpected(FaultReason::kBadDecimal);
  const SignificantDigits digits(number);
  if (digits.count() == 0) return Int128{0};
  const int64_t zeros = digits.of_last() + scale;
  if (zeros < 0) return std::unexpected(FaultReason::kInexactDecimal);
  if (digits.count() + zeros > precision) return std::unexpected(FaultReason::kOutOfRange);
  Int128 value = digits.Value();
  for (int64_t i = 0; i < zeros; ++i) value *= 10;
  return number.negative ? -value : value;
}

bool IsBelowOne(std::string_view text) {
  Written number;
  if (!Read(text, number)) return false;
  const SignificantDigits digits(number);
  return digits.count() == 0 || digits.above_first() <= 0;
}

}  // namespace sluice
