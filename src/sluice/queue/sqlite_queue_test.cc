// SPDX-License-Identifier: Apache-2.0
// What a SQLite queue promises beyond the contract of Queue.
#include "sluice/queue/sqlite_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "sluice/queue/queue_test_folder.h"
#include "tests/contract/queue_contract.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<SqliteQueue> Open(SqliteQueueOptions options, Clock& clock) {
  auto queue = SqliteQueue::Open(std::move(options), clock);
  EXPECT_TRUE(queue) << queue.error().message();
  return queue ? std::move(*queue) : nullptr;
}

class SqliteUnderTest : public QueueUnderTest {
 public:
  SqliteUnderTest()
      : queue_(Open({.path = folder_.file(),
                     .dead_letter_queue = "dead",
                     .max_receive_count = kMaxReceiveCount},
                    clock_)),
        dead_letters_(Open({.path = folder_.file(), .name = "dead"}, clock_)) {}

  Queue& queue() override { return *queue_; }
  Queue& dead_letters() override { return *dead_letters_; }
  void Elapse(seconds duration) override { clock_.Advance(duration); }

 private:
  QueueTestFolder folder_;
  FakeClock clock_;
  std::unique_ptr<SqliteQueue> queue_, dead_letters_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, QueueContract,
                         ::testing::Values(QueueFactory{
                             "sqlite", [] { return std::make_unique<SqliteUnderTest>(); }}));

class SqliteQueueTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteQueue> Open(SqliteQueueOptions options = {}) {
    options.path = folder_.file();
    return sluice::Open(std::move(options), clock_);
  }
  static void Send(Queue& queue, const std::vector<std::string>& bodies) {
    const auto answers = queue.Send(bodies);
    ASSERT_TRUE(answers) << answers.error().message();
    for (const Status& answer : *answers) EXPECT_TRUE(answer);
  }
  static std::vector<Message> Receive(Queue& queue, int count = 10) {
    auto messages = queue.Receive({.max_messages = count, .visibility_timeout = seconds(30)});
    EXPECT_TRUE(messages) << messages.error().message();
    return messages ? std::move(*messages) : std::vector<Message>();
  }
  static std::vector<std::string> Bodies(const std::vector<Message>& messages) {
    std::vector<std::string> bodies;
    for (const Message& message : messages) bodies.push_back(message.body);
    return bodies;
  }
  static std::string Refusal(SqliteQueueOptions options, Clock& clock) {
    const auto queue = SqliteQueue::Open(std::move(options), clock);
    if (queue) return "";
    EXPECT_EQ(queue.error().kind(), ErrorKind::kPermanent);
    return queue.error().message();
  }

  QueueTestFolder folder_;
  FakeClock clock_;
};

TEST_F(SqliteQueueTest, MessagesOutliveTheInstance) {
  const Timestamp sent = clock_.Now();
  Send(*Open(), {"a"});
  clock_.Advance(hours(24 * 365));
  const auto messages = Receive(*Open());
  ASSERT_THAT(Bodies(messages), ElementsAre("a"));
  EXPECT_EQ(messages[0].sent, sent);
}

TEST_F(SqliteQueueTest, OldestComesFirst) {
  const auto queue = Open();
  Send(*queue, {"a", "b"});
  Send(*queue, {"c"});
  EXPECT_THAT(Bodies(Receive(*queue, 2)), ElementsAre("a", "b"));
  EXPECT_THAT(Bodies(Receive(*queue, 2)), ElementsAre("c"));
}

TEST_F(SqliteQueueTest, WhatIsVisibleAgainLinesUpAtTheEnd) {
  const auto queue = Open();
  Send(*queue, {"poison", "b", "c"});
  const Message poison = Receive(*queue, 1).at(0);
  ASSERT_TRUE(queue->Extend({&poison.receipt, 1}, seconds(0)));
  EXPECT_THAT(Bodies(Receive(*queue)), ElementsAre("b", "c", "poison"));
}

TEST_F(SqliteQueueTest, BodiesAreAnyBytes) {
  const auto queue = Open();
  const std::vector<std::string> bodies = {"", std::string("a\0b\0", 4), "\xFF\xFE",
                                           "\xEF\xBB\xBF"};
  Send(*queue, bodies);
  EXPECT_EQ(Bodies(Receive(*queue)), bodies);
}

TEST_F(SqliteQueueTest, QueuesOfOneFileAreApart) {
  const auto one = Open({.name = "one"}), two = Open({.name = "two"});
  Send(*one, {"a"});
  EXPECT_TRUE(Receive(*two).empty());
  const auto messages = Receive(*one);
  ASSERT_EQ(messages.size(), 1u);
  ASSERT_TRUE(two->Delete({&messages[0].receipt, 1}));
  EXPECT_EQ(two->Extend({&messages[0].receipt, 1}, seconds(1))->at(0).error().kind(),
            ErrorKind::kNotFound);
  clock_.Advance(seconds(31));
  EXPECT_THAT(Bodies(Receive(*one)), ElementsAre("a"));
}

