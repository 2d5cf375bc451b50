// SPDX-License-Identifier: Apache-2.0
// What the raw store and the ledger say of the same keys, and what follows from it.
#include "sluice/operate/raw_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sluice/operate/backfill_plan.h"
#include "sluice/operate/listed_store_for_test.h"
#include "sluice/operate/reconcile.h"
#include "sluice/warehouse/ledger_part.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RawWalkTest : public ::testing::Test {
 protected:
  void Store(const std::string& key, const std::string& etag = "e", Timestamp modified = {}) {
    store_.objects.push_back({.key = key, .size = {100}, .etag = etag, .last_modified = modified});
  }
  void Know(const std::string& key, ObjectState state = ObjectState::kLoaded,
            const std::string& etag = "e") {
    const ObjectIdentity identity{kStore, {key}, etag};
    ledger_.push_back(
        {.object = identity.Id(), .identity = identity.ToText(), .raw_key = key, .state = state});
  }
  // As SQL would answer it, two rows at most however many are asked for: full pages.
  LedgerPages Ledger() {
    return [this](const LedgerRange& range) -> Result<std::vector<LedgerObject>> {
      EXPECT_EQ(range.store, kStore);
      std::ranges::sort(ledger_, [](const LedgerObject& a, const LedgerObject& b) {
        return std::tie(a.raw_key, a.object) < std::tie(b.raw_key, b.object);
      });
      std::vector<LedgerObject> page;
      for (const LedgerObject& one : ledger_) {
        const bool is_behind =
            std::tie(one.raw_key, one.object) > std::tie(range.after_key, range.after_object);
        const bool is_before = range.before_key.empty() || one.raw_key < range.before_key;
        if (is_behind && is_before && page.size() < range.limit) page.push_back(one);
      }
      return page;
    };
  }
  // "key stored known", in order.
  std::vector<std::string> Walk(std::vector<std::string> folders) {
    RawWalk walk(store_, Ledger(), std::move(folders));
    std::vector<std::string> seen;
    while (true) {
      const auto state = walk.Next();
      EXPECT_TRUE(state);
      if (!*state) return seen;
      seen.push_back(
          fmt::format("{} {} {}", (*state)->key, (*state)->stored ? 1 : 0, (*state)->known.size()));
    }
  }
  Result<BackfillPlan> Plan(std::string_view from = "2026-11-23T14") {
    return PlanBackfill(store_, Ledger(), RawLayout(), *ParseHourRange(from, ""),
                        BackfillAim::kMissing);
  }

  ListedStore store_;
  std::vector<LedgerObject> ledger_;
};

// A directory lists no ETags, and to know one reads the file: only what is in doubt is read.
TEST_F(RawWalkTest, N7AFileThatIsWrittenOverAfterItWasLoadedIsAnotherVersion) {
  const Timestamp loaded = *FromIso8601("2026-11-23T15:00:02Z");
  const std::string hour = "date=2026-11-23/14/";
  const auto file = [&](const std::string& name, std::chrono::milliseconds behind) {
    Store(hour + name, "", loaded + behind);
    Know(hour + name);
    ledger_.back().loaded_at = "2026-11-23 15:00:02.75";
  };
  file("1-older", std::chrono::hours(-1));
  file("2-of-that-second", std::chrono::milliseconds(999));
  file("3-touched", std::chrono::seconds(1));
  file("4-overwritten", std::chrono::seconds(1));
  store_.etags = {{hour + "3-touched", "e"}, {hour + "4-overwritten", "new"}};
  const HourRange hours = *ParseHourRange("2026-11-23T14", "");
  const ReconcileReport report = Reconcile(store_, Ledger(), RawLayout(), hours,
                                           {.pending_since = loaded + std::chrono::hours(1)});
  ASSERT_FALSE(report.failure) << report.failure->message();
  EXPECT_EQ(report.loaded, 3u);
  EXPECT_EQ(report.overwritten, 1u);
}

// No notification loads it: it is held then, for a person.
TEST_F(RawWalkTest, AYoungObjectThatWasWrittenOverIsToldAsThatAndNotAnnounced) {
  const Timestamp now = *FromIso8601("2026-11-23T15:30:00Z");
  const std::string key = "date=2026-11-23/14/a";
  Store(key, "new", now);
  Know(key, ObjectState::kLoaded, "old");
  const ReconcileReport report =
      Reconcile(store_, Ledger(), RawLayout(), *ParseHourRange("2026-11-23T14", ""),
                {.pending_since = now - std::chrono::hours(1), .on_missing = [](const ObjectInfo&) {
                   return Status(Fail(ErrorKind::kPermanent, "announced"));
                 }});
  ASSERT_FALSE(report.failure) << report.failure->message();
  EXPECT_EQ(report.overwritten, 1u);
  EXPECT_EQ(report.pending, 0u);
  EXPECT_THAT(report.overwritten_examples, ElementsAre(key));
  EXPECT_THAT(report.overdue, IsEmpty());
}

