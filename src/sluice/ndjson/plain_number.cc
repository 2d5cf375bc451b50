// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/plain_number.h"

#include <array>

#include "sluice/ndjson/decimal_digits.h"

namespace sluice {
namespace {

constexpr std::array<uint64_t, PlainNumber::kMostDigits + 1> kPowers = [] {
  std::array<uint64_t, PlainNumber::kMostDigits + 1> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// `count` digits, 1 to 18, as a number; 24 bytes are readable. False where one is no digit.
bool ReadDigits(const char* at, size_t count, uint64_t& value) {
  value = 0;
  for (; count >= 8; count -= 8, at += 8) {
    const uint64_t digits = EightDigits::Load(at);
    if (!EightDigits::AreDigits(digits)) return false;
    value = value * 100'000'000 + EightDigits::Join(digits);
  }
  if (count == 0) return true;
  // Zeros in front of the rest, so that they are eight.
  const uint64_t digits = EightDigits::Load(at) << (64 - 8 * count);
  value = value * kPowers[count] + EightDigits::Join(digits);
  return EightDigits::AreDigits(digits);
}

}  // namespace

std::optional<PlainNumber> ReadPlainNumber(std::string_view text) {
  PlainNumber number;
  if (text.starts_with('-')) {
    number.is_negative = true;
    text.remove_prefix(1);
  }
  if (text.empty() || text.size() > PlainNumber::kMostDigits) return std::nullopt;
  const size_t point = text.find('.');
  const size_t whole = point == std::string_view::npos ? text.size() : point;
  if (whole == 0 || (whole > 1 && text.front() == '0')) return std::nullopt;
  if (!ReadDigits(text.data(), whole, number.magnitude)) return std::nullopt;
  if (whole == text.size()) return number;
  uint64_t fraction = 0;
  number.has_point = true;
  number.fraction = text.size() - whole - 1;
  if (number.fraction == 0 || !ReadDigits(text.data() + whole + 1, number.fraction, fraction)) {
    return std::nullopt;
  }
  number.magnitude = number.magnitude * kPowers[number.fraction] + fraction;
  return number;
}

std::optional<int64_t> AsDecimal(const PlainNumber& number, int precision, int scale) {
  const size_t places = static_cast<size_t>(scale), digits = static_cast<size_t>(precision);
  if (number.fraction > places) return std::nullopt;
  const uint64_t factor = kPowers[places - number.fraction];
  // The quotient instead of the product, which may be too large.
  if (number.magnitude > (kPowers[digits] - 1) / factor) return std::nullopt;
  PlainNumber scaled = number;
  scaled.magnitude *= factor;
  return scaled.Signed();
}

// Both operands are exact, so that the one division rounds once (W. D. Clinger, "How to Read
// Floating Point Numbers Accurately", 1990).
std::optional<double> AsDouble(const PlainNumber& number) {
  constexpr uint64_t kExact = uint64_t{1} << 53;
  if (number.magnitude > kExact) return std::nullopt;
  const double value =
      static_cast<double>(number.magnitude) / static_cast<double>(kPowers[number.fraction]);
  return number.is_negative ? -value : value;
}

}  // namespace sluice
