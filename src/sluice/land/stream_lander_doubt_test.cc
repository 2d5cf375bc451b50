// SPDX-License-Identifier: Apache-2.0
// What StreamLander does not believe at once: of its logs, of the stream, of what seems lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/land/stream_lander_test_fixture.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Place = StreamBatch::Place;
using State = ShardEntry::State;

class StreamLanderDoubtTest : public StreamLanderTest {
 protected:
  void FixTheStart() { ASSERT_TRUE(Drain(Plain())); }
  void BelieveReads() {
    stream_->after_read = [](StreamBatch&) {};
  }
  std::string PutBrokenEntry(const std::string& shard) {
    const std::string key = ShardEntryKeyFor(ShardLogFolder("pipeline", "stream", shard), 4).text;
    const auto pending = checkpoint_store_->Create(key).value();
    EXPECT_TRUE(pending->Write("{\"version\":1}"));
    EXPECT_TRUE(pending->Commit());
    return key;
  }
  // Calls a worker until it has nothing, or fails.
  Result<LandReport> LandAll(StreamLander& worker) {
    LandReport sum;
    while (!sum.queue_was_empty) {
      SLUICE_ASSIGN(const LandReport report, LandOne(worker));
      sum += report;
      objects_ += report.objects;
    }
    return sum;
  }

  uint64_t objects_ = 0;
};

TEST_F(StreamLanderDoubtTest, AFinishedLogOfAShardThatTakesRecordsIsAnotherStreams) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  ASSERT_TRUE(sqlite_->Split(kShard));
  Drained();
  ASSERT_EQ(Newest(kShard)->state, State::kFinished);
  MakeStream(1, folder_.path() + "/anew.db");
  PutNumbers(kShard, 5, 7);
  const auto report = Drain(Plain());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(report.error().message(),
              AllOf(HasSubstr("made anew"), HasSubstr("pipeline/stream/")));
}

TEST_F(StreamLanderDoubtTest, AStreamThatIsMadeAnewWhileItIsFollowedIsNoticed) {
  MakeStream(1);
  ASSERT_TRUE(sqlite_->Split(kShard));
  StreamLanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  const auto worker = Worker(options);
  ASSERT_TRUE(LandOne(*worker));
  ASSERT_EQ(Newest(kShard)->state, State::kFinished);
  stream_->after_listing = [](std::vector<StreamShard>& shards) { shards[0].is_open = true; };
  clock_.Advance(seconds(60));
  const auto report = LandOne(*worker);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("made anew"));
}

TEST_F(StreamLanderDoubtTest, AListingMayBeOlderThanTheLog) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  stream_->after_listing = [&, is_done = false](std::vector<StreamShard>&) mutable {
    if (std::exchange(is_done, true)) return;
    ASSERT_TRUE(sqlite_->Split(kShard));
    Drained();
    ASSERT_EQ(Newest(kShard)->state, State::kFinished);
  };
  const auto report = Drain(Plain());
  EXPECT_TRUE(report) << report.error().message();
}

TEST_F(StreamLanderDoubtTest, ABrokenLogOfAForgottenShardKeepsNoOtherFromLanding) {
  MakeStream(1);
  ASSERT_TRUE(sqlite_->Split(kShard));
  ASSERT_TRUE(sqlite_->Forget(kShard));
  const std::string key = PutBrokenEntry(kShard);
  PutNumbers(kSecond, 0, 2);
  PutNumbers(kThird, 2, 4);
  const auto report = LandAll(*Worker(Plain()));
  EXPECT_EQ(objects_, 2u);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(report.error().message(), HasSubstr(key));
  ASSERT_TRUE(checkpoint_store_->Remove(key));
  EXPECT_TRUE(Drain(Plain()));
}

TEST_F(StreamLanderDoubtTest, FollowingABrokenLogIsLookedAtAgain) {
  MakeStream(1);
  ASSERT_TRUE(sqlite_->Split(kShard));
  ASSERT_TRUE(sqlite_->Forget(kShard));
  const std::string key = PutBrokenEntry(kShard);
  StreamLanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  const auto worker = Worker(options);
  EXPECT_FALSE(LandOne(*worker));
  EXPECT_TRUE(LandOne(*worker)) << "not at every call";
  clock_.Advance(seconds(60));
  EXPECT_FALSE(LandOne(*worker));
  ASSERT_TRUE(checkpoint_store_->Remove(key));
  clock_.Advance(seconds(60));
  EXPECT_TRUE(LandOne(*worker));
}

// Fault L18.
TEST_F(StreamLanderDoubtTest, WhatIsLostIsToldByTheCallBehindTheOneThatFailed) {
  MakeStream(2);
  FixTheStart();
  const auto numbers = PutNumbers(kShard, 0, 3);
  DieBeforeTheObject();
  ASSERT_TRUE(sqlite_->Trim(kShard, numbers[2]));
  PutNumbers(kSecond, 3, 4);
  stream_->before_read = [&](const std::string& shard) -> Status {
    if (shard == kSecond) return Fail(ErrorKind::kTransient, "throttled");
    return {};
  };
  const auto worker = Worker(Plain());
  ASSERT_FALSE(LandOne(*worker));
  EXPECT_EQ(LandOne(*worker)->lost, 3u);
  EXPECT_EQ(LandOne(*worker)->lost, 0u);
}