TEST_F(SqliteQueueTest, InstancesOfOneQueueNeverHoldTheSameMessage) {
  const auto one = Open(), two = Open();
  Send(*one, {"a", "b", "c"});
  EXPECT_THAT(Bodies(Receive(*one, 2)), ElementsAre("a", "b"));
  const auto rest = Receive(*two);
  EXPECT_THAT(Bodies(rest), ElementsAre("c"));
  // A receipt is good with every instance.
  EXPECT_TRUE(one->Delete({&rest[0].receipt, 1})->at(0));
  clock_.Advance(seconds(31));
  EXPECT_THAT(Bodies(Receive(*two)), ElementsAre("a", "b"));
}

TEST_F(SqliteQueueTest, ClosedInstanceFreesWhatItHeld) {
  const auto two = Open();
  {
    const auto one = Open();
    Send(*one, {"a"});
    EXPECT_EQ(Receive(*one).size(), 1u);
    EXPECT_TRUE(Receive(*two).empty());
    EXPECT_EQ(folder_.owner_files().size(), 2u);
  }
  const auto messages = Receive(*two);
  ASSERT_THAT(Bodies(messages), ElementsAre("a"));
  EXPECT_EQ(messages[0].receive_count, 2);
  EXPECT_EQ(folder_.owner_files().size(), 1u);
}

TEST_F(SqliteQueueTest, FilesOfDeadOwnersAreRemovedWhenAQueueIsOpened) {
  const std::string left = folder_.file() + "-owner-LEFT";
  fclose(fopen(left.c_str(), "w"));
  const auto queue = Open();
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(folder_.owner_files().size(), 1u);
}

TEST_F(SqliteQueueTest, DeadLetterKeepsIdTimeAndCount) {
  const auto queue = Open({.dead_letter_queue = "dead", .max_receive_count = 2});
  const auto dead = Open({.name = "dead"});
  const Timestamp sent = clock_.Now();
  Send(*queue, {"poison"});
  std::string id;
  for (int i = 0; i < 2; ++i) {
    const auto messages = Receive(*queue);
    ASSERT_EQ(messages.size(), 1u);
    id = messages[0].id;
    clock_.Advance(seconds(31));
  }
  EXPECT_TRUE(Receive(*dead).empty());  // it moves when it would be received once more
  EXPECT_TRUE(Receive(*queue).empty());
  EXPECT_EQ(queue->Depth()->dead, 1u);
  const auto letters = Receive(*dead);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].id, id);
  EXPECT_EQ(letters[0].sent, sent);
  EXPECT_EQ(letters[0].receive_count, 3);
}

TEST_F(SqliteQueueTest, ReceiveLooksBehindDeadLetters) {
  const auto queue = Open({.dead_letter_queue = "dead", .max_receive_count = 1});
  for (int batch = 0; batch < 3; ++batch) {
    Send(*queue, std::vector<std::string>(10, "poison"));
    EXPECT_EQ(Receive(*queue).size(), 10u);
  }
  clock_.Advance(seconds(31));
  Send(*queue, {"healthy"});
  EXPECT_THAT(Bodies(Receive(*queue)), ElementsAre("healthy"));
  EXPECT_EQ(queue->Depth()->dead, 30u);
}

TEST_F(SqliteQueueTest, ReceiptFromBeforeTheMoveDoesNotDeleteADeadLetter) {
  const auto queue = Open({.dead_letter_queue = "dead", .max_receive_count = 1});
  const auto dead = Open({.name = "dead"});
  Send(*queue, {"poison"});
  const Message message = Receive(*queue).at(0);
  clock_.Advance(seconds(31));
  EXPECT_TRUE(Receive(*queue).empty());
  EXPECT_TRUE(queue->Delete({&message.receipt, 1})->at(0));
  EXPECT_TRUE(dead->Delete({&message.receipt, 1})->at(0));
  EXPECT_EQ(Receive(*dead).size(), 1u);
}

TEST_F(SqliteQueueTest, OversizedEntryDoesNotStopTheOthers) {
  const auto queue = Open();
  const std::vector<std::string> bodies = {"a", std::string(Queue::kMaxMessageBytes + 1, 'x'), "b"};
  const auto answers = queue->Send(bodies);
  ASSERT_TRUE(answers) << answers.error().message();
  EXPECT_TRUE(answers->at(0));
  EXPECT_EQ(answers->at(1).error().kind(), ErrorKind::kPermanent);
  EXPECT_TRUE(answers->at(2));
  EXPECT_THAT(Bodies(Receive(*queue)), ElementsAre("a", "b"));
}

TEST_F(SqliteQueueTest, DepthTellsWaitingFromInFlight) {
  const auto queue = Open();
  Send(*queue, {"a", "b", "c"});
  Receive(*queue, 1);
  const auto other = Open();
  Receive(*other, 1);
  EXPECT_EQ(queue->Depth()->visible, 1u);
  EXPECT_EQ(queue->Depth()->in_flight, 2u);
  clock_.Advance(seconds(31));
  EXPECT_EQ(queue->Depth()->visible, 3u);
  EXPECT_EQ(queue->Depth()->in_flight, 0u);
  EXPECT_EQ(queue->Depth()->dead, 0u);
}

