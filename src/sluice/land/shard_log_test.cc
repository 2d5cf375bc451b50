// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/shard_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/test_folder.h"
#include "sluice/land/lander_test_fixture.h"
#include "sluice/object/directory_store.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Appended = ShardLog::Appended;
using State = ShardEntry::State;

ShardEntry Entry(uint64_t number, const std::string& worker = "w", State state = State::kLanded) {
  return {.number = number,
          .worker = worker,
          .state = state,
          .range = ShardRange{.first = {"9"},
                              .last = {"10"},
                              .records = 2,
                              .key = {"date=2026-11-23/14/a \"b\".ndjson.gz"},
                              .format = StreamFormat::kGzip,
                              .lines = "0a"},
          .lost = 3};
}

class ShardLogTest : public ::testing::Test {
 protected:
  Appended Append(const ShardEntry& entry) {
    const auto appended = log_.Append(entry);
    EXPECT_TRUE(appended) << appended.error().message();
    return appended ? *appended : Appended::kOthers;
  }
  void PutText(const std::string& key, const std::string& text) {
    const auto pending = store_->Create(key).value();
    ASSERT_TRUE(pending->Write(text));
    ASSERT_TRUE(pending->Commit());
  }
  std::vector<ObjectInfo> All() { return store_->List("", "", 1000).value().objects; }

  TestFolder folder_;
  std::unique_ptr<DirectoryStore> store_ = DirectoryStore::At(folder_.path()).value();
  const std::string place_ = ShardLogFolder("c", "s", "shard");
  ShardLog log_{*store_, place_};
};

TEST_F(ShardLogTest, AnEmptyLogHasNoNewestEntry) {
  EXPECT_FALSE(log_.Newest().value());
}

TEST_F(ShardLogTest, TheNewestIsTheLastThatWasAppended) {
  for (uint64_t number = 0; number < 12; ++number) {
    EXPECT_EQ(Append(Entry(number)), Appended::kMine);
    EXPECT_EQ(log_.Newest().value(), Entry(number));
  }
}

TEST_F(ShardLogTest, OnlyTheLastFewAreKept) {
  for (uint64_t number = 0; number < 30; ++number) Append(Entry(number));
  EXPECT_THAT(All(), SizeIs(8));
}

// Fault L19.
TEST_F(ShardLogTest, OfTwoWorkersWithOneNumberTheFirstHasIt) {
  EXPECT_EQ(Append(Entry(0, "one")), Appended::kMine);
  EXPECT_EQ(Append(Entry(0, "other")), Appended::kOthers);
  EXPECT_EQ(log_.Newest().value()->worker, "one");
  EXPECT_EQ(Append(Entry(0, "one")), Appended::kMine) << "its reply may have been lost";
}

// Fault L19.
TEST_F(ShardLogTest, AnEntryThatIsNotTheNewestIsNoWorkers) {
  for (uint64_t number = 0; number < 12; ++number) Append(Entry(number, "one"));
  EXPECT_EQ(Append(Entry(2, "zombie")), Appended::kOthers) << "number 2 was taken away";
  EXPECT_EQ(log_.Newest().value()->number, 11u);
  Append(Entry(12, "one"));
  EXPECT_THAT(All(), SizeIs(8)) << "what the zombie left goes with the next entry";
}

// As S3's store lists a folder marker that somebody made by hand.
class MarkedStore : public WatchedStore {
 public:
  using WatchedStore::WatchedStore;
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit) override {
    if (after.empty()) return ListPage{.objects = {}, .next = std::string(prefix)};
    return WatchedStore::List(prefix, after, limit);
  }
};

TEST_F(ShardLogTest, AnEmptyPageIsNotTheEndOfAListing) {
  MarkedStore marked(*store_);
  ShardLog log(marked, place_);
  Append(Entry(0));
  EXPECT_EQ(log.Newest().value()->number, 0u);
  EXPECT_EQ(log.Append(Entry(1)).value(), Appended::kMine);
}

TEST_F(ShardLogTest, LogsOfOtherShardsAreApart) {
  // The one's folder begins as the other's does.
  ShardLog other(*store_, ShardLogFolder("c", "s", "shard-1"));
  Append(Entry(0));
  Append(Entry(1));
  ASSERT_TRUE(other.Append(Entry(0)));
  EXPECT_EQ(log_.Newest().value()->number, 1u);
  EXPECT_EQ(other.Newest().value()->number, 0u);
}

