// SPDX-License-Identifier: Apache-2.0
// Loads that replace what is loaded of their keys: docs/architecture.md, "Replacing".
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kEvents =
    "SELECT request_id || ' ' || \"location\" FROM tracking.events ORDER BY 1";

TEST_P(WarehouseContract, AnotherVersionTakesThePlaceOfTheOld) {
  MustLoad({Put({.key = "a",
                 .events = {{"1", 0, "old"}, {"2", 500, "old"}},
                 .utm = {{"u1"}},
                 .bad_events = 1,
                 .no_route = 1})});
  MustLoad({Put({.key = "b", .events = {{"9", 0, "beside"}}})});
  MustReplace({Put({.key = "a",
                    .events = {{"2", 500, "new"}, {"3", 900, "new"}},
                    .utm = {{"u2"}},
                    .no_route = 1,
                    .etag = "etag2",
                    .version = 2})});
  EXPECT_THAT(Column(kEvents), ElementsAre("2 new", "3 new", "9 beside"));
  EXPECT_THAT(Column("SELECT request_id FROM tracking.utm"), ElementsAre("u2"));
  EXPECT_THAT(Column("SELECT reason FROM sluice.quarantine"), ElementsAre("no_route"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates"), "0");
  EXPECT_THAT(Column("SELECT raw_key || ' ' || version || ' ' || state || ' ' || lines FROM "
                     "sluice.ledger WHERE table_name = '*' ORDER BY raw_key, version"),
              ElementsAre("a 1 replaced 5", "a 2 loaded 4", "b 1 loaded 1"));
}

TEST_P(WarehouseContract, ReplacingWithTheSameChangesNothing) {
  const std::vector<PlannedObject> objects = Difficult(*harness_);
  MustLoad(objects);
  const auto state = EndState();
  MustReplace(objects);
  EXPECT_EQ(EndState(), state);
  MustReplace({objects[2]});
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, ReplacedVersionThatIsDeliveredLateLoadsNothing) {
  const PlannedObject old = Put({.key = "a", .events = {{"1", 0, "old"}}});
  MustLoad({old});
  MustReplace({Put({.key = "a", .events = {{"1", 0, "new"}}, .etag = "etag2", .version = 2})});
  const auto late = MustLoad({old});
  EXPECT_EQ(late[0].state, ObjectState::kReplaced);
  EXPECT_THAT(Column(kEvents), ElementsAre("1 new"));
}

// What has the same content as a version that is gone stands for nothing any more.
TEST_P(WarehouseContract, TheSameContentIsNothingWhenWhatItWasTheSameAsIsReplaced) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "old"}}, .content = "c1"})});
  const PlannedObject same = Put(
      {.key = "a", .events = {{"1", 0, "old"}}, .etag = "etag2", .content = "c1", .version = 2});
  MustLoad({same});
  MustReplace({Put(
      {.key = "a", .events = {{"1", 0, "new"}}, .etag = "etag3", .content = "c3", .version = 3})});
  EXPECT_THAT(Column("SELECT version || ' ' || state FROM sluice.ledger WHERE table_name = '*' "
                     "ORDER BY version"),
              ElementsAre("1 replaced", "3 loaded"));
  const PlannedObject back = Put(
      {.key = "a", .events = {{"1", 0, "old"}}, .etag = "etag2", .content = "c1", .version = 4});
  EXPECT_EQ(MustLoad({back})[0].state, ObjectState::kHeld);
  EXPECT_THAT(Column(kEvents), ElementsAre("1 new"));
}

