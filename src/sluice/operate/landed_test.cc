// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/landed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sluice/operate/listed_store_for_test.h"

namespace sluice {
namespace {

using std::chrono::hours, std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Timestamp At(std::string_view time) {
  return *FromIso8601(time);
}
const Timestamp kNow = At("2026-11-27T14:30:00Z");

class LandedTest : public ::testing::Test {
 protected:
  // Landed `ago` before now, at the key of that time.
  std::string Store(minutes ago, const std::string& name, const RawLayout& layout = RawLayout()) {
    const std::string key = layout.KeyFor(kNow - ago, name).text;
    store_.objects.push_back({.key = key, .size = {100}, .etag = "e", .last_modified = kNow - ago});
    return key;
  }
  void Know(const std::string& key, ObjectState state, LedgerObject counts = {}) {
    const ObjectIdentity identity{kStore, {key}, "e"};
    counts.object = identity.Id();
    counts.identity = identity.ToText();
    counts.raw_key = key;
    counts.state = state;
    ledger_.push_back(counts);
  }
  void StoreLoaded(minutes ago, const std::string& name, const std::string& loaded_at) {
    Know(Store(ago, name), ObjectState::kLoaded,
         {.lines = 10,
          .dropped = 1,
          .loaded = 6,
          .duplicates = 2,
          .quarantined = 1,
          .loaded_at = loaded_at});
  }
  Landed Walk(const RawLayout& layout = RawLayout()) {
    std::ranges::sort(ledger_, {}, &LedgerObject::raw_key);
    const LedgerPages pages = [this](const LedgerRange& range) {
      std::vector<LedgerObject> page;
      for (const LedgerObject& one : ledger_) {
        if (one.raw_key > range.after_key && one.raw_key < range.before_key) page.push_back(one);
      }
      return page;
    };
    const auto landed = WalkLanded(store_, pages, layout, kNow, {.warn_above = 0.1});
    EXPECT_TRUE(landed);
    return landed.value_or(Landed());
  }

