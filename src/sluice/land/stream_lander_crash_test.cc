// SPDX-License-Identifier: Apache-2.0
// What StreamLander makes of workers that died, slept or were beaten, and of records that are gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/hash.h"
#include "sluice/land/stream_lander_test_fixture.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using State = ShardEntry::State;

class StreamLanderCrashTest : public StreamLanderTest {
 protected:
  // A worker that dies behind its object, before the entry that says so.
  void DieBehindTheObject() {
    int entries = 0;
    checkpoints_.before_commit = [&]() -> Status {
      return ++entries < 2 ? Status() : Status(Fail(ErrorKind::kTransient, "died"));
    };
    EXPECT_FALSE(Drain(Plain()));
    checkpoints_.before_commit = [] { return Status(); };
  }
  // A hook that does something the first time.
  template <typename Act>
  static std::function<Status()> Once(Act act) {
    return [act, is_done = false]() mutable {
      if (!std::exchange(is_done, true)) act();
      return Status();
    };
  }
  // Everything up to here, with the stream's start.
  void Settle() { ASSERT_TRUE(Drain(Plain())); }

  // Puts an object under the key that the log has given out.
  void PutUnderKey(std::string_view content, StreamFormat format) {
    const auto entry = Newest(kShard);
    ASSERT_TRUE(entry && entry->state == State::kLanding);
    const auto pending = raw_store_->Create(entry->range->key.text).value();
    const auto sink = MakeCompressingSink(format, *pending);
    ASSERT_TRUE(sink->Write(content));
    ASSERT_TRUE(sink->Finish());
    ASSERT_TRUE(pending->Commit());
  }
};

// Fault L18.
TEST_F(StreamLanderCrashTest, AfterADeathBehindTheEntryTheSameRecordsBecomeTheSameObject) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  DieBeforeTheObject();
  EXPECT_THAT(Keys(), IsEmpty());
  const ShardEntry begun = *Newest(kShard);
  EXPECT_EQ(begun.state, State::kLanding);
  EXPECT_EQ(begun.range->records, 3u);
  clock_.Advance(hours(5));
  PutNumbers(kShard, 3, 5);
  const LandReport report = Drained();
  EXPECT_EQ(report.objects, 2u);
  EXPECT_EQ(report.messages, 5u);
  EXPECT_EQ(report.lost, 0u);
  EXPECT_THAT(Objects(), SizeIs(2));
  EXPECT_EQ(ContentOf(begun.range->key.text), Lines(0, 3));
  EXPECT_THAT(AllLines(), AllOf(SizeIs(5), Each(Pair(testing::_, 1))));
}

// Fault L18.
TEST_F(StreamLanderCrashTest, AfterADeathBehindTheObjectItIsFoundThere) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  DieBehindTheObject();
  const auto before = Objects();
  ASSERT_THAT(before, SizeIs(1));
  PutNumbers(kShard, 3, 4);
  EXPECT_EQ(Drained().messages, 4u);
  EXPECT_EQ(ContentOf(before.begin()->first), Lines(0, 3));
  EXPECT_THAT(Objects(), SizeIs(2));
  EXPECT_THAT(AllLines(), AllOf(SizeIs(4), Each(Pair(testing::_, 1))));
}

TEST_F(StreamLanderCrashTest, ARangeThatWasBegunIsLandedWhateverIsConfiguredNow) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 6);
  DieBeforeTheObject();
  StreamLanderOptions options = Plain();
  options.format = StreamFormat::kGzip;
  options.layout = RawLayout::Parse("%Y/%j/").value();
  options.close_records = 2;
  stream_->most_records = 2;
  EXPECT_EQ(Drain(options)->objects, 1u);
  EXPECT_EQ(ContentOf(Newest(kShard)->range->key.text), Lines(0, 6));
}

TEST_F(StreamLanderCrashTest, AStopInARangeThatWasBegunLeavesItBegun) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 6);
  DieBeforeTheObject();
  stream_->most_records = 2;
  stream_->before_read = [&](const std::string&) {
    stop_.request_stop();
    return Status();
  };
  EXPECT_EQ(LandOne(*Worker(Plain()))->objects, 0u);
  EXPECT_EQ(Newest(kShard)->state, State::kLanding);
  EXPECT_THAT(Keys(), IsEmpty());
}

