// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/notification_inbox.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/test_folder.h"
#include "sluice/object/directory_root.h"
#include "sluice/object/directory_store.h"
#include "sluice/object/faulty_store.h"
#include "sluice/object/s3_store.h"
#include "sluice/queue/faulty_queue.h"
#include "sluice/queue/sqlite_queue.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHour = "date=2026-11-23/10/";

// A queue of which one call of Extend goes wrong: as a whole, or for each of its receipts.
class UnwillingQueue : public FaultyQueue {
 public:
  enum class Refuses { kTheCall, kEachReceipt };
  UnwillingQueue(std::unique_ptr<Queue> queue, Refuses refuses, ErrorKind kind)
      : FaultyQueue(std::move(queue), nullptr), refuses_(refuses), kind_(kind) {}

  Result<std::vector<Status>> Extend(std::span<const Receipt> receipts,
                                     std::chrono::seconds visibility_timeout) override {
    if (++calls_ > 1) return FaultyQueue::Extend(receipts, visibility_timeout);
    const Error refusal(kind_, "not now");
    if (refuses_ == Refuses::kTheCall) return std::unexpected(refusal);
    return std::vector<Status>(receipts.size(), std::unexpected(refusal));
  }
  int calls() const { return calls_; }

 private:
  const Refuses refuses_;
  const ErrorKind kind_;
  int calls_ = 0;
};

class NotificationInboxTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteQueue> OpenQueue(const std::string& name) {
    return *SqliteQueue::Open({.path = folder_.path() + "/queue.db", .name = name}, clock_);
  }
  NotificationInbox MakeInbox() {
    InboxOptions options = options_;
    options.check_key = &CheckDirectoryKey;
    options.dead_letters = dead_.get();
    return NotificationInbox(*queue_, *raw_, *quarantine_, clock_, options);
  }
  // An object that is there, as a notification names it.
  ObjectCreated Put(const std::string& name) {
    const auto pending = raw_->Create(kHour + name).value();
    EXPECT_TRUE(pending->Write(name));
    const auto committed = pending->Commit();
    EXPECT_TRUE(committed);
    return {.bucket = folder_.path() + "/raw",
            .key = committed->info.key,
            .size = committed->info.size,
            .etag = committed->info.etag,
            .event_name = "ObjectCreated:Put"};
  }
  // Of which no test asks anything.
  void HaveBucketAsRaw() {
    raw_ = S3Store::Open(
               {.bucket = {.bucket = "acme-raw", .region = "eu-central-1"}, .prefix = "tracking/"},
               nullptr, clock_)
               .value();
  }
  static ObjectCreated InBucket(const std::string& key, Bytes size) {
    return {.bucket = "acme-raw",
            .key = key,
            .size = size,
            .etag = std::string(32, '0'),
            .event_name = "ObjectCreated:Put"};
  }
  static ObjectCreated Foreign() {
    return {.bucket = "somebody-elses", .key = kHour + "x", .event_name = "ObjectCreated:Put"};
  }
  // One message that tells of all of them.
  void Send(const std::vector<ObjectCreated>& objects) {
    std::string records;
    for (const ObjectCreated& object : objects) {
      const std::string body = FormatS3Notification(object, clock_.Now());
      const size_t begin = body.find('[') + 1;
      records += (records.empty() ? "" : ",") + body.substr(begin, body.rfind(']') - begin);
    }
    SendBody("{\"Records\":[" + records + "]}");
  }
  void SendBody(const std::string& body) { ASSERT_TRUE(queue_->Send({&body, 1})->front()); }

  // One delivery of all there is, with every object settled or none.
  enum class Work { kSucceeds, kFails };
  InboxCounts Deliver(Work work) {
    NotificationInbox inbox = MakeInbox();
    const Status filled = inbox.Fill({});
    EXPECT_TRUE(filled) << filled.error().message();
    if (work == Work::kSucceeds) {
      for (const AnnouncedObject& object : inbox.objects()) inbox.Settled(object.key);
    }
    const Status deleted = inbox.DeleteSettled();
    EXPECT_TRUE(deleted) << deleted.error().message();
    clock_.Advance(options_.visibility_timeout);
    return inbox.counts();
  }
  std::vector<std::string> Keys(NotificationInbox& inbox) {
    std::vector<std::string> keys;
    for (const AnnouncedObject& object : inbox.objects()) keys.push_back(object.key.text);
    return keys;
  }
  uint64_t Waiting(Queue& queue) { return queue.Depth()->visible + queue.Depth()->in_flight; }

  const TestFolder folder_;
  FakeClock clock_;
  InboxOptions options_;
  std::unique_ptr<Queue> queue_ = OpenQueue("notifications"), dead_ = OpenQueue("dead");
  std::unique_ptr<ObjectStore> raw_ = DirectoryStore::At(folder_.path() + "/raw").value();
  std::unique_ptr<ObjectStore> quarantine_ = DirectoryStore::At(folder_.path() + "/q").value();
};

