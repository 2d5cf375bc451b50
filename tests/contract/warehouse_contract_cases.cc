// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>

#include "sluice/base/hash.h"
#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::AllOf;
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

TEST_P(WarehouseContract, APauseIsMadeAndEndedWithItsReason) {
  EXPECT_EQ(*warehouse_->Pause("now"), std::nullopt);
  EXPECT_EQ(*warehouse_->Pause("it's a \\ reason"), "now");
  EXPECT_EQ(warehouse_->Probe()->paused, "it's a \\ reason");
  EXPECT_FALSE(Load({Put({.key = "a", .events = {{"1"}}})}));
  EXPECT_EQ(*warehouse_->Pause(std::nullopt), "it's a \\ reason");
  EXPECT_EQ(*warehouse_->Pause(std::nullopt), std::nullopt);
  EXPECT_EQ(warehouse_->Probe()->paused, std::nullopt);
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
}

// Keys as a store lists them: by their bytes, whatever the database's collation.
TEST_P(WarehouseContract, ObjectsAreListedByKeyInPages) {
  const std::vector<std::string> keys = {"B/1", "_/1",      "a/1", "a/1'\\",  "a/10",
                                         "a/2", "a/\u00e4", "b/1", "\u00c4/1"};
  std::vector<PlannedObject> objects;
  for (size_t i = keys.size(); i-- > 0;) {
    objects.push_back(Put({.key = keys[i], .events = {{std::to_string(i)}}}));
  }
  objects.push_back(
      Put({.key = "a/1", .events = {{"x"}}, .etag = "other", .store = "file:///other/"}));
  EXPECT_THAT(*warehouse_->ListObjects({.store = "file:///raw/"}), testing::IsEmpty());
  MustLoad(objects);
  MustLoad({Put({.key = "a/2", .events = {{"2"}, {"new"}}, .etag = "e2", .version = 2})});
  const auto list = [&](LedgerRange range) {
    range.store = "file:///raw/";
    std::vector<std::string> listed;
    while (true) {
      const auto page = warehouse_->ListObjects(range);
      EXPECT_TRUE(page) << page.error().message();
      for (const LedgerObject& one : *page) {
        listed.push_back(one.raw_key + " " + std::string(Name(one.state)));
        range.after_key = one.raw_key;
        range.after_object = one.object;
      }
      if (page->size() < range.limit) return listed;
    }
  };
  std::vector<std::string> wanted;
  for (const std::string& key : keys) wanted.push_back(key + " loaded");
  const auto overwritten = std::ranges::find(wanted, "a/2 loaded");
  wanted.insert(overwritten + 1, "a/2 held");
  EXPECT_THAT(list({.limit = 1}), testing::UnorderedElementsAreArray(wanted));
  for (const size_t limit : {1u, 2u, 1000u}) {
    std::vector<std::string> listed = list({.limit = limit});
    for (std::string& one : listed) one = one.substr(0, one.rfind(' '));
    EXPECT_TRUE(std::ranges::is_sorted(listed)) << limit;
    EXPECT_EQ(listed.size(), wanted.size()) << limit;
  }
  EXPECT_THAT(list({.after_key = "a/", .before_key = "a0"}), testing::SizeIs(6));
  const auto one = warehouse_->ListObjects(
      {.store = "file:///raw/", .after_key = "a/1", .before_key = "a/10", .limit = 1});
  ASSERT_TRUE(one);
  ASSERT_THAT(*one, testing::SizeIs(1));
  EXPECT_EQ((*one)[0].identity, "file:///raw/a/1#etag");
  EXPECT_EQ((*one)[0].lines, 1u);
  EXPECT_THAT((*one)[0].loaded_at, HasSubstr(":"));
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
    EXPECT_THAT(outcome.error().message(),
                HasSubstr(harness_->says_why() ? "the balance does not add up: a table="
                                               : "the balance does not add up"));
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
  EXPECT_THAT(
      outcome.error().message(),
      HasSubstr(harness_->says_why() ? "the balance does not add up: a table=* routed=6 staged=5"
                                     : "the balance does not add up"));
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
  EXPECT_THAT(loaded.error().message(),
              AllOf(HasSubstr("column 2 is source VARCHAR"), HasSubstr("not at TIMESTAMP")));
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
  EXPECT_THAT(loaded.error().message(),
              HasSubstr(harness_->says_why() ? "moving house" : "loading is paused"));
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
      "ORDER BY 1";
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
  harness_->RequireValues("tracking.utm", "source");
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
  EXPECT_THAT(loaded.error().message(), HasSubstr("ADD COLUMN \"source\""));
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN source VARCHAR(255)");
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
}

