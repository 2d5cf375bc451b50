// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/stream_lander.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/event/kpl_record_for_test.h"
#include "sluice/land/stream_lander_test_fixture.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;
using State = ShardEntry::State;

TEST_F(StreamLanderTest, AnEmptyStreamGivesNoObject) {
  MakeStream(2);
  const LandReport report = Drained();
  EXPECT_EQ(report.objects, 0u);
  EXPECT_TRUE(report.queue_was_empty);
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_FALSE(Newest(kShard));
}

TEST_F(StreamLanderTest, RecordsBecomeOneObjectOfTheirShard) {
  MakeStream(1);
  Put(kShard, R"({"Records":[{"a":1},{"b":2}]})");
  Put(kShard, "{\n\"c\":3}\n");
  const LandReport report = Drained();
  EXPECT_EQ(report.objects, 1u);
  EXPECT_EQ(report.messages, 2u);
  EXPECT_EQ(report.events, 3u);
  EXPECT_EQ(report.enveloped, 0u);
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.bytes_in, Bytes{29 + 9});
  ASSERT_THAT(Keys(), ElementsAre(report.key.text));
  const std::string content = ContentOf(report.key.text);
  EXPECT_EQ(content, "{\"a\":1}\n{\"b\":2}\n{ \"c\":3}\n");
  EXPECT_EQ(report.bytes_landed, Bytes{content.size()});
  EXPECT_EQ(report.bytes_out, Bytes{content.size()});
  const auto entry = Newest(kShard);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->state, State::kLanded);
  EXPECT_EQ(entry->number, 1u);
  EXPECT_EQ(entry->range->records, 2u);
  EXPECT_EQ(entry->range->key, report.key);
}

// Fault L18: the key is the first record's.
TEST_F(StreamLanderTest, TheKeyFollowsFromTheShardAndItsFirstRecord) {
  MakeStream(1);
  const Timestamp arrived = clock_.Now();
  const SequenceNumber first = Put(kShard, "{}");
  clock_.Advance(hours(3));
  Put(kShard, "{}");
  StreamLanderOptions options = Plain();
  options.format = StreamFormat::kZstd;
  const auto report = Drain(options);
  ASSERT_TRUE(report);
  const std::string id = StreamObjectId("stream", kShard, first.digits);
  EXPECT_EQ(report->key, RawLayout().KeyFor(arrived, RawObjectName(arrived, id, ".zst")));
  EXPECT_THAT(id, AllOf(StartsWith(std::string(kShard) + "-"), SizeIs(20 + 1 + 16)));
}

TEST_F(StreamLanderTest, TheNextRunLandsWhatIsNew) {
  MakeStream(1);
  PutNumbers(kShard, 0, 3);
  EXPECT_EQ(Drained().messages, 3u);
  EXPECT_EQ(Drained().messages, 0u);
  PutNumbers(kShard, 3, 5);
  const LandReport report = Drained();
  EXPECT_EQ(report.messages, 2u);
  EXPECT_EQ(ContentOf(report.key.text), Lines(3, 5));
  EXPECT_THAT(Keys(), SizeIs(2));
}

// Fault L18.
TEST_F(StreamLanderTest, WhatAProducerSentTwiceLandsTwice) {
  MakeStream(1);
  Put(kShard, "{\"id\":7}");
  Put(kShard, "{\"id\":7}");
  const LandReport report = Drained();
  EXPECT_EQ(ContentOf(report.key.text), "{\"id\":7}\n{\"id\":7}\n") << "load drops the second";
}

TEST_F(StreamLanderTest, WhatIsNoJsonIsEnvelopedWithItsPlace) {
  MakeStream(1);
  Put(kShard, "{\"a\":1}");
  const SequenceNumber number = Put(kShard, "not json");
  const LandReport report = Drained();
  EXPECT_EQ(report.enveloped, 1u);
  EXPECT_THAT(ContentOf(report.key.text),
              HasSubstr("{\"sluice_raw\":{\"id\":\"" + std::string(kShard) + ":" + number.digits +
                        "\",\"base64\":"));
}

TEST_F(StreamLanderTest, ARecordThatKplPackedIsItsUsersRecords) {
  MakeStream(1);
  const SequenceNumber number =
      Put(kShard, KplRecord({"{\"a\":1}", "{\"b\":2}\n{\"c\":3}", "broken"}));
  std::string damaged = KplRecord({"{\"a\":1}"});
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  Put(kShard, damaged);
  const LandReport report = Drained();
  EXPECT_EQ(report.messages, 4u);
  EXPECT_EQ(report.events, 5u);
  EXPECT_EQ(report.enveloped, 2u);
  EXPECT_THAT(ContentOf(report.key.text),
              AllOf(StartsWith("{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n{\"sluice_raw\":"),
                    HasSubstr("\"id\":\"" + std::string(kShard) + ":" + number.digits + ":2\"")));
  EXPECT_EQ(Newest(kShard)->range->records, 2u) << "the log counts the stream's records";
}

