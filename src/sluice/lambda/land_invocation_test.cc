// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/land_invocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "sluice/base/io.h"
#include "sluice/base/unique_id.h"
#include "sluice/object/directory_store.h"
#include "sluice/object/faulty_store.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A store of which every commit takes its time, and that gives up after `patience` in all.
class SlowStore : public FaultyStore {
 public:
  SlowStore(std::unique_ptr<ObjectStore> store, FakeClock& clock, std::chrono::seconds commit,
            std::chrono::seconds patience)
      : FaultyStore(std::move(store), nullptr),
        clock_(clock),
        commit_(commit),
        patience_(patience) {}

  Result<std::unique_ptr<PendingObject>> Create(const std::string& key) override {
    const std::chrono::seconds takes = std::min(commit_, patience_);
    clock_.Advance(takes);
    patience_ -= takes;
    if (takes < commit_) return Fail(ErrorKind::kTransient, "no answer in time");
    return FaultyStore::Create(key);
  }

 private:
  FakeClock& clock_;
  const std::chrono::seconds commit_;
  std::chrono::seconds patience_;
};

class LandInvocationTest : public ::testing::Test {
 protected:
  ~LandInvocationTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<ObjectStore> Folder() { return DirectoryStore::At(folder_).value(); }

  // With messages m0, m1, … of 100 bytes each.
  Invocation Sqs(int messages, std::chrono::milliseconds left) {
    std::string records;
    for (int i = 0; i < messages; ++i) {
      records += fmt::format(
          R"({}{{"eventSource":"aws:sqs","messageId":"m{}","body":"{{\"x\":\"{}\"}}"}})",
          i == 0 ? "" : ",", i, std::string(92, 'x'));
    }
    return {.request_id = "r",
            .deadline = clock_.Now() + left,
            .payload = "{\"Records\":[" + records + "]}"};
  }

  static LanderOptions Small() {
    // A batch of messages that is received at a time is one object.
    return {.format = StreamFormat::kPlain, .close_size = {1}};
  }

  // Of so many messages; the others are the failed ones, `why`.
  static void ExpectTwoObjects(const Result<LandedInvocation>& done, int messages,
                               const char* why) {
    ASSERT_TRUE(done);
    EXPECT_EQ(done->landed.objects, 2u);
    EXPECT_THAT(done->failure->message(), HasSubstr(why));
    EXPECT_THAT(done->failed, SizeIs(static_cast<size_t>(messages) - done->landed.messages));
    EXPECT_EQ(done->failed.front(), fmt::format("m{}", done->landed.messages));
  }

  FakeClock clock_;
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("lambda-" + MakeUniqueId(SystemClock().Now()));
};

TEST_F(LandInvocationTest, LandsEverythingWhileThereIsTime) {
  const auto store = Folder();
  const auto done = LandInvocation(Sqs(25, std::chrono::seconds(60)), *store, clock_, Small());
  ASSERT_TRUE(done);
  EXPECT_THAT(done->failed, IsEmpty());
  EXPECT_FALSE(done->failure);
  EXPECT_EQ(done->items, 25u);
  EXPECT_EQ(done->landed.events, 25u);
  EXPECT_EQ(done->landed.objects, store->List("", "", 100).value().objects.size());
}

// Fault O1.
TEST_F(LandInvocationTest, O1_BeginsNothingInTheLastSecond) {
  const auto store = Folder();
  const auto done = LandInvocation(Sqs(2, std::chrono::milliseconds(1000)), *store, clock_, {});
  ASSERT_TRUE(done);
  EXPECT_THAT(done->failed, ElementsAre("m0", "m1"));
  EXPECT_THAT(done->failure->message(), HasSubstr("too little time"));
  EXPECT_THAT(store->List("", "", 100).value().objects, IsEmpty());
  const auto in_time = LandInvocation(Sqs(2, std::chrono::milliseconds(1001)), *store, clock_, {});
  EXPECT_THAT(in_time->failed, IsEmpty());
}

TEST_F(LandInvocationTest, O1_NothingIsBegunAfterTheDeadline) {
  SlowStore store(Folder(), clock_, std::chrono::seconds(10), std::chrono::hours(1));
  const int messages = 3 * Queue::kMaxBatch;
  const auto done = LandInvocation(Sqs(messages, std::chrono::seconds(12)), store, clock_, Small());
  // The first begins at 0 s, the second at 10 s, the third would at 20 s.
  ExpectTwoObjects(done, messages, "too little time");
}

TEST_F(LandInvocationTest, O1_WhatWasLandedBeforeTimeRanOutIsDone) {
  SlowStore store(Folder(), clock_, std::chrono::seconds(5), std::chrono::seconds(14));
  const int messages = 4 * Queue::kMaxBatch;
  const auto done = LandInvocation(Sqs(messages, std::chrono::seconds(15)), store, clock_, Small());
  // They begin at 0, 5 and 10 s; the third would end at 15.
  ExpectTwoObjects(done, messages, "no answer in time");
}

TEST_F(LandInvocationTest, ADeadlineThatMakesNoSenseIsNone) {
  const auto store = Folder();
  Invocation invocation = Sqs(1, std::chrono::seconds(0));
  invocation.deadline = Timestamp();
  EXPECT_THAT(LandInvocation(invocation, *store, clock_, {})->failed, ElementsAre("m0"));
  invocation.deadline = Timestamp(std::chrono::seconds(253'402'300'799));
  EXPECT_THAT(LandInvocation(invocation, *store, clock_, {})->failed, IsEmpty());
}

TEST_F(LandInvocationTest, AnEventThatIsNotUnderstoodLandsNothing) {
  const auto store = Folder();
  Invocation invocation = Sqs(1, std::chrono::seconds(60));
  invocation.payload.pop_back();
  EXPECT_EQ(LandInvocation(invocation, *store, clock_, {}).error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(store->List("", "", 100).value().objects, IsEmpty());
}

}  // namespace
}  // namespace sluice
