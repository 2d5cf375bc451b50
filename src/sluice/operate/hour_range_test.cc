// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/hour_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Range(std::string_view from, std::string_view to = "") {
  const auto hours = ParseHourRange(from, to);
  return hours ? HourText(hours->from) + " " + HourText(hours->to) : hours.error().message();
}

TEST(HourRange, WithoutAnEndItIsTheDayOrTheHour) {
  EXPECT_EQ(Range("2026-11-20"), "2026-11-20T00 2026-11-21T00");
  EXPECT_EQ(Range("2026-11-20T10"), "2026-11-20T10 2026-11-20T11");
  EXPECT_EQ(Range("2024-02-29T23"), "2024-02-29T23 2024-03-01T00");
}

TEST(HourRange, TheEndIsLeftOut) {
  EXPECT_EQ(Range("2026-11-20T10", "2026-11-21"), "2026-11-20T10 2026-11-21T00");
  for (const char* const same : {"2026-11-21T00", "2026-11-21 00:00", "2026-11-21T00:00Z",
                                 "2026-11-21T00:00:00Z", "2026-11-21Z"}) {
    EXPECT_EQ(Range("2026-11-20T10", same), "2026-11-20T10 2026-11-21T00") << same;
  }
}

TEST(HourRange, RefusesWhatIsNone) {
  for (const char* const wrong :
       {"", "2026", "2026-11", "2026-11-31", "2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01",
        "2026-11-20T", "2026-11-20T24", "2026-11-20T1", "2026-11-20T10:30",
        "2026-11-20T10:00+01:00", "2026-11-20x", "+2026-11-20", "2026-11-20T10:00:00:00",
        "20261120"}) {
    EXPECT_THAT(Range(wrong), HasSubstr("not an hour")) << wrong;
  }
  EXPECT_THAT(Range("2026-11-20", "2026-11-20"), HasSubstr("the range is empty"));
  EXPECT_THAT(Range("2026-11-20T10", "2026-11-20T09"), HasSubstr("the range is empty"));
  EXPECT_THAT(Range("0001-01-01", "9999-12-31"), HasSubstr("longer than a hundred years"));
}

TEST(HourRange, HasTheFoldersOfItsHours) {
  const HourRange hours = *ParseHourRange("2026-11-09T23", "2026-11-10T02");
  const auto folders = [&](std::string_view layout) {
    return FoldersOf(*RawLayout::Parse(layout), hours);
  };
  EXPECT_THAT(folders("date=%Y-%m-%d/%H/"),
              ElementsAre("date=2026-11-09/23/", "date=2026-11-10/00/", "date=2026-11-10/01/"));
  // In the order of bytes, in which a store lists them.
  EXPECT_THAT(folders("%Y/%-m/%-d/%-H/"),
              ElementsAre("2026/11/10/0/", "2026/11/10/1/", "2026/11/9/23/"));
  EXPECT_THAT(folders("%Y/%j/"), ElementsAre("2026/313/", "2026/314/"));
  EXPECT_THAT(folders("%Y-%m-%d-%H-%M/"), ElementsAre("")) << "only a look at every key can tell";
  EXPECT_THAT(folders("%Y/%m/%d/%H-%M/"), ElementsAre("2026/11/09/", "2026/11/10/"));
}

}  // namespace
}  // namespace sluice
