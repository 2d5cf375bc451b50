// SPDX-License-Identifier: Apache-2.0
// Which events become rows: keys, times, and which of equal ones wins.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;

TEST_P(WarehouseContract, ObjectIsLoadedOnceAndRepeatingChangesNothing) {
  const std::vector<PlannedObject> objects = Difficult(*harness_);
  const auto first = MustLoad(objects);
  EXPECT_THAT(States(first),
              ElementsAre(ObjectState::kLoaded, ObjectState::kLoaded, ObjectState::kLoaded));
  const auto state = EndState();
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "3");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.utm"), "3");

  const auto second = MustLoad(objects);
  EXPECT_EQ(EndState(), state);
  EXPECT_EQ(second[0].batch, first[0].batch);
}

TEST_P(WarehouseContract, N2_C23_RedeliveredObjectLoadsNothingBesideNewOnes) {
  const PlannedObject old = Put({.key = "a", .events = {{"1"}}, .utm = {{"u1"}}});
  const auto first = MustLoad({old});
  const auto second = MustLoad({Put({.key = "b", .events = {{"2"}}}), old});
  EXPECT_THAT(States(second), ElementsAre(ObjectState::kLoaded, ObjectState::kLoaded));
  EXPECT_EQ(second[1].batch, first[0].batch);
  EXPECT_THAT(Column("SELECT request_id FROM tracking.events ORDER BY 1"), ElementsAre("1", "2"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates"), "0");
}

TEST_P(WarehouseContract, PlanOrderThenLineDecidesWhichOfEqualEventsWins) {
  const PlannedObject late = Put({.key = "a", .events = {{"1", 0, "late"}}});
  const PlannedObject early = Put({.key = "z", .events = {{"1", 0, "first"}, {"1", 0, "second"}}});
  MustLoad({early, late});
  EXPECT_EQ(One("SELECT \"location\" FROM tracking.events"), "first");
  EXPECT_THAT(Column("SELECT line || ' ' || differs FROM sluice.duplicates ORDER BY object = " +
                     std::to_string(late.object)),
              ElementsAre("2 1", "1 1"));
}

TEST_P(WarehouseContract, EventOfALoadedKeyIsADuplicate) {
  MustLoad({Put({.key = "a", .events = {{"1", 5}}, .utm = {{"u", 0, std::nullopt}}})});
  MustLoad({Put({.key = "b",
                 .events = {{"1", 5}, {"1", 5, "other"}},
                 .utm = {{"u", 0, std::nullopt}, {"u", 0, "x"}}})});
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "1");
  // NULL equals NULL, and differs from a value.
  EXPECT_THAT(Column("SELECT table_name || ' ' || event_key || ' ' || differs FROM "
                     "sluice.duplicates ORDER BY table_name, line"),
              ElementsAre("events 1 0", "events 1 1", "utm u 0", "utm u 1"));
  // Who asks is told of those that differ.
  const Timestamp midnight = Timestamp(std::chrono::days(20'000));
  const auto differing = [&](size_t table, std::chrono::hours from) {
    const auto check = warehouse_->Check(tables_.tables[table],
                                         {midnight + from, midnight + std::chrono::hours(24)});
    EXPECT_TRUE(check) << check.error().message();
    std::vector<std::string> found = {std::to_string(check ? check->differing : 99)};
    for (const DoubledKey& key : check.value_or(TableCheck()).differing_keys) {
      found.push_back(key.key + " " + key.time.value_or("") + " " + std::to_string(key.rows));
    }
    return found;
  };
  EXPECT_THAT(differing(0, std::chrono::hours(0)), ElementsAre("1", "1 2024-10-04 00:05:00 1"));
  EXPECT_THAT(differing(0, std::chrono::hours(1)), ElementsAre("0"));
  EXPECT_THAT(differing(1, std::chrono::hours(1)), ElementsAre("1", "u  1")) << "it has no time";
  const auto summary = warehouse_->SumQuarantine({});
  ASSERT_TRUE(summary) << summary.error().message();
  using Seen = QuarantineSummary::Seen;
  EXPECT_THAT(summary->seen,
              ElementsAre(Seen{"*", "", 6, 2}, Seen{"events", "", 3, 1}, Seen{"utm", "", 3, 1}));
}

TEST_P(WarehouseContract, SameKeyAtAnotherTimeIsAnotherEvent) {
  MustLoad({Put({.key = "a", .events = {{"1", 0}, {"1", 1}}})});
  MustLoad({Put({.key = "b", .events = {{"1", 1}, {"1", 2}}})});
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "3");
  EXPECT_EQ(One("SELECT event_time::VARCHAR FROM sluice.duplicates"), "2024-10-04 00:01:00");
}

TEST_P(WarehouseContract, FarApartTimesAreAllChecked) {
  std::vector<Row> rows;
  for (int i = 0; i < 60; ++i) rows.push_back({std::to_string(i), i * 10'000});
  std::vector<PlannedObject> objects;
  for (const Row& row : rows) objects.push_back(Put({.key = "x" + row.id, .events = {row}}));
  MustLoad({Put({.key = "a", .events = rows})});
  MustLoad(objects);
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "60");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates"), "60");
}

TEST_P(WarehouseContract, FileWithoutTimesIsLookedForEverywhere) {
  MustLoad({Put({.key = "a", .events = {{"1", 0}}})});
  PlannedObject unknown = Put({.key = "b", .events = {{"1", 0}}});
  unknown.tables[0].min_time.reset();
  unknown.tables[0].max_time.reset();
  MustLoad({Put({.key = "c", .events = {{"2", 10'000}}}), unknown});
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "2");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates"), "1");
}

TEST_P(WarehouseContract, KeyThatSomebodyDoubledGivesOneDuplicate) {
  harness_->Execute("INSERT INTO tracking.utm VALUES ('u', 'x'), ('u', 'same')");
  MustLoad({Put({.key = "a", .utm = {{"u"}}})});
  EXPECT_EQ(One("SELECT differs::VARCHAR FROM sluice.duplicates"), "0");
}

// A key is NOT NULL, but who made the table may have thought otherwise: NULL equals nothing.
TEST_P(WarehouseContract, RowWithoutAKeyHidesNothing) {
  TableSet loose = tables_;
  loose.tables[1].schema.name = "loose";
  loose.tables[1].schema.columns[0].not_null = false;
  const auto warehouse = harness_->Open(loose);
  ASSERT_TRUE(warehouse->Prepare());
  harness_->Execute("INSERT INTO tracking.loose VALUES (NULL, 'x')");
  const auto loaded = Load(*warehouse, Plan({Put({.key = "a", .utm = {{"u"}}})}));
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.loose"), "2");
}

TEST_P(WarehouseContract, TableWithoutKeyTakesEveryEvent) {
  tables_.tables[1].unique.clear();
  MustLoad({Put({.key = "a", .utm = {{"u"}, {"u"}}})});
  MustLoad({Put({.key = "b", .utm = {{"u"}}})});
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.utm"), "3");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates"), "0");
}

TEST_P(WarehouseContract, ManyTablesOfWhichFewGetRows) {
  TableSet many = tables_;
  for (int i = 2; i < 300; ++i) {
    many.tables.push_back(tables_.tables[1]);
    many.tables.back().schema.name = fmt::format("table_{}", i);
  }
  PlannedObject object = Put({.key = "a", .events = {{"1"}, {"1"}}, .utm = {{"u"}}});
  for (size_t i = 2; i < many.tables.size(); ++i) object.tables.push_back({.table = i});
  std::swap(object.tables[1], object.tables.back());
  object.tables[1].table = 1;
  object.tables.back().table = 299;
  const auto warehouse = harness_->Open(many);
  ASSERT_TRUE(warehouse->Prepare());
  const auto loaded = Load(*warehouse, Plan({object}));
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger"), "301");
  EXPECT_THAT(Column("SELECT table_name || ' ' || loaded || ' ' || duplicates FROM sluice.ledger "
                     "WHERE loaded > 0 ORDER BY 1"),
              ElementsAre("* 2 1", "events 1 1", "table_299 1 0"));
  EXPECT_EQ(One("SELECT request_id FROM tracking.table_299"), "u");
}

TEST_P(WarehouseContract, BalanceIsCountedByTheWarehouse) {
  MustLoad(Difficult(*harness_));
  const auto balance = warehouse_->Balance();
  ASSERT_TRUE(balance);
  ASSERT_EQ(balance->size(), 3u);
  const TableBalance &events = (*balance)[0], &utm = (*balance)[1], &objects = (*balance)[2];
  EXPECT_EQ(events.table, "events");
  EXPECT_EQ(events.routed, 7u);
  EXPECT_EQ(events.staged, 5u);
  EXPECT_EQ(events.loaded, 3u);
  EXPECT_EQ(events.duplicates, 2u);
  EXPECT_EQ(events.differing, 1u);
  EXPECT_EQ(events.quarantined, 2u);
  EXPECT_EQ(utm.loaded, 3u);
  EXPECT_EQ(utm.duplicates, 2u);
  EXPECT_EQ(objects.table, "*");
  EXPECT_EQ(objects.objects, 3u);
  EXPECT_EQ(objects.lines, 14u);
  EXPECT_EQ(objects.no_route, 1u);
  EXPECT_EQ(objects.dropped, 1u);
  EXPECT_EQ(objects.quarantined, 3u);
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "3");
}

}  // namespace
}  // namespace sluice