TEST_P(WarehouseContract, C14ColumnThatNoLoadCanFillLoadsNothingAndIsNamed) {
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN free VARCHAR");
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN made INTEGER DEFAULT 5");
  harness_->RequireValues("tracking.utm", "made");
  MustLoad({Put({.key = "a", .utm = {{"1"}}})});
  harness_->Execute("DELETE FROM tracking.utm");
  harness_->RequireValues("tracking.utm", "free");
  const auto loaded = Load({Put({.key = "b", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(), HasSubstr("column free is NOT NULL, has no DEFAULT"));
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

// "hour: rows, at least, at most", counted from midnight.
std::vector<std::string> HoursOf(const TableCheck& check) {
  std::vector<std::string> hours;
  for (const HourCheck& hour : check.hours) {
    hours.push_back(fmt::format("{}: {}, {}, {}", hour.hour.substr(11, 2), hour.rows, hour.at_least,
                                hour.at_most));
  }
  return hours;
}

TEST_P(WarehouseContract, ATableIsCheckedAgainstTheLedger) {
  const Timestamp midnight = Timestamp(std::chrono::days(20'000));
  const EventHours day = {midnight, midnight + std::chrono::hours(24)};
  const auto check = [&](size_t table, const EventHours& hours) {
    const auto found = warehouse_->Check(tables_.tables[table], hours);
    EXPECT_TRUE(found) << found.error().message();
    return found.value_or(TableCheck());
  };
  EXPECT_EQ(check(0, day).rows, 0u);
  MustLoad({Put({.key = "a", .events = {{"1"}, {"2", 30}}, .utm = {{"u"}}}),
            Put({.key = "b", .events = {{"3", 10}, {"4", 70}, {"1"}}}),
            Put({.key = "c", .events = {{"5", 7 * 60}}})});
  TableCheck found = check(0, day);
  EXPECT_EQ(std::tie(found.rows, found.loaded, found.rows_in_range), std::tuple(5u, 5u, 5u));
  EXPECT_EQ(found.keys_twice, 0u);
  EXPECT_THAT(HoursOf(found), testing::IsEmpty());

  // What somebody else does. That a row of the first hour is there twice, its sum does not show.
  harness_->Execute(
      "INSERT INTO tracking.events SELECT * FROM tracking.events WHERE request_id IN ('1', '4')");
  found = check(0, day);
  EXPECT_EQ(std::tie(found.rows, found.loaded, found.keys_twice, found.rows_too_many),
            std::tuple(7u, 5u, 2u, 2u));
  ASSERT_THAT(found.doubled, testing::SizeIs(2));
  EXPECT_EQ(found.doubled[0].key, "1");
  EXPECT_EQ(found.doubled[0].time, "2024-10-04 00:00:00");
  EXPECT_EQ(found.doubled[1].key, "4");
  EXPECT_EQ(found.doubled[1].rows, 2u);
  harness_->Execute("DELETE FROM tracking.events WHERE request_id IN ('1', '2', '5')");
  harness_->Execute(
      "INSERT INTO tracking.events (request_id, \"at\") VALUES ('6', TIMESTAMP '2024-10-04 "
      "05:00:00')");
  EXPECT_THAT(HoursOf(check(0, day)), ElementsAre("00: 1, 2, 4", "05: 1, 0, 0", "07: 0, 1, 1"));
  found = check(0, {midnight + std::chrono::hours(5), midnight + std::chrono::hours(6)});
  EXPECT_EQ(std::tie(found.rows, found.rows_in_range, found.keys_twice), std::tuple(4u, 1u, 0u));
  EXPECT_THAT(HoursOf(found), ElementsAre("05: 1, 0, 0"));

  // Without a time, and by another pipeline.
  harness_->Execute("INSERT INTO tracking.utm SELECT * FROM tracking.utm");
  const auto other = harness_->Open(tables_, nullptr, "another");
  ASSERT_TRUE(other->Prepare());
  ASSERT_TRUE(Load(*other, Plan({Put({.key = "d", .utm = {{"v"}}})})));
  found = check(1, {midnight, midnight + std::chrono::hours(1)});
  EXPECT_EQ(std::tie(found.rows, found.loaded, found.rows_in_range, found.keys_twice),
            std::tuple(3u, 2u, 3u, 1u));
  EXPECT_THAT(found.hours, testing::IsEmpty());
  ASSERT_THAT(found.doubled, testing::SizeIs(1));
  EXPECT_EQ(found.doubled[0].time, std::nullopt);
  Table missing = tables_.tables[0];
  missing.schema.name = "nowhere";
  EXPECT_EQ(warehouse_->Check(missing, day).error().kind(), ErrorKind::kNotFound);
}

TEST_P(WarehouseContract, PartsOfTheLedgerAreListedByKeyAndByTime) {
  EXPECT_THAT(*warehouse_->ListParts({}), testing::IsEmpty());
  const Timestamp midnight = Timestamp(std::chrono::days(20'000));
  const auto minute = [&](int n) { return midnight + std::chrono::minutes(n); };
  MustLoad({Put({.key = "it's \\ a",
                 .events = {{"1"}, {"2", 30}, {"1"}},
                 .bad_events = 1,
                 .no_route = 2}),
            Put({.key = "b", .events = {{"3", 70}}, .utm = {{"u"}}})});
  const auto parts = warehouse_->ListParts({.store = "file:///raw/", .raw_key = "it's \\ a"});
  ASSERT_TRUE(parts) << parts.error().message();
  ASSERT_THAT(*parts, testing::SizeIs(3));
  std::map<std::string, LedgerPart> by_table;
  for (const LedgerPart& part : *parts) by_table[part.table] = part;
  const LedgerPart& object = by_table["*"];
  EXPECT_EQ(std::tie(object.lines, object.no_route, object.quarantined), std::tuple(6u, 2u, 3u));
  EXPECT_EQ(object.identity, "file:///raw/it's \\ a#etag");
  EXPECT_THAT(object.parquet, HasSubstr("14/it's"));
  const LedgerPart& events = by_table["events"];
  EXPECT_EQ(std::tie(events.routed, events.loaded, events.duplicates, events.quarantined),
            std::tuple(4u, 2u, 1u, 1u));
  EXPECT_THAT(events.parquet, HasSubstr("/events/"));
  EXPECT_EQ(by_table["utm"].routed, 0u);
  EXPECT_EQ(events.state, ObjectState::kLoaded);
  EXPECT_FALSE(events.batch.empty());
  EXPECT_THAT(warehouse_->ListParts({.store = "file:///raw/", .raw_key = "it's"})->size(), 0u);

  const auto keys = [&](PartQuery query) {
    std::vector<std::string> found;
    const auto listed = warehouse_->ListParts(query);
    for (const LedgerPart& part : *listed) found.push_back(part.raw_key);
    return found;
  };
  EXPECT_THAT(keys({.table = "utm"}), ElementsAre("b"));
  EXPECT_THAT(keys({.table = "events", .times = TimeInterval{minute(30), minute(69)}}),
              ElementsAre("it's \\ a"));
  EXPECT_THAT(keys({.table = "events", .times = TimeInterval{minute(31), minute(69)}}),
              testing::IsEmpty());
  EXPECT_THAT(keys({.table = "events", .times = TimeInterval{minute(30), minute(70)}}),
              testing::SizeIs(2));
  EXPECT_THAT(keys({.limit = 2}), testing::SizeIs(2));
}

TEST_P(WarehouseContract, FilesThatTheLedgerNamesAreListedInPages) {
  const auto list = [&](size_t limit) {
    std::vector<std::string> listed;
    std::string after;
    while (true) {
      const auto page = warehouse_->ListFiles(after, limit);
      EXPECT_TRUE(page) << page.error().message();
      listed.insert(listed.end(), page->begin(), page->end());
      if (page->size() < limit) return listed;
      after = page->back();
    }
  };
  EXPECT_THAT(list(10), testing::IsEmpty());
  MustLoad({Put({.key = "B", .events = {{"1"}}, .utm = {{"u"}}, .bad_events = 1}),
            Put({.key = "a", .events = {{"2"}}}), Put({.key = "\u00e4'", .events = {{"3"}}})});
  const std::string folder = "date=2026-11-23/14/";
  const std::vector<std::string> wanted = {
      folder + "B-etag.parquet", folder + "events/B-etag.parquet", folder + "events/a-etag.parquet",
      folder + "events/\u00e4'-etag.parquet", folder + "utm/B-etag.parquet"};
  for (const size_t limit : {1u, 2u, 5u, 100u}) EXPECT_EQ(list(limit), wanted) << limit;
}

TEST_P(WarehouseContract, AnEventIsFoundWhereverItIs) {
  EXPECT_TRUE(warehouse_->FindEvent("1", 10)->rows.empty());
  MustLoad({Put({.key = "a", .events = {{"it's", 0}, {"it's", 5}}}),
            Put({.key = "b",
                 .events = {{"x", 1}, {"it's", 0, "other"}},
                 .utm = {{"it's"}},
                 .bad_events = 1})});
  const auto found = warehouse_->FindEvent("it's", 10);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_THAT(found->rows, testing::SizeIs(3));
  EXPECT_EQ(found->rows[0].time, "2024-10-04 00:00:00");
  EXPECT_EQ(found->rows[1].time, "2024-10-04 00:05:00");
  EXPECT_EQ(std::tie(found->rows[2].table, found->rows[2].rows), std::tuple(1u, 1u));
  EXPECT_EQ(found->rows[2].time, std::nullopt);
  ASSERT_THAT(found->duplicates, testing::SizeIs(1));
  const EventTraces::Place& duplicate = found->duplicates[0];
  EXPECT_EQ(std::tie(duplicate.table, duplicate.raw_key, duplicate.line, duplicate.differs),
            std::tuple("events", "b", 2u, true));
  EXPECT_EQ(duplicate.time, "2024-10-04 00:00:00");
  EXPECT_FALSE(duplicate.batch.empty());
  EXPECT_THAT(duplicate.at, HasSubstr(":"));
  EXPECT_THAT(found->quarantined, testing::IsEmpty());
  EXPECT_THAT(warehouse_->FindEvent("it's", 1)->rows, testing::SizeIs(2));  // one of each table

  const auto bad = warehouse_->FindEvent("a", 10);  // {"a":'1'}
  ASSERT_TRUE(bad) << bad.error().message();
  ASSERT_THAT(bad->quarantined, testing::SizeIs(1));
  EXPECT_EQ(bad->quarantined[0].reason, "bad_value");
  EXPECT_EQ(bad->quarantined[0].column, "at");
  EXPECT_EQ(bad->quarantined[0].raw_key, "b");
  EXPECT_THAT(warehouse_->FindEvent("%", 10)->quarantined, testing::IsEmpty());
}

TEST_P(WarehouseContract, PreparedByManyAtOnceThereIsOneLock) {
  const auto harness = GetParam().make();
  EXPECT_TRUE(harness->AtOnce(6, [&](int) {
    const auto mine = harness->Open(tables_);
    for (int i = 0; i < 20; ++i) {
      const Status prepared = mine->Prepare();
      if (prepared) return true;
      EXPECT_EQ(prepared.error().kind(), ErrorKind::kTransient) << prepared.error().message();
    }
    return false;
  }));
  for (const char* table : {"version", "lock", "control"}) {
    EXPECT_EQ(harness->Execute(fmt::format("SELECT count(*)::VARCHAR FROM sluice.{}", table))[0][0],
              "1")
        << table;
  }
}

// Redshift takes 'a' and 'a ' for the same.
TEST_P(WarehouseContract, KeysThatDifferInATrailingBlankAreTwo) {
  MustLoad({Put({.key = "a", .events = {{"1"}}, .version = 2})});
  const auto outcome = MustLoad({Put({.key = "a ", .events = {{"2"}}, .version = 1}),
                                 Put({.key = "a  ", .events = {{"3"}}, .version = 1})});
  EXPECT_THAT(States(outcome), ElementsAre(ObjectState::kLoaded, ObjectState::kLoaded));
}

// What makes them stop together, and not be set aside one by one.
TEST_P(WarehouseContract, ObjectsThatFailAlikeSayTheSameBeforeTheirFiles) {
  std::set<std::string> causes;
  for (const char* key : {"x", "y"}) {
    PlannedObject object = Put({.key = key, .events = {{"1"}}, .utm = {{"u"}}});
    std::swap(object.tables[0].parquet, object.tables[1].parquet);
    const auto loaded = Load({object});
    ASSERT_FALSE(loaded);
    const std::string& message = loaded.error().message();
    causes.insert(message.substr(0, message.rfind(": ")));
  }
  EXPECT_EQ(causes.size(), 1U) << *causes.begin() << "\n" << *causes.rbegin();
}

// Values as everybody prints them; two rows, so that NULL is there too.
TEST_P(WarehouseContract, EveryTypeComesThrough) {
  const auto text = [](TypeKind kind, int32_t length) {
    return ColumnType{.kind = kind, .length = length};
  };
  const auto decimal = [](int8_t precision, int8_t scale) {
    return ColumnType{.kind = TypeKind::kDecimal, .precision = precision, .scale = scale};
  };
  const std::vector<std::pair<ColumnType, std::string>> values = {
      {text(TypeKind::kVarchar, 40), "id"},
      {{TypeKind::kSmallInt}, "-32768"},
      {{TypeKind::kInteger}, "2147483647"},
      {{TypeKind::kBigInt}, "-9223372036854775808"},
      {decimal(4, 0), "-1234"},
      {decimal(4, 2), "0.05"},
      {decimal(18, 9), "-123456789.000000001"},
      {decimal(18, 4), "10000.0001"},
      {decimal(38, 9), "12345678901234567890123456789.123456789"},
      {decimal(38, 0), "-100000000000000000000"},
      {{TypeKind::kReal}, "1.5"},
      {{TypeKind::kDouble}, "-2.25"},
      {{TypeKind::kBoolean}, "true"},
      {text(TypeKind::kChar, 3), "abc"},
      {text(TypeKind::kVarchar, 30), "it's \\ \"ü\" \t🙂"},
      {{TypeKind::kDate}, "1969-12-31"},
      {{TypeKind::kTimestamp}, "1999-12-31T23:59:59.999999Z"},
      {text(TypeKind::kSuper, 65'535), R"({"a": [1, 2]})"}};
  Table table;
  table.schema.schema = "tracking";
  table.schema.name = "types";
  std::vector<WarehouseHarness::FileColumn> columns;
  PlannedObject object = Put({.key = "types"});
  const std::string id = std::to_string(object.object);
  WarehouseHarness::Rows rows(2);
  for (const auto& [type, value] : values) {
    const std::string name = fmt::format("c{}", columns.size());
    table.schema.columns.push_back({name, type, columns.empty()});
    table.sources.push_back({{name}, {}});
    columns.push_back({name, type});
    rows[0].push_back(value);
    rows[1].push_back(columns.size() == 1 ? std::optional<std::string>("other") : std::nullopt);
  }
  table.unique = {0};
  columns.push_back({"sluice_object", {TypeKind::kBigInt}});
  columns.push_back({"sluice_line", {TypeKind::kInteger}});
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].push_back(id);
    rows[i].push_back(std::to_string(i + 1));
  }
  harness_->WriteFile("types.parquet", columns, rows);
  TableSet tables;
  tables.tables = {table};
  object.tables = {{.table = 0, .parquet = "types.parquet", .routed = 2}};
  object.lines = 2;
  const auto warehouse = harness_->Open(tables, nullptr, "types");
  ASSERT_TRUE(warehouse->Prepare());
  const auto loaded = Load(*warehouse, Plan({object}));
  ASSERT_TRUE(loaded) << loaded.error().message();
  auto found = warehouse->SampleRows(table, 10);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->size(), 2U);
  if ((*found)[0][0] != "id") std::swap((*found)[0], (*found)[1]);
  for (size_t i = 0; i < values.size(); ++i) {
    std::string wanted = values[i].second;
    if (values[i].first.kind == TypeKind::kTimestamp) wanted = "1999-12-31 23:59:59.999999";
    EXPECT_EQ((*found)[0][i], wanted) << ToSql(values[i].first);
    if (i == 0) continue;
    EXPECT_EQ((*found)[1][i], std::nullopt) << ToSql(values[i].first);
  }
  // Once more, with another text: it is a duplicate that differs, and equal ones do not.
  PlannedObject again = Put({.key = "again"});
  rows[0][values.size()] = rows[1][values.size()] = std::to_string(again.object);
  rows[1][1] = "7";
  harness_->WriteFile("again.parquet", columns, rows);
  again.tables = {{.table = 0, .parquet = "again.parquet", .routed = 2}};
  again.lines = 2;
  ASSERT_TRUE(Load(*warehouse, Plan({again})));
  EXPECT_THAT(Column("SELECT differs::VARCHAR FROM sluice.duplicates ORDER BY line"),
              ElementsAre("0", "1"));
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
  EXPECT_GE(points, harness_->fewest_points());
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
  EXPECT_GE(points, harness_->fewest_points());
}

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

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WarehouseContract);

}  // namespace sluice