// A store that was moved, and a producer that goes on with it.
TEST_P(WarehouseContract, AnOverwrittenKeyOfAMovedStoreIsHeldAndReplacesWhatCameFromTheOldOne) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "old"}, {"2", 0, "old"}}, .content = "c1"})});
  MustLoad({Put({.key = "a",
                 .events = {{"1", 0, "old"}, {"2", 0, "old"}},
                 .etag = "etag-there",
                 .content = "c1",
                 .store = "file:///moved/"})});
  const auto lacks = [&](const std::string& table) {
    const auto found = warehouse_->ListObjects({.store = "file:///moved/", .table = table});
    return found && found->size() == 1 && found->front().lacks_table;
  };
  EXPECT_FALSE(lacks("events"));
  EXPECT_TRUE(lacks("not there then"));
  const PlannedObject newer = Put({.key = "a",
                                   .events = {{"1", 0, "new"}, {"3", 0, "new"}},
                                   .etag = "etag2",
                                   .content = "c2",
                                   .version = 2,
                                   .store = "file:///moved/"});
  EXPECT_EQ(MustLoad({newer})[0].state, ObjectState::kHeld);
  EXPECT_THAT(Column(kEvents), ElementsAre("1 old", "2 old"));
  MustReplace({newer});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 new", "3 new"));
  EXPECT_THAT(Column("SELECT store || ' ' || state FROM sluice.ledger WHERE table_name = '*' "
                     "ORDER BY 1"),
              ElementsAre("file:///moved/ loaded", "file:///raw/ replaced"));
}

TEST_P(WarehouseContract, WhatHasNeverBeenLoadedIsLoaded) {
  MustReplace({Put({.key = "a", .events = {{"1", 0, "new"}}})});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 new"));
}

// `backfill --replace --table`: the ledger knows nothing of the object's part for it.
TEST_P(WarehouseContract, ATableThatWasAddedLaterIsFilledByReplacing) {
  const PlannedObject object =
      Put({.key = "a", .events = {{"1", 0, "old"}}, .utm = {{"u1"}, {"u2"}}, .bad_events = 1});
  MustLoad({object});
  const auto state = EndState();
  harness_->Execute("DELETE FROM tracking.utm");
  harness_->Execute("DELETE FROM sluice.ledger WHERE table_name = 'utm'");
  MustReplace({object});
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, AHeldVersionIsReplacedToo) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "old"}}})});
  const PlannedObject held =
      Put({.key = "a", .events = {{"1", 0, "held"}}, .bad_events = 1, .etag = "e2", .version = 2});
  EXPECT_EQ(MustLoad({held})[0].state, ObjectState::kHeld);
  MustReplace({held});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 held"));
  EXPECT_THAT(Column("SELECT version || ' ' || state FROM sluice.ledger WHERE table_name = '*' "
                     "ORDER BY version"),
              ElementsAre("1 replaced", "2 loaded"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "1");
}

// Its row was the one in the table: another object's, which lost against it, comes in.
TEST_P(WarehouseContract, TheEarliestOfThoseThatLostComesInForAnEventThatIsGone) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "first"}}, .utm = {{"u"}}})});
  MustLoad({Put({.key = "c", .events = {{"1", 0, "third"}}, .version = 3})});
  MustLoad({Put({.key = "b", .events = {{"1", 0, "second"}, {"1", 0, "x"}}, .version = 2})});
  MustReplace({Put({.key = "a", .events = {{"9", 0, "new"}}, .etag = "e2", .version = 4})});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 second", "9 new"));
  EXPECT_THAT(Column("SELECT request_id FROM tracking.utm"), IsEmpty());
  // Against what they lost now, nobody has looked.
  EXPECT_THAT(Column("SELECT line || ' ' || COALESCE(differs::VARCHAR, 'unknown') FROM "
                     "sluice.duplicates ORDER BY line"),
              ElementsAre("1 unknown", "2 unknown"));
  const char* const counts =
      "SELECT raw_key || ' ' || staged || ' ' || loaded || ' ' || duplicates || ' ' || differing "
      "FROM sluice.ledger WHERE state = 'loaded' AND table_name = '{}' ORDER BY raw_key";
  EXPECT_THAT(Column(fmt::format(fmt::runtime(counts), "*")),
              ElementsAre("a 1 1 0 0", "b 2 1 1 0", "c 1 0 1 0"));
  EXPECT_THAT(Column(fmt::format(fmt::runtime(counts), "events")),
              ElementsAre("a 1 1 0 0", "b 2 1 1 0", "c 1 0 1 0"));
}

