// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/lander.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "sluice/land/lander_test_fixture.h"

namespace sluice {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Gives out each message twice with a Receive.
class RepeatingQueue : public WatchedQueue {
 public:
  using WatchedQueue::WatchedQueue;
  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override {
    SLUICE_ASSIGN(std::vector<Message> messages, WatchedQueue::Receive(options));
    const size_t count = messages.size();
    for (size_t i = 0; i < count; ++i) messages.push_back(messages[i]);
    return messages;
  }
  Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) override {
    deleted += receipts.size();
    return WatchedQueue::Delete(receipts);
  }
  size_t deleted = 0;
};

TEST_F(LanderTest, AnEmptyQueueGivesNoObject) {
  const auto report = Land(Plain());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->objects, 0u);
  ExpectNothingHappened(0);
}

TEST_F(LanderTest, MessagesBecomeOneObjectAndAreDeleted) {
  Send(R"({"Records":[{"a":1},{"b":2}]})");
  Send("not json");
  Send("{\n\"c\":3}\n");
  const auto report = Land(Plain());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->objects, 1u);
  EXPECT_EQ(report->messages, 3u);
  EXPECT_EQ(report->events, 4u);
  EXPECT_EQ(report->enveloped, 1u);
  EXPECT_EQ(report->deleted, 3u);
  EXPECT_EQ(report->delete_failures, 0u);
  EXPECT_EQ(report->bytes_in, Bytes{29 + 8 + 9});
  ASSERT_THAT(Keys(), ElementsAre(report->key.text));
  const std::string content = ContentOf(report->key.text);
  EXPECT_THAT(content, StartsWith("{\"a\":1}\n{\"b\":2}\n{\"sluice_raw\":"));
  EXPECT_THAT(content, HasSubstr("\n{ \"c\":3}\n"));
  EXPECT_EQ(report->bytes_landed, Bytes{content.size()});
  EXPECT_EQ(report->bytes_out, Bytes{content.size()});
  EXPECT_EQ(source_->Depth()->visible + source_->Depth()->in_flight, 0u);
}

// SQS may deliver a message twice while one object is filled.
TEST_F(LanderTest, AMessageThatComesTwiceIsOneEventAndBothDeliveriesAreDeleted) {
  Send(R"({"n":1})");
  RepeatingQueue queue(*source_);
  const auto landed =
      Lander(queue, *store_, clock_, Plain()).LandOne(Deadline::Never(), stop_.get_token());
  ASSERT_TRUE(landed) << landed.error().message();
  EXPECT_EQ(landed->messages, 2U);
  EXPECT_EQ(landed->events, 1U);
  EXPECT_EQ(Lines(), (std::map<std::string, int>{{R"({"n":1})", 1}}));
  EXPECT_EQ(queue.deleted, 2U);
}

TEST_F(LanderTest, CompressesAsToldAndNamesTheObjectForIt) {
  for (const StreamFormat format : {StreamFormat::kZstd, StreamFormat::kGzip}) {
    SendMany(100);
    LanderOptions options = Plain();
    options.format = format;
    const auto report = Land(options);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->key.text.ends_with(".ndjson" + std::string(Extension(format))));
    EXPECT_LT(report->bytes_out, report->bytes_landed);
    const auto object = store_->Open(report->key.text).value();
    const auto text = DecompressingSource(*object);
    std::vector<char> buffer(1 << 16);
    size_t size = 0;
    for (size_t n; (n = text->Read(std::span(buffer).subspan(size)).value()) > 0;) size += n;
    EXPECT_EQ(Bytes{size}, report->bytes_landed);
    EXPECT_THAT(std::string(buffer.data(), size), StartsWith("{\"n\":0}\n{\"n\":1}\n"));
  }
}

// Fault L21.
TEST_F(LanderTest, TheKeyHasTheHourOfTheFirstMessage) {
  FakeClock& clock = clock_;
  clock.Advance(std::chrono::hours(1) - clock.Now().time_since_epoch() % std::chrono::hours(1) -
                seconds(10));
  SendMany(30);
  int receives = 0;
  queue_.before_receive = [&] {
    if (++receives == 3) clock.Advance(minutes(1));
    return Status();
  };
  const auto report = Land(Plain());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 30u);
  EXPECT_THAT(report->key.text, StartsWith("date=2023-11-14/22/20231114T225950Z-"));
}

TEST_F(LanderTest, SaysWhetherTheQueueWasEmpty) {
  SendMany(30);
  LanderOptions options = Plain();
  options.close_messages = 20;
  EXPECT_FALSE(Land(options)->queue_was_empty);
  EXPECT_TRUE(Land(options)->queue_was_empty);
  EXPECT_TRUE(Land(options)->queue_was_empty);
}