// Fault L18.
TEST_F(StreamLanderDoubtTest, WhatAForgottenGenerationLostIsTold) {
  MakeStream(1);
  FixTheStart();
  PutNumbers(kShard, 0, 3);
  DieBeforeTheObject();
  ASSERT_TRUE(sqlite_->Split(kShard));
  ASSERT_TRUE(sqlite_->Merge(kSecond, kThird));
  for (const char* const shard : {kShard, kSecond, kThird}) ASSERT_TRUE(sqlite_->Forget(shard));
  EXPECT_EQ(Drained().lost, 3u);
  EXPECT_EQ(Newest(kShard)->state, State::kFinished);
  EXPECT_EQ(Drained().lost, 0u) << "it is told once";
}

// Fault L19.
TEST_F(StreamLanderDoubtTest, AShardThatIsNewerThanTheListingIsNotForgotten) {
  MakeStream(1);
  ASSERT_TRUE(sqlite_->Split(kShard));
  PutNumbers(kSecond, 0, 2);
  Drained();
  stream_->after_listing = [](std::vector<StreamShard>& shards) { shards.resize(1); };
  Drained();
  EXPECT_EQ(Newest(kSecond)->state, State::kLanded);
}

// Fault L18.
TEST_F(StreamLanderDoubtTest, ATipThatComesTooEarlyLosesNothing) {
  MakeStream(1);
  FixTheStart();
  PutNumbers(kShard, 0, 5);
  DieBeforeTheObject();
  const ShardEntry begun = *Newest(kShard);
  stream_->after_read = [](StreamBatch& batch) {
    if (batch.records.size() > 2) batch.records.resize(2);
    batch.place = Place::kAtTip;
  };
  const auto early = Drain(Plain());
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(Newest(kShard), begun);
  BelieveReads();
  const LandReport report = Drained();
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(ContentOf(begun.range->key.text), Lines(0, 5));
}

// Fault L18: what is not yet shown is not trimmed.
TEST_F(StreamLanderDoubtTest, RecordsThatShowOnlyBehindTheTipAreThere) {
  MakeStream(1);
  FixTheStart();
  PutNumbers(kShard, 0, 5);
  DieBeforeTheObject();
  stream_->most_records = 5;
  std::vector<StreamRecord> late;
  stream_->after_read = [&, reads = 0](StreamBatch& batch) mutable {
    if (++reads == 1) late = std::exchange(batch.records, {});
    if (reads == 4) batch.records = late;
    batch.place = Place::kAtTip;
  };
  EXPECT_EQ(LandOne(*Worker(Plain()))->messages, 5u);
}

// Fault L18: the next visit finds the gap at the front.
TEST_F(StreamLanderDoubtTest, WhatIsTrimmedWhileItIsReadAgainIsCountedLater) {
  MakeStream(1);
  FixTheStart();
  const auto numbers = PutNumbers(kShard, 0, 5);
  DieBeforeTheObject();
  stream_->most_records = 1;
  stream_->after_read = [&](StreamBatch&) { ASSERT_TRUE(sqlite_->Trim(kShard, numbers[2])); };
  EXPECT_EQ(Drain(Plain()).error().kind(), ErrorKind::kTransient);
  BelieveReads();
  const LandReport report = Drained();
  EXPECT_EQ(report.lost, 3u);
  EXPECT_EQ(report.messages, 2u);
}

TEST_F(StreamLanderDoubtTest, AShardThatTakesRecordsHasNoEnd) {
  MakeStream(2);
  PutNumbers(kShard, 0, 2);
  stream_->after_read = [](StreamBatch& batch) { batch.place = Place::kAtEnd; };
  EXPECT_EQ(Drained().messages, 2u);
  EXPECT_EQ(Newest(kShard)->state, State::kLanded);
  EXPECT_FALSE(Newest(kSecond));
  PutNumbers(kShard, 2, 4);
  EXPECT_EQ(Drained().messages, 2u);
}

TEST_F(StreamLanderDoubtTest, AnEndWithoutChildrenIsLookedUp) {
  MakeStream(2);
  PutNumbers(kShard, 0, 2);
  stream_->before_read = [&, is_done = false](const std::string&) mutable {
    return std::exchange(is_done, true) ? Status() : sqlite_->Merge(kShard, kSecond);
  };
  stream_->after_read = [](StreamBatch& batch) { batch.children.clear(); };
  EXPECT_EQ(Drained().messages, 2u);
  EXPECT_EQ(Newest(kShard)->state, State::kFinished);
  EXPECT_EQ(Newest(kSecond)->state, State::kFinished);
}

}  // namespace
}  // namespace sluice
