// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "sluice/base/clock.h"

namespace sluice {

// Both ends belong to it.
struct TimeInterval {
  Timestamp from, to;
  friend bool operator==(const TimeInterval&, const TimeInterval&) = default;
};

// The widest statement that a load sends about one table.
inline constexpr size_t kMostIntervals = 24;

// At most `most` (> 0) disjoint intervals in order of time that cover all of `intervals`; where
// there are more, those with the smallest gaps between them are joined.
std::vector<TimeInterval> MergeIntervals(std::vector<TimeInterval> intervals,
                                         size_t most = kMostIntervals);

}  // namespace sluice
