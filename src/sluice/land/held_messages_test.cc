// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/held_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Records "extend 600: a b" and "delete: a b", and answers what the test says.
class RecordingQueue : public Queue {
 public:
  Result<std::vector<Message>> Receive(const ReceiveOptions&) override {
    return std::vector<Message>();
  }
  Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) override {
    return Answer("delete", receipts);
  }
  Result<std::vector<Status>> Extend(std::span<const Receipt> receipts, seconds timeout) override {
    return Answer("extend " + std::to_string(timeout.count()), receipts);
  }
  Result<std::vector<Status>> Send(std::span<const std::string>) override {
    return Fail(ErrorKind::kPermanent, "not here");
  }
  Result<QueueDepth> Depth() override { return QueueDepth(); }

  std::vector<std::string> Calls() { return std::exchange(calls_, {}); }

  std::function<Status()> on_call = [] { return Status(); };
  std::function<Status(const Receipt&)> on_entry = [](const Receipt&) { return Status(); };

 private:
  Result<std::vector<Status>> Answer(std::string call, std::span<const Receipt> receipts) {
    call += ":";
    std::vector<Status> answers;
    for (const Receipt& receipt : receipts) {
      call += " " + receipt.handle;
      answers.push_back(on_entry(receipt));
    }
    calls_.push_back(std::move(call));
    SLUICE_TRY(on_call());
    return answers;
  }

  std::vector<std::string> calls_;
};

class HeldMessagesTest : public ::testing::Test {
 protected:
  void Add(HeldMessages& held, const std::vector<std::string>& handles) {
    std::vector<Message> messages;
    for (const std::string& handle : handles) {
      messages.push_back({.id = handle, .receipt = {handle}});
    }
    held.Add(messages, clock_.Monotonic());
  }

  static std::vector<std::string> Handles(int count) {
    std::vector<std::string> handles;
    for (int i = 0; i < count; ++i) handles.push_back(std::to_string(i));
    return handles;
  }
  // How many entries each call had.
  std::vector<size_t> Sizes() {
    std::vector<size_t> sizes;
    for (const std::string& call : queue_.Calls()) {
      const std::string entries = call.substr(call.find(':'));
      sizes.push_back(static_cast<size_t>(std::ranges::count(entries, ' ')));
    }
    return sizes;
  }

  static Status Down() { return Fail(ErrorKind::kTransient, "queue is down"); }

  RecordingQueue queue_;
  FakeClock clock_;
};

TEST_F(HeldMessagesTest, RenewsWhatIsHalfwayAndNothingElse) {
  HeldMessages held(queue_, clock_, seconds(600));
  Add(held, {"a", "b"});
  clock_.Advance(seconds(200));
  Add(held, {"c"});
  clock_.Advance(seconds(99));
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(queue_.Calls(), IsEmpty());
  clock_.Advance(seconds(1));
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(queue_.Calls(), ElementsAre("extend 600: a b"));
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(queue_.Calls(), IsEmpty());
  clock_.Advance(seconds(200));
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(queue_.Calls(), ElementsAre("extend 600: c"));
  clock_.Advance(seconds(100));
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(queue_.Calls(), ElementsAre("extend 600: a b"));
  held.Leave();
}

TEST_F(HeldMessagesTest, RenewsAThousandMessagesWithACall) {
  HeldMessages held(queue_, clock_, seconds(1));
  Add(held, Handles(600));
  Add(held, Handles(600));
  clock_.Advance(std::chrono::milliseconds(499));
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(queue_.Calls(), IsEmpty());
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(Sizes(), ElementsAre(1000, 200));
  held.Leave();
}

TEST_F(HeldMessagesTest, WhatWasNotRenewedIsTheFirstToBeRenewedNext) {
  HeldMessages held(queue_, clock_, seconds(600));
  Add(held, {"a", "b", "c", "d"});
  clock_.Advance(seconds(300));
  queue_.on_entry = [](const Receipt& receipt) -> Status {
    if (receipt.handle == "b" || receipt.handle == "c") return Down();
    return {};
  };
  EXPECT_TRUE(held.Renew());
  queue_.on_entry = [](const Receipt&) { return Status(); };
  EXPECT_TRUE(held.Renew());
  clock_.Advance(seconds(300));
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(queue_.Calls(),
              ElementsAre("extend 600: a b c d", "extend 600: b c", "extend 600: a d b c"));
  held.Leave();
}

TEST_F(HeldMessagesTest, ASlowQueueDoesNotKeepRenewalBusyForEver) {
  HeldMessages held(queue_, clock_, seconds(10));
  Add(held, {"a", "b"});
  clock_.Advance(seconds(5));
  queue_.on_call = [&] {
    clock_.Advance(seconds(6));
    return Status();
  };
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(queue_.Calls(), ElementsAre("extend 10: a b"));
  held.Leave();
}

// Fault L10.
TEST_F(HeldMessagesTest, ALostReceiptStopsTheWorkAndReleasesTheRest) {
  {
    HeldMessages held(queue_, clock_, seconds(600));
    Add(held, {"a", "b", "c"});
    clock_.Advance(seconds(300));
    queue_.on_entry = [](const Receipt& receipt) -> Status {
      if (receipt.handle == "a") return Fail(ErrorKind::kTransient, "busy");
      if (receipt.handle == "b") return Fail(ErrorKind::kNotFound, "stale receipt");
      return {};
    };
    const Status renewed = held.Renew();
    ASSERT_FALSE(renewed);
    EXPECT_EQ(renewed.error().kind(), ErrorKind::kTransient);
    EXPECT_THAT(renewed.error().message(), HasSubstr("stale receipt"));
  }
  EXPECT_THAT(queue_.Calls(), ElementsAre("extend 600: a b c", "extend 0: a b c"));
}

