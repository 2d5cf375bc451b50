// SPDX-License-Identifier: Apache-2.0
// What a person gives up: events in quarantine, and versions of a key.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Acceptance kAcceptance = {.why = "it's a \\ test",
                                .at = Timestamp(std::chrono::days(20'001))};

TEST_P(WarehouseContract, WhatIsAcceptedWaitsNoLonger) {
  const PlannedObject a = Put({.key = "a", .events = {{"1"}}, .bad_events = 2, .no_route = 1});
  MustLoad({a, Put({.key = "b", .bad_events = 1})});
  const auto none = warehouse_->AcceptQuarantined({.reason = "too_long"}, kAcceptance);
  ASSERT_TRUE(none) << none.error().message();
  EXPECT_EQ(*none, 0u);
  const QuarantineFilter filter = {.table = "events", .raw_key = "a", .limit = 1};
  const auto accepted = warehouse_->AcceptQuarantined(filter, kAcceptance);
  ASSERT_TRUE(accepted) << accepted.error().message();
  EXPECT_EQ(*accepted, 2u);
  const auto state = EndState();
  EXPECT_EQ(*warehouse_->AcceptQuarantined(filter, kAcceptance), 2u);  // repeated as it was
  EXPECT_EQ(EndState(), state);

  EXPECT_THAT(*warehouse_->ListReplayable({}, {}), SizeIs(2));
  EXPECT_THAT(*warehouse_->ListQuarantined({}), SizeIs(2));
  const auto given_up = warehouse_->ListQuarantined({.kind = QuarantineKind::kAccepted});
  ASSERT_TRUE(given_up) << given_up.error().message();
  ASSERT_THAT(*given_up, SizeIs(2));
  EXPECT_EQ((*given_up)[0].accepted, kAcceptance.why);
  const auto balance = warehouse_->Balance();
  ASSERT_TRUE(balance) << balance.error().message();
  EXPECT_EQ((*balance)[0].accepted, 2u);
  EXPECT_EQ((*balance)[0].quarantined, 3u);
  EXPECT_EQ((*balance)[2].accepted, 0u);
  for (const bool asked : {false, true}) {
    const auto objects = warehouse_->ListObjects({.store = a.store, .with_accepted = asked});
    ASSERT_TRUE(objects) << objects.error().message();
    ASSERT_THAT(*objects, SizeIs(2));
    EXPECT_EQ((*objects)[0].accepted, asked ? 2u : 0u);
    EXPECT_EQ((*objects)[1].accepted, 0u);
  }
  // A replay that saw them wait comes too late.
  const auto late = Replay({PutPart(a, {{.line = 2, .events = {{"2"}}}})});
  ASSERT_TRUE(late) << late.error().message();
  EXPECT_EQ((*late)[0].state, std::nullopt);
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, C2AnAcceptanceThatFailsAnywhereIsWholeOrNothing) {
  MustLoad({Put({.key = "a", .events = {{"1"}}, .bad_events = 2})});
  const auto before = EndState();
  int points = 0;
  for (const char* kind : {"fail-before", "fail-after"}) {
    for (int n = 1;; ++n) {
      auto faults = FaultPlan::Parse(fmt::format("{}:{}", kind, n));
      const auto done =
          harness_->Open(tables_, faults->get())->AcceptQuarantined({.raw_key = "a"}, kAcceptance);
      if ((*faults)->struck().empty()) break;
      ++points;
      EXPECT_FALSE(done) << kind << n;
      if (EndState() == before) continue;
      // Only an answer that was lost leaves it done, and repeating finds it so.
      EXPECT_EQ(done.error().kind(), ErrorKind::kOutcomeUnknown) << kind << n;
      const auto after = EndState();
      EXPECT_EQ(*warehouse_->AcceptQuarantined({.raw_key = "a"}, kAcceptance), 2u);
      EXPECT_EQ(EndState(), after);
      harness_->Execute(
          "UPDATE sluice.quarantine SET accepted = NULL, ended_at = NULL WHERE line > 0");
      EXPECT_EQ(EndState(), before);
    }
  }
  EXPECT_GE(points, 2);
  EXPECT_EQ(*warehouse_->AcceptQuarantined({.raw_key = "a"}, kAcceptance), 2u);
}

TEST_P(WarehouseContract, AnAcceptedOverwrittenVersionNeverLoads) {
  const PlannedObject old = Put({.key = "a", .events = {{"1", 0, "old"}}});
  MustLoad({old});
  EXPECT_FALSE(*warehouse_->AcceptOverwritten(old.object, kAcceptance));
  const PlannedObject held =
      Put({.key = "a", .events = {{"2", 0, "new"}}, .bad_events = 1, .etag = "e2", .version = 2});
  EXPECT_EQ(MustLoad({held})[0].state, ObjectState::kHeld);
  const auto accepted = warehouse_->AcceptOverwritten(held.object, kAcceptance);
  ASSERT_TRUE(accepted) << accepted.error().message();
  EXPECT_TRUE(*accepted);
  EXPECT_TRUE(*warehouse_->AcceptOverwritten(held.object, kAcceptance));
  // Who gives another reason did not do it.
  EXPECT_FALSE(*warehouse_->AcceptOverwritten(held.object, {"another reason", kAcceptance.at}));
  // Who looks for what was loaded before a table was there finds that this one is decided, and
  // that one is not.
  const auto before = warehouse_->ListObjects({.store = old.store, .table = "not there then"});
  ASSERT_TRUE(before) << before.error().message();
  ASSERT_THAT(*before, SizeIs(2));
  for (const LedgerObject& one : *before) {
    EXPECT_EQ(one.lacks_table, one.object == old.object) << one.identity;
  }
  EXPECT_EQ(MustLoad({held})[0].state, ObjectState::kReplaced);
  EXPECT_EQ(MustLoad({old})[0].state, ObjectState::kLoaded);
  EXPECT_THAT(Column("SELECT \"location\" FROM tracking.events"), ElementsAre("old"));
  EXPECT_THAT(Column("SELECT state || ' ' || reason FROM sluice.ledger WHERE table_name = '*' AND "
                     "version = 2"),
              ElementsAre("replaced accepted: " + kAcceptance.why));
  EXPECT_THAT(*warehouse_->ListQuarantined({}), IsEmpty());
}

TEST_P(WarehouseContract, AVersionThatIsSetAsideBesideOneThatIsLoadedCanBeAccepted) {
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  const PlannedObject damaged = Put({.key = "a", .bad_events = 1, .etag = "e2", .version = 2});
  ASSERT_TRUE(
      warehouse_->Settle(std::vector<Settlement>{{ObjectState::kSetAside, damaged, "damaged"}}));
  EXPECT_TRUE(*warehouse_->AcceptOverwritten(damaged.object, kAcceptance));
  EXPECT_EQ((*warehouse_->Peek(std::vector<int64_t>{damaged.object}))[0].state,
            ObjectState::kReplaced);
}

// Too many bad events, and no other version: what is accepted there is that it loads.
TEST_P(WarehouseContract, AHeldObjectWithoutAnotherVersionIsNotOverwritten) {
  PlannedObject a = Put({.key = "a", .events = {{"1"}}, .bad_events = 1});
  ASSERT_TRUE(
      warehouse_->Settle(std::vector<Settlement>{{ObjectState::kHeld, a, "too many bad events"}}));
  const auto state = EndState();
  EXPECT_FALSE(*warehouse_->AcceptOverwritten(a.object, kAcceptance));
  EXPECT_EQ(*warehouse_->AcceptQuarantined({.raw_key = "a"}, kAcceptance), 0u);
  EXPECT_EQ(EndState(), state);
  a.reason = "accepted: it's known";
  MustLoad({a});
  EXPECT_THAT(Column("SELECT reason FROM sluice.ledger WHERE table_name = '*'"),
              ElementsAre("accepted: it's known"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger WHERE reason IS NOT NULL"), "1");
  EXPECT_THAT(*warehouse_->ListReplayable({}, {}), SizeIs(1));
}

TEST_P(WarehouseContract, WhatIsInQuarantineOfAnObjectThatIsHeldIsTold) {
  MustLoad({Put({.key = "a", .events = {{"1"}}, .bad_events = 2})});
  MustLoad({Put({.key = "a", .bad_events = 1, .etag = "etag2", .version = 2})});
  const auto summary = warehouse_->SumQuarantine({});
  ASSERT_TRUE(summary) << summary.error().message();
  ASSERT_THAT(summary->groups, SizeIs(1));
  EXPECT_EQ(std::tie(summary->groups[0].events, summary->groups[0].stuck), std::tuple(3u, 1u));
  const auto stuck = warehouse_->SumQuarantine({.of = QuarantineOf::kStuckObjects});
  ASSERT_TRUE(stuck) << stuck.error().message();
  ASSERT_THAT(stuck->groups, SizeIs(1));
  EXPECT_EQ(stuck->groups[0].events, 1u);
  EXPECT_EQ(stuck->groups[0].example.stuck, "held");
  EXPECT_THAT(*warehouse_->ListQuarantined({}),
              ElementsAre(Field(&QuarantinedEvent::stuck, ""), Field(&QuarantinedEvent::stuck, ""),
                          Field(&QuarantinedEvent::stuck, "held")));
  EXPECT_THAT(warehouse_->FindEvent("a", 10)->quarantined,
              ElementsAre(Field(&EventTraces::Place::is_stuck, false),
                          Field(&EventTraces::Place::is_stuck, false),
                          Field(&EventTraces::Place::is_stuck, true)));
}

}  // namespace
}  // namespace sluice
