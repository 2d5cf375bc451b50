// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sluice/base/hash.h"
#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<ObjectState> States(const std::vector<ObjectOutcome>& outcomes) {
  std::vector<ObjectState> states;
  for (const ObjectOutcome& outcome : outcomes) {
    EXPECT_TRUE(outcome.state.has_value());
    states.push_back(outcome.state.value_or(ObjectState::kVanished));
  }
  return states;
}

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

TEST_P(WarehouseContract, N2RedeliveredObjectLoadsNothingBesideNewOnes) {
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

TEST_P(WarehouseContract, KeyThatSomebodyDoubledGivesOneDuplicate) {
  harness_->Execute("INSERT INTO tracking.utm VALUES ('u', 'x'), ('u', 'same')");
  MustLoad({Put({.key = "a", .utm = {{"u"}}})});
  EXPECT_EQ(One("SELECT differs::VARCHAR FROM sluice.duplicates"), "0");
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

// C10: the count that is checked is the warehouse's, not ours.
TEST_P(WarehouseContract, C10RowDeletedBehindOurBackIsNotCommitted) {
  const auto before = EndState();
  for (const char* sql : {"DELETE FROM sluice_stage_1 WHERE request_id = '2'",
                          "DELETE FROM sluice_bad WHERE line = 6"}) {
    auto staged = warehouse_->Stage(Plan(Difficult(*harness_)));
    ASSERT_TRUE(staged) << staged.error().message();
    harness_->Tamper(**staged, sql);
    const auto outcome = (*staged)->Commit();
    ASSERT_FALSE(outcome) << sql;
    EXPECT_EQ(outcome.error().kind(), ErrorKind::kBadData);
    EXPECT_THAT(outcome.error().message(), HasSubstr("the balance does not add up: a table="));
    EXPECT_EQ(EndState(), before);
  }
}

TEST_P(WarehouseContract, C10RowAddedBehindOurBackIsNotCommitted) {
  auto staged = warehouse_->Stage(Plan(Difficult(*harness_)));
  ASSERT_TRUE(staged);
  harness_->Tamper(**staged, "INSERT INTO sluice_stage_2 SELECT * FROM sluice_stage_2 LIMIT 1");
  const auto outcome = (*staged)->Commit();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(outcome.error().message(),
              HasSubstr("the balance does not add up: a table=* routed=6 staged=5"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.utm"), "0");
}

TEST_P(WarehouseContract, C7WrongPlannedCountIsBadDataAndNamesTheFile) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}, {"2"}}});
  wrong.tables[0].routed = wrong.lines = 3;
  const auto loaded = Load({Put({.key = "a", .events = {{"3"}}}), wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(loaded.error().message(), HasSubstr("rows=2 planned=3"));
  EXPECT_THAT(loaded.error().message(), HasSubstr("events/w-etag.parquet"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "0");
}

TEST_P(WarehouseContract, C7MissingFileIsBadData) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}}});
  wrong.tables[0].parquet = "date=2026-11-23/14/events/none.parquet";
  const auto loaded = Load({wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(loaded.error().message(), HasSubstr("none.parquet"));
}

TEST_P(WarehouseContract, FileThatIsNoParquetIsBadData) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}}});
  harness_->WriteBytes(wrong.tables[0].parquet, "this is not Parquet, but it is long enough");
  const auto loaded = Load({wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(loaded.error().message(), HasSubstr("w-etag.parquet"));
}

TEST_P(WarehouseContract, FileWithADamagedFooterIsBadData) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}}});
  using namespace std::string_view_literals;
  for (const std::string_view footer : {"\x1d\x1d\x1d\x1d"sv, "\x15\x0f\xff\xff"sv, "\0\0\0\0"sv}) {
    harness_->WriteBytes(wrong.tables[0].parquet,
                         fmt::format("PAR1{}{}PAR1", footer, "\4\0\0\0"sv));
    const auto loaded = Load({wrong});
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData) << loaded.error().message();
  }
}