TEST_F(LanderTest, ClosesBySize) {
  SendMany(100);
  LanderOptions options = Plain();
  options.close_size = {200};
  LandReport sum;
  for (int i = 0; i < 3; ++i) sum += Land(options).value();
  EXPECT_EQ(sum.objects, 3u);
  EXPECT_GE(sum.bytes_landed, Bytes{3 * 200});
  EXPECT_LT(sum.bytes_landed, Bytes{3 * 210});  // lines have eight or nine bytes
  EXPECT_THAT(Keys(), SizeIs(3));
}

// Fault L14.
TEST_F(LanderTest, ClosesByNumberOfMessages) {
  SendMany(30);
  LanderOptions options = Plain();
  options.close_messages = 20;
  EXPECT_EQ(Land(options)->messages, 20u);
  EXPECT_EQ(Land(options)->messages, 10u);
}

TEST_F(LanderTest, FollowingClosesByAgeAndKeepsHoldUntilThen) {
  SendMany(5);
  LanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  options.visibility_timeout = seconds(60);
  options.receive_wait = seconds(20);
  bool sent = false;
  const Ticks start = clock_.Monotonic();
  queue_.before_receive = [&] {
    if (!sent && clock_.Monotonic() - start > seconds(100)) {
      sent = true;
      SendMany(2);
    }
    return Status();
  };
  const auto report = Land(options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 7u);
  EXPECT_EQ(clock_.Monotonic() - start, seconds(300));
  EXPECT_EQ(queue_.renewals, 7);
  EXPECT_EQ(report->deleted, 7u);
  EXPECT_THAT(Lines(), SizeIs(5));
}

// Fault L12.
TEST_F(LanderTest, NoMessageIsHeldForLongerThanElevenHours) {
  SendMany(1);
  LanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  options.close_age = std::chrono::hours(24);
  const Ticks start = clock_.Monotonic();
  queue_.before_receive = [&] {
    clock_.Advance(minutes(4));
    return Status();
  };
  EXPECT_EQ(Land(options)->deleted, 1u);
  EXPECT_GE(clock_.Monotonic() - start, std::chrono::hours(11));
  EXPECT_LT(clock_.Monotonic() - start, std::chrono::hours(11) + minutes(5));
  EXPECT_GT(queue_.renewals, 60);
}

// Fault L12: SQS refuses what would hide a message for more than twelve hours in all.
TEST_F(LanderTest, NoExtensionReachesBeyondTwelveHours) {
  SendMany(1);
  LanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  options.close_age = std::chrono::hours(11);
  options.visibility_timeout = std::chrono::hours(6);
  queue_.before_receive = [&] {
    clock_.Advance(minutes(4));
    return Status();
  };
  const auto report = Land(options);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->deleted, 1u);
}

// Fault L10: each receive takes as long as the slowest of SQS, and the commit half of the timeout.
TEST_F(LanderTest, NothingComesAgainWhileReceivesAndTheCommitAreSlow) {
  SendMany(60);
  LanderOptions options = Plain();
  options.close_age = std::chrono::hours(2);
  uint64_t received = 0;
  const auto all_are_held = [&] {
    EXPECT_EQ(source_->Depth()->in_flight, received);
    EXPECT_EQ(source_->Depth()->visible, 60 - received);
  };
  queue_.before_receive = [&] {
    clock_.Advance(seconds(110));
    all_are_held();
    received = std::min<uint64_t>(received + 10, 60);
    return Status();
  };
  raw_.before_commit = [&] {
    clock_.Advance(seconds(300));
    all_are_held();
    return Status();
  };
  const auto report = Land(options);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->deleted, 60u);
}

// Fault L10: what is delivered again during the commit lands twice, and is nowhere lost.
TEST_F(LanderTest, ACommitThatTakesTooLongTakesNothingFromTheNextLander) {
  SendMany(3);
  const auto other = OpenQueue("source");
  std::vector<Message> again;
  raw_.before_commit = [&] {
    clock_.Advance(seconds(601));
    again = other->Receive({}).value();
    return Status();
  };
  ASSERT_TRUE(Land(Plain()));
  EXPECT_THAT(Lines(), SizeIs(3));
  EXPECT_THAT(again, SizeIs(3));
  EXPECT_EQ(source_->Depth()->in_flight, 3u);
}

TEST_F(LanderTest, AWaitNeverOutlastsTheVisibilityOfWhatIsHeld) {
  LanderOptions options = Plain();
  options.visibility_timeout = seconds(10);
  options.receive_wait = seconds(20);
  EXPECT_EQ(Land(options)->objects, 0u);
  EXPECT_EQ(queue_.last_wait, seconds(5));
}