TEST_F(RawWalkTest, EveryKeyComesOnceFromBothSides) {
  for (const char* const key : {"a/1", "a/2", "a/3", "a/5", "c/1", "d/1"}) Store(key);
  for (const char* const key : {"a/0", "a/2", "a/4", "a/5", "b/1", "c/1", "c/2", "d/0"}) Know(key);
  Know("a/5", ObjectState::kReplaced, "older");
  EXPECT_THAT(Walk({"a/", "c/"}), ElementsAre("a/0 0 1", "a/1 1 0", "a/2 1 1", "a/3 1 0", "a/4 0 1",
                                              "a/5 1 2", "c/1 1 1", "c/2 0 1"));
  EXPECT_THAT(Walk({}), IsEmpty());
  EXPECT_THAT(Walk({"b/", "bb/"}), ElementsAre("b/1 0 1"));
  EXPECT_THAT(Walk({""}), ::testing::SizeIs(11)) << "the whole store";
}

TEST_F(RawWalkTest, ALedgerInAnotherOrderIsAnError) {
  Store("a/1");
  RawWalk walk(store_,
               [](const LedgerRange&) -> Result<std::vector<LedgerObject>> {
                 return std::vector<LedgerObject>{{.object = 1, .raw_key = "a/2"},
                                                  {.object = 2, .raw_key = "a/10"}};
               },
               {"a/"});
  const auto state = walk.Next();
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message(), HasSubstr("order of their bytes"));
}

TEST_F(RawWalkTest, WhatIsSettledDependsOnTheVersionThatIsStored) {
  const std::string key = "date=2026-11-23/14/x";
  const auto step = [&](const std::string& etag, ObjectState state, const std::string& known_etag) {
    RawKeyState both{.key = key, .stored = ObjectInfo{.key = key, .etag = etag}, .known = {}};
    const ObjectIdentity identity{kStore, {key}, known_etag};
    both.known.push_back({.identity = identity.ToText(), .raw_key = key, .state = state});
    return StepFor(both, kStore, RawLayout());
  };
  EXPECT_EQ(step("e", ObjectState::kLoaded, "e"), BackfillStep::kLoadedBefore);
  EXPECT_EQ(step("e", ObjectState::kReplaced, "e"), BackfillStep::kLoadedBefore);
  EXPECT_EQ(step("e", ObjectState::kLoaded, "other"), BackfillStep::kLoad) << "it was overwritten";
  EXPECT_EQ(step("", ObjectState::kLoaded, "other"), BackfillStep::kLoadedBefore)
      << "a listing without versions";
  for (const ObjectState open :
       {ObjectState::kHeld, ObjectState::kSetAside, ObjectState::kVanished}) {
    EXPECT_EQ(step("e", open, "e"), BackfillStep::kLoad) << Name(open);
    EXPECT_EQ(step("", open, "e"), BackfillStep::kLoad) << Name(open);
  }
}