// Its body is in quarantine before the queue takes it for poison (fault N13).
TEST_F(NotificationInboxTest, N4_WhatIsNotOursGoesToTheDeadLettersAtTheFifthDelivery) {
  SendBody("hello");
  Send({Foreign(), Foreign()});
  for (int delivery = 1; delivery < 5; ++delivery) {
    EXPECT_EQ(Deliver(Work::kSucceeds).deleted, 0u);
    EXPECT_EQ(Waiting(*dead_), 0u);
    EXPECT_EQ(quarantine_->List("", "", 10).value().objects.size(), 2u);
  }
  EXPECT_EQ(Deliver(Work::kSucceeds).deleted, 2u);
  EXPECT_EQ(Waiting(*dead_), 2u);  // each body once, however many of its records are foreign
  EXPECT_EQ(Waiting(*queue_), 0u);
}

TEST_F(NotificationInboxTest, WhatIsHeldStaysHiddenForAsLongAsTheWorkTakes) {
  Send({Put("a.ndjson")});
  NotificationInbox inbox = MakeInbox();
  ASSERT_TRUE(inbox.Fill({}));
  const auto half = options_.visibility_timeout / 2;
  for (int i = 0; i < 7; ++i) {
    clock_.Advance(half);
    ASSERT_TRUE(inbox.KeepAlive());
    EXPECT_EQ(queue_->Depth()->in_flight, 1u);
  }
  clock_.Advance(half - std::chrono::seconds(1));
  ASSERT_TRUE(inbox.KeepAlive());  // too early for another request
  clock_.Advance(half + std::chrono::seconds(1));
  EXPECT_EQ(queue_->Depth()->in_flight, 0u);
}

TEST_F(NotificationInboxTest, WhatCannotBeExtendedIsTriedAgainBeforeItIsVisible) {
  Send({Put("a.ndjson")});
  const auto half = options_.visibility_timeout / 2, soon = options_.visibility_timeout / 20;
  for (const auto refuses :
       {UnwillingQueue::Refuses::kTheCall, UnwillingQueue::Refuses::kEachReceipt}) {
    UnwillingQueue queue(OpenQueue("notifications"), refuses, ErrorKind::kTransient);
    NotificationInbox inbox(queue, *raw_, *quarantine_, clock_, options_);
    ASSERT_TRUE(inbox.Fill({}));
    clock_.Advance(half);
    const Status refused = inbox.KeepAlive();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("not now"));
    clock_.Advance(soon - std::chrono::seconds(1));
    EXPECT_TRUE(inbox.KeepAlive());
    EXPECT_EQ(queue.calls(), 1) << "too early";
    clock_.Advance(std::chrono::seconds(1));
    EXPECT_TRUE(inbox.KeepAlive());
    clock_.Advance(half);
    EXPECT_EQ(queue_->Depth()->in_flight, 1u);
    EXPECT_TRUE(inbox.KeepAlive());
    EXPECT_EQ(queue.calls(), 3);
    ASSERT_TRUE(inbox.GiveBack());
  }
}

// Who has the message now says when it is visible again.
TEST_F(NotificationInboxTest, AReceiptThatIsLostIsNoFailureToKeep) {
  Send({Put("a.ndjson")});
  UnwillingQueue queue(OpenQueue("notifications"), UnwillingQueue::Refuses::kEachReceipt,
                       ErrorKind::kNotFound);
  NotificationInbox inbox(queue, *raw_, *quarantine_, clock_, options_);
  ASSERT_TRUE(inbox.Fill({}));
  clock_.Advance(options_.visibility_timeout / 2);
  EXPECT_TRUE(inbox.KeepAlive());
  EXPECT_EQ(queue.calls(), 1);
}