TEST_P(WarehouseContract, WhatLostStaysOutWhereTheNewVersionHasTheEvent) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "old"}}})});
  MustLoad({Put({.key = "b", .events = {{"1", 0, "lost"}}})});
  MustReplace({Put({.key = "a", .events = {{"1", 0, "new"}}, .etag = "e2", .version = 2})});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 new"));
  EXPECT_EQ(One("SELECT COALESCE(differs::VARCHAR, 'unknown') FROM sluice.duplicates"), "unknown");
}

TEST_P(WarehouseContract, ReplacingTheLoserLeavesTheRow) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "won"}}})});
  MustLoad({Put({.key = "b", .events = {{"1", 0, "lost"}}})});
  MustReplace({Put({.key = "b", .events = {{"2", 0, "new"}}, .etag = "e2", .version = 2})});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 won", "2 new"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates"), "0");
}

TEST_P(WarehouseContract, AnObjectThatWasMovedTakesTheOldOnesPlace) {
  const Raw raw = {.key = "a", .events = {{"1", 0, "same"}}, .content = "c"};
  Raw moved = raw;
  moved.store = "file:///elsewhere/";
  moved.etag = "e2";
  MustLoad({Put(raw)});
  MustReplace({Put(moved)});
  EXPECT_THAT(Column(kEvents), ElementsAre("1 same"));
  EXPECT_THAT(Column("SELECT store || ' ' || state FROM sluice.ledger WHERE table_name = '*' ORDER "
                     "BY store"),
              ElementsAre("file:///elsewhere/ loaded", "file:///raw/ replaced"));
}

TEST_P(WarehouseContract, AnOlderVersionReplacesNothing) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "new"}}, .etag = "e2", .version = 2})});
  auto state = EndState();
  EXPECT_FALSE(Replace({Put({.key = "a", .events = {{"1", 0, "old"}}})}));
  EXPECT_EQ(EndState(), state);
  // One that waits for a person would be lost.
  MustLoad({Put({.key = "a", .events = {{"1", 0, "held"}}, .etag = "e4", .version = 4})});
  state = EndState();
  EXPECT_FALSE(
      Replace({Put({.key = "a", .events = {{"1", 0, "old"}}, .etag = "e3", .version = 3})}));
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, WithoutTheOldParquetNothingIsReplaced) {
  PlannedObject old = Put({.key = "a", .events = {{"1", 0, "old"}}});
  MustLoad({old});
  harness_->WriteBytes(old.tables[0].parquet, "no Parquet");
  const auto state = EndState();
  const auto replaced =
      Replace({Put({.key = "a", .events = {{"1", 0, "new"}}, .etag = "e2", .version = 2})});
  ASSERT_FALSE(replaced);
  EXPECT_THAT(replaced.error().message(), HasSubstr("-etag.parquet"));
  EXPECT_EQ(EndState(), state);
}

TEST_P(WarehouseContract, OldParquetMayLackColumnsThatTheTableGotSince) {
  TableSet wide = tables_;
  wide.tables[1].schema.columns.push_back(
      {"medium", {.kind = TypeKind::kVarchar, .length = 30}, false});
  wide.tables[1].sources.push_back({{"medium"}, {}});
  MustLoad({Put({.key = "a", .utm = {{"u1", 0, "old"}}})});
  MustLoad({Put({.key = "b", .utm = {{"u1", 0, "lost"}, {"u2", 0, "kept"}}})});
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN medium VARCHAR(30)");
  const auto warehouse = harness_->Open(wide);
  const PlannedObject with_events_only =
      Put({.key = "a", .events = {{"1", 0, "new"}}, .etag = "e2", .version = 2});
  const auto replaced = Load(*warehouse, ReplacePlan({with_events_only}));
  ASSERT_TRUE(replaced) << replaced.error().message();
  EXPECT_THAT(Column("SELECT request_id || ' ' || source || ' ' || COALESCE(medium, 'NULL') FROM "
                     "tracking.utm ORDER BY 1"),
              ElementsAre("u1 lost NULL", "u2 kept NULL"));
}

