// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/decimal_value.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "sluice/ndjson/pattern_for_test.h"

namespace sluice {
namespace {

Int128 PowerOfTen(int n) {
  Int128 value = 1;
  for (int i = 0; i < n; ++i) value *= 10;
  return value;
}

// The reference: writes the number out in full and moves the point by hand.
Converted<Int128> Slowly(const std::string& text, int precision, int scale) {
  static const Pattern form("(-?)([0-9]+)(\\.([0-9]+))?([eE]([+-]?[0-9]+))?");
  const std::vector<std::string> match = form.Match(text);
  if (match.empty()) return std::unexpected(FaultReason::kBadDecimal);
  std::string whole = match[2], fraction = match[4];
  int exponent = match[6].empty() ? 0 : std::stoi(match[6]);
  exponent += scale;
  for (; exponent > 0; --exponent) {
    if (fraction.empty()) fraction = "0";
    whole += fraction[0];
    fraction.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    if (whole.empty()) whole = "0";
    fraction.insert(0, 1, whole.back());
    whole.pop_back();
  }
  if (fraction.find_first_not_of('0') != std::string::npos) {
    return std::unexpected(FaultReason::kInexactDecimal);
  }
  whole.erase(0, whole.find_first_not_of('0'));
  if (whole.size() > static_cast<size_t>(precision)) {
    return std::unexpected(FaultReason::kOutOfRange);
  }
  Int128 value = 0;
  for (const char c : whole) value = value * 10 + (c - '0');
  return match[1] == "-" ? -value : value;
}

TEST(DecimalValueTest, ExactNumbersKeepEveryDigit) {
  EXPECT_EQ(ParseDecimal("0.1", 18, 9), Int128{100'000'000});
  EXPECT_EQ(ParseDecimal("-1.50", 4, 1), Int128{-15});
  EXPECT_EQ(ParseDecimal("1e3", 4, 0), Int128{1000});
  EXPECT_EQ(ParseDecimal("12300E-2", 3, 0), Int128{123});
  EXPECT_EQ(ParseDecimal("-0", 3, 0), Int128{0});
  EXPECT_EQ(ParseDecimal("-0.000", 3, 0), Int128{0});
  EXPECT_EQ(ParseDecimal("007.5", 2, 1), Int128{75});
  EXPECT_EQ(ParseDecimal(std::string(38, '9'), 38, 0), PowerOfTen(38) - 1);
  EXPECT_EQ(ParseDecimal("0." + std::string(38, '9'), 38, 38), PowerOfTen(38) - 1);
  EXPECT_EQ(ParseDecimal("-1" + std::string(37, '0'), 38, 0), -PowerOfTen(37));
}

TEST(DecimalValueTest, NothingIsRounded) {
  EXPECT_EQ(ParseDecimal("0.125", 10, 2), std::unexpected(FaultReason::kInexactDecimal));
  EXPECT_EQ(ParseDecimal("1e-400", 38, 38), std::unexpected(FaultReason::kInexactDecimal));
  EXPECT_EQ(ParseDecimal("1e400", 38, 0), std::unexpected(FaultReason::kOutOfRange));
  EXPECT_EQ(ParseDecimal("1000", 5, 2), std::unexpected(FaultReason::kOutOfRange));
  EXPECT_EQ(ParseDecimal("1" + std::string(38, '0'), 38, 0),
            std::unexpected(FaultReason::kOutOfRange));
}

TEST(DecimalValueTest, ExponentsOfAnySizeAreCheap) {
  EXPECT_EQ(ParseDecimal("0e999999999999999999999999", 5, 2), Int128{0});
  EXPECT_EQ(ParseDecimal("0.0e-999999999999999999999999", 5, 2), Int128{0});
  EXPECT_EQ(ParseDecimal("1e99999999999999999999999", 5, 2),
            std::unexpected(FaultReason::kOutOfRange));
  EXPECT_EQ(ParseDecimal("1e-99999999999999999999999", 5, 2),
            std::unexpected(FaultReason::kInexactDecimal));
  EXPECT_EQ(ParseDecimal("0." + std::string(1'000'000, '0') + "1e1000001", 5, 2), Int128{100});
  EXPECT_EQ(ParseDecimal("1" + std::string(1'000'000, '0') + "e-1000000", 5, 2), Int128{100});
}

TEST(DecimalValueTest, OtherTextsAreNoNumbers) {
  for (const char* bad : {"", "-", "+1", ".5", "5.", "1e", "1e+", "e5", " 1", "1 ", "1,0", "NaN",
                          "Infinity", "0x1", "1.2.3", "1e1.0"}) {
    EXPECT_EQ(ParseDecimal(bad, 38, 10), std::unexpected(FaultReason::kBadDecimal)) << bad;
  }
}

TEST(DecimalValueTest, AgreesWithTheSlowWay) {
  std::minstd_rand random(1);
  const auto digits = [&](size_t most) {
    std::string text;
    const size_t count = random() % (most + 1);
    for (size_t i = 0; i < count; ++i) {
      text += static_cast<char>('0' + (random() % 3 ? 0 : random() % 10));
    }
    return text;
  };
  for (int i = 0; i < 40'000; ++i) {
    std::string text = (random() % 3 ? "" : "-") + digits(40);
    if (random() % 2) text += "." + digits(40);
    if (random() % 2) text += (random() % 2 ? "e" : "E-") + std::to_string(random() % 50);
    if (!text.empty() && random() % 50 == 0) text[random() % text.size()] = "x.-+e"[random() % 5];
    const int precision = 1 + static_cast<int>(random() % 38);
    const int scale = static_cast<int>(random() % static_cast<size_t>(precision + 1));
    if (text.size() - std::min(text.find_first_of("eE"), text.size()) > 5) continue;
    ASSERT_EQ(ParseDecimal(text, precision, scale), Slowly(text, precision, scale))
        << text << " " << precision << " " << scale;
  }
}

TEST(DecimalValueTest, BelowOneIsDecidedByTheDigits) {
  EXPECT_TRUE(IsBelowOne("0"));
  EXPECT_TRUE(IsBelowOne("0.999"));
  EXPECT_TRUE(IsBelowOne("-1e-400"));
  EXPECT_TRUE(IsBelowOne("99e-2"));
  EXPECT_FALSE(IsBelowOne("1"));
  EXPECT_FALSE(IsBelowOne("0.001e3"));
  EXPECT_FALSE(IsBelowOne(std::string(400, '9') + "." + std::string(400, '9')));
}

}  // namespace
}  // namespace sluice
