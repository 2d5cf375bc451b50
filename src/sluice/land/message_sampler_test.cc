// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/message_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/land/lander_test_fixture.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

// Fails where the test says so.
class WatchedSink : public StringSink {
 public:
  Status Write(std::string_view data) override {
    SLUICE_TRY(before_write());
    return StringSink::Write(data);
  }
  std::function<Status()> before_write = [] { return Status(); };
};

// Gives its first answer for ever, as SQS may give a message twice.
class RepeatingQueue : public WatchedQueue {
 public:
  using WatchedQueue::WatchedQueue;
  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override {
    ++receives;
    if (!first_) {
      SLUICE_ASSIGN(first_, WatchedQueue::Receive(options));
    }
    return *first_;
  }
  int receives = 0;

 private:
  std::optional<std::vector<Message>> first_;
};

class MessageSamplerTest : public LanderTest {
 protected:
  Result<SampleReport> Sample(size_t messages) {
    return SampleMessages(queue_, out_, clock_, {.messages = messages}, Deadline::Never(),
                          stop_.get_token());
  }
  WatchedSink out_;
};

TEST_F(MessageSamplerTest, CopiesEventsAndLeavesTheMessages) {
  Send(R"({"Records":[{"a":1},{"b":2}]})");
  Send("not json");
  const auto report = Sample(10);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->messages, 2u);
  EXPECT_EQ(report->events, 3u);
  EXPECT_EQ(report->bytes, Bytes{out_.text().size()});
  EXPECT_EQ(report->most_receives, 1);
  EXPECT_THAT(out_.text(), HasSubstr("{\"a\":1}\n{\"b\":2}\n{\"sluice_raw\":"));
  ExpectNothingHappened(2);
}

TEST_F(MessageSamplerTest, TakesAsManyAsWantedEachOnce) {
  SendMany(100);
  const auto report = Sample(25);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 25u);
  std::istringstream text(out_.text());
  std::set<std::string> lines;
  for (std::string line; std::getline(text, line);) EXPECT_TRUE(lines.insert(line).second);
  EXPECT_EQ(lines.size(), 25u);
  ExpectNothingHappened(100);
}

TEST_F(MessageSamplerTest, SaysHowOftenMessagesWereReceived) {
  SendMany(1);
  EXPECT_EQ(Sample(1)->most_receives, 1);
  EXPECT_EQ(Sample(1)->most_receives, 2);
}

TEST_F(MessageSamplerTest, AnEmptyQueueEndsIt) {
  EXPECT_EQ(Sample(10)->messages, 0u);
  SendMany(3);
  EXPECT_EQ(Sample(10)->messages, 3u);
}

TEST_F(MessageSamplerTest, WhatComesTwiceIsWrittenOnceAndEndsIt) {
  SendMany(5);
  RepeatingQueue queue(*source_);
  const auto report = SampleMessages(queue, out_, clock_, {.messages = 10}, Deadline::Never(), {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 5u);
  EXPECT_EQ(queue.receives, 2);
}

// Instead of counting everything as received once more, and again.
TEST_F(MessageSamplerTest, ALostHoldEndsIt) {
  SendMany(20);
  out_.before_write = [&] {
    clock_.Advance(seconds(7));
    return Status();
  };
  const auto report = Sample(20);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("lost hold"));
}

TEST_F(MessageSamplerTest, ADeadlineAndAStopEndIt) {
  SendMany(30);
  queue_.before_receive = [&] {
    clock_.Advance(seconds(10));
    return Status();
  };
  const auto report = SampleMessages(queue_, out_, clock_, {.messages = 30},
                                     Deadline::After(clock_, seconds(15)), {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 20u);
  stop_.request_stop();
  EXPECT_EQ(Sample(30)->messages, 0u);
  ExpectNothingHappened(30);
}

TEST_F(MessageSamplerTest, AnOutputThatIsFullGivesTheMessagesBack) {
  SendMany(3);
  out_.before_write = [] { return Fail(ErrorKind::kPermanent, "no space left on device"); };
  EXPECT_FALSE(Sample(3));
  ExpectNothingHappened(3);
}

}  // namespace
}  // namespace sluice
