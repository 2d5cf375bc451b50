// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/calendar_value.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "sluice/ndjson/pattern_for_test.h"

namespace sluice {
namespace {

constexpr int64_t kDay = int64_t{86'400} * 1'000'000;

bool IsLeap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}
int DaysIn(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

TEST(CalendarValueTest, EveryDayOfTenThousandYearsIsCounted) {
  int64_t day = -719'162;  // 0001-01-01
  for (int year = 1; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int of_month = 1; of_month <= 31; ++of_month) {
        const std::string text = fmt::format("{:04}-{:02}-{:02}", year, month, of_month);
        if (of_month <= DaysIn(year, month)) {
          ASSERT_EQ(ParseDate(text), day++) << text;
        } else {
          ASSERT_EQ(ParseDate(text), std::unexpected(FaultReason::kBadDate)) << text;
        }
      }
    }
  }
  EXPECT_EQ(ParseDate("1970-01-01"), 0);
}

TEST(CalendarValueTest, TimestampsOfEveryFormAreExact) {
  const int64_t noon = 18'414 * kDay + kDay / 2;  // 2020-06-01 12:00
  EXPECT_EQ(ParseTimestamp("2020-06-01 12:00:00.000000"), noon);
  EXPECT_EQ(ParseTimestamp("2020-06-01T12:00:00Z"), noon);
  EXPECT_EQ(ParseTimestamp("2020-06-01T12:00"), noon);
  EXPECT_EQ(ParseTimestamp("2020-06-01 12:00Z"), noon);
  EXPECT_EQ(ParseTimestamp("2020-06-01T12:00:00.1"), noon + 100'000);
  EXPECT_EQ(ParseTimestamp("2020-06-01T12:00:00.123456"), noon + 123'456);
  EXPECT_EQ(ParseTimestamp("2020-06-01T12:00:00.123456000000"), noon + 123'456);
  EXPECT_EQ(ParseTimestamp("2020-06-01T12:00:01.000001+00:00"), noon + 1'000'001);
  EXPECT_EQ(ParseTimestamp("2020-06-01T14:00+02:00"), noon);
  EXPECT_EQ(ParseTimestamp("2020-06-01T06:30:00-0530"), noon);
  EXPECT_EQ(ParseTimestamp("2020-06-02T02:00:00+14:00"), noon);
  EXPECT_EQ(ParseTimestamp("2020-06-01T00:00:00-12:00"), noon);
  EXPECT_EQ(ParseTimestamp("1969-12-31 23:59:59.999999"), -1);
}

TEST(CalendarValueTest, YearsOneTo9999AfterTheOffset) {
  EXPECT_EQ(ParseTimestamp("0001-01-01 00:00"), -719'162 * kDay);
  EXPECT_EQ(ParseTimestamp("9999-12-31T23:59:59.999999"), 2'932'897 * kDay - 1);
  EXPECT_EQ(ParseTimestamp("9999-12-31T23:59:59-00:00"), 2'932'897 * kDay - 1'000'000);
  for (const char* bad : {"0001-01-01T00:00+00:01", "9999-12-31T23:59-00:01", "0000-01-01T00:00",
                          "0000-12-31T23:59-01:00", "10000-01-01T00:00"}) {
    EXPECT_EQ(ParseTimestamp(bad), std::unexpected(FaultReason::kBadTimestamp)) << bad;
  }
}

TEST(CalendarValueTest, WhatIsNotInTheGrammarIsBad) {
  for (const char* bad : {"",
                          "2020-06-01",
                          "2020-06-01T",
                          "2020-06-01T12",
                          "2020-06-01t12:00",
                          "2020-06-01T12:00z",
                          "2020-06-01T24:00",
                          "2020-06-01T23:60",
                          "2020-06-01T23:59:60",
                          "2020-06-01T12:00:00.",
                          "2020-06-01T12:00:00.1234567",
                          "2020-06-01T12:00.5",
                          "2020-06-01T12:00:5",
                          "2020-06-01T12:00:00 +00:00",
                          "2020-06-01T12:00+0",
                          "2020-06-01T12:00+02",
                          "2020-06-01T12:00+24:00",
                          "2020-06-01T12:00+02:60",
                          "2020-06-01T12:00+02:0",
                          "2020-6-1T12:00",
                          "2020-02-30T12:00",
                          "2019-02-29T12:00",
                          "2020-13-01T12:00",
                          "2020-00-01T12:00",
                          "2020-01-00T12:00",
                          "-020-01-01T12:00",
                          "+020-01-01T12:00",
                          " 2020-06-01T12:00",
                          "2020-06-01T12:00 ",
                          "2020-06-01T12:00Zx",
                          "2020-06-01  12:00",
                          "2020/06/01 12:00",
                          "20200601T1200",
                          "2020-06-01T12:00:00.12x456",
                          "2020-06-01T1:00:00"}) {
    EXPECT_EQ(ParseTimestamp(bad), std::unexpected(FaultReason::kBadTimestamp)) << bad;
  }
}

TEST(CalendarValueTest, ADateIsADayOrItsMidnight) {
  EXPECT_EQ(ParseDate("2020-06-01T00:00:00.000Z"), 18'414);
  EXPECT_EQ(ParseDate("2020-06-01T02:00+02:00"), 18'414);
  EXPECT_EQ(ParseDate("1960-01-01 00:00"), -3'653);
  for (const char* bad :
       {"", "2020-06-01T00:00:00.000001", "2020-06-01T12:00", "2020-06-1", "2020-06-31",
        "2020-06-01T00:00+02:00", "01.06.2020", "0000-01-01", "2020-06-0a", "1590969600"}) {
    EXPECT_EQ(ParseDate(bad), std::unexpected(FaultReason::kBadDate)) << bad;
  }
}

TEST(CalendarValueTest, EpochsAreExactToTheMicrosecond) {
  EXPECT_EQ(TimestampOfEpoch("1590969600", EpochUnit::kSeconds), 1'590'969'600'000'000);
  EXPECT_EQ(TimestampOfEpoch("1590969600.123456", EpochUnit::kSeconds), 1'590'969'600'123'456);
  EXPECT_EQ(TimestampOfEpoch("1.5909696e9", EpochUnit::kSeconds), 1'590'969'600'000'000);
  EXPECT_EQ(TimestampOfEpoch("1590969600123", EpochUnit::kMillis), 1'590'969'600'123'000);
  EXPECT_EQ(TimestampOfEpoch("-0.001", EpochUnit::kMillis), -1);
  EXPECT_EQ(TimestampOfEpoch("1590969600123456", EpochUnit::kMicros), 1'590'969'600'123'456);
  EXPECT_EQ(TimestampOfEpoch("253402300799.999999", EpochUnit::kSeconds), 2'932'897 * kDay - 1);
  EXPECT_EQ(TimestampOfEpoch("-62135596800", EpochUnit::kSeconds), -719'162 * kDay);
  for (const char* bad : {"0.0000001", "253402300800", "-62135596801", "1e400", "1e-400", "x"}) {
    EXPECT_EQ(TimestampOfEpoch(bad, EpochUnit::kSeconds),
              std::unexpected(FaultReason::kBadTimestamp))
        << bad;
  }
  EXPECT_FALSE(TimestampOfEpoch("0.5", EpochUnit::kMicros));
}

// The reference: the grammar as one regular expression, and years counted one by one.
Converted<int64_t> Slowly(const std::string& text) {
  static const Pattern form(
      "([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(:([0-9]{2})(\\.([0-9]{1,6})0*)?)?"
      "(Z|([+-])([0-9]{2}):?([0-9]{2}))?");
  const auto bad = std::unexpected(FaultReason::kBadTimestamp);
  const std::vector<std::string> part = form.Match(text);
  if (part.empty()) return bad;
  const auto number = [&](size_t i) { return part[i].empty() ? 0 : std::stoi(part[i]); };
  const int year = number(1), month = number(2);
  if (year < 1 || month < 1 || month > 12 || number(3) < 1 || number(3) > DaysIn(year, month) ||
      number(4) > 23 || number(5) > 59 || number(7) > 59 || number(12) > 23 || number(13) > 59) {
    return bad;
  }
  int64_t days = number(3) - 1;
  for (int m = 1; m < month; ++m) days += DaysIn(year, m);
  for (int y = 1970; y < year; ++y) days += IsLeap(y) ? 366 : 365;
  for (int y = year; y < 1970; ++y) days -= IsLeap(y) ? 366 : 365;
  std::string micros = part[9];
  micros.resize(6, '0');
  int64_t minutes = number(4) * 60 + number(5);
  minutes -= (part[11] == "-" ? -1 : 1) * (number(12) * 60 + number(13));
  const int64_t value =
      days * kDay + (minutes * 60 + number(7)) * int64_t{1'000'000} + std::stoi(micros);
  if (value < -719'162 * kDay || value >= 2'932'897 * kDay) return bad;
  return value;
}

TEST(CalendarValueTest, MutatedTimestampsAgreeWithTheSlowWay) {
  std::minstd_rand random(5);
  const std::string alphabet = "0123456789-:.+ TZ";
  for (int i = 0; i < 60'000; ++i) {
    std::string text =
        fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}", random() % 10'000, random() % 13,
                    random() % 32, random() % 2 ? 'T' : ' ', random() % 25, random() % 61);
    if (random() % 3) text += fmt::format(":{:02}", random() % 61);
    if (random() % 2)
      text += "." + fmt::format("{:06}", random() % 1'000'000).substr(0, random() % 7);
    if (random() % 4 == 0) text += std::string(random() % 4, '0');
    if (random() % 4 == 0) text += "Z";
    if (random() % 4 == 0) {
      text += fmt::format("{}{:02}{}{:02}", random() % 2 ? '+' : '-', random() % 25,
                          random() % 2 ? ":" : "", random() % 61);
    }
    if (random() % 3 == 0) text[random() % text.size()] = alphabet[random() % alphabet.size()];
    if (random() % 9 == 0) text.erase(random() % text.size(), 1);
    ASSERT_EQ(ParseTimestamp(text), Slowly(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