// Another version's compression makes other bytes of the same lines.
TEST_F(StreamLanderCrashTest, AnObjectOfTheSameLinesIsOurs) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  DieBeforeTheObject();
  PutUnderKey(Lines(0, 3), StreamFormat::kGzip);
  const auto before = Objects();
  EXPECT_EQ(Drained().objects, 1u);
  EXPECT_EQ(Objects(), before) << "it stays as it is";
  EXPECT_EQ(Newest(kShard)->state, State::kLanded);
}

// A version that splits messages otherwise makes other lines; the entry says which they were.
TEST_F(StreamLanderCrashTest, AnObjectOfTheLinesThatWereBegunIsOurs) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  DieBeforeTheObject();
  ShardEntry begun = *Newest(kShard);
  EXPECT_EQ(begun.range->lines, ToHex(Sha256Of(Lines(0, 3))));
  begun.number += 1;
  begun.range->lines = ToHex(Sha256Of("[0]\n[1]\n[2]\n"));
  ASSERT_TRUE(
      ShardLog(*checkpoint_store_, ShardLogFolder("pipeline", "stream", kShard)).Append(begun));
  PutUnderKey("[0]\n[1]\n[2]\n", StreamFormat::kGzip);
  const auto before = Objects();
  EXPECT_EQ(Drained().objects, 1u);
  EXPECT_EQ(Objects(), before) << "it stays as it is";
  EXPECT_EQ(Newest(kShard)->state, State::kLanded);
}

// Fault L4.
TEST_F(StreamLanderCrashTest, AnObjectOfOtherLinesIsAnErrorAndStays) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  DieBeforeTheObject();
  PutUnderKey(Lines(0, 2), StreamFormat::kPlain);
  const auto before = Objects();
  for (int tries = 0; tries < 2; ++tries) {
    const auto report = Drain(Plain());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind(), ErrorKind::kConflict);
    EXPECT_THAT(report.error().message(), HasSubstr(before.begin()->first));
    EXPECT_EQ(Objects(), before);
  }
  ASSERT_TRUE(raw_store_->Remove(before.begin()->first));
  EXPECT_EQ(Drained().messages, 3u);
}

TEST_F(StreamLanderCrashTest, AnObjectThatCannotBeReadIsNotOurs) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  DieBeforeTheObject();
  PutUnderKey("\x28\xB5\x2F\xFD and no more", StreamFormat::kPlain);
  const auto report = Drain(Plain());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kConflict);
}

// Fault L18.
TEST_F(StreamLanderCrashTest, RecordsThatWereTrimmedAreCountedAndTheRestIsAnotherObject) {
  MakeStream(1);
  Settle();
  const auto numbers = PutNumbers(kShard, 0, 5);
  DieBeforeTheObject();
  const RawKey begun = Newest(kShard)->range->key;
  PutNumbers(kShard, 5, 6);
  ASSERT_TRUE(sqlite_->Trim(kShard, numbers[1]));
  const LandReport report = Drained();
  EXPECT_EQ(report.lost, 2u);
  EXPECT_EQ(report.messages, 4u);
  const auto objects = Objects();
  EXPECT_FALSE(objects.contains(begun.text)) << "never a shorter object with the same name";
  EXPECT_THAT(AllLines(),
              ElementsAre(Pair(Line(2), 1), Pair(Line(3), 1), Pair(Line(4), 1), Pair(Line(5), 1)));
  EXPECT_THAT(objects, SizeIs(2));
  EXPECT_EQ(Drained().lost, 0u) << "it is told once";
}

// Fault L18: trimmed while the rest was being landed, and its worker died.
TEST_F(StreamLanderCrashTest, WhatIsTrimmedLaterIsCountedToo) {
  MakeStream(1);
  Settle();
  const auto numbers = PutNumbers(kShard, 0, 5);
  DieBeforeTheObject();
  ASSERT_TRUE(sqlite_->Trim(kShard, numbers[1]));
  DieBeforeTheObject();
  ASSERT_TRUE(sqlite_->Trim(kShard, numbers[2]));
  EXPECT_EQ(Newest(kShard)->lost, 2u);
  const LandReport report = Drained();
  EXPECT_EQ(report.lost, 1u);
  EXPECT_THAT(AllLines(), ElementsAre(Pair(Line(3), 1), Pair(Line(4), 1)));
}

