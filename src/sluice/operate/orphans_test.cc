// SPDX-License-Identifier: Apache-2.0
// The Parquet store beside what the ledger names of it, in many pages.
#include "sluice/operate/orphans.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "sluice/base/hash.h"
#include "sluice/operate/store_owner.h"
#include "sluice/parquet/parquet_writer.h"

namespace sluice {
namespace {

// Objects in memory, as many in a page as are asked for.
class ListedParquet : public ObjectStore {
 public:
  std::set<std::string> keys;
  std::map<std::string, std::string> contents;  // of those that can be read
  std::set<std::string> unseen;                 // by the listing
  ErrorKind unread = ErrorKind::kPermanent;     // of the others
  std::vector<std::string> removed;

  const std::string& uri() const override { return uri_; }
  Result<ListPage> List(std::string_view, std::string_view after, size_t limit) override {
    ListPage page;
    for (auto key = keys.upper_bound(std::string(after)); key != keys.end(); ++key) {
      if (unseen.contains(*key)) continue;
      if (page.objects.size() == limit) {
        page.next = page.objects.back().key;
        break;
      }
      page.objects.push_back({.key = *key, .size = {1}, .etag = "", .last_modified = {}});
    }
    return page;
  }
  Result<std::unique_ptr<PendingObject>> Create(const std::string&) override { return No(); }
  Result<std::unique_ptr<ObjectReader>> Open(const std::string&) override { return No(); }
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string& key) override {
    if (!keys.contains(key)) return Fail(ErrorKind::kNotFound, "there is no {}", key);
    const auto found = contents.find(key);
    if (found == contents.end()) return Fail(unread, "cannot read {}", key);
    return std::make_unique<StringAccess>(found->second);
  }
  Result<ObjectInfo> Stat(const std::string& key) override {
    if (!keys.contains(key)) return Fail(ErrorKind::kNotFound, "there is no {}", key);
    return ObjectInfo{.key = key, .size = {1}, .etag = "", .last_modified = {}};
  }
  Status Remove(const std::string& key) override {
    removed.push_back(key);
    keys.erase(key);
    return {};
  }

 private:
  static std::unexpected<Error> No() { return Fail(ErrorKind::kPermanent, "nobody writes"); }
  const std::string uri_ = "s3://parquet/";
};

FilePages PagesOf(const std::set<std::string>& named) {
  return [&named](const std::string& after, size_t limit) -> Result<std::vector<NamedFile>> {
    std::vector<NamedFile> page;
    for (auto key = named.upper_bound(after); key != named.end() && page.size() < limit; ++key) {
      page.push_back({*key, true});
    }
    return page;
  };
}

TEST(ParquetWalk, EveryKeyOfManyPagesComesOnceWithWhatIsKnownOfIt) {
  ListedParquet store;
  std::set<std::string> named;
  constexpr int kKeys = 60'000;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = fmt::format("k{:06}", i);
    if (i % 3 != 0 || i > 50'000) store.keys.insert(key);
    if (i % 2 == 0 && i < 55'000) named.insert(key);
  }
  ParquetWalk walk(store, PagesOf(named));
  std::set<std::string> all = store.keys;
  all.insert(named.begin(), named.end());
  for (const std::string& key : all) {
    const auto state = walk.Next();
    ASSERT_TRUE(state) << state.error().message();
    ASSERT_TRUE(*state) << key;
    ASSERT_EQ((*state)->key, key);
    ASSERT_EQ((*state)->stored.has_value(), store.keys.contains(key)) << key;
    ASSERT_EQ((*state)->is_named, named.contains(key)) << key;
  }
  EXPECT_FALSE(*walk.Next());
  EXPECT_FALSE(*walk.Next());
}

TEST(ParquetWalk, OfHoursNothingElseComes) {
  ListedParquet store;
  std::set<std::string> named;
  for (int day = 20; day < 23; ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      const std::string folder = fmt::format("date=2026-11-{}/{:02}/", day, hour);
      store.keys.insert(folder + "t/a");
      named.insert(folder + "t/b");
    }
  }
  named.insert("date=2026-11-21/00.not/an/hour");
  const Timestamp day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
  ParquetWalk walk(store, PagesOf(named),
                   HourRange{day - std::chrono::hours(1), day + std::chrono::hours(2)});
  std::vector<std::string> found;
  while (true) {
    const auto state = walk.Next();
    ASSERT_TRUE(state) << state.error().message();
    if (!*state) break;
    found.push_back((*state)->key);
  }
  EXPECT_THAT(found, testing::ElementsAre("date=2026-11-20/23/t/a", "date=2026-11-20/23/t/b",
                                          "date=2026-11-21/00.not/an/hour",
                                          "date=2026-11-21/00/t/a", "date=2026-11-21/00/t/b",
                                          "date=2026-11-21/01/t/a", "date=2026-11-21/01/t/b"));
}

// Else what is named would be taken for an orphan.
TEST(ParquetWalk, FilesInAnotherOrderAreAnError) {
  ListedParquet store;
  store.keys = {"a", "b"};
  ParquetWalk walk(store, [](const std::string&, size_t) -> Result<std::vector<NamedFile>> {
    return std::vector<NamedFile>{{"b"}, {"a"}};
  });
  const auto state = walk.Next();
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message(), testing::HasSubstr("order of their bytes"));
}