TEST_F(ShardLogTest, WhatIsNoEntryIsNamed) {
  const std::string key = ShardEntryKeyFor(place_, 7).text;
  PutText(key, "{}");
  const auto newest = log_.Newest();
  ASSERT_FALSE(newest);
  EXPECT_EQ(newest.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(newest.error().message(), HasSubstr(key));
}

TEST_F(ShardLogTest, AnEntryUnderAnotherNumbersKeyIsRefused) {
  PutText(ShardEntryKeyFor(place_, 7).text, ToJson(Entry(6)));
  EXPECT_EQ(log_.Newest().error().kind(), ErrorKind::kBadData);
}

TEST_F(ShardLogTest, AForeignObjectInTheFolderIsRefused) {
  Append(Entry(0));
  PutText(place_ + "000.json", "{}");
  EXPECT_EQ(log_.Newest().error().kind(), ErrorKind::kPermanent);
}

TEST_F(ShardLogTest, AnEntryThatIsTooLargeIsRefused) {
  PutText(ShardEntryKeyFor(place_, 0).text, ToJson(Entry(0)) + std::string(100'000, ' '));
  EXPECT_EQ(log_.Newest().error().kind(), ErrorKind::kBadData);
}

TEST(ShardEntryTest, WhatIsWrittenIsRead) {
  for (const State state : {State::kLanding, State::kLanded, State::kFinished}) {
    EXPECT_EQ(ParseShardEntry(ToJson(Entry(11, "w", state))).value(), Entry(11, "w", state));
  }
  const ShardEntry none{.worker = "w", .state = State::kFinished};
  EXPECT_EQ(ParseShardEntry(ToJson(none)).value(), none);
  ShardEntry lost = Entry(5);
  lost.range->records = 0;
  lost.range->key.text.clear();
  EXPECT_EQ(ParseShardEntry(ToJson(lost)).value(), lost);
}

TEST(ShardEntryTest, IsTheJsonThatTheDocumentationShows) {
  EXPECT_EQ(
      ToJson(Entry(11)),
      R"({"version":1,"number":11,"worker":"w","state":"landed","first":"9","last":"10",)"
      R"("records":2,"key":"date=2026-11-23/14/a \"b\".ndjson.gz","format":"gzip","lines":"0a",)"
      R"("lost":3})"
      "\n");
}

TEST(ShardEntryTest, WhatIsNoEntryIsRefused) {
  const std::string good = ToJson(Entry(11));
  const auto without = [&](const std::string& text, const std::string& instead = "") {
    std::string other = good;
    const size_t at = other.find(text);
    EXPECT_NE(at, std::string::npos) << text;
    return other.replace(at, text.size(), instead);
  };
  for (const std::string& text : {std::string(),
                                  std::string("null"),
                                  std::string("[]"),
                                  std::string("{}"),
                                  good.substr(0, good.size() - 2),
                                  without("\"version\":1,"),
                                  without("\"number\":11,"),
                                  without("\"number\":11", "\"number\":-1"),
                                  without("\"number\":11", "\"number\":1.5"),
                                  without("\"worker\":\"w\","),
                                  without("\"landed\"", "\"sunk\""),
                                  without("\"first\":\"9\","),
                                  without("\"first\":\"9\"", "\"first\":9"),
                                  without("\"first\":\"9\"", "\"first\":\"11\""),
                                  without("\"last\":\"10\"", "\"last\":\"010\""),
                                  without("\"records\":2,"),
                                  without("\"key\":", "\"kee\":"),
                                  without("date=2026", "../date=2026"),
                                  without("\"gzip\"", "\"rar\""),
                                  without("\"lost\":3", "\"lost\":\"3\"")}) {
    const auto entry = ParseShardEntry(text);
    ASSERT_FALSE(entry) << text;
    EXPECT_NE(entry.error().kind(), ErrorKind::kTransient) << text;
  }
  ShardEntry nothing = Entry(1, "w", State::kLanding);
  nothing.range->records = 0;
  EXPECT_FALSE(ParseShardEntry(ToJson(nothing)));
}

TEST(ShardEntryTest, AnotherVersionIsLeftToTheSluiceThatWroteIt) {
  const auto entry = ParseShardEntry(R"({"version":2,"whatever":true})");
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(entry.error().message(), HasSubstr("version=2"));
}

}  // namespace
}  // namespace sluice