// Fault L18.
TEST_F(StreamLanderCrashTest, WhereAllAreTrimmedReadingGoesOnBehindThem) {
  MakeStream(1);
  Settle();
  const auto numbers = PutNumbers(kShard, 0, 5);
  DieBeforeTheObject();
  ASSERT_TRUE(sqlite_->Trim(kShard, numbers[4]));
  const LandReport report = Drained();
  EXPECT_EQ(report.lost, 5u);
  EXPECT_EQ(report.objects, 0u);
  EXPECT_THAT(Keys(), IsEmpty());
  PutNumbers(kShard, 5, 7);
  DieBeforeTheObject();
  ASSERT_TRUE(sqlite_->Trim(kShard, Newest(kShard)->range->last));
  PutNumbers(kShard, 7, 10);
  EXPECT_EQ(Drained().lost, 2u);
  EXPECT_THAT(AllLines(), ElementsAre(Pair(Line(7), 1), Pair(Line(8), 1), Pair(Line(9), 1)));
}

// Fault L18.
TEST_F(StreamLanderCrashTest, WhereTheObjectIsThereNothingIsLost) {
  MakeStream(1);
  Settle();
  const auto numbers = PutNumbers(kShard, 0, 5);
  DieBehindTheObject();
  const auto before = Objects();
  ASSERT_TRUE(sqlite_->Trim(kShard, numbers[3]));
  const LandReport report = Drained();
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(Objects(), before);
  EXPECT_EQ(Newest(kShard)->state, State::kLanded);
}

// Fault L18.
TEST_F(StreamLanderCrashTest, WhatWasTrimmedBehindTheLastLandedRecordDoesNotStopLanding) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  Settle();
  const auto numbers = PutNumbers(kShard, 2, 6);
  ASSERT_TRUE(sqlite_->Trim(kShard, numbers[1]));
  EXPECT_EQ(Drained().messages, 2u);
  EXPECT_THAT(AllLines(), SizeIs(4));
}

// Fault L18.
TEST_F(StreamLanderCrashTest, AShardThatIsForgottenBeforeItsEndHoldsNobodyUp) {
  MakeStream(1);
  PutNumbers(kShard, 0, 2);
  Settle();
  PutNumbers(kShard, 2, 5);
  DieBeforeTheObject();
  ASSERT_TRUE(sqlite_->Split(kShard));
  PutNumbers(kSecond, 5, 6);
  ASSERT_TRUE(sqlite_->Forget(kShard));
  const LandReport report = Drained();
  EXPECT_EQ(report.lost, 3u);
  EXPECT_EQ(report.messages, 1u);
  EXPECT_EQ(Newest(kShard)->state, State::kFinished);
  EXPECT_EQ(Drained().lost, 0u) << "it is told once";
}

TEST_F(StreamLanderCrashTest, AForgottenShardWhoseObjectIsThereLostNothingKnown) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 2);
  DieBehindTheObject();
  ASSERT_TRUE(sqlite_->Split(kShard));
  ASSERT_TRUE(sqlite_->Forget(kShard));
  EXPECT_EQ(Drained().lost, 0u);
  EXPECT_THAT(Keys(), SizeIs(1));
}

TEST_F(StreamLanderCrashTest, MoreRecordsThanThereWereAreAnotherStreams) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  stream_->after_read = [](StreamBatch& batch) {
    if (batch.records.size() == 3) batch.records.erase(batch.records.begin() + 1);
  };
  DieBeforeTheObject();
  stream_->after_read = [](StreamBatch&) {};
  const auto report = Drain(Plain());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kBadData);
}