TEST_P(WarehouseContract, WithoutAKeyTheObjectColumnTellsWhichRowsAreOld) {
  TableSet keyless = tables_;
  keyless.tables[1].unique.clear();
  keyless.tables[1].schema.name = "seen";
  for (const bool is_declared : {false, true}) {
    if (is_declared) {
      keyless.tables[1].schema.name = "seen_with_object";
      keyless.tables[1].schema.columns.push_back(
          {"sluice_object", {.kind = TypeKind::kBigInt}, false});
      keyless.tables[1].sources.push_back({});
    }
    const auto warehouse = harness_->Open(keyless);
    ASSERT_TRUE(warehouse->Prepare());
    const std::string key = is_declared ? "x" : "y";
    const auto loaded =
        Load(*warehouse, Plan({Put({.key = key, .utm = {{"u", 0, "old"}, {"u", 0, "old"}}}),
                               Put({.key = key + "2", .utm = {{"u", 0, "beside"}}})}));
    ASSERT_TRUE(loaded) << loaded.error().message();
    const auto replaced = Load(
        *warehouse,
        ReplacePlan({Put({.key = key, .utm = {{"u", 0, "new"}}, .etag = "e2", .version = 2})}));
    EXPECT_EQ(replaced.has_value(), is_declared) << (replaced ? "" : replaced.error().message());
    if (!replaced) {
      EXPECT_THAT(replaced.error().message(), HasSubstr("without a unique key"));
      EXPECT_EQ(replaced.error().kind(), ErrorKind::kBadData);
    }
    const std::vector<std::string> rows = {"beside", is_declared ? "new" : "old"};
    EXPECT_EQ(Column(fmt::format("SELECT DISTINCT source FROM tracking.{} ORDER BY 1",
                                 keyless.tables[1].schema.name)),
              rows);
  }
}

TEST_P(WarehouseContract, WhatWasLoadedBeforeTheObjectColumnWasThereIsNotReplaced) {
  TableSet keyless = tables_;
  keyless.tables[1].unique.clear();
  keyless.tables[1].schema.name = "seen";
  const auto before = harness_->Open(keyless);
  ASSERT_TRUE(before->Prepare());
  ASSERT_TRUE(Load(*before, Plan({Put({.key = "a", .utm = {{"u", 0, "old"}}})})));
  harness_->Execute("ALTER TABLE tracking.seen ADD COLUMN sluice_object BIGINT");
  keyless.tables[1].schema.columns.push_back({"sluice_object", {.kind = TypeKind::kBigInt}, false});
  keyless.tables[1].sources.push_back({});
  const auto after = harness_->Open(keyless);
  const auto replaced =
      Load(*after,
           ReplacePlan({Put({.key = "a", .utm = {{"u", 0, "new"}}, .etag = "e2", .version = 2})}));
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind(), ErrorKind::kBadData) << replaced.error().message();
  EXPECT_THAT(Column("SELECT source FROM tracking.seen"), ElementsAre("old"));
}

// The second of `tables` under another name and another key, with its rows' objects in it.
TableSet WithSeen(TableSet tables, std::vector<size_t> unique) {
  tables.tables[1].schema.name = "seen";
  tables.tables[1].schema.columns.push_back({"sluice_object", {.kind = TypeKind::kBigInt}, false});
  tables.tables[1].sources.push_back({});
  tables.tables[1].unique = std::move(unique);
  return tables;
}