// A ledger in memory, which changes where a test says so.
class ScriptedLedger : public Warehouse {
 public:
  std::map<std::string, bool> named;       // key -> by this pipeline
  std::map<int64_t, ObjectState> objects;  // what is not here is not known
  std::string newest = "now";              // revision of the newest load
  std::function<void()> on_peek = [] {};   // just before it is asked

  Result<std::vector<ObjectOutcome>> Peek(std::span<const int64_t> wanted) override {
    on_peek();
    std::vector<ObjectOutcome> outcomes;
    for (const int64_t object : wanted) {
      ObjectOutcome& outcome = outcomes.emplace_back();
      if (const auto found = objects.find(object); found != objects.end()) {
        outcome.state = found->second;
      }
    }
    return outcomes;
  }
  Result<std::vector<NamedFile>> ListFiles(const std::string& after, size_t limit) override {
    std::vector<NamedFile> page;
    for (auto one = named.upper_bound(after); one != named.end() && page.size() < limit; ++one) {
      page.push_back({one->first, one->second});
    }
    return page;
  }
  Result<std::vector<std::string>> NamedAmong(std::span<const std::string> keys) override {
    std::vector<std::string> found;
    for (const std::string& key : keys) {
      if (named.contains(key)) found.push_back(key);
    }
    return found;
  }
  Result<std::vector<LedgerPart>> ListParts(const PartQuery& query) override {
    EXPECT_EQ(query.state, ObjectState::kLoaded);
    if (newest.empty()) return std::vector<LedgerPart>();
    LedgerPart part;
    part.revision = newest;
    return std::vector<LedgerPart>{part};
  }

  // Nobody asks for these.
  Result<std::unique_ptr<StagedLoad>> Stage(const LoadPlan&) override { return No(); }
  Result<std::vector<ObjectOutcome>> Outcome(std::span<const int64_t>) override { return No(); }
  Status Settle(std::span<const Settlement>) override { return No(); }
  Result<uint64_t> RefusedInARow(std::span<const int64_t>) override { return No(); }
  Result<WarehouseState> Probe() override { return No(); }
  Status Prepare() override { return No(); }
  Status RequireTables() override { return No(); }
  Result<std::vector<LiveColumn>> Describe(const Table&) override { return No(); }
  Status Change(const std::string&) override { return No(); }
  Result<std::optional<std::string>> Pause(const std::optional<std::string>&) override {
    return No();
  }
  Result<std::vector<TableBalance>> Balance() override { return No(); }
  Result<std::vector<StateCount>> States(Timestamp) override { return No(); }
  Result<std::vector<LedgerObject>> ListObjects(const LedgerRange&) override { return No(); }
  Result<uint64_t> CountRows(const Table&) override { return No(); }
  Result<std::vector<TextRow>> SampleRows(const Table&, size_t) override { return No(); }
  Result<TableCheck> Check(const Table&, const EventHours&) override { return No(); }
  Result<QuarantineSummary> SumQuarantine(const QuarantineFilter&) override { return No(); }
  Result<std::vector<QuarantinedEvent>> ListQuarantined(const QuarantineFilter&) override {
    return No();
  }
  Result<std::vector<QuarantinedLine>> ListReplayable(
      const QuarantineFilter&, const std::optional<QuarantinedLine>&) override {
    return No();
  }
  Result<uint64_t> AcceptQuarantined(const QuarantineFilter&, const Acceptance&) override {
    return No();
  }
  Result<bool> AcceptOverwritten(int64_t, const Acceptance&) override { return No(); }
  Result<std::vector<EventHour>> CountHours(const Table&, const EventHours&) override {
    return No();
  }
  Result<EventTraces> FindEvent(const std::string&, size_t) override { return No(); }

 private:
  static std::unexpected<Error> No() { return Fail(ErrorKind::kPermanent, "nobody asks for it"); }
};

class CollectGarbageTest : public ::testing::Test {
 protected:
  CollectGarbageTest() { Own("me"); }