TEST_F(LanderTest, FollowingAnEmptyQueueReturnsAfterOneWait) {
  LanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  EXPECT_EQ(Land(options)->objects, 0u);
  EXPECT_EQ(queue_.last_wait, std::chrono::milliseconds(100));  // never a spin
}

// Fault L13.
TEST_F(LanderTest, AStopLandsWhatIsThere) {
  SendMany(30);
  int receives = 0;
  queue_.before_receive = [&] {
    if (++receives == 2) stop_.request_stop();
    return Status();
  };
  const auto report = Land(Plain());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 20u);
  EXPECT_EQ(report->deleted, 20u);
  EXPECT_EQ(Land(Plain())->objects, 0u);
  EXPECT_EQ(source_->Depth()->visible, 10u);
}

TEST_F(LanderTest, ADeadlineLandsWhatIsThereAndBoundsTheWait) {
  SendMany(15);
  LanderOptions options = Plain();
  options.when_empty = WhenEmpty::kWait;
  options.receive_wait = seconds(20);
  Lander lander(queue_, raw_, clock_, options);
  const Deadline deadline = Deadline::After(clock_, seconds(7));
  const auto report = lander.LandOne(deadline, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 15u);
  EXPECT_EQ(clock_.Monotonic(), deadline.at);
  SendMany(1);
  EXPECT_EQ(lander.LandOne(deadline, {})->objects, 0u);
  EXPECT_EQ(source_->Depth()->visible, 1u);
}

TEST_F(LanderTest, KeepingDeletesNothingAndReleasesNothing) {
  SendMany(3);
  LanderOptions options = Plain();
  options.after_commit = AfterCommit::kKeep;
  EXPECT_EQ(Land(options)->messages, 3u);
  EXPECT_EQ(Land(options)->objects, 0u);
  EXPECT_EQ(source_->Depth()->in_flight, 3u);
  clock_.Advance(seconds(600));
  EXPECT_EQ(Land(options)->messages, 3u);
}

TEST_F(LanderTest, WhatIsGivenBackCanBeHadAtOnce) {
  SendMany(30);
  LanderOptions options = Plain();
  options.after_commit = AfterCommit::kGiveBack;
  options.close_messages = 4;
  EXPECT_EQ(Land(options)->messages, 4u);
  EXPECT_EQ(source_->Depth()->visible, 30u);
  EXPECT_EQ(source_->Depth()->in_flight, 0u);
  EXPECT_EQ(Land(options)->messages, 4u);
}

// Fault L14: what is landed makes room for more.
TEST_F(LanderTest, AFailedReceiveLandsWhatCameBefore) {
  SendMany(30);
  int receives = 0;
  queue_.before_receive = [&]() -> Status {
    if (++receives != 2) return {};
    return Fail(ErrorKind::kTransient, "OverLimit");
  };
  EXPECT_EQ(Land(Plain())->messages, 10u);
  receives = 1;
  const auto report = Land(Plain());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message(), "OverLimit");
}

// Invariant 1.
TEST_F(LanderTest, MessagesAreDeletedAfterTheCommitOnly) {
  SendMany(3);
  bool committed = false;
  raw_.before_commit = [&] {
    committed = true;
    EXPECT_EQ(source_->Depth()->in_flight, 3u);
    return Status();
  };
  queue_.before_delete = [&] {
    EXPECT_TRUE(committed);
    EXPECT_THAT(Keys(), SizeIs(1));
    return Status();
  };
  EXPECT_EQ(Land(Plain())->deleted, 3u);
}

// Faults L16 and L17.
TEST_F(LanderTest, AFullDiskReleasesTheMessagesAndLeavesNothing) {
  SendMany(15);
  raw_.before_write = [] { return Fail(ErrorKind::kTransient, "no space left on device"); };
  const auto report = Land(Plain());
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("no space left"));
  ExpectNothingHappened(15);
}

// Fault L16 again: where each delivery is one of few.
TEST_F(LanderTest, AQueueThatGivesUpIsAskedForNothingThatTheStoreDoesNotTake) {
  SendMany(3);
  queue_.gives_up = true;
  int receives = 0, asked = 0;
  queue_.before_receive = [&] { return ++receives, Status(); };
  raw_.takes_objects = [&]() -> Status {
    if (++asked < 3) return Fail(ErrorKind::kPermanent, "access denied");
    return {};
  };
  Lander lander(queue_, raw_, clock_, Plain());
  const auto land = [&] { return lander.LandOne(Deadline::Never(), stop_.get_token()); };
  for (int i = 0; i < 2; ++i) {
    const auto report = land();
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message(), HasSubstr("access denied"));
  }
  EXPECT_EQ(receives, 0);
  EXPECT_EQ(land()->deleted, 3u);
  SendMany(3);
  EXPECT_EQ(land()->deleted, 3u);
  EXPECT_EQ(asked, 3) << "once is enough while all goes well";
}