// Fault L11.
TEST_F(HeldMessagesTest, ThreeFailedRenewalsInARowStopTheWork) {
  HeldMessages held(queue_, clock_, seconds(600));
  Add(held, {"a"});
  clock_.Advance(seconds(300));
  queue_.on_call = Down;
  EXPECT_TRUE(held.Renew());
  EXPECT_TRUE(held.Renew());
  queue_.on_call = [] { return Status(); };
  EXPECT_TRUE(held.Renew());  // begins to count anew
  clock_.Advance(seconds(300));
  queue_.on_call = Down;
  EXPECT_TRUE(held.Renew());
  EXPECT_TRUE(held.Renew());
  EXPECT_FALSE(held.Renew());
  held.Leave();
}

TEST_F(HeldMessagesTest, AFailedRenewalAfterTheWholeTimeoutStopsTheWorkAtOnce) {
  HeldMessages held(queue_, clock_, seconds(600));
  Add(held, {"a"});
  queue_.on_entry = [](const Receipt&) { return Down(); };
  clock_.Advance(seconds(599));
  EXPECT_TRUE(held.Renew());
  clock_.Advance(seconds(1));
  EXPECT_FALSE(held.Renew());
  held.Leave();
}

// Fault L10: SQS may answer an extension of what another has by now as if nothing were wrong.
TEST_F(HeldMessagesTest, WhatWasVisibleBeforeItWasRenewedIsLost) {
  HeldMessages held(queue_, clock_, seconds(600));
  Add(held, {"a"});
  EXPECT_EQ(held.TimeLeft(), seconds(600));
  clock_.Advance(seconds(600));
  EXPECT_FALSE(held.Renew());
  EXPECT_THAT(queue_.Calls(), IsEmpty());
  held.Leave();
}

TEST_F(HeldMessagesTest, ACallThatFailsTooLateStopsTheWork) {
  HeldMessages held(queue_, clock_, seconds(600));
  Add(held, {"a"});
  clock_.Advance(seconds(560));
  queue_.on_call = [&] {
    clock_.Advance(seconds(60));
    return Down();
  };
  EXPECT_FALSE(held.Renew());
  held.Leave();
}

TEST_F(HeldMessagesTest, OneEntryThatFailsKeepsNoOtherFromBeingRenewed) {
  HeldMessages held(queue_, clock_, seconds(600));
  Add(held, Handles(1500));
  clock_.Advance(seconds(300));
  queue_.on_entry = [](const Receipt& receipt) {
    return receipt.handle == "7" ? Down() : Status();
  };
  EXPECT_TRUE(held.Renew());
  EXPECT_THAT(Sizes(), ElementsAre(1000, 500));
  held.Leave();
}

TEST_F(HeldMessagesTest, ReleasesInThousandsAndGivesUpAfterThreeFailedCalls) {
  {
    HeldMessages held(queue_, clock_, seconds(600));
    Add(held, Handles(10'000));
    int calls = 0;
    queue_.on_call = [&calls]() -> Status { return ++calls == 2 ? Status() : Down(); };
  }
  EXPECT_EQ(queue_.Calls().size(), 5u);  // one failed, one worked, three failed
}

TEST_F(HeldMessagesTest, DeletesInThousandsAndReleasesNothing) {
  {
    HeldMessages held(queue_, clock_, seconds(600));
    Add(held, Handles(1200));
    const DeleteCounts counts = held.Delete();
    EXPECT_EQ(counts.deleted, 1200u);
    EXPECT_EQ(counts.failures, 0u);
    EXPECT_TRUE(held.empty());
  }
  EXPECT_THAT(Sizes(), ElementsAre(1000, 200));
}

// Faults L7 and L8.
TEST_F(HeldMessagesTest, AFailedDeletionOfOneIsCountedAndTheRestGoesOn) {
  HeldMessages held(queue_, clock_, seconds(600));
  for (int i = 0; i < 25; ++i) Add(held, {std::to_string(i)});
  queue_.on_entry = [](const Receipt& receipt) -> Status {
    if (receipt.handle == "3" || receipt.handle == "24") {
      return Fail(ErrorKind::kNotFound, "receipt handle is invalid");
    }
    return {};
  };
  const DeleteCounts counts = held.Delete();
  EXPECT_EQ(counts.deleted, 23u);
  EXPECT_EQ(counts.failures, 2u);
}

TEST_F(HeldMessagesTest, ThreeFailedCallsInARowEndTheDeletion) {
  HeldMessages held(queue_, clock_, seconds(600));
  Add(held, Handles(10'000));
  int calls = 0;
  queue_.on_call = [&calls]() -> Status {
    ++calls;
    return calls == 1 || calls == 4 ? Status() : Down();
  };
  const DeleteCounts counts = held.Delete();
  EXPECT_EQ(calls, 7);
  EXPECT_EQ(counts.deleted, 2000u);
  EXPECT_EQ(counts.failures, 8000u);
}

}  // namespace
}  // namespace sluice
