// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/time_intervals.h"

#include <gmock/gmock.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TimeInterval At(int from, int to) {
  return {Timestamp(std::chrono::seconds(from)), Timestamp(std::chrono::seconds(to))};
}

TEST(MergeIntervals, NothingCoversNothing) {
  EXPECT_THAT(MergeIntervals({}), IsEmpty());
}

TEST(MergeIntervals, OverlappingAndTouchingOnesBecomeOne) {
  EXPECT_THAT(MergeIntervals({At(5, 9), At(1, 3), At(3, 4), At(6, 7)}),
              ElementsAre(At(1, 4), At(5, 9)));
}

TEST(MergeIntervals, OneInsideAnotherDoesNotShortenIt) {
  EXPECT_THAT(MergeIntervals({At(1, 100), At(2, 3), At(50, 60)}), ElementsAre(At(1, 100)));
}

TEST(MergeIntervals, TheSmallestGapsAreClosedFirst) {
  EXPECT_THAT(MergeIntervals({At(0, 1), At(3, 4), At(100, 101), At(104, 105)}, 2),
              ElementsAre(At(0, 4), At(100, 105)));
  EXPECT_THAT(MergeIntervals({At(0, 1), At(3, 4), At(100, 101)}, 1), ElementsAre(At(0, 101)));
}

TEST(MergeIntervals, ManyIntervalsAreCoveredByTheMostAllowed) {
  std::vector<TimeInterval> many;
  for (int i = 0; i < 1000; ++i) many.push_back(At(i * 37 % 1000 * 10, i * 37 % 1000 * 10 + 1));
  const std::vector<TimeInterval> few = MergeIntervals(many);
  EXPECT_EQ(few.size(), kMostIntervals);
  for (const TimeInterval& interval : many) {
    int covering = 0;
    for (const TimeInterval& f : few) covering += f.from <= interval.from && interval.to <= f.to;
    EXPECT_EQ(covering, 1);
  }
}

}  // namespace
}  // namespace sluice
