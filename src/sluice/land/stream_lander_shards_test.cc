// SPDX-License-Identifier: Apache-2.0
// Where StreamLander begins, and in which order it goes on when shards are split and merged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/land/stream_lander_test_fixture.h"
#include "sluice/land/stream_start.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using State = ShardEntry::State;

constexpr const char* kFourth = "shardId-000000000003";

class StreamLanderShardsTest : public StreamLanderTest {
 protected:
  static StreamLanderOptions From(const StreamPosition& from) {
    StreamLanderOptions options = Plain();
    options.from = from;
    return options;
  }
  // What a process landed, object by object.
  std::vector<std::string> Landed(const StreamLanderOptions& options = Plain()) {
    const auto worker = Worker(options);
    std::vector<std::string> contents;
    for (;;) {
      const auto report = LandOne(*worker);
      EXPECT_TRUE(report) << report.error().message();
      if (!report || report->queue_was_empty) return contents;
      if (report->objects > 0) contents.push_back(ContentOf(report->key.text));
    }
  }
};

TEST_F(StreamLanderShardsTest, TheTrimHorizonIsEverythingThatIsThere) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  clock_.Advance(hours(20));
  PutNumbers(kShard, 2, 4);
  EXPECT_THAT(Landed(), ElementsAre(Lines(0, 4)));
}

TEST_F(StreamLanderShardsTest, TheLatestIsOfTheFirstVisitAndNoOther) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  clock_.Advance(minutes(2));
  const StreamLanderOptions latest = From(StreamPosition::Latest());
  EXPECT_THAT(Landed(latest), IsEmpty());
  PutNumbers(kShard, 2, 4);
  clock_.Advance(minutes(5));
  EXPECT_THAT(Landed(latest), ElementsAre(Lines(2, 4))) << "what came between two visits";
}

TEST_F(StreamLanderShardsTest, TheLatestIsOfAMinuteAgo) {
  MakeStream(1);
  PutNumbers(kShard, 0, 1);
  clock_.Advance(seconds(61));
  PutNumbers(kShard, 1, 2);
  clock_.Advance(seconds(59));
  EXPECT_THAT(Landed(From(StreamPosition::Latest())), ElementsAre(Lines(1, 2)));
}

TEST_F(StreamLanderShardsTest, ATimeIsThatOfTheFirstRecordsArrival) {
  MakeStream(2);
  PutNumbers(kShard, 0, 2);
  PutNumbers(kSecond, 2, 3);
  clock_.Advance(hours(1));
  const Timestamp from = clock_.Now();
  PutNumbers(kShard, 3, 4);
  EXPECT_THAT(Landed(From(StreamPosition::AtTimestamp(from))), ElementsAre(Lines(3, 4)));
}

TEST_F(StreamLanderShardsTest, TheStartIsFixedByTheFirstVisit) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  clock_.Advance(minutes(5));
  EXPECT_THAT(Landed(From(StreamPosition::Latest())), IsEmpty());
  EXPECT_THAT(Landed(From(StreamPosition::TrimHorizon())), IsEmpty());
}

TEST_F(StreamLanderShardsTest, ANewShardIsReadFromItsFirstRecordWhereverLandingBegan) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  clock_.Advance(hours(1));
  const StreamLanderOptions latest = From(StreamPosition::Latest());
  EXPECT_THAT(Landed(latest), IsEmpty());
  ASSERT_TRUE(sqlite_->Split(kShard));
  PutNumbers(kSecond, 2, 4);
  clock_.Advance(hours(1));
  EXPECT_THAT(Landed(latest), ElementsAre(Lines(2, 4)));
}

TEST_F(StreamLanderShardsTest, AnotherConsumerHasItsOwnProgress) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  Landed();
  StreamLanderOptions other = Plain();
  other.consumer = "other";
  // The same key and the same bytes: its raw store should be another one.
  EXPECT_THAT(Landed(other), ElementsAre(Lines(0, 2)));
  EXPECT_THAT(Landed(other), IsEmpty());
}