// Into a table that was added later goes what was loaded without it, and nothing that waits for a
// person.
TEST_F(RawWalkTest, ATableIsFilledFromWhatIsLoadedAlone) {
  struct Known {
    const char* etag;
    ObjectState state;
    bool lacks_table = false;
    std::string reason = {};
  };
  const std::string key = "date=2026-11-23/14/x";
  const auto step = [&](const std::vector<Known>& known, BackfillAim aim) {
    RawKeyState all{.key = key, .stored = ObjectInfo{.key = key, .etag = "e"}, .known = {}};
    for (const Known& one : known) {
      all.known.push_back({.identity = ObjectIdentity{kStore, {key}, one.etag}.ToText(),
                           .raw_key = key,
                           .state = one.state,
                           .reason = one.reason,
                           .lacks_table = one.lacks_table});
    }
    return StepFor(all, kStore, RawLayout(), aim);
  };
  const auto fill = [&](const std::vector<Known>& known) {
    return step(known, BackfillAim::kFillTable);
  };
  using enum ObjectState;
  EXPECT_EQ(fill({{"e", kLoaded, true}}), BackfillStep::kLoad);
  EXPECT_EQ(fill({{"e", kLoaded, false}}), BackfillStep::kLoadedBefore);
  EXPECT_EQ(fill({}), BackfillStep::kLoad) << "it was never loaded";
  EXPECT_EQ(fill({{"e", kHeld}}), BackfillStep::kLoad) << "nothing is replaced";
  EXPECT_EQ(fill({{"old", kLoaded, true}, {"e", kHeld}}), BackfillStep::kStays);
  EXPECT_EQ(fill({{"old", kLoaded, true}}), BackfillStep::kStays) << "never announced";
  EXPECT_EQ(fill({{"old", kLoaded, true}, {"e", kReplaced, false, "accepted: no"}}),
            BackfillStep::kStays)
      << "a person gave it up";
  const std::string same = std::string(kSameContent) + "file:///raw/x#old";
  EXPECT_EQ(fill({{"old", kLoaded, true}, {"e", kReplaced, false, same}}), BackfillStep::kLoad);
  EXPECT_EQ(fill({{"old", kLoaded}, {"e", kReplaced, false, same}}), BackfillStep::kLoadedBefore);
  EXPECT_EQ(fill({{"e", kReplaced, true, same}}), BackfillStep::kLoad) << "a store that was moved";
  EXPECT_EQ(step({{"old", kLoaded}, {"e", kHeld}}, BackfillAim::kMissing), BackfillStep::kLoad);
}

TEST(AimOfFlags, ATableIsFilledOnlyWhereItReplaces) {
  EXPECT_EQ(AimOf(false, ""), BackfillAim::kMissing);
  EXPECT_EQ(AimOf(true, ""), BackfillAim::kReplace);
  EXPECT_EQ(AimOf(true, "t"), BackfillAim::kFillTable);
}

// A version that waits for a person is tried too, as without it.
TEST_F(RawWalkTest, AReplacePlansWhatIsLoadedTooAndItsSize) {
  const std::string hour = "date=2026-11-23/14/";
  for (const char* const name : {"1-loaded", "2-new", "3-overwritten", "4-held", "5-replaced"}) {
    Store(hour + name);
  }
  Know(hour + "1-loaded");
  Know(hour + "3-overwritten", ObjectState::kLoaded, "old");
  Know(hour + "4-held", ObjectState::kLoaded, "old");
  Know(hour + "4-held", ObjectState::kHeld);
  Know(hour + "5-replaced", ObjectState::kReplaced);
  Know(hour + "6-gone");
  const auto text = [&](BackfillAim aim) {
    const auto plan =
        PlanBackfill(store_, Ledger(), RawLayout(), *ParseHourRange("2026-11-23T14", ""), aim);
    return fmt::format(
        "{} to load, {} loaded before, {} held, {} stay, {} gone: {} objects, {} bytes",
        plan->to_load, plan->loaded_before, plan->held, plan->stays, plan->gone, plan->objects(),
        plan->size_to_load.count);
  };
  EXPECT_EQ(text(BackfillAim::kMissing),
            "3 to load, 2 loaded before, 1 held, 0 stay, 1 gone: 3 objects, 300 bytes");
  EXPECT_EQ(text(BackfillAim::kReplace),
            "3 to load, 2 loaded before, 1 held, 0 stay, 1 gone: 5 objects, 500 bytes");
  EXPECT_EQ(text(BackfillAim::kFillTable),
            "1 to load, 2 loaded before, 0 held, 2 stay, 1 gone: 1 objects, 100 bytes");
}

TEST_F(RawWalkTest, APlanCountsEachKeyOnce) {
  const std::string hour = "date=2026-11-23/14/";
  for (const char* const name : {"1", "2", "3", "4", "5/", "date"}) Store(hour + name);
  Store("date=2026-11-23/15/1");
  Know(hour + "1");
  Know(hour + "2", ObjectState::kHeld);
  Know(hour + "3", ObjectState::kSetAside);
  Know(hour + "9");
  const auto plan = Plan();
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->stored, 6u);
  EXPECT_EQ(plan->loaded_before, 1u);
  EXPECT_EQ(plan->to_load, 4u);
  EXPECT_EQ(plan->size_to_load, Bytes{400});
  EXPECT_EQ(plan->held, 1u);
  EXPECT_EQ(plan->set_aside, 1u);
  EXPECT_EQ(plan->foreign, 1u) << "a folder's marker";
  EXPECT_EQ(plan->gone, 1u);
}

