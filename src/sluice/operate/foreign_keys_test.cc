// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/foreign_keys.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sluice/operate/hour_range.h"
#include "sluice/operate/listed_store_for_test.h"

namespace sluice {
namespace {

class ForeignKeysTest : public ::testing::Test {
 protected:
  void Store(const std::string& key) { store_.objects.push_back({.key = key}); }
  ForeignKeys Find(const RawLayout& layout = RawLayout()) {
    const auto found = FindForeign(store_, layout, FoldersOf(layout, hours_));
    EXPECT_TRUE(found) << found.error().message();
    return *found;
  }

  ListedStore store_;
  const HourRange hours_ = *ParseHourRange("2026-11-23T08", "2026-11-23T10");
};

TEST_F(ForeignKeysTest, EachIsCountedWhereverItLies) {
  for (const char* const key :
       {"backup/x", "date=2026-11-22/23", "date=2026-11-23/09", "date=2026-11-23/24/x",
        "date=2026-11-23/9/x", "date=20261123/09/x", "x"}) {
    Store(key);
  }
  EXPECT_FALSE(Find().matches);
  for (const char* const key :
       {"_sluice/x", "a/", "date=2026-11-21/00/x", "date=2026-11-23/07/x", "date=2026-11-23/08/x",
        "date=2026-11-23/09/a", "date=2026-11-23/09/b", "date=2026-11-23/09/c",
        "date=2027-01-01/00/x"}) {
    Store(key);
  }
  for (const size_t most : {1, 2, 3, 100}) {
    store_.most = most;
    const ForeignKeys found = Find();
    EXPECT_EQ(found.count, 7u);
    EXPECT_EQ(found.example, "date=2026-11-23/09") << "of the day that was asked about";
    EXPECT_TRUE(found.matches);
    EXPECT_TRUE(found.is_whole);
  }
}

TEST_F(ForeignKeysTest, WhatIsWalkedThroughIsNoMatchElsewhere) {
  Store("date=2026-11-23/09/a");
  EXPECT_FALSE(Find().matches);
  EXPECT_EQ(Find().count, 0u);
}

TEST_F(ForeignKeysTest, AnHourOfManyKeysIsOneListing) {
  for (int i = 0; i < 300; ++i) Store(fmt::format("date=2026-11-22/10/{:03}", i));
  Store("date=2026-11-22/9/x");
  EXPECT_EQ(Find().count, 1u);
  EXPECT_LE(store_.listings, 4);
}

TEST_F(ForeignKeysTest, OfVeryManyItIsGivenUp) {
  store_.most = 1;
  for (int i = 0; i < 300; ++i) Store(fmt::format("x/{:03}", i));
  EXPECT_EQ(Find().count, 202u) << "200, and one for each hour";
  EXPECT_FALSE(Find().is_whole);
}

TEST_F(ForeignKeysTest, AStoreThatIsWalkedThroughAsAWholeIsNotListedAgain) {
  Store("x");
  EXPECT_EQ(Find(*RawLayout::Parse("%M/%Y-%m-%d-%H/")).count, 0u);
  EXPECT_EQ(store_.listings, 0);
}

}  // namespace
}  // namespace sluice