// Fault L18.
TEST_F(StreamLanderShardsTest, ChildrenComeAfterTheirParent) {
  MakeStream(1);
  PutNumbers(kShard, 0, 3);
  ASSERT_TRUE(sqlite_->Split(kShard));
  PutNumbers(kSecond, 3, 4);
  PutNumbers(kThird, 4, 5);
  ASSERT_TRUE(sqlite_->Split(kThird));
  PutNumbers(kFourth, 5, 6);
  const std::vector<std::string> landed = Landed();
  ASSERT_THAT(landed, SizeIs(4));
  EXPECT_EQ(landed[0], Lines(0, 3));
  const auto place = [&](int line) {
    return std::ranges::find(landed, Lines(line, line + 1)) - landed.begin();
  };
  EXPECT_LT(place(4), place(5));
  EXPECT_EQ(Newest(kShard)->state, State::kFinished);
  EXPECT_EQ(Newest(kThird)->state, State::kFinished);
  EXPECT_EQ(Newest(kFourth)->state, State::kLanded);
}

// Fault L18.
TEST_F(StreamLanderShardsTest, AChildIsNotReadWhileItsParentCannotBe) {
  MakeStream(1);
  PutNumbers(kShard, 0, 3);
  ASSERT_TRUE(sqlite_->Split(kShard));
  PutNumbers(kSecond, 3, 4);
  stream_->before_read = [&](const std::string& shard) -> Status {
    if (shard == kShard) return Fail(ErrorKind::kTransient, "throttled");
    return {};
  };
  EXPECT_FALSE(Drain(Plain()));
  EXPECT_THAT(stream_->opened, Each(kShard));
  EXPECT_THAT(Keys(), IsEmpty());
}

// Fault L18.
TEST_F(StreamLanderShardsTest, AChildIsNotReadBeforeItsParentsLastRangeIsLanded) {
  MakeStream(1);
  PutNumbers(kShard, 0, 3);
  ASSERT_TRUE(sqlite_->Split(kShard));
  PutNumbers(kSecond, 3, 4);
  raw_.before_commit = [] { return Status(Fail(ErrorKind::kTransient, "no space")); };
  EXPECT_FALSE(Drain(Plain()));
  EXPECT_THAT(stream_->opened, Not(Contains(kSecond)));
  raw_.before_commit = [] { return Status(); };
  EXPECT_THAT(Landed(), ElementsAre(Lines(0, 3), Lines(3, 4)));
}

// Fault L18.
TEST_F(StreamLanderShardsTest, AMergedShardWaitsForBothParents) {
  MakeStream(2);
  PutNumbers(kShard, 0, 3);
  PutNumbers(kSecond, 3, 5);
  ASSERT_TRUE(sqlite_->Merge(kShard, kSecond));
  PutNumbers(kThird, 5, 6);
  stream_->before_read = [&](const std::string& shard) -> Status {
    if (shard == kShard) return Fail(ErrorKind::kTransient, "throttled");
    return {};
  };
  EXPECT_FALSE(Drain(Plain()));
  EXPECT_EQ(Newest(kSecond)->state, State::kFinished);
  EXPECT_THAT(stream_->opened, Not(Contains(kThird)));
  stream_->before_read = [](const std::string&) { return Status(); };
  EXPECT_THAT(Landed(), ElementsAre(Lines(0, 3), Lines(5, 6)));
}

TEST_F(StreamLanderShardsTest, AShardThatWasClosedWithoutARecordIsFinished) {
  MakeStream(2);
  ASSERT_TRUE(sqlite_->Merge(kShard, kSecond));
  PutNumbers(kThird, 0, 1);
  EXPECT_THAT(Landed(), ElementsAre(Lines(0, 1)));
  EXPECT_EQ(Newest(kShard)->state, State::kFinished);
  EXPECT_FALSE(Newest(kShard)->range);
  stream_->opened.clear();
  EXPECT_THAT(Landed(), IsEmpty());
  EXPECT_THAT(stream_->opened, ElementsAre(kThird)) << "what is finished is not read again";
}

TEST_F(StreamLanderShardsTest, AParentThatTheStreamForgotIsNotWaitedFor) {
  MakeStream(1);
  ASSERT_TRUE(sqlite_->Split(kShard));
  ASSERT_TRUE(sqlite_->Forget(kShard));
  PutNumbers(kSecond, 0, 2);
  EXPECT_THAT(Landed(), ElementsAre(Lines(0, 2)));
}

