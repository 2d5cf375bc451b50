// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/floating_value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

namespace sluice {
namespace {

TEST(FloatingValueTest, TheNearestValueIsTaken) {
  EXPECT_EQ(ParseDouble("0.1"), 0.1);
  EXPECT_EQ(ParseDouble("0.1000000000000000055511151231257827021181583404541015625"), 0.1);
  EXPECT_EQ(ParseDouble("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(ParseFloat("16777217"), 16777216.0F);
  // Going by way of the nearest double would give the other neighbour.
  EXPECT_EQ(ParseFloat("1.00000017881393432617187499"), 1.0000001F);
}

TEST(FloatingValueTest, WhatIsTooSmallIsZero) {
  EXPECT_EQ(ParseDouble("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(*ParseDouble("-1e-400")));
  EXPECT_EQ(ParseDouble("4.9e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(ParseDouble("0." + std::string(400, '0') + "1e5"), 0.0);
  EXPECT_EQ(ParseFloat("1e-300"), 0.0F);
  EXPECT_EQ(ParseDouble("0e999999999"), 0.0);
  EXPECT_TRUE(std::signbit(*ParseDouble("-0")));
}

TEST(FloatingValueTest, WhatIsTooLargeIsBad) {
  for (const std::string& text :
       {std::string("1e400"), std::string("-1e400"), std::string("1.7976931348623159e308"),
        std::string("1e99999999999999999999"),
        std::string(400, '9') + "." + std::string(400, '9')}) {
    EXPECT_EQ(ParseDouble(text), std::unexpected(FaultReason::kBadNumber)) << text;
  }
  EXPECT_EQ(ParseFloat("3.4028235677973367e38"), std::unexpected(FaultReason::kBadNumber));
  EXPECT_EQ(ParseFloat("3.4028235677973366e38"), std::numeric_limits<float>::max());
}

TEST(FloatingValueTest, AgreesWithTheStandardLibrary) {
  std::minstd_rand random(3);
  for (int i = 0; i < 100'000; ++i) {
    std::string text = random() % 2 ? "-" : "";
    text += static_cast<char>('0' + random() % 10);
    text += '.';
    for (size_t k = 1 + random() % 25; k > 0; --k) text += static_cast<char>('0' + random() % 10);
    text += "e" + std::to_string(static_cast<int>(random() % 700) - 350);
    const double want = std::strtod(text.c_str(), nullptr);
    const float want_float = std::strtof(text.c_str(), nullptr);
    ASSERT_EQ(ParseDouble(text).has_value(), std::isfinite(want)) << text;
    ASSERT_EQ(ParseDouble(text).value_or(0), std::isfinite(want) ? want : 0) << text;
    ASSERT_EQ(ParseFloat(text).has_value(), std::isfinite(want_float)) << text;
    ASSERT_EQ(ParseFloat(text).value_or(0), std::isfinite(want_float) ? want_float : 0) << text;
  }
}

}  // namespace
}  // namespace sluice