// Fault L19: both read, one writes the entry.
TEST_F(StreamLanderCrashTest, OfTwoWorkersOnOneShardOneLands) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  const auto slow = Worker(Plain());
  checkpoints_.before_commit = Once([&] {
    PutNumbers(kShard, 3, 5);
    EXPECT_EQ(Drained().messages, 5u);
  });
  const auto report = LandOne(*slow);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->objects, 0u);
  EXPECT_TRUE(report->queue_was_empty) << "the shard is left to the other";
  EXPECT_THAT(Keys(), SizeIs(1));
  EXPECT_THAT(AllLines(), AllOf(SizeIs(5), Each(Pair(testing::_, 1))));
}

// Fault L19: the other one takes over while the first one's object is on its way.
TEST_F(StreamLanderCrashTest, AZombiesObjectIsTheSameAndItAdvancesNothing) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 3);
  const auto zombie = Worker(Plain());
  raw_.before_commit = Once([&] {
    PutNumbers(kShard, 3, 5);
    EXPECT_EQ(Drained().messages, 5u);
  });
  const auto report = LandOne(*zombie);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->objects, 0u);
  EXPECT_EQ(Newest(kShard)->number, 3u) << "two entries for each of two objects";
  EXPECT_THAT(AllLines(), AllOf(SizeIs(5), Each(Pair(testing::_, 1))));
}

// Fault L19: the entries that it was beaten by were taken away meanwhile.
TEST_F(StreamLanderCrashTest, AZombieThatSleptForLongIsFencedToo) {
  MakeStream(1);
  Settle();
  PutNumbers(kShard, 0, 1);
  const auto zombie = Worker(Plain());
  checkpoints_.before_commit = Once([&] {
    for (int i = 1; i < 10; ++i) {
      PutNumbers(kShard, i, i + 1);
      EXPECT_EQ(Drained().objects, 1u);
    }
  });
  const auto report = LandOne(*zombie);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->objects, 0u);
  EXPECT_THAT(AllLines(), AllOf(SizeIs(10), Each(Pair(testing::_, 1))));
  EXPECT_EQ(Newest(kShard)->number, 17u);
  PutNumbers(kShard, 10, 11);
  EXPECT_EQ(Drained().messages, 1u);
}

// Fault L19.
TEST_F(StreamLanderCrashTest, FollowingAWorkerLeavesAShardThatAnotherAdvances) {
  MakeStream(1);
  Settle();
  StreamLanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  options.close_age = seconds(60);
  options.receive_wait = seconds(1);
  const auto one = Worker(options), other = Worker(options);
  PutNumbers(kShard, 0, 1);
  checkpoints_.before_commit = Once([&] { EXPECT_EQ(LandOne(*other)->objects, 1u); });
  EXPECT_EQ(LandOne(*one)->objects, 0u);
  // From now on the other is the one that lands, though both look.
  int n = 1;
  for (int minute = 0; minute < 10; ++minute) {
    PutNumbers(kShard, n, n + 1);
    ++n;
    clock_.Advance(seconds(61));
    EXPECT_EQ(LandOne(*one)->objects, 0u);
    EXPECT_EQ(LandOne(*other)->objects, 1u);
  }
  // The other died.
  PutNumbers(kShard, n, n + 1);
  uint64_t objects = 0;
  int minutes_taken = 0;
  for (; objects == 0 && minutes_taken < 10; ++minutes_taken) {
    clock_.Advance(seconds(60));
    objects += LandOne(*one)->objects;
  }
  EXPECT_EQ(objects, 1u);
  EXPECT_LE(minutes_taken, 5) << "twice two of its rounds, at most";
  EXPECT_THAT(AllLines(), Each(Pair(testing::_, 1)));
}

TEST_F(StreamLanderCrashTest, ADamagedLogIsAnErrorAndNothingIsLanded) {
  MakeStream(1);
  PutNumbers(kShard, 0, 1);
  const std::string key = ShardEntryKeyFor(ShardLogFolder("pipeline", "stream", kShard), 4).text;
  const auto pending = checkpoint_store_->Create(key).value();
  ASSERT_TRUE(pending->Write("{\"version\":1}"));
  ASSERT_TRUE(pending->Commit());
  const auto report = Drain(Plain());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(report.error().message(), HasSubstr(key));
  EXPECT_THAT(Keys(), IsEmpty());
}

}  // namespace
}  // namespace sluice