TEST_F(StreamLanderShardsTest, FollowingNewShardsAreFound) {
  MakeStream(1);
  StreamLanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  options.close_age = seconds(30);
  options.receive_wait = seconds(1);
  const auto worker = Worker(options);
  PutNumbers(kShard, 0, 2);
  EXPECT_EQ(LandOne(*worker)->messages, 2u);
  ASSERT_TRUE(sqlite_->Split(kShard));
  PutNumbers(kSecond, 2, 3);
  PutNumbers(kThird, 3, 4);
  uint64_t messages = 0;
  const Ticks begun = clock_.Monotonic();
  for (int calls = 0; messages < 2 && calls < 200; ++calls) messages += LandOne(*worker)->messages;
  EXPECT_EQ(messages, 2u);
  EXPECT_LE(clock_.Monotonic() - begun, seconds(91));
}

TEST_F(StreamLanderShardsTest, ADrainListsShardsAgainWhereAFinishedOnesChildrenAreNotKnown) {
  MakeStream(3);
  PutNumbers(kShard, 0, 2);
  Landed();
  EXPECT_EQ(stream_->listings, 1);
  ASSERT_TRUE(sqlite_->Split(kShard));
  Landed();
  EXPECT_EQ(stream_->listings, 2) << "the children came with their parent";
  ASSERT_TRUE(sqlite_->Split(kSecond));
  ASSERT_TRUE(sqlite_->Split(kThird));
  // Split while it is read.
  PutNumbers(kFourth, 2, 3);
  stream_->before_read = [&, is_done = false](const std::string& shard) mutable {
    return shard == kFourth && !std::exchange(is_done, true) ? sqlite_->Split(kFourth) : Status();
  };
  Landed();
  EXPECT_EQ(stream_->listings, 4);
  EXPECT_EQ(Newest(kFourth)->state, State::kFinished);
}

TEST_F(StreamLanderShardsTest, OfTwoFirstWorkersOneFixesTheStart) {
  MakeStream(1);
  WatchedStore slow(*checkpoint_store_);
  slow.before_commit = [this, is_first = true]() mutable {
    if (!std::exchange(is_first, false)) return Status();
    clock_.Advance(minutes(10));
    EXPECT_TRUE(FixStreamStart(*checkpoint_store_, "c", "s", StreamPosition::Latest(), clock_));
    return Status();
  };
  const Timestamp begun = clock_.Now();
  const auto one = FixStreamStart(slow, "c", "s", StreamPosition::Latest(), clock_);
  ASSERT_TRUE(one) << one.error().message();
  EXPECT_EQ(one->kind, StreamPosition::Kind::kAtTimestamp);
  EXPECT_EQ(one->time, begun + minutes(9)) << "the other's";
}

TEST(StreamStartTest, WhatIsWrittenIsRead) {
  const Timestamp time{std::chrono::microseconds(1'700'000'000'123'456)};
  const auto start = ParseStreamStart(StreamStartJson(StreamPosition::AtTimestamp(time)));
  ASSERT_TRUE(start);
  EXPECT_EQ(start->kind, StreamPosition::Kind::kAtTimestamp);
  EXPECT_EQ(start->time, time);
  EXPECT_EQ(ParseStreamStart(StreamStartJson(StreamPosition::TrimHorizon()))->kind,
            StreamPosition::Kind::kTrimHorizon);
}

TEST(StreamStartTest, WhatIsNoStartIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string("{\"version\":\"1\"}"),
        std::string("{\"version\":1}"), std::string("{\"version\":1,\"from\":\"latest\"}"),
        std::string("{\"version\":1,\"from\":\"timestamp\"}"),
        std::string("{\"version\":1,\"from\":\"timestamp\",\"microseconds\":1e3}"),
        std::string("{\"version\":1,\"from\":\"timestamp\",\"microseconds\":9223372036854775807}"),
        std::string(5000, ' ')}) {
    const auto start = ParseStreamStart(text);
    ASSERT_FALSE(start) << text;
    EXPECT_EQ(start.error().kind(), ErrorKind::kBadData) << text;
  }
  EXPECT_EQ(ParseStreamStart("{\"version\":2}").error().kind(), ErrorKind::kPermanent);
}

}  // namespace
}  // namespace sluice
