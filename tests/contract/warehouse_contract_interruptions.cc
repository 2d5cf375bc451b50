// SPDX-License-Identifier: Apache-2.0
// Loads that meet, and loads that are broken off anywhere.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

TEST_P(WarehouseContract, C1ConcurrentLoadersOfOverlappingPlansLoadOnce) {
  for (const int loaders : {2, 8}) {
    const auto harness = GetParam().make();
    ASSERT_TRUE(harness->Open(tables_)->Prepare());
    std::vector<PlannedObject> objects;
    for (int i = 0; i < 6; ++i) {
      objects.push_back(Put(*harness, {.key = fmt::format("o{}", i),
                                       .events = {{std::to_string(i), i}, {"shared", 7}},
                                       .utm = {{"u"}}}));
    }
    EXPECT_TRUE(harness->AtOnce(loaders, [&](int i) {
      const auto mine = harness->Open(tables_);
      for (int first = 0; first < 4; ++first) {
        const auto from = objects.begin() + (first + i) % 4;
        const LoadPlan plan = {.batch = fmt::format("batch-{}-{}-{}", loaders, i, first),
                               .objects = {from, from + 3}};
        if (!Load(*mine, plan)) return false;
      }
      return true;
    }));
    const auto rows = harness->Execute("SELECT request_id FROM tracking.events ORDER BY 1");
    EXPECT_EQ(rows.size(), 7u);
    EXPECT_EQ(harness->Execute("SELECT request_id FROM tracking.utm").size(), 1u);
    EXPECT_EQ(harness->Execute("SELECT raw_key FROM sluice.ledger").size(), 18u);
    EXPECT_EQ(harness->Execute("SELECT event_key FROM sluice.duplicates").size(), 10u);
  }
}

TEST_P(WarehouseContract, PreparedByManyAtOnceThereIsOneLock) {
  const auto harness = GetParam().make();
  EXPECT_TRUE(harness->AtOnce(6, [&](int) {
    const Status prepared = harness->Open(tables_)->Prepare();
    EXPECT_TRUE(prepared) << prepared.error().message();
    return prepared.has_value();
  }));
  for (const char* table : {"version", "lock", "control"}) {
    EXPECT_EQ(harness->Execute(fmt::format("SELECT count(*)::VARCHAR FROM sluice.{}", table))[0][0],
              "1")
        << table;
  }
}

TEST_P(WarehouseContract, C3LostReplyOfCommitIsUnknownAndTheLedgerKnows) {
  const std::vector<PlannedObject> objects = Difficult(*harness_);
  auto counting = FaultPlan::Parse("count");
  const auto clone = harness_->Clone();
  ASSERT_TRUE(Load(*clone->Open(tables_, counting->get()), Plan(objects)));
  auto faults = FaultPlan::Parse(fmt::format("fail-after:{}", (*counting)->operations()));
  const auto loaded = Load(*harness_->Open(tables_, faults->get()), Plan(objects));
  ASSERT_FALSE(loaded);
  EXPECT_EQ((*faults)->struck(), "commit");
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kOutcomeUnknown);
  const auto outcome = warehouse_->Outcome(std::vector<int64_t>{objects[0].object});
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)[0].state, ObjectState::kLoaded);
}

TEST_P(WarehouseContract, C2FailureAtAnyStatementLeavesAllOrNothing) {
  const std::vector<PlannedObject> objects = Difficult(*harness_);
  const auto before = EndState();
  ASSERT_NO_FATAL_FAILURE(FailAtEachStatement([&] { return Plan(objects); }));
  EXPECT_NE(EndState(), before);  // the commit whose reply was lost
}

// One event's row is replaced, one comes in, and for one that is gone comes another object's.
TEST_P(WarehouseContract, C2AReplaceThatFailsAnywhereLeavesAllOrNothing) {
  MustLoad(Difficult(*harness_));
  const std::vector<PlannedObject> newer = {
      Put({.key = "a", .events = {{"1", 0, "new"}, {"4", 4}}, .etag = "etag2", .version = 2}),
      Put({.key = "c", .utm = {{"u3", 0, "new"}}, .etag = "etag2", .version = 2})};
  const auto calm = harness_->Clone();
  ASSERT_TRUE(Load(*calm->Open(tables_), ReplacePlan(newer)));
  ASSERT_NO_FATAL_FAILURE(FailAtEachStatement([&] { return ReplacePlan(newer); }));
  EXPECT_EQ(EndState(), EndState(*calm));  // the commit whose reply was lost
  EXPECT_THAT(Column("SELECT request_id || ' ' || \"location\" FROM tracking.events ORDER BY 1"),
              testing::ElementsAre("1 new", "2 other", "3 same", "4 same"));
}

TEST_P(WarehouseContract, C2KilledAtAnyStatementTheNextRunBringsTheSameEndState) {
  difficult_ = Difficult(*harness_);
  const auto calm = harness_->Clone();
  ASSERT_TRUE(Load(*calm->Open(tables_), Plan(difficult_)));
  const auto undisturbed = EndState(*calm);
  int points = 0;
  for (const char* kind : {"kill-before", "kill-after"}) {
    for (int n = 1; !LoadInterrupted(fmt::format("{}:{}", kind, n), undisturbed); ++n) ++points;
  }
  EXPECT_GE(points, harness_->fewest_points());
}

}  // namespace
}  // namespace sluice