TEST_F(NotificationInboxTest, WhereTheFirstCallFailsTheOthersAreExtended) {
  const std::vector<std::string> bodies(Queue::kMaxBatch, R"({"Event":"s3:TestEvent"})");
  ASSERT_TRUE(queue_->Send(bodies));
  SendBody(bodies.front());
  UnwillingQueue queue(OpenQueue("notifications"), UnwillingQueue::Refuses::kTheCall,
                       ErrorKind::kTransient);
  NotificationInbox inbox(queue, *raw_, *quarantine_, clock_, options_);
  ASSERT_TRUE(inbox.Fill({}));
  ASSERT_EQ(inbox.counts().messages, bodies.size() + 1);
  clock_.Advance(options_.visibility_timeout / 2);
  EXPECT_FALSE(inbox.KeepAlive());
  EXPECT_EQ(queue.calls(), 2);
  clock_.Advance(options_.visibility_timeout / 2);
  EXPECT_EQ(queue_->Depth()->in_flight, 1u);
}

TEST_F(NotificationInboxTest, N9_AMessageThatIsForeignInPartWaitsForOurObject) {
  Send({Put("a.ndjson"), Foreign()});
  for (int delivery = 1; delivery < 8; ++delivery) {
    EXPECT_EQ(Deliver(Work::kFails).deleted, 0u);
    EXPECT_EQ(Waiting(*dead_), 0u);
    EXPECT_EQ(Waiting(*queue_), 1u);
  }
  EXPECT_EQ(Deliver(Work::kSucceeds).deleted, 1u);
  EXPECT_EQ(Waiting(*dead_), 1u);
  EXPECT_EQ(Waiting(*queue_), 0u);
}

TEST_F(NotificationInboxTest, N9_AMessageOfTwoObjectsWaitsForBoth) {
  const ObjectCreated first = Put("a.ndjson"), second = Put("b.ndjson");
  Send({first, second});
  NotificationInbox inbox = MakeInbox();
  ASSERT_TRUE(inbox.Fill({}));
  inbox.Settled({first.key});
  ASSERT_TRUE(inbox.DeleteSettled());
  EXPECT_EQ(inbox.counts().deleted, 0u);
  EXPECT_EQ(Waiting(*queue_), 1u);
  inbox.Settled({second.key});
  ASSERT_TRUE(inbox.DeleteSettled());
  EXPECT_EQ(inbox.counts().deleted, 1u);
  EXPECT_EQ(Waiting(*queue_), 0u);
}

// The first cannot be looked for, the others are not looked at: nothing is known of any.
TEST_F(NotificationInboxTest, WhatCouldNotBeReadIsNotDeletedAndGivenBackAtOnce) {
  ObjectCreated moved = Put("a.ndjson");
  moved.bucket = folder_.path() + "/moved";
  Send({moved});
  Send({Put("b.ndjson")});
  SendBody("hello");
  const auto plan = FaultPlan::Parse("fail-before:1");
  FaultyStore raw(DirectoryStore::At(folder_.path() + "/raw").value(), plan->get());
  NotificationInbox inbox(*queue_, raw, *quarantine_, clock_, {.check_key = &CheckDirectoryKey});
  EXPECT_FALSE(inbox.Fill({}));
  EXPECT_EQ((*plan)->struck(), "store.stat");
  ASSERT_TRUE(inbox.DeleteSettled());
  EXPECT_EQ(inbox.counts().deleted, 0u);
  ASSERT_TRUE(inbox.GiveBack());
  EXPECT_EQ(queue_->Depth()->visible, 3u);
}

// What it tells of is loaded by then: the ledger says so at its next delivery.
TEST_F(NotificationInboxTest, C19_ADeleteThatFailsLeavesTheMessageToComeAgain) {
  const ObjectCreated object = Put("a.ndjson");
  Send({object});
  const auto plan = FaultPlan::Parse("fail-before:3");
  FaultyQueue queue(OpenQueue("notifications"), plan->get());
  NotificationInbox first(queue, *raw_, *quarantine_, clock_, options_);
  ASSERT_TRUE(first.Fill({}));
  first.Settled({object.key});
  EXPECT_FALSE(first.DeleteSettled());
  EXPECT_EQ((*plan)->struck(), "queue.delete");
  clock_.Advance(options_.visibility_timeout);
  NotificationInbox second = MakeInbox();
  ASSERT_TRUE(second.Fill({}));
  EXPECT_THAT(Keys(second), ElementsAre(object.key));
  second.Settled({object.key});
  ASSERT_TRUE(second.DeleteSettled());
  EXPECT_EQ(Waiting(*queue_), 0u);
}

