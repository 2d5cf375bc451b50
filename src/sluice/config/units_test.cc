// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/units.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST(DurationTest, ReadsWholeNumbersWithUnits) {
  EXPECT_EQ(*ParseDuration("5m"), milliseconds(300'000));
  EXPECT_EQ(*ParseDuration("90s"), milliseconds(90'000));
  EXPECT_EQ(*ParseDuration("1h30m"), milliseconds(5'400'000));
  EXPECT_EQ(*ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(*ParseDuration("1h0m1s1ms"), milliseconds(3'601'001));
  EXPECT_EQ(*ParseDuration("0s"), milliseconds(0));
  EXPECT_EQ(*ParseDuration("7d"), std::chrono::days(7));
  EXPECT_EQ(*ParseDuration("1d1h"), std::chrono::hours(25));
  EXPECT_EQ(*ParseDuration("270s"), milliseconds(270'000));
}

TEST(DurationTest, RefusesWhatIsNotADuration) {
  for (const char* text : {"", "5", "m", "5 m", "-5m", "+5m", "1.5h", "5M", "5min", "30m1h", "1h1d",
                           "4000d", "1m1m", "1s5", "99999999999s", "4000000000h", "5m "}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
  EXPECT_EQ(ParseDuration("5").error().message(),
            "not a duration: '5'; write 30s, 5m, 1h30m or 7d");
  EXPECT_EQ(ParseDuration("4000d").error().message(), "too long: '4000d'; at most 3660d");
}

TEST(ShareTest, ReadsPercentages) {
  EXPECT_DOUBLE_EQ(*ParseShare("0.1%"), 0.001);
  EXPECT_DOUBLE_EQ(*ParseShare("20%"), 0.2);
  EXPECT_DOUBLE_EQ(*ParseShare("0%"), 0.0);
  EXPECT_DOUBLE_EQ(*ParseShare("100%"), 1.0);
}

TEST(ShareTest, RefusesWhatIsNotAPercentage) {
  for (const char* text :
       {"", "%", "0.1", "101%", "-1%", "+1%", "nan%", "inf%", "1e1%", "1 %", "1%%", "0x1%"}) {
    EXPECT_FALSE(ParseShare(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