TEST_F(StreamLanderTest, AnObjectIsClosedByTheRecordThatMakesItLargeEnough) {
  MakeStream(1);
  PutNumbers(kShard, 0, 10);
  StreamLanderOptions options = Plain();
  options.close_size = {15};  // of two lines
  for (const size_t records_a_read : {3, 10'000}) {
    stream_->most_records = records_a_read;
    options.consumer = fmt::format("reading-{}", records_a_read);
    const auto report = Drain(options);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->objects, 5u);
    EXPECT_THAT(AllLines(), AllOf(SizeIs(10), Each(Pair(testing::_, 1))));
    EXPECT_THAT(Objects(), Each(Pair(testing::_, SizeIs(16))));
  }
}

TEST_F(StreamLanderTest, AnObjectIsClosedWhenItHasRecordsEnough) {
  MakeStream(1);
  PutNumbers(kShard, 0, 10);
  stream_->most_records = 2;
  StreamLanderOptions options = Plain();
  options.close_records = 4;
  EXPECT_EQ(Drain(options)->objects, 3u);
  stream_->most_records = 10'000;
  options.consumer = "reading-all";
  EXPECT_EQ(Drain(options)->objects, 3u);
}

TEST_F(StreamLanderTest, AnObjectIsClosedWhenItIsOldEnough) {
  MakeStream(1);
  PutNumbers(kShard, 0, 10);
  stream_->most_records = 1;
  stream_->before_read = [&](const std::string&) {
    clock_.Advance(seconds(40));
    return Status();
  };
  StreamLanderOptions options = Plain();
  options.close_age = seconds(100);
  const auto worker = Worker(options);
  EXPECT_EQ(LandOne(*worker)->messages, 3u);
  EXPECT_EQ(LandOne(*worker)->messages, 3u) << "from its own first record";
}

TEST_F(StreamLanderTest, BeforeTheFirstRecordAShardIsReadForAsLongAsItTakes) {
  MakeStream(1);
  stream_->after_read = [&](StreamBatch& batch) {
    clock_.Advance(seconds(40));
    if (stream_->reads < 100) batch.place = StreamBatch::Place::kBeforeTip;
    if (stream_->reads == 98) PutNumbers(kShard, 0, 1);
  };
  EXPECT_EQ(LandOne(*Worker(Plain()))->objects, 1u);
}

TEST_F(StreamLanderTest, ShardsTakeTurns) {
  MakeStream(3);
  for (const char* const shard : {kShard, kSecond, kThird}) PutNumbers(shard, 0, 4);
  stream_->most_records = 2;
  StreamLanderOptions options = Plain();
  options.close_records = 2;
  const auto worker = Worker(options);
  std::map<std::string, int> objects;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(LandOne(*worker)->objects, 1u);
    ++objects[stream_->opened.back()];
  }
  EXPECT_THAT(objects, ElementsAre(Pair(kShard, 1), Pair(kSecond, 1), Pair(kThird, 1)));
}

TEST_F(StreamLanderTest, APauseBetweenReadsIsKept) {
  MakeStream(1);
  PutNumbers(kShard, 0, 5);
  stream_->most_records = 1;
  stream_->after_read = [](StreamBatch& batch) { batch.pause = milliseconds(250); };
  std::vector<Ticks> reads;
  stream_->before_read = [&](const std::string&) {
    reads.push_back(clock_.Monotonic());
    return Status();
  };
  StreamLanderOptions options = Plain();
  options.close_records = 2;  // over several visits
  ASSERT_TRUE(Drain(options));
  ASSERT_GT(reads.size(), 5u);
  for (size_t i = 1; i < reads.size(); ++i) EXPECT_GE(reads[i] - reads[i - 1], milliseconds(250));
}

TEST_F(StreamLanderTest, AfterTheDeadlineNothingIsBegun) {
  MakeStream(2);
  PutNumbers(kShard, 0, 4);
  PutNumbers(kSecond, 0, 4);
  stream_->most_records = 1;
  stream_->before_read = [&](const std::string&) {
    clock_.Advance(seconds(40));
    return Status();
  };
  const auto worker = Worker(Plain());
  const Deadline deadline = Deadline::After(clock_, seconds(100));
  const auto report = worker->LandOne(deadline, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 3u) << "what was begun is landed";
  const auto after = worker->LandOne(deadline, {});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->objects, 0u);
  EXPECT_FALSE(after->queue_was_empty);
  EXPECT_EQ(stream_->reads, 3);
}

TEST_F(StreamLanderTest, WaitingForAReadDoesNotOutlastTheDeadline) {
  MakeStream(1);
  PutNumbers(kShard, 0, 4);
  stream_->most_records = 1;
  stream_->after_read = [](StreamBatch& batch) { batch.pause = hours(1); };
  const auto worker = Worker(Plain());
  const Ticks begun = clock_.Monotonic();
  const Deadline deadline = Deadline::After(clock_, seconds(100));
  EXPECT_EQ(worker->LandOne(deadline, {})->messages, 1u);
  EXPECT_EQ(worker->LandOne(deadline, {})->messages, 0u);
  EXPECT_LE(clock_.Monotonic() - begun, seconds(100));
}

