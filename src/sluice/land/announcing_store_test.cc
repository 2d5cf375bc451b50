// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/announcing_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "sluice/base/unique_id.h"
#include "sluice/event/s3_notification.h"
#include "sluice/object/directory_store.h"
#include "sluice/queue/faulty_queue.h"
#include "sluice/queue/sqlite_queue.h"

namespace sluice {
namespace {

constexpr char kKey[] = "date=2026-11-23/14/a b+c%.ndjson";

// Takes the call and refuses its only entry.
class RefusingQueue : public Queue {
 public:
  Result<std::vector<Message>> Receive(const ReceiveOptions&) override { return Refused(); }
  Result<std::vector<Status>> Delete(std::span<const Receipt>) override { return Refused(); }
  Result<std::vector<Status>> Extend(std::span<const Receipt>, std::chrono::seconds) override {
    return Refused();
  }
  Result<std::vector<Status>> Send(std::span<const std::string>) override {
    return std::vector<Status>{Refused()};
  }
  Result<QueueDepth> Depth() override { return Refused(); }

 private:
  static std::unexpected<Error> Refused() { return Fail(ErrorKind::kPermanent, "refused"); }
};

class AnnouncingStoreTest : public ::testing::Test {
 protected:
  ~AnnouncingStoreTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Queue> OpenQueue() {
    return SqliteQueue::Open({.path = folder_ / "queue.db", .name = "created"}, clock_).value();
  }
  std::unique_ptr<AnnouncingStore> OpenStore(Queue& queue) {
    return std::make_unique<AnnouncingStore>(DirectoryStore::At(folder_ / "raw").value(), queue,
                                             clock_);
  }

  Result<PendingObject::Committed> Put(AnnouncingStore& store, std::string_view content) {
    SLUICE_ASSIGN(const std::unique_ptr<PendingObject> object, store.Create(kKey));
    SLUICE_TRY(object->Write(content));
    return object->Commit();
  }

  // Every notification in the queue, which is empty afterwards.
  std::vector<ObjectCreated> Notifications() {
    std::vector<ObjectCreated> created;
    const std::vector<Message> messages = notifications_->Receive({}).value();
    for (const Message& message : messages) {
      for (const NotificationRecord& record : ParseS3Notification(message.body)) {
        created.push_back(std::get<ObjectCreated>(record));
      }
      EXPECT_TRUE(notifications_->Delete({&message.receipt, 1}).value().front());
    }
    return created;
  }

  static std::filesystem::path MakeFolder() {
    const auto folder = std::filesystem::path(::testing::TempDir()) /
                        ("announce-" + MakeUniqueId(SystemClock().Now()));
    std::filesystem::create_directories(folder);
    return folder;
  }

  const std::filesystem::path folder_ = MakeFolder();
  FakeClock clock_;
  std::unique_ptr<Queue> notifications_ = OpenQueue();
  std::unique_ptr<AnnouncingStore> store_ = OpenStore(*notifications_);
};

TEST_F(AnnouncingStoreTest, CommitSendsWhatS3WouldSend) {
  const auto committed = Put(*store_, "{}\n");
  ASSERT_TRUE(committed);
  const std::vector<ObjectCreated> created = Notifications();
  ASSERT_EQ(created.size(), 1u);
  EXPECT_EQ("file://" + created[0].bucket + "/", store_->uri());
  EXPECT_EQ(created[0].bucket, std::filesystem::canonical(folder_ / "raw"));
  EXPECT_EQ(created[0].key, kKey);
  EXPECT_EQ(created[0].size, Bytes{3});
  EXPECT_EQ(created[0].etag, committed->info.etag);
  EXPECT_EQ(created[0].event_name, "ObjectCreated:Put");
}

TEST_F(AnnouncingStoreTest, NothingIsAnnouncedBeforeTheCommit) {
  const auto object = store_->Create(kKey).value();
  ASSERT_TRUE(object->Write("x"));
  EXPECT_TRUE(Notifications().empty());
}

TEST_F(AnnouncingStoreTest, AFailedCommitAnnouncesNothing) {
  ASSERT_TRUE(Put(*store_, "one"));
  Notifications();
  const auto committed = Put(*store_, "other");
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind(), ErrorKind::kConflict);
  EXPECT_TRUE(Notifications().empty());
}

TEST_F(AnnouncingStoreTest, TheSameContentIsAnnouncedAgainWithALaterSequencer) {
  ASSERT_TRUE(Put(*store_, "one"));
  clock_.Advance(std::chrono::microseconds(1));
  ASSERT_TRUE(Put(*store_, "one"));
  const std::vector<ObjectCreated> created = Notifications();
  ASSERT_EQ(created.size(), 2u);
  EXPECT_TRUE(SequencerLess(created[0].sequencer, created[1].sequencer));
}

TEST_F(AnnouncingStoreTest, AnUnsentNotificationMakesTheOutcomeUnknownAndTheObjectStays) {
  for (const char* text : {"fail-before:1", "fail-after:1"}) {
    const auto plan = FaultPlan::Parse(text).value();
    FaultyQueue faulty(OpenQueue(), plan.get());
    const auto store = OpenStore(faulty);
    const auto committed = Put(*store, "one");
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().kind(), ErrorKind::kOutcomeUnknown);
    EXPECT_TRUE(store->Stat(kKey));
    EXPECT_TRUE(Put(*store, "one"));  // once more, and it is announced
    EXPECT_FALSE(Notifications().empty());
  }
}

TEST_F(AnnouncingStoreTest, ARefusedNotificationIsAnUnsentOne) {
  RefusingQueue refusing;
  const auto committed = Put(*OpenStore(refusing), "one");
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_THAT(committed.error().message(), ::testing::HasSubstr("refused"));
}

}  // namespace
}  // namespace sluice