// Another object has lost an event against one of the rows, and none of them would be left.
TEST_P(WarehouseContract, WhatWasLoadedUnderAKeyIsNotReplacedWhenTheTableHasNoneAnyMore) {
  const TableSet keyed = WithSeen(tables_, {0}), keyless = WithSeen(tables_, {});
  const auto before = harness_->Open(keyed), after = harness_->Open(keyless);
  ASSERT_TRUE(before->Prepare());
  const std::string key = KeyText(keyed.tables[1]);
  ASSERT_TRUE(Load(*before, Plan({Put({.key = "a", .utm = {{"k", 0, "won"}}, .utm_key = key}),
                                  Put({.key = "b", .utm = {{"k", 0, "lost"}}, .utm_key = key})})));
  const auto replaced =
      Load(*after, ReplacePlan({Put({.key = "a", .etag = "e2", .version = 2, .utm_key = ""})}));
  EXPECT_THAT(Column("SELECT source FROM tracking.seen"), ElementsAre("won"));
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind(), ErrorKind::kBadData) << replaced.error().message();
  EXPECT_THAT(replaced.error().message(), HasSubstr("then=\"request_id\" now=none file="));
}

// Two objects have one event each with the key that it gets; somebody removed one row beside them,
// so that the table has as many rows as there are keys.
TEST_P(WarehouseContract, WhatWasLoadedWithoutAKeyIsNotReplacedWhenTheTableHasOne) {
  const TableSet keyless = WithSeen(tables_, {}), keyed = WithSeen(tables_, {0});
  const auto before = harness_->Open(keyless), after = harness_->Open(keyed);
  ASSERT_TRUE(before->Prepare());
  ASSERT_TRUE(Load(
      *before, Plan({Put({.key = "a", .utm = {{"k", 0, "a's"}, {"k2", 0, "gone"}}, .utm_key = ""}),
                     Put({.key = "b", .utm = {{"k", 0, "b's"}}, .utm_key = ""})})));
  harness_->Execute("DELETE FROM tracking.seen WHERE request_id = 'k2'");
  const auto replaced = Load(*after, ReplacePlan({Put({.key = "a", .etag = "e2", .version = 2})}));
  EXPECT_THAT(Column("SELECT source FROM tracking.seen ORDER BY 1"), ElementsAre("a's", "b's"));
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind(), ErrorKind::kBadData) << replaced.error().message();
  EXPECT_THAT(replaced.error().message(), HasSubstr("then=none now=\"request_id\" file="));
}

TEST_P(WarehouseContract, AMissingRowHidesNoKeyThatSomebodyDoubled) {
  MustLoad({Put({.key = "a",
                 .events = {{"1", 0, "ours"}, {"2", 0, "gone"}},
                 .utm = {{"k", 0, "ours"}, {"k2", 0, "gone"}}})});
  const auto must_refuse = [&](const std::string& table) {
    const auto state = EndState();
    const auto replaced = Replace({Put({.key = "a", .etag = "e2", .version = 2})});
    ASSERT_FALSE(replaced) << table;
    EXPECT_EQ(replaced.error().kind(), ErrorKind::kBadData) << replaced.error().message();
    EXPECT_EQ(EndState(), state) << table;
  };
  harness_->Execute("DELETE FROM tracking.utm WHERE request_id = 'k2'");
  harness_->Execute("INSERT INTO tracking.utm VALUES ('k', 'theirs')");
  must_refuse("utm");
  harness_->Execute("DELETE FROM tracking.utm WHERE source = 'theirs'");
  harness_->Execute("DELETE FROM tracking.events WHERE request_id = '2'");
  harness_->Execute(
      "INSERT INTO tracking.events (request_id, \"at\", \"location\") SELECT request_id, "
      "\"at\", 'theirs' FROM tracking.events");
  must_refuse("events");
}