TEST_F(StreamLanderTest, AStopEndsTheObjectAndNothingIsBegun) {
  MakeStream(1);
  PutNumbers(kShard, 0, 4);
  stream_->most_records = 2;
  stream_->before_read = [&](const std::string&) {
    stop_.request_stop();
    return Status();
  };
  const auto worker = Worker(Plain());
  EXPECT_EQ(LandOne(*worker)->messages, 2u);
  EXPECT_EQ(LandOne(*worker)->messages, 0u);
  EXPECT_EQ(Newest(kShard)->state, State::kLanded);
}

TEST_F(StreamLanderTest, AStopEndsAPauseAndNothingIsReadBehindIt) {
  MakeStream(1);
  PutNumbers(kShard, 0, 4);
  stream_->most_records = 2;
  stream_->after_read = [&](StreamBatch& batch) {
    batch.pause = seconds(5);
    stop_.request_stop();
  };
  EXPECT_EQ(LandOne(*Worker(Plain()))->messages, 2u);
  EXPECT_EQ(stream_->reads, 1);
}

TEST_F(StreamLanderTest, WhatCameBeforeAFailedReadIsLanded) {
  MakeStream(1);
  PutNumbers(kShard, 0, 4);
  stream_->most_records = 2;
  stream_->before_read = [&](const std::string&) -> Status {
    if (stream_->reads == 2) return Fail(ErrorKind::kTransient, "throttled");
    return {};
  };
  EXPECT_EQ(LandOne(*Worker(Plain()))->messages, 2u);
  EXPECT_EQ(Drained().messages, 2u);
}

TEST_F(StreamLanderTest, AShardThatFailsKeepsNoOtherFromLanding) {
  MakeStream(3);
  for (const char* const shard : {kShard, kSecond, kThird}) PutNumbers(shard, 0, 2);
  stream_->before_read = [&](const std::string& shard) -> Status {
    if (shard == kSecond) return Fail(ErrorKind::kPermanent, "no permission");
    return {};
  };
  const auto worker = Worker(Plain());
  uint64_t objects = 0;
  Result<LandReport> report;
  while ((report = LandOne(*worker)) && !report->queue_was_empty) objects += report->objects;
  EXPECT_EQ(objects, 2u);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), AllOf(HasSubstr(kSecond), HasSubstr("no permission")));
}

TEST_F(StreamLanderTest, WhereEveryShardFailsNotAllAreTried) {
  MakeStream(20);
  for (int i = 0; i < 20; ++i) Put(fmt::format("shardId-{:012}", i), "{}");
  stream_->before_read = [](const std::string&) -> Status {
    return Fail(ErrorKind::kTransient, "down");
  };
  const auto report = LandOne(*Worker(Plain()));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(stream_->reads, 3);
}

TEST_F(StreamLanderTest, FollowingAShardIsLeftAloneForAWhile) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  StreamLanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  options.close_age = seconds(60);
  options.receive_wait = seconds(2);
  const auto worker = Worker(options);
  EXPECT_EQ(LandOne(*worker)->messages, 2u);
  PutNumbers(kShard, 2, 3);
  const int reads = stream_->reads;
  const Ticks begun = clock_.Monotonic();
  uint64_t messages = 0;
  int calls = 0;
  for (; messages == 0 && calls < 100; ++calls) {
    const auto report = LandOne(*worker);
    ASSERT_TRUE(report);
    messages += report->messages;
    if (messages == 0) {
      EXPECT_TRUE(report->queue_was_empty);
      EXPECT_EQ(stream_->reads, reads);
    }
  }
  EXPECT_EQ(messages, 1u);
  EXPECT_EQ(clock_.Monotonic() - begun, seconds(60));
  EXPECT_EQ(calls, 31) << "each waits for two seconds";
}

TEST_F(StreamLanderTest, FollowingAFailedShardIsTriedAgain) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  StreamLanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  const auto worker = Worker(options);
  stream_->before_read = [](const std::string&) -> Status {
    return Fail(ErrorKind::kTransient, "down");
  };
  EXPECT_FALSE(LandOne(*worker));
  stream_->before_read = [](const std::string&) { return Status(); };
  EXPECT_EQ(LandOne(*worker)->messages, 0u);
  clock_.Advance(seconds(10));
  EXPECT_EQ(LandOne(*worker)->messages, 2u);
}

TEST_F(StreamLanderTest, AReadAtTheTipOfAClosedShardIsNotItsEnd) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  ASSERT_TRUE(sqlite_->Split(kShard));
  PutNumbers(kSecond, 2, 3);
  stream_->most_records = 1;
  int at_tip = 3;
  stream_->after_read = [&](StreamBatch& batch) {
    if (batch.place == StreamBatch::Place::kAtEnd && --at_tip > 0) {
      batch.place = StreamBatch::Place::kAtTip;
    }
  };
  EXPECT_EQ(Drained().messages, 3u);
  EXPECT_EQ(Newest(kShard)->state, State::kFinished);
}

}  // namespace
}  // namespace sluice