TEST_F(LanderTest, WhatAQueueThatGivesUpGaveForNothingStaysHidden) {
  SendMany(3);
  queue_.gives_up = true;
  int asked = 0;
  raw_.takes_objects = [&] { return ++asked, Status(); };
  raw_.before_commit = [] { return Fail(ErrorKind::kTransient, "slow down"); };
  Lander lander(queue_, raw_, clock_, Plain());
  const auto land = [&] { return lander.LandOne(Deadline::Never(), stop_.get_token()); };
  EXPECT_FALSE(land());
  EXPECT_EQ(source_->Depth()->in_flight, 3u);
  raw_.before_commit = [] { return Status(); };
  EXPECT_EQ(land()->messages, 0u);
  EXPECT_EQ(asked, 2) << "and after a failure again";
  clock_.Advance(Plain().visibility_timeout);
  EXPECT_EQ(land()->deleted, 3u);
}

TEST_F(LanderTest, AnUnknownOutcomeReleasesTheMessages) {
  SendMany(3);
  raw_.before_commit = [] { return Fail(ErrorKind::kOutcomeUnknown, "reply was lost"); };
  const auto report = Land(Plain());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_EQ(source_->Depth()->visible, 3u);
}

// Fault L10: nobody knows any more for how long the messages are held.
TEST_F(LanderTest, ThreeFailedRenewalsInARowStopBeforeTheCommitAndGiveBackWhatIsHeld) {
  SendMany(150);
  LanderOptions options = Plain();
  options.close_age = std::chrono::hours(2);
  queue_.before_receive = [&] {
    clock_.Advance(seconds(60));
    return Status();
  };
  queue_.before_renewal = [] { return Fail(ErrorKind::kTransient, "queue is down"); };
  bool has_committed = false;
  raw_.before_commit = [&] {
    has_committed = true;
    return Status();
  };
  const auto report = Land(options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(queue_.renewals, 3);
  EXPECT_FALSE(has_committed);
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_EQ(source_->Depth()->visible, 150u);
}

// Fault L10: a commit may take as long as a quarter of the timeout.
TEST_F(LanderTest, NothingIsCommittedThatMayBeAnothersBeforeItIsThere) {
  SendMany(3);
  queue_.before_renewal = [] { return Fail(ErrorKind::kTransient, "queue is down"); };
  int receives = 0;
  queue_.before_receive = [&] {
    if (++receives == 2) clock_.Advance(Plain().visibility_timeout * 4 / 5);
    return Status();
  };
  const auto report = Land(Plain());
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("for as long as a commit may take"));
  EXPECT_LT(queue_.renewals, 3) << "it was not the renewals that ended it";
  ExpectNothingHappened(3);
}

// The clock is the machine's when an object is begun, whatever it was for the one before.
TEST_F(LanderTest, L20_AClockThatJumpsBackGivesAnotherNameInItsHour) {
  SendMany(1);
  const auto first = Land(Plain());
  clock_.Advance(std::chrono::hours(-2));
  SendMany(1);
  const auto second = Land(Plain());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->key.text.substr(0, 19), "date=2023-11-14/22/");
  EXPECT_EQ(second->key.text.substr(0, 19), "date=2023-11-14/20/");
  EXPECT_THAT(Keys(), SizeIs(2));
}

// Fault L10: this lander stalls for so long that another one gets a message.
TEST_F(LanderTest, ALostReceiptStopsBeforeTheCommit) {
  SendMany(15);
  const auto other = OpenQueue("source");
  std::vector<Message> stolen;
  int receives = 0;
  queue_.before_receive = [&] {
    if (++receives == 3) {
      clock_.Advance(seconds(601));
      stolen = other->Receive({.max_messages = 1}).value();
    }
    return Status();
  };
  const auto report = Land(Plain());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kTransient);
  EXPECT_THAT(Keys(), IsEmpty());
  ASSERT_THAT(stolen, SizeIs(1));
  EXPECT_EQ(source_->Depth()->visible, 14u);
  EXPECT_TRUE(other->Delete({&stolen[0].receipt, 1})->front());  // and the other one's holds
}

}  // namespace
}  // namespace sluice