TEST_P(WarehouseContract, AKeyThatSomebodyDoubledIsNotReplaced) {
  MustLoad({Put({.key = "a", .utm = {{"u", 0, "old"}}})});
  harness_->Execute("INSERT INTO tracking.utm VALUES ('u', 'theirs')");
  const auto state = EndState();
  const auto replaced = Replace({Put({.key = "a", .etag = "e2", .version = 2})});
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind(), ErrorKind::kBadData) << replaced.error().message();
  EXPECT_EQ(EndState(), state);
}

// Its event would be gone from the table that both fill.
TEST_P(WarehouseContract, WhatAnotherPipelineLostAgainstIsNotReplaced) {
  MustLoad({Put({.key = "a", .utm = {{"u", 0, "ours"}}})});
  const auto other = harness_->Open(tables_, nullptr, "other");
  ASSERT_TRUE(other->Prepare());
  ASSERT_TRUE(Load(*other, Plan({Put({.key = "b", .utm = {{"u", 0, "theirs"}}})})));
  const auto state = EndState();
  EXPECT_FALSE(Replace({Put({.key = "a", .etag = "e2", .version = 2})}));
  EXPECT_EQ(EndState(), state);
  MustReplace({Put({.key = "a", .utm = {{"u", 0, "new"}}, .etag = "e3", .version = 3})});
  EXPECT_THAT(Column("SELECT source FROM tracking.utm"), ElementsAre("new"));
}

// Any order of loads and replaces leaves one row for each event that some loaded object holds, and
// the rest in sluice.duplicates.
TEST_P(WarehouseContract, AnyOrderOfLoadsAndReplacesKeepsEachEventOnce) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::map<std::string, Raw> loaded;
  int version = 1;
  for (int round = 0; round < harness_->rounds(); ++round) {
    std::map<std::string, Raw> batch;
    for (int i = 0; i <= below(2); ++i) {
      Raw raw = {.key = std::string(1, static_cast<char>('a' + below(4)))};
      for (int n = below(4); n > 0; --n) {
        raw.events.push_back({std::to_string(below(5)), 0, fmt::format("{}-{}", version, n)});
      }
      for (int n = below(3); n > 0; --n) raw.utm.push_back({std::to_string(below(3)), 0, "same"});
      raw.version = ++version;
      raw.etag = std::to_string(version);
      batch[raw.key] = raw;
    }
    const bool replaces = below(3) > 0;
    std::vector<PlannedObject> objects;
    for (const auto& [key, raw] : batch) {
      if (!replaces && loaded.contains(key)) continue;
      objects.push_back(Put(raw));
      loaded[key] = raw;
    }
    if (objects.empty()) continue;
    LoadPlan plan = Plan(objects);
    plan.replaces = replaces;
    const auto done = Load(*warehouse_, plan);
    ASSERT_TRUE(done) << "round " << round << ": " << done.error().message();

    std::set<std::string> ids, texts;
    size_t events = 0;
    for (const auto& [key, raw] : loaded) {
      events += raw.events.size();
      for (const Row& row : raw.events) {
        ids.insert(row.id);
        texts.insert(row.id + " " + *row.text);
      }
    }
    const std::vector<std::string> found = Column(kEvents);
    ASSERT_EQ(found.size(), ids.size()) << "round " << round;
    for (const std::string& row : found) {
      EXPECT_TRUE(texts.contains(row)) << row;
      EXPECT_EQ(ids.erase(row.substr(0, 1)), 1u) << "twice: " << row;
    }
    EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.duplicates WHERE table_name = 'events'"),
              std::to_string(events - found.size()))
        << "round " << round;
    EXPECT_THAT(Column("SELECT raw_key || ' ' || table_name FROM sluice.ledger WHERE state = "
                       "'loaded' AND (staged <> loaded + duplicates OR loaded < 0 OR duplicates < "
                       "0 OR differing < 0)"),
                IsEmpty())
        << "round " << round;
  }
}

}  // namespace
}  // namespace sluice
