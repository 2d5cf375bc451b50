// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

// A number of JSON as most are written: a sign, at most 18 digits, a point somewhere, no exponent.
// Its value is ±magnitude / 10^fraction.
struct PlainNumber {
  static constexpr size_t kMostDigits = 18;

  bool is_negative = false;
  uint64_t magnitude = 0;
  size_t fraction = 0;  // digits behind the point
  bool has_point = false;

  int64_t Signed() const {
    return is_negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
  }
};

// None where `text` is no number of JSON, or one that is written in another way. 24 bytes behind it
// are readable.
std::optional<PlainNumber> ReadPlainNumber(std::string_view text);

// The number times 10^scale, if that is whole and below 10^precision. At most 18 digits.
std::optional<int64_t> AsDecimal(const PlainNumber& number, int precision, int scale);

// The double next to the number, if one operation finds it.
std::optional<double> AsDouble(const PlainNumber& number);

}  // namespace sluice