TEST_F(SqliteQueueTest, MessageIsHiddenForTwelveHoursInAll) {
  const auto queue = Open();
  Send(*queue, {"a"});
  const Message message = Receive(*queue).at(0);
  ASSERT_TRUE(queue->Extend({&message.receipt, 1}, hours(11))->at(0));
  clock_.Advance(hours(6));
  EXPECT_EQ(queue->Extend({&message.receipt, 1}, hours(6) + seconds(1))->at(0).error().kind(),
            ErrorKind::kPermanent);
  EXPECT_TRUE(queue->Extend({&message.receipt, 1}, hours(6))->at(0));
}

TEST_F(SqliteQueueTest, TextThatNeverWasAReceiptIsRefused) {
  const auto queue = Open();
  for (const char* text : {"", "-", "x-1", "17", "99999999999999999999-A"}) {
    const Receipt receipt{text};
    EXPECT_EQ(queue->Delete({&receipt, 1})->at(0).error().kind(), ErrorKind::kPermanent) << text;
    EXPECT_EQ(queue->Extend({&receipt, 1}, seconds(1))->at(0).error().kind(),
              ErrorKind::kPermanent);
  }
}

// A clock whose Sleep also does something, and remembers how long it was.
class BusyClock : public FakeClock {
 public:
  void Sleep(std::chrono::microseconds duration) override {
    sleeps.push_back(duration);
    FakeClock::Sleep(duration);
    if (during_sleep) during_sleep();
  }
  std::vector<std::chrono::microseconds> sleeps;
  std::function<void()> during_sleep;
};

TEST_F(SqliteQueueTest, WaitSleepsInSlicesUntilItsEnd) {
  BusyClock clock;
  const auto queue = sluice::Open({.path = folder_.file()}, clock);
  const Ticks start = clock.Monotonic();
  EXPECT_TRUE(queue->Receive({.wait = milliseconds(1030)})->empty());
  EXPECT_EQ(clock.Monotonic() - start, milliseconds(1030));
  EXPECT_EQ(clock.sleeps.size(), 21u);
  EXPECT_LE(*std::ranges::max_element(clock.sleeps), milliseconds(50));
}

TEST_F(SqliteQueueTest, WaitEndsWhenAMessageComes) {
  BusyClock clock;
  const auto queue = sluice::Open({.path = folder_.file()}, clock);
  const auto sender = sluice::Open({.path = folder_.file()}, clock);
  clock.during_sleep = [&] {
    if (clock.sleeps.size() == 3) Send(*sender, {"a"});
  };
  EXPECT_EQ(queue->Receive({.wait = seconds(20)})->size(), 1u);
  EXPECT_EQ(clock.sleeps.size(), 3u);
}

TEST_F(SqliteQueueTest, StopEndsAWait) {
  BusyClock clock;
  std::stop_source stop;
  const auto queue = sluice::Open({.path = folder_.file(), .stop = stop.get_token()}, clock);
  clock.during_sleep = [&] {
    if (clock.sleeps.size() == 2) stop.request_stop();
  };
  EXPECT_TRUE(queue->Receive({.wait = seconds(20)})->empty());
  EXPECT_EQ(clock.sleeps.size(), 2u);
}

// Fault L20: the time of day is set back while messages wait and are in flight.
class ShiftedClock : public FakeClock {
 public:
  Timestamp Now() override { return FakeClock::Now() - shift; }
  Ticks Monotonic() override { return Ticks(FakeClock::Now().time_since_epoch()); }
  std::chrono::seconds shift{0};
};

TEST_F(SqliteQueueTest, SettingTheTimeOfDayBackHidesNothing) {
  ShiftedClock clock;
  const auto queue = sluice::Open({.path = folder_.file()}, clock);
  Send(*queue, {"a", "b"});
  Receive(*queue, 1);
  clock.shift = hours(100);
  EXPECT_THAT(Bodies(Receive(*queue)), ElementsAre("b"));
  clock.Advance(seconds(31));
  EXPECT_EQ(Receive(*queue).size(), 2u);
}

TEST_F(SqliteQueueTest, WrongOptionsAreRefused) {
  const std::string path = folder_.file();
  EXPECT_THAT(Refusal({.path = ""}, clock_), HasSubstr("path"));
  EXPECT_THAT(Refusal({.path = path, .name = ""}, clock_), HasSubstr("name"));
  EXPECT_THAT(Refusal({.path = path, .name = "a b"}, clock_), HasSubstr("'a b'"));
  EXPECT_THAT(Refusal({.path = path, .name = std::string(81, 'a')}, clock_), HasSubstr("name"));
  EXPECT_THAT(Refusal({.path = path, .dead_letter_queue = "source"}, clock_),
              HasSubstr("its own dead-letter queue"));
  EXPECT_THAT(Refusal({.path = path, .dead_letter_queue = "d", .max_receive_count = 0}, clock_),
              HasSubstr("max_receive_count"));
}

}  // namespace
}  // namespace sluice