TEST_P(WarehouseContract, FileOfAnotherTableIsBadDataAndNamesTheColumn) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1"}}, .utm = {{"u"}}});
  std::swap(wrong.tables[0].parquet, wrong.tables[1].parquet);
  const auto loaded = Load({wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(loaded.error().message(), HasSubstr("column 2 is source VARCHAR, not at TIMESTAMP"));
}

TEST_P(WarehouseContract, TimesOutsideOfThePlanAreBadData) {
  PlannedObject wrong = Put({.key = "w", .events = {{"1", 1}, {"2", 9}}});
  wrong.tables[0].max_time = wrong.tables[0].min_time;
  const auto loaded = Load({wrong});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
}

TEST_P(WarehouseContract, PlanThatNamesAnObjectTwiceIsRefused) {
  const PlannedObject object = Put({.key = "a", .events = {{"1"}}});
  const auto loaded = Load({object, object});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
}

TEST_P(WarehouseContract, TwoObjectsOfOneIdAreRefused) {
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  harness_->Execute("UPDATE sluice.ledger SET object_identity = 'another'");
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(), HasSubstr("one id"));
}

TEST_P(WarehouseContract, StagedLoadWithoutCommitLeavesNothing) {
  const auto before = EndState();
  ASSERT_TRUE(warehouse_->Stage(Plan(Difficult(*harness_))));
  EXPECT_EQ(EndState(), before);
}

TEST_P(WarehouseContract, PausedLoadsNothingAndSaysWhy) {
  harness_->Execute("UPDATE sluice.control SET paused = 1, reason = 'moving house'");
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(), HasSubstr("moving house"));
  EXPECT_EQ(warehouse_->Probe()->paused, "moving house");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "0");
}

TEST_P(WarehouseContract, MissingLockRowLoadsNothing) {
  harness_->Execute("DELETE FROM sluice.lock");
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
}

