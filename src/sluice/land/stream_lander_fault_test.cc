// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <thread>

#include "sluice/base/fault_plan.h"
#include "sluice/event/s3_notification.h"
#include "sluice/land/announcing_store.h"
#include "sluice/land/stream_lander_test_fixture.h"
#include "sluice/object/faulty_store.h"
#include "sluice/queue/faulty_queue.h"
#include "sluice/queue/faulty_stream.h"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::IsSupersetOf;
using ::testing::Pair;
using ::testing::SizeIs;

// Runs the whole of landing, with every outside operation failing in turn, until a run has no more.
class StreamLanderFaultTest : public StreamLanderTest,
                              public ::testing::WithParamInterface<const char*> {
 protected:
  static constexpr int kRecords = 3;

  std::unique_ptr<ObjectStore> Open(const std::string& name) {
    return DirectoryStore::At(folder_.path() + name).value();
  }

  // Lands until nothing is left; whoever fails is followed by another process.
  void LandUntilIdle(const std::string& place, FaultPlan* plan) {
    FaultyStream stream(
        SqliteStream::Open({.path = folder_.path() + place + ".db"}, clock_).value(), plan);
    FaultyStore checkpoints(Open(place + "/checkpoints"), plan);
    FaultyQueue notifications(OpenQueue(place), plan);
    AnnouncingStore raw(std::make_unique<FaultyStore>(Open(place + "/raw"), plan), notifications,
                        clock_);
    for (int runs = 0; runs < 30; ++runs) {
      StreamLander lander(stream, checkpoints, raw, clock_, Plain());
      Result<LandReport> report;
      while ((report = lander.LandOne(Deadline::Never(), {})) && !report->queue_was_empty) {
      }
      if (report) return;
    }
    ADD_FAILURE() << "it never ends";
  }

  std::unique_ptr<SqliteQueue> OpenQueue(const std::string& place) {
    return SqliteQueue::Open({.path = folder_.path() + place + "/queue.db", .name = "created"},
                             clock_)
        .value();
  }

  // A shard that is split, and its children.
  void FillStream(const std::string& file) {
    MakeStream(1, file);
    PutNumbers(kShard, 0, 2);
    ASSERT_TRUE(sqlite_->Split(kShard));
    PutNumbers(kThird, 2, 3);
    stream_.reset();
    sqlite_.reset();
  }

  std::set<std::string> Announced(const std::string& place) {
    std::set<std::string> keys;
    const auto queue = OpenQueue(place);
    for (;;) {
      const auto messages = queue->Receive({}).value();
      if (messages.empty()) return keys;
      for (const Message& message : messages) {
        for (const NotificationRecord& record : ParseS3Notification(message.body)) {
          keys.insert(std::get<ObjectCreated>(record).key);
        }
      }
    }
  }
};

// Fault L18: whatever fails, and whenever, every record is in one object, and once.
TEST_P(StreamLanderFaultTest, EveryRecordLandsOnceWhateverFails) {
  const std::string file = folder_.path() + "/full.db";
  FillStream(file);
  std::set<std::string> struck;
  for (int n = 1;; ++n) {
    SCOPED_TRACE(n);
    const std::string place = "/run-" + std::to_string(n);
    raw_store_ = DirectoryStore::At(folder_.path() + place + "/raw").value();
    std::filesystem::copy_file(file, folder_.path() + place + ".db");
    const auto plan = FaultPlan::Parse(GetParam() + std::to_string(n)).value();
    LandUntilIdle(place, plan.get());
    ASSERT_THAT(AllLines(), AllOf(SizeIs(kRecords), Each(Pair(::testing::_, 1))));
    const std::vector<std::string> keys = Keys();
    ASSERT_EQ(Announced(place), std::set<std::string>(keys.begin(), keys.end()));
    // What answers an error by itself has no reply that could be lost.
    if (!plan->struck().empty()) struck.insert(plan->struck());
    if (plan->operations() < n) break;
  }
  EXPECT_THAT(struck, IsSupersetOf({"stream.shards", "stream.open", "stream.read", "store.create",
                                    "store.commit", "store.open", "store.list", "queue.send"}));
}

INSTANTIATE_TEST_SUITE_P(Faults, StreamLanderFaultTest,
                         ::testing::Values("fail-before:", "fail-after:"));

// Fault L19.
TEST_F(StreamLanderTest, WorkersThatLandAtOnceLandEveryRecordOnce) {
  constexpr int kShards = 3, kWorkers = 3, kRecords = 60;
  SystemClock clock;
  auto sqlite =
      SqliteStream::Open({.path = folder_.path() + "/stream.db", .shards = kShards}, clock).value();
  for (int i = 0; i < kRecords; ++i) {
    ASSERT_TRUE(sqlite->Put(fmt::format("shardId-{:012}", i % kShards), "k", Line(i)));
  }
  StreamLanderOptions options = Plain();
  options.close_size = {1};  // an object for each read
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&] {
      // Each goes on until a whole drain finds nothing, as jobs that start every few minutes do.
      for (uint64_t objects = 1; objects > 0;) {
        StreamLander lander(*sqlite, *checkpoint_store_, *raw_store_, clock, options);
        objects = 0;
        Result<LandReport> report;
        while ((report = lander.LandOne(Deadline::Never(), {})) && !report->queue_was_empty) {
          objects += report->objects;
        }
        EXPECT_TRUE(report) << report.error().message();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_THAT(AllLines(), AllOf(SizeIs(kRecords), Each(Pair(::testing::_, 1))));
}

}  // namespace
}  // namespace sluice
