// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/in_parallel.h"

#include <gtest/gtest.h>

#include <barrier>

namespace sluice {
namespace {

TEST(InParallelTest, DoesAllAndNoMoreAtATimeThanItMay) {
  constexpr size_t kCount = 100, kMost = 4;
  std::atomic<int> done[kCount] = {};
  std::atomic<size_t> now = 0, most = 0;
  InParallel(kCount, kMost, [&](size_t i) {
    const size_t here = ++now;
    for (size_t seen = most; seen < here && !most.compare_exchange_weak(seen, here);) {
    }
    ++done[i];
    --now;
  });
  for (const auto& times : done) EXPECT_EQ(times, 1);
  EXPECT_LE(most, kMost);
  InParallel(0, kMost, [&](size_t) { ADD_FAILURE(); });
}

TEST(InParallelTest, WorksAtTheSameTime) {
  std::barrier all_there(3);  // passed by three at once only
  InParallel(3, 3, [&](size_t) { all_there.arrive_and_wait(); });
}

}  // namespace
}  // namespace sluice
