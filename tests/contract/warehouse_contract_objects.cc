// SPDX-License-Identifier: Apache-2.0
// What the ledger says of raw objects: versions of one key, states that are provisional, and lists.
#include <gmock/gmock.h>

#include <algorithm>

#include "sluice/base/hash.h"
#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_P(WarehouseContract, N7SameContentUnderAnotherEtagIsLoadedAlready) {
  MustLoad({Put({.key = "a", .events = {{"1"}}, .content = "c1"})});
  const PlannedObject again = Put({.key = "a",
                                   .events = {{"1"}},
                                   .bad_events = 1,
                                   .etag = "e2",
                                   .content = "c1",
                                   .version = 2});
  EXPECT_THAT(States(MustLoad({again})), ElementsAre(ObjectState::kLoaded));
  const auto state = EndState();
  EXPECT_THAT(States(MustLoad({again})), ElementsAre(ObjectState::kReplaced));
  EXPECT_EQ(EndState(), state);
  EXPECT_THAT(Column("SELECT request_id FROM tracking.events"), ElementsAre("1"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "0");
  // Or what is stored would count as missing for ever.
  const auto known = warehouse_->ListObjects({.store = again.store, .limit = 10});
  ASSERT_TRUE(known);
  const auto found = std::ranges::find(*known, again.identity, &LedgerObject::identity);
  ASSERT_NE(found, known->end());
  EXPECT_EQ(found->state, ObjectState::kReplaced);
  EXPECT_THAT(found->reason, HasSubstr("the same content is loaded: "));
  EXPECT_EQ(One("SELECT sum(lines)::VARCHAR FROM sluice.ledger WHERE state = 'replaced'"), "0");
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
  const auto outcome =
      MustLoad({Put({.key = "a", .events = {{"1"}}, .content = "c1", .store = "file:///moved/"})});
  EXPECT_THAT(States(outcome), ElementsAre(ObjectState::kLoaded));
  EXPECT_THAT(Column("SELECT request_id FROM tracking.events"), ElementsAre("1"));
  const auto known = warehouse_->ListObjects({.store = "file:///moved/", .limit = 10});
  ASSERT_TRUE(known);
  ASSERT_EQ(known->size(), 1u);
  EXPECT_EQ(known->front().state, ObjectState::kReplaced);
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
  // By a loader whose clock is ahead.
  MustLoad({Put({.key = "b", .events = {{"2"}}})});
  harness_->Execute(
      "UPDATE sluice.ledger SET loaded_at = TIMESTAMP '2999-01-01 00:00:00' WHERE raw_key = 'b'");
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

TEST_P(WarehouseContract, AHeldVersionGoesWhenANewerOneLoads) {
  const auto settle = [&](const PlannedObject& object) {
    const Status settled = warehouse_->Settle(
        std::vector<Settlement>{{ObjectState::kHeld, object, "many bad events"}});
    EXPECT_TRUE(settled);
  };
  const PlannedObject old = Put({.key = "a", .events = {{"1"}}, .bad_events = 2, .version = 1});
  settle(old);
  MustLoad({Put({.key = "a", .events = {{"2"}}, .etag = "e2", .version = 2})});
  const auto ledger =
      "SELECT raw_key || ' ' || version || ' ' || table_name || ' ' || state FROM sluice.ledger "
      "ORDER BY 1";
  const auto loaded_once = ElementsAre("a 2 * loaded", "a 2 events loaded", "a 2 utm loaded");
  EXPECT_THAT(Column(ledger), loaded_once);
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "0");
  // The same bytes put back are other content than what is loaded, as ever.
  const PlannedObject back = Put({.key = "a", .events = {{"1"}}, .bad_events = 2, .version = 3});
  ASSERT_EQ(back.object, old.object);
  EXPECT_EQ(MustLoad({back})[0].state, ObjectState::kHeld);
  EXPECT_THAT(Column("SELECT request_id FROM tracking.events"), ElementsAre("2"));
}

// The store's time of an object is no part of its identity.
TEST_P(WarehouseContract, AHeldObjectThatIsPutAgainAndLoadsIsThereOnce) {
  const PlannedObject held = Put({.key = "a", .events = {{"1"}}, .bad_events = 2, .version = 1});
  ASSERT_TRUE(
      warehouse_->Settle(std::vector<Settlement>{{ObjectState::kHeld, held, "many bad events"}}));
  const PlannedObject again = Put({.key = "a", .events = {{"1"}}, .bad_events = 2, .version = 2});
  ASSERT_EQ(again.object, held.object);
  MustLoad({again});
  EXPECT_THAT(Column("SELECT table_name || ' ' || state || ' ' || version FROM sluice.ledger "
                     "ORDER BY 1"),
              ElementsAre("* loaded 2", "events loaded 2", "utm loaded 2"));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "2");
}

