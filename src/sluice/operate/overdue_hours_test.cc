// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/overdue_hours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/test_folder.h"
#include "sluice/object/directory_store.h"
#include "sluice/operate/listed_store_for_test.h"

namespace sluice {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;

const Timestamp kHour = *FromIso8601("2026-11-23T14:00:00Z");

const LedgerPages kNothingKnown = [](const LedgerRange&) { return std::vector<LedgerObject>(); };

TEST(OverdueHoursTest, ATextIsReadAsItWasWritten) {
  const OverdueHours overdue = {{kHour, 3}, {kHour + hours(1), 1'000'000}};
  EXPECT_EQ(ToText(overdue), "sluice missing 1\n2026-11-23T14 3\n2026-11-23T15 1000000\n");
  EXPECT_EQ(*ParseOverdueHours(ToText(overdue)), overdue);
  EXPECT_EQ(*ParseOverdueHours(ToText(OverdueHours())), OverdueHours());
  for (const char* const text :
       {"", "sluice missing 2\n", "sluice missing 1\n2026-11-23T14 3", "sluice missing 1\n\n",
        "sluice missing 1\n2026-11-23T14\n", "sluice missing 1\n2026-11-23T14 0\n",
        "sluice missing 1\n2026-11-23T14 3x\n", "sluice missing 1\nsoon 3\n"}) {
    const auto parsed = ParseOverdueHours(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind(), ErrorKind::kBadData);
  }
}

TEST(OverdueHoursTest, OfVeryManyTheNewestAreWritten) {
  OverdueHours overdue;
  for (int i = 0; i < 10'001; ++i) overdue[kHour + hours(i)] = 1;
  const OverdueHours kept = *ParseOverdueHours(ToText(overdue));
  EXPECT_EQ(kept.size(), 10'000u);
  EXPECT_EQ(kept.begin()->first, kHour + hours(1));
}

TEST(OverdueHoursTest, OutsideIsWhatTheFoldersOfARangeDoNotHold) {
  const OverdueHours overdue = {{kHour - hours(14), 1}, {kHour, 2}, {kHour + hours(10), 3}};
  const HourRange one{kHour, kHour + hours(1)};
  EXPECT_EQ(Outside(overdue, RawLayout(), one),
            (OverdueHours{{kHour - hours(14), 1}, {kHour + hours(10), 3}}));
  EXPECT_EQ(Outside(overdue, *RawLayout::Parse("%Y/%m/%d/"), one),
            (OverdueHours{{kHour + hours(10), 3}}))
      << "a folder for a day";
}

// What was loaded since costs no place: an hour of which nothing is missing any more is passed by.
TEST(OverdueHoursTest, SomeAreLookedIntoAndTheOthersAreAsTheyWere) {
  ListedStore store;
  OverdueHours overdue, wanted;
  for (size_t i = 0; i < 2 * kStillMissing + 2; ++i) {
    const Timestamp hour = kHour + hours(i);
    overdue[hour] = 7;
    if (i % 2 == 1) continue;
    store.objects.push_back({.key = RawLayout().KeyFor(hour, "a").text});
    wanted[hour] = 1;
  }
  const Timestamp last = kHour + hours(2 * kStillMissing);
  wanted[last] = wanted[last + hours(1)] = 7;
  EXPECT_EQ(*LookAgain(store, kNothingKnown, RawLayout(), overdue, kHour), wanted);
  EXPECT_EQ(*LookAgain(store, kNothingKnown, RawLayout(), {{kHour, 7}}, Timestamp(-hours(1))),
            OverdueHours())
      << "what is young may be on its way";
}

TEST(OverdueHoursTest, HoursWithVeryManyObjectsAreNotAllLookedInto) {
  ListedStore store;
  store.most = kWalkedObjects;
  for (size_t i = 0; i < kWalkedObjects; ++i) {
    store.objects.push_back({.key = RawLayout().KeyFor(kHour, fmt::format("{:06}", i)).text});
  }
  EXPECT_EQ(*LookAgain(store, kNothingKnown, RawLayout(),
                       {{kHour - hours(2), 7}, {kHour, 7}, {kHour + hours(2), 7}}, kHour),
            (OverdueHours{{kHour, kWalkedObjects}, {kHour + hours(2), 7}}));
}

TEST(OverdueHoursTest, HoursThatFollowEachOtherAreOneWalkAndThereAreFew) {
  ListedStore store;
  int asked = 0;
  const LedgerPages ledger = [&](const LedgerRange&) {
    ++asked;
    return std::vector<LedgerObject>();
  };
  OverdueHours day, apart;
  for (size_t i = 0; i < 24; ++i) day[kHour + hours(i)] = 7;
  EXPECT_EQ(*LookAgain(store, ledger, RawLayout(), day, kHour), OverdueHours());
  EXPECT_EQ(asked, 1);
  for (size_t i = 0; i < kWalks + 2; ++i) apart[kHour + hours(2 * i)] = 7;
  EXPECT_EQ(LookAgain(store, ledger, RawLayout(), apart, kHour)->size(), 2u);
  EXPECT_EQ(static_cast<size_t>(asked), 1 + kWalks);
}

TEST(OverdueHoursTest, WhereAnotherProcessWasQuickerTheChangeIsMadeAgain) {
  const TestFolder folder;
  const auto store = *DirectoryStore::At(folder.path());
  OverdueMemory memory(*store, "p"), other(*store, "p");
  EXPECT_EQ(*memory.Read(), OverdueHours());
  int calls = 0;
  const Status done = memory.Change([&](OverdueHours overdue) {
    if (calls++ == 0) {
      EXPECT_TRUE(other.Change([](const OverdueHours&) { return OverdueHours{{kHour, 1}}; }));
    }
    overdue[kHour + hours(1)] = 2;
    return overdue;
  });
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(*other.Read(), (OverdueHours{{kHour, 1}, {kHour + hours(1), 2}}));
  const size_t written = store->List("", "", 100)->objects.size();
  EXPECT_TRUE(memory.Change([](const OverdueHours& overdue) { return overdue; }));
  EXPECT_EQ(store->List("", "", 100)->objects.size(), written) << "nothing changed";
}

TEST(OverdueHoursTest, AnotherTextInTheMemoryIsNamed) {
  const TestFolder folder;
  const auto store = *DirectoryStore::At(folder.path());
  ASSERT_TRUE(MemoryLog(*store, "missing", "p").Append("something else"));
  const auto read = OverdueMemory(*store, "p").Read();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), HasSubstr("_sluice/missing/p/999999999999.txt"));
}

}  // namespace
}  // namespace sluice