  ListedStore store_;
  std::vector<LedgerObject> ledger_;
};

TEST_F(LandedTest, NothingLanded) {
  EXPECT_EQ(Walk(), Landed());
}

TEST_F(LandedTest, HoursAddUpWhatTheLedgerSaysOfThem) {
  StoreLoaded(minutes(125), "a", "2026-11-27 12:26:00");
  StoreLoaded(minutes(20), "b", "2026-11-27 14:11:00.5");
  StoreLoaded(minutes(10), "c", "2026-11-27 14:21:00");
  const Landed landed = Walk();
  const LandedHour twelve{.hour = At("2026-11-27T12:00:00Z"),
                          .objects = 1,
                          .events = 10,
                          .loaded = 6,
                          .duplicates = 2,
                          .quarantined = 1,
                          .dropped = 1};
  const LandedHour nothing{.hour = At("2026-11-27T13:00:00Z")};
  LandedHour fourteen{.hour = At("2026-11-27T14:00:00Z"),
                      .objects = 2,
                      .events = 20,
                      .loaded = 12,
                      .duplicates = 4,
                      .quarantined = 2,
                      .dropped = 2};
  EXPECT_THAT(landed.hours, ElementsAre(twelve, nothing, fourteen));
  EXPECT_TRUE(fourteen.Balances());
  --fourteen.loaded;
  EXPECT_FALSE(fourteen.Balances());
  EXPECT_EQ(landed.objects_last_hour, 2u);
  EXPECT_EQ(landed.size_last_hour, Bytes{200});
  EXPECT_EQ(landed.fresh_to, kNow - minutes(10));
  EXPECT_EQ(landed.waiting, 0u);
  EXPECT_FALSE(landed.oldest_waiting);
}

TEST_F(LandedTest, AnObjectIsNoisyAboveTheShareNotAtIt) {
  StoreLoaded(minutes(20), "at it", "2026-11-27 14:11:00");
  EXPECT_EQ(Walk().noisy, 0u);
  Know(Store(minutes(10), "above"), ObjectState::kLoaded, {.lines = 9, .quarantined = 1});
  const Landed landed = Walk();
  EXPECT_EQ(landed.noisy, 1u);
  EXPECT_EQ(landed.noisy_events, 9u);
  EXPECT_EQ(landed.noisy_quarantined, 1u);
}

// What is loaded behind something that waits makes nothing fresher.
TEST_F(LandedTest, FreshIsWhatWasLoadedBeforeTheFirstThatWaits) {
  StoreLoaded(minutes(90), "a", "2026-11-27 13:01:00");
  Store(minutes(80), "b");
  StoreLoaded(minutes(70), "c", "2026-11-27 13:21:00");
  Store(minutes(30), "d");
  const Landed landed = Walk();
  EXPECT_EQ(landed.fresh_to, kNow - minutes(90));
  EXPECT_EQ(landed.oldest_waiting, kNow - minutes(80));
  EXPECT_EQ(landed.waiting, 2u);
  EXPECT_EQ(landed.waiting_size, Bytes{200});
  EXPECT_EQ(landed.overdue, 1u);
  ASSERT_EQ(landed.hours.size(), 2u);
  EXPECT_EQ(landed.hours[0].waiting, 1u);
  EXPECT_EQ(landed.hours[1].waiting, 1u);
}

TEST_F(LandedTest, AStoreWhoseClockIsAheadMakesNothingFresherThanNow) {
  StoreLoaded(minutes(-3), "ahead", "2026-11-27 14:30:00");
  EXPECT_EQ(Walk().fresh_to, kNow);
}

// A key has the hour in which its object was begun.
TEST_F(LandedTest, TheHourThatWaitsIsThatOfTheKey) {
  const std::string key = RawLayout().KeyFor(kNow - minutes(40), "begun").text;
  store_.objects.push_back(
      {.key = key, .size = {1}, .etag = "e", .last_modified = kNow - minutes(20)});
  Store(minutes(10), "later");
  const Landed landed = Walk();
  EXPECT_EQ(landed.oldest_waiting, kNow - minutes(20));
  EXPECT_EQ(landed.hour_waiting, At("2026-11-27T13:00:00Z"));
}

// What was given up is of no concern any more.
TEST_F(LandedTest, WhatWasAcceptedMakesNoNoise) {
  const std::string key = Store(minutes(20), "a");
  Know(key, ObjectState::kLoaded, {.lines = 10, .quarantined = 3, .accepted = 1});
  EXPECT_EQ(Walk().noisy, 1u);
  EXPECT_EQ(Walk().noisy_quarantined, 2u);
  ledger_[0].accepted = 2;
  EXPECT_EQ(Walk().noisy, 0u) << "at the share";
  EXPECT_EQ(Walk().hours.at(0).quarantined, 3u) << "it balances as before";
}

TEST_F(LandedTest, WhatIsHeldWaitsForNobodyButAPerson) {
  StoreLoaded(minutes(130), "loaded", "2026-11-27 12:25:00");
  const std::string held = Store(minutes(120), "held");
  Know(held, ObjectState::kHeld, {.lines = 10, .quarantined = 9});
  const std::string aside = Store(minutes(110), "aside");
  Know(aside, ObjectState::kSetAside);
  const Landed landed = Walk();
  EXPECT_EQ(landed.waiting, 0u);
  EXPECT_EQ(landed.fresh_to, kNow - minutes(130)) << "nothing of it is in the tables";
  EXPECT_EQ(landed.stuck_since, kNow - minutes(120)) << "the oldest of them";
  EXPECT_EQ(landed.stuck_key, held);
  EXPECT_EQ(landed.hours.front().stuck, 2u);
  EXPECT_EQ(landed.hours.front().events, 10u) << "none of theirs is loaded";
}

TEST_F(LandedTest, WhatIsHeldBeforeSomethingIsLoadedOrWaitsKeepsNothingFromBeingFresher) {
  Know(Store(minutes(130), "held"), ObjectState::kHeld);
  StoreLoaded(minutes(120), "loaded", "2026-11-27 12:35:00");
  EXPECT_FALSE(Walk().stuck_since);
  EXPECT_EQ(Walk().stuck_key, "");
  Know(Store(minutes(110), "held again"), ObjectState::kHeld);
  EXPECT_EQ(Walk().stuck_since, kNow - minutes(110));
  Store(minutes(115), "waits");
  EXPECT_FALSE(Walk().stuck_since);
}

TEST_F(LandedTest, OnlyTheVersionThatIsStoredIsStuck) {
  const std::string key = Store(minutes(120), "a");
  Know(key, ObjectState::kHeld);
  EXPECT_EQ(Walk().hours.at(0).stuck, 1u);
  store_.objects[0].etag = "another";
  EXPECT_EQ(Walk().hours.at(0).stuck, 0u);
  EXPECT_EQ(Walk().waiting, 1u);
  store_.objects[0].etag = "";  // as a directory lists it
  EXPECT_EQ(Walk().hours.at(0).stuck, 1u);
}

TEST_F(LandedTest, WhatIsNoLongerThereWasLoadedAllTheSame) {
  const std::string key = RawLayout().KeyFor(kNow - minutes(5), "gone").text;
  Know(key, ObjectState::kLoaded, {.lines = 3, .loaded = 3});
  const Landed landed = Walk();
  ASSERT_EQ(landed.hours.size(), 1u);
  EXPECT_EQ(landed.hours[0].objects, 1u);
  EXPECT_EQ(landed.hours[0].loaded, 3u);
  EXPECT_FALSE(landed.fresh_to);
}

TEST_F(LandedTest, OlderHoursAndForeignKeysAreLeftOut) {
  Store(hours(24), "yesterday at this hour");
  store_.objects.push_back({.key = "date=2026-11-27/14x/y", .size = {1}, .etag = "e"});
  store_.objects.push_back({.key = "readme", .size = {1}, .etag = "e"});
  EXPECT_THAT(Walk().hours, IsEmpty());
  Store(hours(23), "its last hour");
  EXPECT_EQ(Walk().hours.size(), 24u);
}

TEST_F(LandedTest, ALayoutWithoutHoursHasDays) {
  const RawLayout days = *RawLayout::Parse("%Y/%m/%d/");
  Store(hours(20), "yesterday", days);
  Store(minutes(20), "today", days);
  const Landed landed = Walk(days);
  ASSERT_EQ(landed.hours.size(), 2u);
  EXPECT_EQ(landed.hours[0].hour, At("2026-11-26T00:00:00Z"));
  EXPECT_EQ(landed.hours[1].hour, At("2026-11-27T00:00:00Z"));
}

TEST_F(LandedTest, WithoutALedgerTheNewestWaitAsManyAsThereAreNotifications) {
  for (const int ago : {50, 10, 40, 20, 30}) Store(minutes(ago), std::to_string(ago));
  const auto landed = EstimateLanded(store_, RawLayout(), kNow, {}, 2);
  ASSERT_TRUE(landed);
  EXPECT_TRUE(landed->is_estimate);
  EXPECT_EQ(landed->waiting, 2u);
  EXPECT_EQ(landed->fresh_to, kNow - minutes(30));
  EXPECT_EQ(landed->oldest_waiting, kNow - minutes(20));
  const auto all = EstimateLanded(store_, RawLayout(), kNow, {}, 9);
  EXPECT_EQ(all->waiting, 5u);
  EXPECT_FALSE(all->fresh_to);
}

}  // namespace
}  // namespace sluice