// Nobody knows which was first where versions are not ordered, as in a directory.
TEST_P(WarehouseContract, AHeldVersionThatIsNotOlderStaysForAPerson) {
  for (const int64_t version : {2, 3}) {
    const std::string key = std::to_string(version);
    const PlannedObject held = Put({.key = key, .bad_events = 2, .etag = "h", .version = version});
    const PlannedObject other = Put({.key = key, .events = {{key}}, .version = 2});
    ASSERT_TRUE(
        warehouse_->Settle(std::vector<Settlement>{{ObjectState::kHeld, held, "many bad events"}}));
    MustLoad({other});
    EXPECT_EQ((*warehouse_->Peek(std::vector<int64_t>{held.object}))[0].state, ObjectState::kHeld);
  }
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.quarantine"), "4");
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

// Redshift takes 'a' and 'a ' for the same.
TEST_P(WarehouseContract, KeysThatDifferInATrailingBlankAreTwo) {
  MustLoad({Put({.key = "a", .events = {{"1"}}, .version = 2})});
  const auto outcome = MustLoad({Put({.key = "a ", .events = {{"2"}}, .version = 1}),
                                 Put({.key = "a  ", .events = {{"3"}}, .version = 1})});
  EXPECT_THAT(States(outcome), ElementsAre(ObjectState::kLoaded, ObjectState::kLoaded));
}

// Keys as a store lists them: by their bytes, whatever the database's collation.
TEST_P(WarehouseContract, C21ObjectsAreListedByKeyInPages) {
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
  EXPECT_EQ(std::tie((*one)[0].lines, (*one)[0].loaded, (*one)[0].duplicates, (*one)[0].dropped),
            std::tuple(1u, 1u, 0u, 0u));
  EXPECT_THAT((*one)[0].loaded_at, HasSubstr(":"));
}

// Every object has a row for each table, zeros included; one that was loaded before the table was
// there has none.
TEST_P(WarehouseContract, OfObjectsIsToldWhetherATableWasThereWhenTheyWereLoaded) {
  MustLoad({Put({.key = "a", .events = {{"1"}}}), Put({.key = "b", .events = {{"2"}}})});
  harness_->Execute("DELETE FROM sluice.ledger WHERE raw_key = 'a' AND table_name = 'utm'");
  const auto listed = [&](const std::string& table) {
    std::vector<std::string> keys;
    const auto page = warehouse_->ListObjects({.store = "file:///raw/", .table = table});
    EXPECT_TRUE(page) << page.error().message();
    for (const LedgerObject& one : *page) {
      keys.push_back(one.raw_key + (one.lacks_table ? " lacks it" : ""));
    }
    return keys;
  };
  EXPECT_THAT(listed("utm"), ElementsAre("a lacks it", "b"));
  EXPECT_THAT(listed("events"), ElementsAre("a", "b"));
  EXPECT_THAT(listed(""), ElementsAre("a", "b"));
  EXPECT_THAT(listed("another"), ElementsAre("a lacks it", "b lacks it"));
}

// Ids are numbers, and no texts.
TEST_P(WarehouseContract, VersionsOfAKeyAreListedInTheOrderOfTheirIds) {
  PlannedObject first = Put({.key = "a"}), second = Put({.key = "a", .etag = "e2"});
  first.object = 10;
  second.object = 9;
  ASSERT_TRUE(warehouse_->Settle(std::vector<Settlement>{{ObjectState::kHeld, first, "x"},
                                                         {ObjectState::kHeld, second, "x"}}));
  const auto page = warehouse_->ListObjects({.store = first.store});
  ASSERT_TRUE(page) << page.error().message();
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].object, 9);
  EXPECT_EQ((*page)[1].object, 10);
}

TEST_P(WarehouseContract, C22DoubledLedgerRowsAreKnown) {
  const PlannedObject object = Put({.key = "a", .events = {{"1"}}});
  MustLoad({object});
  harness_->Execute("INSERT INTO sluice.ledger SELECT * FROM sluice.ledger");
  const auto state = EndState();
  EXPECT_THAT(States(MustLoad({object})), ElementsAre(ObjectState::kLoaded));
  EXPECT_EQ(EndState(), state);
}

// A COPY for each file would be one by one, and slow.
TEST_P(WarehouseContract, ALoadOfMoreFilesHasNoMoreStatements) {
  const auto statements_of = [&](int first, int last) {
    std::vector<PlannedObject> objects;
    for (int i = first; i <= last; ++i) {
      const std::string key = std::to_string(i);
      objects.push_back(Put({.key = key, .events = {{key}}, .utm = {{key}}, .bad_events = 1}));
    }
    const auto counting = FaultPlan::Parse("count");
    const auto loaded = Load(*harness_->Open(tables_, counting->get()), Plan(objects));
    EXPECT_TRUE(loaded) << loaded.error().message();
    return (*counting)->operations();
  };
  const int of_one = statements_of(1, 1);
  EXPECT_GE(of_one, harness_->fewest_points() / 2);
  EXPECT_EQ(statements_of(2, 11), of_one);
}

}  // namespace
}  // namespace sluice