TEST_F(NotificationInboxTest, OnlyDeleteSettledTakesAnythingAway) {
  SendBody("hello");
  for (int delivery = 1; delivery < 8; ++delivery) {
    NotificationInbox inbox = MakeInbox();
    ASSERT_TRUE(inbox.Fill({}));
    ASSERT_TRUE(inbox.GiveBack());
    EXPECT_EQ(Waiting(*dead_), 0u);
    EXPECT_EQ(Waiting(*queue_), 1u);
    clock_.Advance(options_.visibility_timeout);
  }
}

TEST_F(NotificationInboxTest, AFolderThatWasMovedIsKnownByItsContent) {
  ObjectCreated moved = Put("a.ndjson"), other = Put("b.ndjson"), absent = Put("c.ndjson");
  moved.bucket = other.bucket = absent.bucket = "/where/it/was/raw";
  other.etag = moved.etag;
  ASSERT_TRUE(raw_->Remove(absent.key));
  Send({moved});
  Send({other});
  Send({absent});
  NotificationInbox inbox = MakeInbox();
  ASSERT_TRUE(inbox.Fill({}));
  EXPECT_THAT(Keys(inbox), ElementsAre(moved.key));
  EXPECT_EQ(inbox.counts().foreign, 2u);
}

TEST_F(NotificationInboxTest, S11_AKeyThatTheStoreCannotHoldIsForeign) {
  for (const std::string& key : {kHour + "../../../etc/passwd", kHour + ".x", kHour + "a//b",
                                 kHour + std::string(300, 'x'), std::string("/etc/passwd")}) {
    ObjectCreated object = Put("a.ndjson");
    object.key = key;
    Send({object});
  }
  NotificationInbox inbox = MakeInbox();
  ASSERT_TRUE(inbox.Fill({}));
  EXPECT_THAT(inbox.objects(), IsEmpty());
  EXPECT_EQ(inbox.counts().foreign, 5u);
}

TEST_F(NotificationInboxTest, N10_AnObjectOfTheBucketOutsideOfThePrefixIsForeign) {
  HaveBucketAsRaw();
  for (const std::string prefix : {"", "trackers/", "other/tracking/", "tracking"}) {
    Send({InBucket(prefix + kHour + "x.ndjson", Bytes{10})});
  }
  NotificationInbox inbox = MakeInbox();
  ASSERT_TRUE(inbox.Fill({}));
  EXPECT_THAT(inbox.objects(), IsEmpty());
  EXPECT_EQ(inbox.counts().foreign, 4u);
}

// As the console of S3 makes them, of the store's own prefix too.
TEST_F(NotificationInboxTest, N11_MarkersOfFoldersAreDeletedAtOnce) {
  HaveBucketAsRaw();
  for (const std::string& folder : {std::string(), std::string("date=2026-11-23/"), kHour}) {
    Send({InBucket("tracking/" + folder, Bytes{0})});
  }
  EXPECT_EQ(Deliver(Work::kFails).deleted, 3u);
  EXPECT_EQ(Waiting(*queue_), 0u);
  Send({InBucket("tracking/" + kHour, Bytes{1})});
  const InboxCounts of_one_with_content = Deliver(Work::kFails);
  EXPECT_EQ(of_one_with_content.folder_markers, 0u);
  EXPECT_EQ(of_one_with_content.foreign, 1u);
}

// Invariant 9: any number of messages may tell of one object.
TEST_F(NotificationInboxTest, ABatchHasALimitOfMessages) {
  options_.max_messages = 25;
  const ObjectCreated object = Put("a.ndjson");
  for (int i = 0; i < 60; ++i) Send({object});
  NotificationInbox inbox = MakeInbox();
  ASSERT_TRUE(inbox.Fill({}));
  EXPECT_GE(inbox.counts().messages, 25u);
  EXPECT_LT(inbox.counts().messages, 25u + 10u);
}

TEST_F(NotificationInboxTest, L13_NothingIsReceivedAfterAStopRequest) {
  Send({Put("a.ndjson")});
  std::stop_source stop;
  stop.request_stop();
  NotificationInbox inbox = MakeInbox();
  ASSERT_TRUE(inbox.Fill(stop.get_token()));
  EXPECT_TRUE(inbox.empty());
}

}  // namespace
}  // namespace sluice