TEST_P(WarehouseContract, N7SameContentUnderAnotherEtagIsLoadedAlready) {
  MustLoad({Put({.key = "a", .events = {{"1"}}, .content = "c1"})});
  const auto state = EndState();
  const auto again =
      MustLoad({Put({.key = "a", .events = {{"1"}}, .etag = "e2", .content = "c1", .version = 2})});
  EXPECT_THAT(States(again), ElementsAre(ObjectState::kLoaded));
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, N7OverwrittenKeyIsHeld) {
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  const PlannedObject newer =
      Put({.key = "a", .events = {{"2"}}, .bad_events = 1, .etag = "e2", .version = 2});
  for (int i = 0; i < 2; ++i) {
    const auto outcome = MustLoad({newer, Put({.key = "b", .events = {{"3"}}})});
    EXPECT_THAT(States(outcome), ElementsAre(ObjectState::kHeld, ObjectState::kLoaded));
    EXPECT_THAT(outcome[0].reason, HasSubstr("overwritten: "));
    EXPECT_THAT(outcome[0].reason, HasSubstr("file:///raw/a#etag"));
  }
  EXPECT_THAT(Column("SELECT request_id FROM tracking.events ORDER BY 1"), ElementsAre("1", "3"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger WHERE state = 'held'"), "3");
  // What its ledger row counts, the table holds, once.
  EXPECT_EQ(One("SELECT sum(quarantined)::VARCHAR FROM sluice.ledger WHERE table_name = '*' AND "
                "state = 'held'"),
            "1");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "1");
}

TEST_P(WarehouseContract, N7TwoStoresMayHoldOneKey) {
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  const auto outcome =
      MustLoad({Put({.key = "a", .events = {{"2"}}, .version = 0, .store = "file:///other/"})});
  EXPECT_THAT(States(outcome), ElementsAre(ObjectState::kLoaded));
  EXPECT_THAT(Column("SELECT request_id FROM tracking.events ORDER BY 1"), ElementsAre("1", "2"));
}

// A store that was moved, or is mounted at two places.
TEST_P(WarehouseContract, N7TheSameContentInAnotherStoreIsLoadedAlready) {
  MustLoad({Put({.key = "a", .events = {{"1"}}, .content = "c1"})});
  const auto state = EndState();
  const auto outcome =
      MustLoad({Put({.key = "a", .events = {{"1"}}, .content = "c1", .store = "file:///moved/"})});
  EXPECT_THAT(States(outcome), ElementsAre(ObjectState::kLoaded));
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, N2OlderVersionAfterANewerOneIsSuperseded) {
  MustLoad({Put({.key = "a", .events = {{"1"}}, .version = 5})});
  const auto outcome = MustLoad({Put({.key = "a", .events = {{"2"}}, .etag = "e0", .version = 4})});
  EXPECT_THAT(States(outcome), ElementsAre(ObjectState::kReplaced));
  EXPECT_THAT(outcome[0].reason, HasSubstr("superseded: "));
  EXPECT_THAT(Column("SELECT request_id FROM tracking.events"), ElementsAre("1"));
}

TEST_P(WarehouseContract, SettledObjectIsProvisionalUntilItLoads) {
  const PlannedObject object = Put({.key = "a", .events = {{"1"}}, .bad_events = 3});
  for (const ObjectState state :
       {ObjectState::kHeld, ObjectState::kSetAside, ObjectState::kSetAside}) {
    const std::vector<Settlement> settlements = {{state, object, "many bad events"}};
    const Status settled = warehouse_->Settle(settlements);
    ASSERT_TRUE(settled) << settled.error().message();
    const auto outcome = warehouse_->Outcome(std::vector<int64_t>{object.object, 42});
    ASSERT_TRUE(outcome);
    EXPECT_EQ((*outcome)[0].state, state);
    EXPECT_EQ((*outcome)[0].reason, "many bad events");
    EXPECT_EQ((*outcome)[1].object, 42);
    EXPECT_FALSE((*outcome)[1].state);
    EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "3");
    EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger"), "3");
  }
  EXPECT_THAT(States(MustLoad({object})), ElementsAre(ObjectState::kLoaded));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "3");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger WHERE state = 'loaded'"), "3");

  const auto state = EndState();
  ASSERT_TRUE(
      warehouse_->Settle(std::vector<Settlement>{{ObjectState::kVanished, object, "late"}}));
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, RefusedObjectsAreCountedUntilOneLoads) {
  const auto settle = [&](const std::string& key, ObjectState state, uint64_t lines) {
    const PlannedObject object{.object = First63Bits(Sha256Of(key)),
                               .identity = "file:///raw/" + key + "#e",
                               .store = "file:///raw/",
                               .raw_key = key,
                               .lines = lines};
    EXPECT_TRUE(warehouse_->Settle(std::vector<Settlement>{{state, object, "why"}}));
    return object.object;
  };
  const auto refused = [&](const std::vector<int64_t>& others_than = {}) {
    const auto count = warehouse_->RefusedInARow(others_than);
    EXPECT_TRUE(count);
    return count ? *count : 99;
  };
  EXPECT_EQ(refused(), 0u);
  const int64_t first = settle("r1", ObjectState::kSetAside, 5);
  settle("r2", ObjectState::kSetAside, 1);
  settle("damaged", ObjectState::kSetAside, 0);
  settle("held", ObjectState::kHeld, 5);
  settle("vanished", ObjectState::kVanished, 5);
  EXPECT_EQ(refused(), 2u);
  EXPECT_EQ(refused({first, 42}), 1u);
  EXPECT_EQ(*harness_->Open(tables_, nullptr, "another")->RefusedInARow({}), 0u);
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  EXPECT_EQ(refused(), 0u);
  settle("r3", ObjectState::kSetAside, 1);
  EXPECT_EQ(refused(), 1u);
}