  void Own(const std::string& owner) {
    store_.keys.insert(std::string(kOwnerKey));
    store_.contents[std::string(kOwnerKey)] = owner + "\n";
  }
  // A Parquet object of a raw object that the ledger has as loaded.
  std::string Put(const std::string& object, const std::string& revision = "before") {
    const std::string key = KeyOf(object);
    StringSink sink;
    ParquetWriter writer({{"a", {.kind = TypeKind::kInteger}}}, {}, sink);
    EXPECT_TRUE(writer.Finish({{"sluice.object", object}, {"sluice.revision", revision}}));
    store_.keys.insert(key);
    store_.contents[key] = sink.text();
    ledger_.objects[First63Bits(Sha256Of(object))] = ObjectState::kLoaded;
    return key;
  }
  static std::string KeyOf(const std::string& object) {
    return fmt::format("date=2026-11-23/14/events/{}-0123456789abcdef.parquet", object);
  }
  GcReport Collect(GcMode mode = GcMode::kRemove) {
    auto report = CollectGarbage(
        store_, ledger_,
        {.mode = mode, .young_since = Timestamp::max(), .revision = "now", .owner = "me"});
    EXPECT_TRUE(report) << report.error().message();
    return report.value_or(GcReport());
  }

  ListedParquet store_;
  ScriptedLedger ledger_;
};

TEST_F(CollectGarbageTest, WhatNobodyNamesIsRemoved) {
  const std::string orphan = Put("a");
  const std::string current = Put("b", "now");
  EXPECT_EQ(Collect(GcMode::kDryRun).orphans, 1u);
  EXPECT_THAT(store_.removed, testing::IsEmpty());
  const GcReport report = Collect();
  EXPECT_EQ(std::tie(report.stored, report.orphans, report.current, report.removed),
            std::tuple(2u, 1u, 1u, 1u));
  EXPECT_THAT(store_.removed, testing::ElementsAre(orphan));
}

// The walk saw the ledger before the load committed, and the outcome is asked for after it.
TEST_F(CollectGarbageTest, WhatALoadNamesMeanwhileStays) {
  const std::string key = Put("a");
  ledger_.on_peek = [&] { ledger_.named[key] = true; };
  const GcReport report = Collect();
  EXPECT_EQ(std::tie(report.named, report.orphans), std::tuple(1u, 0u));
  EXPECT_THAT(store_.removed, testing::IsEmpty());
}

TEST_F(CollectGarbageTest, AStoreOfAnotherLedgerKeepsAll) {
  Put("a");
  Own("another");
  const GcReport report = Collect();
  EXPECT_EQ(std::tie(report.orphans, report.removed), std::tuple(1u, 0u));
  EXPECT_THAT(report.refusal, testing::HasSubstr("owner=another asked=me"));
  EXPECT_THAT(store_.removed, testing::IsEmpty());
}

TEST_F(CollectGarbageTest, AStoreThatNobodyClaimedKeepsAll) {
  Put("a");
  store_.keys.erase(std::string(kOwnerKey));
  EXPECT_THAT(Collect().refusal, testing::HasSubstr("gc --claim"));
  EXPECT_THAT(store_.removed, testing::IsEmpty());
}

// A replace of that build may be about to name what it wrote before it died.
TEST_F(CollectGarbageTest, WhereAnotherBuildLoadsNothingIsRemoved) {
  Put("a", "another");
  ledger_.newest = "another";
  const GcReport report = Collect();
  EXPECT_EQ(std::tie(report.orphans, report.removed), std::tuple(1u, 0u));
  EXPECT_THAT(report.refusal, testing::HasSubstr("another configuration or build"));
  EXPECT_THAT(store_.removed, testing::IsEmpty());
}

TEST_F(CollectGarbageTest, OnlyWhatThisPipelineNamesCanBeMissing) {
  ledger_.named = {{KeyOf("theirs"), false}, {KeyOf("ours"), true}, {"ours", true}};
  const GcReport report = Collect();
  EXPECT_EQ(report.missing, 1u);
  EXPECT_THAT(report.missing_examples, testing::ElementsAre(KeyOf("ours")));
  const Timestamp day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);
  const auto compared = CompareParquet(store_, FilePagesOf(ledger_),
                                       HourRange{day, day + std::chrono::hours(24)}, {});
  ASSERT_TRUE(compared) << compared.error().message();
  EXPECT_THAT(compared->examples, testing::ElementsAre(KeyOf("ours")));
}

TEST_F(CollectGarbageTest, WhatALoadWroteBehindTheListingIsNotMissing) {
  ledger_.named[Put("a")] = true;
  store_.unseen = {KeyOf("a")};
  EXPECT_EQ(Collect().missing, 0u);
}

TEST_F(CollectGarbageTest, OneObjectThatCannotBeReadStopsNothing) {
  const std::string orphan = Put("b");
  store_.contents.erase(Put("a"));
  const GcReport report = Collect();
  EXPECT_EQ(std::tie(report.unreadable, report.removed), std::tuple(1u, 1u));
  EXPECT_THAT(store_.removed, testing::ElementsAre(orphan));
  store_.unread = ErrorKind::kTransient;
  GcOptions options;
  options.young_since = Timestamp::max();
  EXPECT_FALSE(CollectGarbage(store_, ledger_, options));
}

}  // namespace
}  // namespace sluice
