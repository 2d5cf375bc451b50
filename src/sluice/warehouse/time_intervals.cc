// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/time_intervals.h"

#include <algorithm>

namespace sluice {
namespace {

std::vector<TimeInterval> Disjoint(std::vector<TimeInterval> intervals) {
  std::ranges::sort(intervals, {}, &TimeInterval::from);
  std::vector<TimeInterval> merged;
  for (const TimeInterval& next : intervals) {
    if (!merged.empty() && next.from <= merged.back().to) {
      merged.back().to = std::max(merged.back().to, next.to);
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

}  // namespace

std::vector<TimeInterval> MergeIntervals(std::vector<TimeInterval> intervals, size_t most) {
  const std::vector<TimeInterval> merged = Disjoint(std::move(intervals));
  if (merged.size() <= most) return merged;

  // The gap before merged[i] is kept where it is one of the widest most - 1.
  std::vector<size_t> gaps;
  for (size_t i = 1; i < merged.size(); ++i) gaps.push_back(i);
  std::ranges::stable_sort(gaps, std::ranges::greater(),
                           [&](size_t i) { return merged[i].from - merged[i - 1].to; });
  gaps.resize(most - 1);
  std::ranges::sort(gaps);

  std::vector<TimeInterval> covering = {merged.front()};
  for (size_t i = 1; i < merged.size(); ++i) {
    if (std::ranges::binary_search(gaps, i)) {
      covering.push_back(merged[i]);
    } else {
      covering.back().to = merged[i].to;
    }
  }
  return covering;
}

}  // namespace sluice
