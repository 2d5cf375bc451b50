// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/faulty_queue.h"

#include <gtest/gtest.h>

#include "sluice/queue/queue_test_folder.h"
#include "sluice/queue/sqlite_queue.h"

namespace sluice {
namespace {

class FaultyQueueTest : public ::testing::Test {
 protected:
  std::unique_ptr<Queue> Open(FaultPlan* plan) {
    auto queue = SqliteQueue::Open({.path = folder_.file()}, clock_);
    EXPECT_TRUE(queue);
    return std::make_unique<FaultyQueue>(std::move(*queue), plan);
  }

  QueueTestFolder folder_;
  FakeClock clock_;
  const std::vector<std::string> bodies_ = {"a"};
};

TEST_F(FaultyQueueTest, EveryOperationIsNumberedAndNamed) {
  const std::vector<Receipt> receipts = {Receipt{"1-A"}};
  const std::vector<std::string> names = {"queue.send", "queue.receive", "queue.extend",
                                          "queue.delete", "queue.depth"};
  for (size_t n = 1; n <= names.size(); ++n) {
    const auto plan = *FaultPlan::Parse("fail-before:" + std::to_string(n));
    const auto queue = Open(plan.get());
    const bool answers[] = {queue->Send(bodies_).has_value(), queue->Receive({}).has_value(),
                            queue->Extend(receipts, std::chrono::seconds(1)).has_value(),
                            queue->Delete(receipts).has_value(), queue->Depth().has_value()};
    for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(answers[i], i + 1 != n) << names[i];
    EXPECT_EQ(plan->struck(), names[n - 1]);
  }
}

TEST_F(FaultyQueueTest, FailedBeforeMeansNothingHappened) {
  const auto plan = *FaultPlan::Parse("fail-before:1");
  const auto queue = Open(plan.get());
  EXPECT_EQ(queue->Send(bodies_).error().kind(), ErrorKind::kTransient);
  EXPECT_TRUE(queue->Receive({})->empty());
}

TEST_F(FaultyQueueTest, FailedAfterMeansItHappened) {
  const auto plan = *FaultPlan::Parse("fail-after:1");
  const auto queue = Open(plan.get());
  EXPECT_EQ(queue->Send(bodies_).error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_EQ(queue->Receive({})->size(), 1u);
}

TEST_F(FaultyQueueTest, WithoutAPlanNothingGoesWrong) {
  const auto queue = Open(nullptr);
  EXPECT_TRUE(queue->Send(bodies_));
  EXPECT_EQ(queue->Receive({})->size(), 1u);
}

}  // namespace
}  // namespace sluice