TEST_F(RawWalkTest, ALayoutThatIsNotTheStoresIsNoEmptyPlan) {
  EXPECT_TRUE(Plan()) << "an empty store";
  Store("2026/11/23/14/x");
  const auto plan = Plan();
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message(), HasSubstr("0 of 1 keys match raw.layout"));
  EXPECT_THAT(plan.error().message(), HasSubstr("2026/11/23/14/x"));
  Store("date=2026-11-20/00/x");
  EXPECT_THAT(Plan().error().message(),
              HasSubstr("nothing is in these hours, and 1 keys of the raw store do not match"))
      << "another hour is as the layout says";
  std::erase_if(store_.objects,
                [](const ObjectInfo& object) { return object.key.starts_with("2026/"); });
  EXPECT_TRUE(Plan()) << "all are, and these hours are empty";
}

TEST_F(RawWalkTest, ForeignKeysElsewhereAreNoMatterOfHoursThatAreNotEmpty) {
  store_.most = 1'000;
  for (int i = 0; i < 2'500; ++i) Store(fmt::format("backup/{:04}", i));
  EXPECT_THAT(Plan().error().message(), HasSubstr("0 of 2500 keys match raw.layout"));
  Store("date=2026-11-23/14/x");
  const auto plan = Plan();
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->stored, 1u);
}

TEST_F(RawWalkTest, ReconcileTellsYoungFromMissing) {
  const std::string hour = "date=2026-11-23/14/";
  const Timestamp grace = *ParseHour("2026-11-23T16");
  Store(hour + "1-loaded");
  Know(hour + "1-loaded");
  Store(hour + "2-missing", "e", grace);
  Store(hour + "3-young", "e", grace + std::chrono::microseconds(1));
  Store(hour + "4-held");
  Know(hour + "4-held", ObjectState::kHeld);
  Store(hour + "5-came-back");
  Know(hour + "5-came-back", ObjectState::kVanished);
  Know(hour + "6-gone");
  Know(hour + "7-never-there", ObjectState::kVanished);
  Store(hour + "9-held-before", "new", grace);
  Know(hour + "9-held-before", ObjectState::kHeld, "old");
  Store(hour + "8-overwritten", "new");
  Know(hour + "8-overwritten", ObjectState::kLoaded, "old");
  std::vector<std::string> told;
  const auto tell = [&](const ObjectInfo& object) {
    told.push_back(object.key);
    return Status();
  };
  const ReconcileReport whole =
      Reconcile(store_, Ledger(), RawLayout(), *ParseHourRange("2026-11-23T14", ""),
                {.pending_since = grace, .on_missing = tell});
  const ReconcileReport* const report = &whole;
  ASSERT_FALSE(report->failure);
  EXPECT_EQ(report->stored, 7u);
  EXPECT_EQ(report->overwritten, 1u);
  EXPECT_EQ(report->loaded, 1u);
  EXPECT_EQ(report->pending, 1u);
  EXPECT_EQ(report->oldest_pending, grace + std::chrono::microseconds(1));
  EXPECT_EQ(report->held, 1u);
  ASSERT_EQ(report->held_examples.size(), 1u) << "not the version that was written over";
  EXPECT_EQ(report->held_examples[0].key, hour + "4-held");
  EXPECT_EQ(report->missing, 3u);
  EXPECT_EQ(report->gone, 1u);
  EXPECT_EQ(report->vanished, 1u);
  EXPECT_THAT(told, ElementsAre(hour + "2-missing", hour + "5-came-back", hour + "8-overwritten",
                                hour + "9-held-before"));
  EXPECT_THAT(report->examples,
              ElementsAre(hour + "2-missing", hour + "5-came-back", hour + "9-held-before"));
}

TEST(FixOfMissing, LooksBackAsFarAsItTakesAndNotIntoHoursToCome) {
  const Timestamp now = *FromIso8601("2026-11-27T16:05:00Z");
  const auto fix = [&](const char* first, const char* last) {
    return FixOfMissing(*FromIso8601(first), *FromIso8601(last), now, "sluice x");
  };
  EXPECT_EQ(fix("2026-11-20T16:00:00Z", "2026-11-27T16:00:00Z"),
            "sluice reconcile --repair, or sluice x");
  EXPECT_EQ(fix("2026-11-20T15:00:00Z", "2026-11-20T15:00:00Z"),
            "sluice reconcile --since 8d --repair, or sluice x");
  EXPECT_EQ(fix("2026-11-27T16:00:00Z", "2026-11-27T17:00:00Z"), "sluice x");
}

