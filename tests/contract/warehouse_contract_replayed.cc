// SPDX-License-Identifier: Apache-2.0
// Loads of events that were in quarantine: ADR 0055.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kEvents =
    "SELECT request_id || ' ' || \"location\" FROM tracking.events ORDER BY 1";
constexpr const char* kOpen =
    "SELECT table_name || ' ' || line || ' ' || reason FROM sluice.quarantine WHERE ended_at IS "
    "NULL ORDER BY object, line";
// Every row of the ledger adds up, and so does what waits in quarantine, with what it says.
constexpr const char* kUnbalanced =
    "SELECT l.raw_key || ' ' || l.table_name FROM sluice.ledger l WHERE l.state = 'loaded' AND "
    "(l.staged <> l.loaded + l.duplicates OR (l.table_name <> '*' AND l.routed <> l.staged + "
    "l.quarantined) OR (l.table_name = '*' AND (l.lines <> l.routed + l.no_route + l.dropped OR "
    "l.routed + l.no_route <> l.staged + l.quarantined))) UNION ALL SELECT l.raw_key FROM "
    "sluice.ledger l LEFT JOIN (SELECT object, COUNT(*) AS n FROM sluice.quarantine WHERE ended_at "
    "IS NULL GROUP BY object) q ON q.object = CASE WHEN l.replay_of = 0 THEN l.object ELSE "
    "l.replay_of END WHERE l.table_name = '*' AND l.state = 'loaded' GROUP BY l.raw_key, q.n "
    "HAVING "
    "SUM(l.quarantined) <> COALESCE(q.n, 0)";

// Lines: 1 a row, 2 and 3 for events, 4 without a route.
TEST_P(WarehouseContract, WhatPassesNowIsLoadedAndLeavesQuarantine) {
  const PlannedObject a =
      Put({.key = "a", .events = {{"1", 0, "first"}}, .bad_events = 2, .no_route = 1});
  MustLoad({a});
  MustReplay({PutPart(a, {{.line = 2, .events = {{"2", 500, "replayed"}}},
                          {.line = 3, .reason = "too_long"},
                          {.line = 4, .was_table = "*", .utm = {{"u4"}}}})});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 first", "2 replayed"));
  EXPECT_THAT(Column("SELECT request_id FROM tracking.utm"), ElementsAre("u4"));
  EXPECT_THAT(Column(kOpen), ElementsAre("events 3 too_long"));
  EXPECT_THAT(
      Column("SELECT q.line || ' ' || q.reason FROM sluice.quarantine q JOIN sluice.ledger l ON "
             "l.object = q.part AND l.table_name = '*' WHERE ended_at IS NOT NULL ORDER BY "
             "line"),
      ElementsAre("2 bad_value", "4 no_route"));
  EXPECT_THAT(Column(kUnbalanced), IsEmpty());
  EXPECT_THAT(
      Column("SELECT table_name || ' ' || lines || ' ' || no_route || ' ' || routed || ' ' || "
             "staged || ' ' || loaded || ' ' || quarantined FROM sluice.ledger WHERE replay_of <> "
             "0 ORDER BY CASE table_name WHEN 'events' THEN 1 WHEN 'utm' THEN 2 ELSE 3 END"),
      ElementsAre("events 0 0 0 1 1 -1", "utm 0 0 1 1 1 0", "* 0 -1 1 2 2 -2"));

  // The sums are those of a raw object that was right from the beginning, but for what stays.
  const auto balance = warehouse_->Balance();
  ASSERT_TRUE(balance) << balance.error().message();
  std::vector<std::string> sums;
  for (const TableBalance& b : *balance) {
    sums.push_back(fmt::format("{} {} {} {} {} {} {}", b.table, b.objects, b.lines, b.no_route,
                               b.routed, b.loaded, b.quarantined));
  }
  EXPECT_THAT(sums, ElementsAre("events 1 0 0 3 2 1", "utm 1 0 0 1 1 0", "* 1 4 0 4 3 1"));
  const auto states = warehouse_->States(Timestamp());
  ASSERT_TRUE(states) << states.error().message();
  ASSERT_EQ(states->size(), 1u);
  EXPECT_EQ((*states)[0].objects, 1u);
  EXPECT_EQ((*states)[0].rows_since, 3u);
  // Who looks for the key finds the raw object, and what is left of it in quarantine.
  const auto objects = warehouse_->ListObjects({.store = a.store});
  ASSERT_TRUE(objects) << objects.error().message();
  ASSERT_EQ(objects->size(), 1u);
  EXPECT_EQ((*objects)[0].object, a.object);
  EXPECT_EQ((*objects)[0].quarantined, 1u);
  // What a table got to see is what is routed to it today, whenever that was found out.
  const auto seen = warehouse_->SumQuarantine({.by_hour = true})->seen;
  ASSERT_THAT(seen, testing::SizeIs(3));
  EXPECT_EQ(seen[0].events + seen[1].events * 10 + seen[2].events * 100, 4u + 30u + 100u);
}

