// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/integer_value.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "sluice/ndjson/pattern_for_test.h"
#include "sluice/schema/row_batch.h"

namespace sluice {
namespace {

// The reference: a regular expression, and arithmetic that cannot overflow here.
Converted<int64_t> Slowly(const std::string& text, int64_t low, int64_t high) {
  static const Pattern form("-?[0-9]+");
  if (form.Match(text).empty()) return std::unexpected(FaultReason::kBadInteger);
  Int128 value = 0;
  const Int128 huge = Int128{1} << 100;
  for (const char c : text) {
    if (c != '-') value = std::min(value * 10 + (c - '0'), huge);
  }
  if (text[0] == '-') value = -value;
  if (value < low || value > high) return std::unexpected(FaultReason::kOutOfRange);
  return static_cast<int64_t>(value);
}

TEST(IntegerValueTest, TheEndsOfEachTypeAreIn) {
  EXPECT_EQ(ParseInteger("9223372036854775807", INT64_MIN, INT64_MAX), INT64_MAX);
  EXPECT_EQ(ParseInteger("-9223372036854775808", INT64_MIN, INT64_MAX), INT64_MIN);
  EXPECT_EQ(ParseInteger("9223372036854775808", INT64_MIN, INT64_MAX),
            std::unexpected(FaultReason::kOutOfRange));
  EXPECT_EQ(ParseInteger("-9223372036854775809", INT64_MIN, INT64_MAX),
            std::unexpected(FaultReason::kOutOfRange));
  EXPECT_EQ(ParseInteger("18446744073709551616", INT64_MIN, INT64_MAX),
            std::unexpected(FaultReason::kOutOfRange));
  EXPECT_EQ(ParseInteger("32767", INT16_MIN, INT16_MAX), 32767);
  EXPECT_EQ(ParseInteger("32768", INT16_MIN, INT16_MAX), std::unexpected(FaultReason::kOutOfRange));
}

TEST(IntegerValueTest, OnlyDigitsAndAMinusAreIntegers) {
  for (const char* bad : {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "--1", "1-", "１"}) {
    EXPECT_EQ(ParseInteger(bad, INT64_MIN, INT64_MAX), std::unexpected(FaultReason::kBadInteger))
        << bad;
  }
  EXPECT_EQ(ParseInteger("-0", -1, 1), 0);
  EXPECT_EQ(ParseInteger("007", -10, 10), 7);
  EXPECT_EQ(ParseInteger(std::string(100'000, '0') + "7", -10, 10), 7);
  EXPECT_EQ(ParseInteger(std::string(100, '9') + "x", -10, 10),
            std::unexpected(FaultReason::kBadInteger));
}

TEST(IntegerValueTest, AgreesWithTheSlowWay) {
  std::minstd_rand random(1);
  const std::string alphabet = "0123456789999-.e";
  for (int i = 0; i < 40'000; ++i) {
    std::string text = random() % 2 ? "-" : "";
    const size_t length = random() % 22;
    for (size_t k = 0; k < length; ++k) {
      text += alphabet[random() % (random() % 30 == 0 ? alphabet.size() : 10)];
    }
    const int64_t high = int64_t{1} << (random() % 63);
    ASSERT_EQ(ParseInteger(text, -high, high - 1), Slowly(text, -high, high - 1)) << text;
    ASSERT_EQ(ParseInteger(text, INT64_MIN, INT64_MAX), Slowly(text, INT64_MIN, INT64_MAX)) << text;
  }
}

}  // namespace
}  // namespace sluice