TEST(PendingText, SaysThatNoNotificationWaitsOnlyWhereTheyWereCounted) {
  const Timestamp now = *FromIso8601("2026-11-27T16:05:00Z");
  const auto text = [&](uint64_t objects, const std::optional<QueueDepth>& notifications) {
    return PendingText(objects, notifications, now + std::chrono::minutes(20), now, "sluice x");
  };
  EXPECT_EQ(text(1, std::nullopt), "its notification may be on the way");
  EXPECT_EQ(text(2, QueueDepth{.visible = 3, .in_flight = 1}),
            "their notifications may be among the 4 that wait");
  EXPECT_EQ(text(1, QueueDepth{.in_flight = 1}), "its notification may be among the 1 that wait");
  EXPECT_EQ(text(1, QueueDepth{}),
            "no notification waits; it counts as missing from 16:25 on; sluice x loads it now");
  EXPECT_EQ(text(2, QueueDepth{}),
            "no notification waits; the first counts as missing from 16:25 on; sluice x loads them "
            "now");
}

// Whichever key it ended at, by a stop or a failure.
TEST_F(RawWalkTest, AReconcileThatEndedEarlyGoesOnBehindWhatItCompared) {
  for (const char* const hour : {"13", "14", "15"}) {
    for (int i = 0; i < 9; ++i) {
      const std::string key = fmt::format("date=2026-11-23/{}/{}", hour, i);
      if (i % 3 != 2) Store(key);
      if (i % 3 != 1) Know(key, ObjectState::kLoaded, i == 3 ? "old" : "e");
      if (i == 6) Know(key, ObjectState::kReplaced, "older");
    }
  }
  const auto text = [](const ReconcileReport& a, const ReconcileReport& b = {}) {
    return fmt::format("stored {} loaded {} missing {} overwritten {} gone {}", a.stored + b.stored,
                       a.loaded + b.loaded, a.missing + b.missing, a.overwritten + b.overwritten,
                       a.gone + b.gone);
  };
  const HourRange hours = *ParseHourRange("2026-11-23T13", "2026-11-23T16");
  const auto reconcile = [&](ReconcileOptions options) {
    options.pending_since = Timestamp();
    return Reconcile(store_, Ledger(), RawLayout(), hours, options);
  };
  const ReconcileReport whole = reconcile({});
  ASSERT_EQ(text(whole), "stored 18 loaded 6 missing 9 overwritten 3 gone 9");
  EXPECT_EQ(whole.compared, "date=2026-11-23/15/8");
  const auto ends_early = [&](const ReconcileOptions& options) {
    const ReconcileReport first = reconcile(options);
    ASSERT_TRUE(first.failure);
    EXPECT_EQ(first.failure->message(), "the queue is away");
    const ReconcileReport rest = reconcile({.after = first.compared});
    EXPECT_FALSE(rest.failure);
    EXPECT_EQ(text(first, rest), text(whole)) << "ended at " << first.compared;
  };
  for (uint64_t end = 0; end < 27; ++end) {
    ends_early({.on_key = [end](uint64_t keys) -> Status {
      if (keys <= end) return {};
      return Fail(ErrorKind::kTransient, "the queue is away");
    }});
  }
  for (int end = 0; end < 12; ++end) {
    ends_early({.on_missing = [left = end](const ObjectInfo&) mutable -> Status {
      if (left-- > 0) return {};
      return Fail(ErrorKind::kTransient, "the queue is away");
    }});
  }
  const ReconcileReport nothing = reconcile({.after = whole.compared});
  EXPECT_EQ(nothing.stored + nothing.gone, 0u);
}

TEST_F(RawWalkTest, WhatVanishedNeedsAPersonAndWhatWasReplacedDoesNot) {
  const std::string hour = "date=2026-11-23/14/";
  Know(hour + "1-replaced", ObjectState::kReplaced);
  Know(hour + "2-loaded");
  const auto reconcile = [&] {
    return Reconcile(store_, Ledger(), RawLayout(), *ParseHourRange("2026-11-23T14", ""), {});
  };
  EXPECT_FALSE(reconcile().NeedsAttention());
  Know(hour + "3-held", ObjectState::kHeld);
  EXPECT_EQ(reconcile().vanished, 1u);
  EXPECT_TRUE(reconcile().NeedsAttention());
}

}  // namespace
}  // namespace sluice