TEST_P(WarehouseContract, AReplayThatIsRepeatedLoadsNothingMore) {
  const PlannedObject a = Put({.key = "a", .bad_events = 2});
  MustLoad({a});
  const PlannedObject part =
      PutPart(a, {{.line = 1, .events = {{"1"}}}, {.line = 2, .reason = "too_long"}});
  MustReplay({part});
  const auto state = EndState();
  MustReplay({part});
  EXPECT_EQ(EndState(), state);
  // Somebody who saw the quarantine before, and tries one event more.
  const auto late = Replay(
      {PutPart(a, {{.line = 1, .events = {{"1"}}}, {.line = 2, .events = {{"2"}}}}, "late")});
  ASSERT_TRUE(late) << late.error().message();
  EXPECT_EQ((*late)[0].state, std::nullopt);
  EXPECT_EQ(EndState(), state);
  MustReplay({PutPart(a, {{.line = 2, .events = {{"2"}}}}, "2")});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 same", "2 same"));
  EXPECT_THAT(Column(kOpen), IsEmpty());
  EXPECT_THAT(Column(kUnbalanced), IsEmpty());
}

TEST_P(WarehouseContract, AReplayedEventThatIsThereAlreadyIsADuplicate) {
  const PlannedObject a = Put({.key = "a", .bad_events = 2, .dropped = 1});
  MustLoad({a});
  MustLoad({Put({.key = "b", .events = {{"1", 0, "sent again"}}})});
  MustReplay({PutPart(a, {{.line = 1, .events = {{"1", 0, "replayed"}}}, {.line = 2}})});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 sent again"));
  EXPECT_THAT(Column("SELECT event_key || ' ' || line || ' ' || differs FROM sluice.duplicates"),
              ElementsAre("1 1 1"));
  EXPECT_THAT(Column(kOpen), IsEmpty());
  EXPECT_THAT(Column(kUnbalanced), IsEmpty());
  EXPECT_EQ(One("SELECT SUM(dropped)::VARCHAR FROM sluice.ledger WHERE table_name = '*'"), "2");
}

TEST_P(WarehouseContract, OnlyWhatIsLoadedIsReplayed) {
  const PlannedObject a = Put({.key = "a", .bad_events = 1});
  ASSERT_TRUE(
      warehouse_->Settle(std::vector<Settlement>{{ObjectState::kHeld, a, "too many bad events"}}));
  const auto state = EndState();
  const auto replayed = Replay({PutPart(a, {{.line = 1, .events = {{"1"}}}})});
  ASSERT_TRUE(replayed) << replayed.error().message();
  EXPECT_EQ((*replayed)[0].state, std::nullopt);
  EXPECT_EQ(EndState(), state);
  EXPECT_THAT(*warehouse_->ListReplayable({}, {}), IsEmpty());
}

// One that is refused leaves the others alone.
TEST_P(WarehouseContract, WhatOneReplayDoesNotFindLoadsNothingAndTheOthersDo) {
  const PlannedObject a = Put({.key = "a", .bad_events = 1}),
                      b = Put({.key = "b", .bad_events = 1});
  MustLoad({a, b});
  const auto replayed = Replay(
      {PutPart(a, {{.line = 9, .events = {{"1"}}}}), PutPart(b, {{.line = 1, .events = {{"2"}}}})});
  ASSERT_TRUE(replayed) << replayed.error().message();
  EXPECT_EQ((*replayed)[0].state, std::nullopt);
  EXPECT_EQ((*replayed)[1].state, ObjectState::kLoaded);
  EXPECT_THAT(Column(kEvents), ElementsAre("2 same"));
  EXPECT_THAT(Column(kUnbalanced), IsEmpty());
}