TEST_P(WarehouseContract, KeyThatLoadsLeavesNoProvisionalVersionBehind) {
  PlannedObject gone = Put({.key = "a", .etag = "e0"});
  const PlannedObject damaged = Put({.key = "a", .bad_events = 2, .etag = "e1"});
  const PlannedObject others = Put({.key = "b", .bad_events = 1});
  const PlannedObject elsewhere = Put({.key = "a", .bad_events = 3, .store = "file:///other/"});
  const Status settled =
      warehouse_->Settle(std::vector<Settlement>{{ObjectState::kVanished, gone, "gone"},
                                                 {ObjectState::kSetAside, damaged, "damaged"},
                                                 {ObjectState::kSetAside, others, "damaged"},
                                                 {ObjectState::kHeld, elsewhere, "bad"}});
  ASSERT_TRUE(settled) << settled.error().message();
  const auto ledger =
      "SELECT raw_key || ' ' || state FROM sluice.ledger WHERE table_name = '*' "
      "ORDER BY ALL";
  EXPECT_THAT(Column(ledger), ElementsAre("a held", "a set_aside", "a vanished", "b set_aside"));
  MustLoad({Put({.key = "a", .events = {{"1"}}, .bad_events = 5})});
  EXPECT_THAT(Column(ledger), ElementsAre("a held", "a loaded", "b set_aside"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.ledger"), "9");
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "9");
}

TEST_P(WarehouseContract, N6VanishedObjectWithoutCountsIsSettled) {
  PlannedObject object;
  object.object = 5;
  object.identity = "file:///raw/gone#e";
  object.store = "file:///raw/";
  object.raw_key = "gone";
  ASSERT_TRUE(warehouse_->Settle(
      std::vector<Settlement>{{ObjectState::kVanished, object, "it was removed"}}));
  const auto peeked = warehouse_->Peek(std::vector<int64_t>{5});
  ASSERT_TRUE(peeked);
  EXPECT_EQ((*peeked)[0].state, ObjectState::kVanished);
  EXPECT_EQ((*peeked)[0].reason, "it was removed");
}

TEST_P(WarehouseContract, C15TableThatRefusesARowStopsAllTables) {
  harness_->Execute("ALTER TABLE tracking.utm ALTER COLUMN source SET NOT NULL");
  const auto before = EndState();
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}, .utm = {{"u", 0, std::nullopt}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(EndState(), before);
}

TEST_P(WarehouseContract, C14DriftedTableLoadsNothing) {
  harness_->Execute("ALTER TABLE tracking.utm DROP COLUMN source");
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(), HasSubstr("column=source type=missing"));
}

TEST_P(WarehouseContract, C14ColumnThatNoLoadCanFillLoadsNothingAndIsNamed) {
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN free VARCHAR");
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN made INTEGER DEFAULT 5");
  harness_->Execute("ALTER TABLE tracking.utm ALTER COLUMN made SET NOT NULL");
  MustLoad({Put({.key = "a", .utm = {{"1"}}})});
  harness_->Execute("DELETE FROM tracking.utm");
  harness_->Execute("ALTER TABLE tracking.utm ALTER COLUMN free SET NOT NULL");
  const auto loaded = Load({Put({.key = "b", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(), HasSubstr("column=free"));
}

TEST_P(WarehouseContract, C16EmptyLedgerOverRowsIsSeen) {
  EXPECT_TRUE(warehouse_->Probe()->ledger_is_empty);
  EXPECT_FALSE(warehouse_->Probe()->tables_hold_rows);
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  EXPECT_FALSE(warehouse_->Probe()->ledger_is_empty);
  harness_->Execute("DELETE FROM sluice.ledger");
  const auto state = warehouse_->Probe();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->ledger_exists);
  EXPECT_TRUE(state->ledger_is_empty);
  EXPECT_TRUE(state->tables_hold_rows);
}

TEST_P(WarehouseContract, C22DoubledLedgerRowsAreKnown) {
  const PlannedObject object = Put({.key = "a", .events = {{"1"}}});
  MustLoad({object});
  harness_->Execute("INSERT INTO sluice.ledger SELECT * FROM sluice.ledger");
  const auto state = EndState();
  EXPECT_THAT(States(MustLoad({object})), ElementsAre(ObjectState::kLoaded));
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, C24TimesAreUtcWhateverTheLocalZone) {
  MustLoad({Put({.key = "a", .events = {{"1", 1}}})});
  EXPECT_EQ(One("SELECT \"at\"::VARCHAR FROM tracking.events"), "2024-10-04 00:01:00");
  EXPECT_EQ(One("SELECT min_time::VARCHAR FROM sluice.ledger WHERE table_name = '*'"),
            "2024-10-04 00:01:00");
}

TEST_P(WarehouseContract, OlderLedgerIsRefused) {
  harness_->Execute("UPDATE sluice.version SET version = version - 1");
  const auto probed = warehouse_->Probe();
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(probed.error().message(), HasSubstr("made by an older sluice"));
  EXPECT_FALSE(warehouse_->Prepare());
  EXPECT_FALSE(Load({Put({.key = "a", .events = {{"1"}}})}));
}

TEST_P(WarehouseContract, NewerLedgerIsRefused) {
  harness_->Execute("UPDATE sluice.version SET version = version + 1");
  const auto probed = warehouse_->Probe();
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().kind(), ErrorKind::kPermanent);
  EXPECT_FALSE(warehouse_->Prepare());
  EXPECT_FALSE(Load({Put({.key = "a", .events = {{"1"}}})}));
}

TEST_P(WarehouseContract, PrepareTwiceChangesNothing) {
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  const auto state = EndState();
  ASSERT_TRUE(warehouse_->Prepare());
  EXPECT_EQ(EndState(), state);
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.lock"), "1");
}

TEST_P(WarehouseContract, TwoPipelinesShareOneLedger) {
  const auto other = harness_->Open(tables_, nullptr, "it's another");
  ASSERT_TRUE(other->Prepare());
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  EXPECT_TRUE(other->Probe()->ledger_is_empty);
  EXPECT_TRUE(Load(*other, Plan({Put({.key = "a", .events = {{"1"}, {"2"}}})})));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "2");
}