TEST_P(WarehouseContract, AReplacedObjectTakesItsReplayedEventsWithIt) {
  const PlannedObject a = Put({.key = "a", .events = {{"1"}}, .bad_events = 1});
  MustLoad({a});
  const auto state = EndState();
  const PlannedObject part = PutPart(a, {{.line = 2, .events = {{"2", 0, "replayed"}}}});
  MustReplay({part});
  MustLoad({Put({.key = "b", .events = {{"2", 0, "lost"}}})});
  MustReplace({a});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 same", "2 lost"));
  EXPECT_THAT(Column(kOpen), ElementsAre("events 2 bad_value"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger WHERE replay_of <> 0"), "0");
  MustReplace({Put({.key = "b"})});
  EXPECT_EQ(EndState().size(), state.size() + 3);  // the ledger's of b
  // The same events may be replayed again.
  MustReplay({part});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 same", "2 replayed"));
  EXPECT_THAT(Column(kOpen), IsEmpty());
  MustReplace({Put({.key = "a", .events = {{"3"}}, .etag = "e2", .version = 2})});
  EXPECT_THAT(Column(kEvents), ElementsAre("3 same"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "0");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger WHERE replay_of <> 0"), "0");
  EXPECT_THAT(Column(kUnbalanced), IsEmpty());
}

// Another object's event, which lost against a replayed one, comes back when that goes.
TEST_P(WarehouseContract, AReplayedEventMayComeBackAndBeComeBackFor) {
  const PlannedObject a = Put({.key = "a", .bad_events = 1});
  MustLoad({a});
  MustLoad({Put({.key = "b", .events = {{"1", 0, "b"}}})});
  MustReplay({PutPart(a, {{.line = 1, .events = {{"1", 0, "replayed"}}}})});
  MustReplace({Put({.key = "b", .etag = "e2", .version = 2})});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 replayed"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates"), "0");
  EXPECT_THAT(Column(kUnbalanced), IsEmpty());
}

TEST_P(WarehouseContract, C1ReplaysThatMeetLoadEachEventOnce) {
  const PlannedObject a = Put({.key = "a", .bad_events = 3});
  MustLoad({a});
  std::vector<PlannedObject> parts;
  for (int i = 0; i < 4; ++i) {
    std::vector<Again> again;
    for (int line = 1; line <= 3; ++line) {
      again.push_back({.line = line, .events = {{std::to_string(line)}}});
    }
    parts.push_back(PutPart(a, again, fmt::format("of {}", i)));
  }
  EXPECT_TRUE(harness_->AtOnce(4, [&](int i) {
    LoadPlan plan = {.batch = fmt::format("batch-{}", i), .objects = {parts[i]}};
    plan.replays = true;
    const auto done = Load(*harness_->Open(tables_), plan);
    EXPECT_TRUE(done) << done.error().message();
    return done.has_value();
  }));
  EXPECT_THAT(Column(kEvents), ElementsAre("1 same", "2 same", "3 same"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger WHERE replay_of <> 0 AND table_name = "
                "'*'"),
            "1");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates"), "0");
  EXPECT_THAT(Column(kUnbalanced), IsEmpty());
}

TEST_P(WarehouseContract, C2AReplayThatFailsAnywhereLeavesAllOrNothing) {
  const PlannedObject a = Put({.key = "a", .events = {{"1"}}, .bad_events = 2});
  MustLoad({a});
  const PlannedObject part =
      PutPart(a, {{.line = 2, .events = {{"2"}}}, {.line = 3, .reason = "too_long"}});
  const auto before = EndState();
  int points = 0;
  for (const char* kind : {"fail-before", "fail-after"}) {
    for (int n = 1;; ++n) {
      auto faults = FaultPlan::Parse(fmt::format("{}:{}", kind, n));
      LoadPlan plan = Plan({part});
      plan.replays = true;
      const auto done = Load(*harness_->Open(tables_, faults->get()), plan);
      if ((*faults)->struck().empty() || (*faults)->struck() == "commit") break;
      ++points;
      EXPECT_FALSE(done) << kind << n;
      ASSERT_EQ(EndState(), before) << kind << n << (*faults)->struck();
    }
  }
  EXPECT_GE(points, harness_->fewest_points() / 2);
  EXPECT_NE(EndState(), before);  // the commit whose reply was lost
  const auto after = EndState();
  MustReplay({part});
  EXPECT_EQ(EndState(), after);
}

TEST_P(WarehouseContract, WhatIsReplayableIsListedInOrder) {
  EXPECT_THAT(*warehouse_->ListReplayable({}, {}), IsEmpty());
  const PlannedObject b = Put({.key = "b", .bad_events = 1, .no_route = 1});
  MustLoad({b, Put({.key = "it's", .bad_events = 1}), Put({.key = "B", .bad_events = 1})});
  const auto listed = [&](const QuarantineFilter& filter,
                          const std::optional<QuarantinedLine>& after = {}) {
    std::vector<std::string> lines;
    const auto found = warehouse_->ListReplayable(filter, after);
    EXPECT_TRUE(found) << found.error().message();
    if (!found) return lines;
    for (const QuarantinedLine& line : *found) {
      lines.push_back(fmt::format("{} {} {} {} {}", line.raw_key, line.line, line.table,
                                  line.reason, line.column));
    }
    return lines;
  };
  EXPECT_THAT(listed({}), ElementsAre("B 1 events bad_value at", "b 1 events bad_value at",
                                      "b 2 * no_route ", "it's 1 events bad_value at"));
  const auto all = warehouse_->ListReplayable({}, {});
  EXPECT_THAT(listed({}, all->at(1)), ElementsAre("b 2 * no_route ", "it's 1 events bad_value at"));
  EXPECT_THAT(listed({.limit = 1}, all->at(2)), ElementsAre("it's 1 events bad_value at"));
  EXPECT_THAT(listed({.table = "*"}), ElementsAre("b 2 * no_route "));
  const QuarantinedLine& one = all->at(1);
  EXPECT_EQ(std::tie(one.object, one.identity, one.store, one.content, one.version),
            std::tie(b.object, b.identity, b.store, b.content, b.version));
  MustReplay({PutPart(b, {{.line = 1, .events = {{"1"}}}})});
  EXPECT_THAT(listed({.raw_key = "b"}), ElementsAre("b 2 * no_route "));
  EXPECT_THAT(warehouse_->ListQuarantined({.raw_key = "b"})->size(), 1u);
  EXPECT_EQ(warehouse_->SumQuarantine({.raw_key = "b"})->groups.size(), 1u);
}

}  // namespace
}  // namespace sluice