TEST_P(WarehouseContract, RowsCanBeCountedSampledAndDescribed) {
  MustLoad({Put({.key = "a", .utm = {{"u", 0, std::nullopt}}})});
  EXPECT_EQ(warehouse_->CountRows(tables_.tables[1]), 1u);
  const auto rows = warehouse_->SampleRows(tables_.tables[1], 5);
  ASSERT_TRUE(rows);
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("u", std::nullopt)));
  const auto columns = warehouse_->Describe(tables_.tables[0]);
  ASSERT_TRUE(columns);
  ASSERT_EQ(columns->size(), 6u);
  EXPECT_EQ((*columns)[5].name, "a\"b");
  EXPECT_TRUE((*columns)[1].not_null);
  Table missing = tables_.tables[0];
  missing.schema.name = "nowhere";
  EXPECT_EQ(warehouse_->Describe(missing).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(warehouse_->CountRows(missing).error().kind(), ErrorKind::kNotFound);
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
  int points = 0;
  for (const char* kind : {"fail-before", "fail-after"}) {
    for (int n = 1;; ++n) {
      auto faults = FaultPlan::Parse(fmt::format("{}:{}", kind, n));
      const auto loaded = Load(*harness_->Open(tables_, faults->get()), Plan(objects));
      if ((*faults)->struck().empty() || (*faults)->struck() == "commit") break;
      ++points;
      EXPECT_FALSE(loaded) << kind << n;
      ASSERT_EQ(EndState(), before) << kind << n << (*faults)->struck();
    }
  }
  EXPECT_GE(points, 60);
  EXPECT_NE(EndState(), before);  // the commit whose reply was lost
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
  EXPECT_GE(points, 60);
}

TEST_P(WarehouseContract, C1ConcurrentLoadersOfOverlappingPlansLoadOnce) {
  for (const int loaders : {2, 4}) {
    const auto harness = GetParam().make();
    ASSERT_TRUE(harness->Open(tables_)->Prepare());
    std::vector<PlannedObject> objects;
    for (int i = 0; i < 6; ++i) {
      objects.push_back(Put(*harness, {.key = fmt::format("o{}", i),
                                       .events = {{std::to_string(i), i}, {"shared", 7}},
                                       .utm = {{"u"}}}));
    }
    std::vector<pid_t> children;
    for (int i = 0; i < loaders; ++i) {
      const pid_t child = ::fork();
      if (child != 0) {
        children.push_back(child);
        continue;
      }
      const auto mine = harness->Open(tables_);
      for (int first = 0; first < 4; ++first) {
        const auto from = objects.begin() + (first + i) % 4;
        if (!Load(*mine, Plan({from, from + 3}))) ::_exit(1);
      }
      ::_exit(0);
    }
    for (const pid_t child : children) {
      int status = -1;
      ::waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    }
    const auto rows = harness->Execute("SELECT request_id FROM tracking.events ORDER BY 1");
    EXPECT_EQ(rows.size(), 7u);
    EXPECT_EQ(harness->Execute("SELECT request_id FROM tracking.utm").size(), 1u);
    EXPECT_EQ(harness->Execute("SELECT raw_key FROM sluice.ledger").size(), 18u);
    EXPECT_EQ(harness->Execute("SELECT event_key FROM sluice.duplicates").size(), 10u);
  }
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WarehouseContract);

}  // namespace sluice
