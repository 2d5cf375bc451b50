// SPDX-License-Identifier: Apache-2.0
// What becomes of notifications and raw objects, on the embedded parts.
#include "sluice/app/process_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>

#include "sluice/app/backfill_inbox.h"
#include "sluice/app/fetching_warehouse.h"
#include "sluice/app/notification_inbox.h"
#include "sluice/app/pipeline.h"
#include "sluice/config/load_config.h"
#include "sluice/event/s3_notification.h"
#include "sluice/object/directory_store.h"
#include "sluice/object/noted_store.h"
#include "sluice/warehouse/duckdb_session.h"
#include "sluice/warehouse/duckdb_warehouse.h"

namespace sluice {
namespace {

constexpr const char* kGood =
    R"({"request_id": "%08d-0000-4000-8000-000000000000", "request_timestamp": "2026-11-23 10:00:00", )"
    R"("cookie_id": "c", "topic": "t"})";

using ::testing::AnyOf;

class ProcessStageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "sluice-process-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    PipelineConfig config = *LoadEmbedded(folder_, LocalSecretSource({}));
    config.load.threads = 1;
    auto pipeline =
        Pipeline::Open(std::move(config), {.clock = clock_, .stop = {}, .faults = nullptr});
    ASSERT_TRUE(pipeline) << pipeline.error().message();
    pipeline_ = std::move(*pipeline);
    raw_ = std::move(*DirectoryStore::At(folder_ + "/raw"));
  }
  void TearDown() override {
    pipeline_.reset();
    std::filesystem::remove_all(folder_);
  }

  static std::string Event(int id) {
    char text[256];
    std::snprintf(text, sizeof text, kGood, id);
    return std::string(text) + "\n";
  }
  // Puts an object there without announcing it.
  ObjectCreated Land(const std::string& name, const std::string& content) {
    auto pending = std::move(*raw_->Create("date=2026-11-23/10/" + name));
    EXPECT_TRUE(pending->Write(content));
    const auto committed = pending->Commit();
    return {.bucket = folder_ + "/raw",
            .key = committed->info.key,
            .size = committed->info.size,
            .etag = committed->info.etag,
            .event_name = "ObjectCreated:Put"};
  }
  void Send(const std::string& body) {
    EXPECT_TRUE(pipeline_->notifications().Send({&body, 1})->front());
  }
  void Announce(const ObjectCreated& object) { Send(FormatS3Notification(object, clock_.Now())); }

  Result<ProcessReport> ProcessAll(EmptyLedger empty_ledger = EmptyLedger::kRefuseOverRows) {
    SLUICE_ASSIGN(const auto stage,
                  pipeline_->MakeProcess(AfterLoad::kDeleteNotifications, empty_ledger,
                                         std::chrono::milliseconds(0), {}));
    ProcessReport sum;
    do {
      SLUICE_ASSIGN(const ProcessReport batch, stage->ProcessBatch({}));
      sum += batch;
    } while (!sum.idle);
    return sum;
  }
  uint64_t Rows() { return *pipeline_->warehouse().CountRows(pipeline_->tables().tables[0]); }
  QueueDepth Depth() { return *pipeline_->notifications().Depth(); }
  Status Sql(const std::string& sql) {
    SLUICE_ASSIGN(const auto session,
                  DuckDbSession::Open({.path = folder_ + "/warehouse.duckdb", .memory = MiB(256)}));
    return session->Run("test", sql);
  }

  // All of it, a line each row.
  std::string Ledger() {
    const auto session =
        DuckDbSession::Open({.path = folder_ + "/warehouse.duckdb", .memory = MiB(256)});
    EXPECT_TRUE(session) << session.error().message();
    const auto rows =
        (*session)->Query("test", "SELECT l::VARCHAR FROM wh.sluice.ledger l ORDER BY 1");
    EXPECT_TRUE(rows) << rows.error().message();
    std::string text;
    for (const TextRow& row : *rows) text += *row.front() + "\n";
    return text;
  }

  FakeClock clock_;
  std::string folder_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<DirectoryStore> raw_;
};

TEST_F(ProcessStageTest, N2_AnnouncedTwiceIsLoadedOnce) {
  const ObjectCreated object = Land("a.ndjson", Event(1) + Event(2));
  Announce(object);
  Announce(object);
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->loaded, 1u);
  EXPECT_EQ(report->inbox.deleted, 2u);
  Announce(object);
  EXPECT_EQ(ProcessAll()->loaded_before, 1u);
  EXPECT_EQ(Rows(), 2u);
  EXPECT_EQ(Depth().visible + Depth().in_flight, 0u);
}

TEST_F(ProcessStageTest, N2_AnAnnouncementThatComesADayAfterTheLoadChangesNothing) {
  const ObjectCreated object = Land("a.ndjson", Event(1) + Event(2));
  const std::string late = FormatS3Notification(object, clock_.Now());
  Announce(object);
  ASSERT_EQ(ProcessAll()->loaded, 1u);
  const std::string before = Ledger();
  clock_.Advance(std::chrono::hours(24));
  Send(late);
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->loaded, 0u);
  EXPECT_EQ(report->loaded_before, 1u);
  EXPECT_EQ(report->inbox.deleted, 1u);
  EXPECT_EQ(Rows(), 2u);
  EXPECT_EQ(Ledger(), before);
}

TEST_F(ProcessStageTest, N7_WhatWasOverwrittenSinceItWasAnnouncedIsLoadedOnceAsWhatWasRead) {
  const ObjectCreated announced = Land("a.ndjson", Event(1));
  ASSERT_TRUE(raw_->Remove(announced.key));
  const ObjectCreated there = Land("a.ndjson", Event(2) + Event(3));
  ASSERT_NE(there.etag, announced.etag);
  Announce(announced);
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->loaded, 1u);
  EXPECT_EQ(report->inbox.deleted, 1u);
  EXPECT_EQ(Rows(), 2u);
  EXPECT_THAT(Ledger(), ::testing::HasSubstr(there.etag));
  EXPECT_THAT(Ledger(), ::testing::Not(::testing::HasSubstr(announced.etag)));
  Announce(there);
  EXPECT_EQ(ProcessAll()->loaded_before, 1u);
  EXPECT_EQ(Rows(), 2u);
}

// Where nobody gets an object before two have asked for one.
class MeetingStore : public NotedStore {
 public:
  using NotedStore::NotedStore;
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override {
    std::unique_lock lock(mutex_);
    ++asking_;
    changed_.notify_all();
    if (!changed_.wait_for(lock, std::chrono::seconds(30), [&] { return asking_ >= 2; })) {
      return Fail(ErrorKind::kPermanent, "nobody else came");
    }
    return NotedStore::Open(key);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int asking_ = 0;
};

TEST_F(ProcessStageTest, TwoWorkersReadTwoObjectsAtTheSameTime) {
  Land("a.ndjson", Event(1));
  Land("b.ndjson", Event(2));
  MeetingStore raw(*raw_);
  const auto parquet = std::move(*DirectoryStore::At(folder_ + "/parquet"));
  const auto quarantine = std::move(*DirectoryStore::At(folder_ + "/quarantine"));
  const RawLayout layout;
  const auto walk =
      std::make_shared<RawWalk>(raw, LedgerPagesOf(pipeline_->warehouse()),
                                FoldersOf(layout, *ParseHourRange("2026-11-23T10", "")));
  const auto stage =
      ProcessStage::Make({.tables = pipeline_->tables(),
                          .next_inbox =
                              [&] {
                                return std::make_unique<BackfillInbox>(
                                    walk, raw.uri(), layout, GiB(1), BackfillAim::kMissing);
                              },
                          .stores = {raw, *parquet, *quarantine},
                          .warehouse = pipeline_->warehouse(),
                          .clock = clock_},
                         {.workers = 2});
  ASSERT_TRUE(stage) << stage.error().message();
  const auto report = (*stage)->ProcessBatch({});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->loaded, 2u);
}

// Where it takes more than half of the notifications' timeout to get at an object.
class SlowStore : public NotedStore {
 public:
  SlowStore(ObjectStore& store, FakeClock& clock) : NotedStore(store), clock_(clock) {}
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override {
    clock_.Advance(InboxOptions().visibility_timeout * 3 / 5);
    return NotedStore::Open(key);
  }

 private:
  FakeClock& clock_;
};

TEST_F(ProcessStageTest, ASlowTransformTakesNothingFromTheTimeOfTheLoad) {
  Announce(Land("a.ndjson", Event(1)));
  SlowStore raw(*raw_, clock_);
  const auto parquet = std::move(*DirectoryStore::At(folder_ + "/parquet"));
  const auto quarantine = std::move(*DirectoryStore::At(folder_ + "/quarantine"));
  bool was_loaded = false;
  const auto stage = ProcessStage::Make(
      {.tables = pipeline_->tables(),
       .next_inbox =
           [&] {
             return std::make_unique<NotificationInbox>(pipeline_->notifications(), raw,
                                                        *quarantine, clock_, InboxOptions());
           },
       .stores = {raw, *parquet, *quarantine},
       .warehouse = pipeline_->warehouse(),
       .clock = clock_},
      {}, [&](const ProcessReport& report) {
        if (report.loaded == 0 || was_loaded) return;
        was_loaded = true;
        clock_.Advance(InboxOptions().visibility_timeout * 3 / 5);  // the load was as slow
        const auto others = pipeline_->notifications().Receive({.max_messages = 1});
        ASSERT_TRUE(others) << others.error().message();
        EXPECT_TRUE(others->empty()) << "somebody else works on it meanwhile";
      });
  ASSERT_TRUE(stage) << stage.error().message();
  const auto report = (*stage)->ProcessBatch({});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(was_loaded);
  EXPECT_EQ(report->inbox.deleted, 1u);
}

// How often notifications were kept alive.
struct Beats {
  std::mutex mutex;
  std::condition_variable changed;
  int count = 0;

  void Strike() {
    const std::lock_guard lock(mutex);
    ++count;
    changed.notify_all();
  }
  // One that began after this call did, which mostly takes two seconds. False where none comes.
  bool AwaitOne() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::minutes(1),
                            [this, until = count + 2] { return count >= until; });
  }
};

class HeardInbox : public NotificationInbox {
 public:
  HeardInbox(Beats& beats, Queue& queue, ObjectStore& raw, ObjectStore& quarantine, Clock& clock)
      : NotificationInbox(queue, raw, quarantine, clock, {}), beats_(beats) {}
  Status KeepAlive() override {
    const Status alive = NotificationInbox::KeepAlive();
    beats_.Strike();
    return alive;
  }

 private:
  Beats& beats_;
};

// What makes such inboxes; all outlive it.
auto HeardBy(Beats& beats, Queue& queue, ObjectStore& raw, ObjectStore& quarantine, Clock& clock) {
  return [&] { return std::make_unique<HeardInbox>(beats, queue, raw, quarantine, clock); };
}

// A store that somebody does something with before each object of it is read.
class WatchedStore : public NotedStore {
 public:
  WatchedStore(ObjectStore& store, std::function<void()> before_open)
      : NotedStore(store), before_open_(std::move(before_open)) {}
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override {
    before_open_();
    return NotedStore::Open(key);
  }

 private:
  const std::function<void()> before_open_;
};

TEST_F(ProcessStageTest, ALoadLongerThanTheTimeoutKeepsWhatItLoadsHidden) {
  Announce(Land("a.ndjson", Event(1)));
  Beats beats;
  bool was_slow = false;
  const auto folder = std::move(*DirectoryStore::At(folder_ + "/parquet"));
  const auto quarantine = std::move(*DirectoryStore::At(folder_ + "/quarantine"));
  WatchedStore parquet(*folder, [&] {
    for (int i = 0; i < 4; ++i) {
      clock_.Advance(InboxOptions().visibility_timeout * 3 / 5);
      ASSERT_TRUE(beats.AwaitOne());
    }
    const auto others = pipeline_->notifications().Receive({.max_messages = 1});
    was_slow = others && others->empty();
  });
  // The load reads Parquet by way of the store.
  const FetchFolders folders = FetchingWarehouse::FoldersBelow(folder_ + "/fetched", clock_);
  FetchingWarehouse warehouse(
      std::make_unique<DuckDbWarehouse>(DuckDbOptions{.path = folder_ + "/warehouse.duckdb",
                                                      .name = "tracking",
                                                      .parquet_root = folders.parquet,
                                                      .quarantine_root = folders.quarantine},
                                        pipeline_->tables(), clock_),
      parquet, *quarantine, folders);
  const auto stage = ProcessStage::Make(
      {.tables = pipeline_->tables(),
       .next_inbox = HeardBy(beats, pipeline_->notifications(), *raw_, *quarantine, clock_),
       .stores = {*raw_, *folder, *quarantine},
       .warehouse = warehouse,
       .clock = clock_},
      {}, {});
  ASSERT_TRUE(stage) << stage.error().message();
  const auto report = (*stage)->ProcessBatch({});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(was_slow) << "somebody else got it meanwhile";
  EXPECT_EQ(report->loaded, 1u);
  EXPECT_EQ(report->inbox.deleted, 1u);
}

TEST_F(ProcessStageTest, WhereNothingIsHeldNothingIsKeptAlive) {
  Beats beats;
  const auto parquet = std::move(*DirectoryStore::At(folder_ + "/parquet"));
  const auto quarantine = std::move(*DirectoryStore::At(folder_ + "/quarantine"));
  const auto stage = ProcessStage::Make(
      {.tables = pipeline_->tables(),
       .next_inbox = HeardBy(beats, pipeline_->notifications(), *raw_, *quarantine, clock_),
       .stores = {*raw_, *parquet, *quarantine},
       .warehouse = pipeline_->warehouse(),
       .clock = clock_},
      {});
  ASSERT_TRUE(stage) << stage.error().message();
  EXPECT_TRUE((*stage)->ProcessBatch({})->idle);
  EXPECT_EQ(beats.count, 0);
  Announce(Land("a.ndjson", Event(1)));
  EXPECT_EQ((*stage)->ProcessBatch({})->loaded, 1u);
  EXPECT_GE(beats.count, 2) << "while it is transformed, and while it is loaded";
}

TEST_F(ProcessStageTest, N3_ATestEventIsDeletedAtOnce) {
  Send(
      R"({"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-23T10:00:00.000Z","Bucket":"b","RequestId":"r","HostId":"h"})");
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->inbox.test_events, 1u);
  EXPECT_EQ(report->inbox.deleted, 1u);
}

TEST_F(ProcessStageTest, N4_S1_WhatIsNotOursIsKeptAndNeverDeleted) {
  Send("hello");
  ObjectCreated elsewhere = Land("a.ndjson", Event(1));
  elsewhere.bucket = "somebody-elses-bucket";
  Announce(elsewhere);
  ObjectCreated odd = Land("b.ndjson", Event(1));
  odd.key = "no-layout/b.ndjson";
  Announce(odd);
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->inbox.foreign, 3u);
  EXPECT_EQ(report->inbox.deleted, 0u);
  EXPECT_EQ(Depth().in_flight, 3u);
  EXPECT_TRUE(
      std::filesystem::exists(folder_ + "/quarantine/" + ForeignMessageKeyFor("hello").text));
}

TEST_F(ProcessStageTest, N6_AnObjectThatVanishedGetsALedgerRow) {
  const ObjectCreated object = Land("a.ndjson", Event(1));
  ASSERT_TRUE(raw_->Remove(object.key));
  Announce(object);
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->vanished, 1u);
  EXPECT_EQ(report->inbox.deleted, 1u);
}

TEST_F(ProcessStageTest, N9_AMessageIsDeletedOnlyWhenAllItsObjectsAreSettled) {
  const std::string good = FormatS3Notification(Land("a.ndjson", Event(1)), clock_.Now());
  ObjectCreated foreign = Land("b.ndjson", Event(2));
  foreign.bucket = "elsewhere";
  const std::string bad = FormatS3Notification(foreign, clock_.Now());
  const auto records = [](const std::string& body) {
    return body.substr(body.find('[') + 1, body.rfind(']') - body.find('[') - 1);
  };
  Send("{\"Records\":[" + records(good) + "," + records(bad) + "]}");
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->loaded, 1u);
  EXPECT_EQ(report->inbox.deleted, 0u);
  EXPECT_EQ(Rows(), 1u);
}

TEST_F(ProcessStageTest, N11_AnEmptyObjectIsLoadedWithZeros) {
  Announce(Land("a.ndjson.gz", ""));
  EXPECT_EQ(ProcessAll()->loaded, 1u);
}

TEST_F(ProcessStageTest, T1_ADamagedObjectIsSetAsideWholeAndTheOthersLoad) {
  Announce(Land("a.ndjson.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\3 not a deflate stream", 32)));
  Announce(Land("b.ndjson", Event(1)));
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->set_aside, 1u);
  EXPECT_EQ(report->loaded, 1u);
  EXPECT_EQ(Rows(), 1u);
}

TEST_F(ProcessStageTest, AnObjectWithTooManyBadEventsIsHeldAndLoadsNothing) {
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += Event(i);
  for (int i = 0; i < 10; ++i) lines += "broken\n";
  Announce(Land("a.ndjson", lines));
  Announce(Land("b.ndjson", Event(100) + "broken\n"));  // more than a fifth too, but only one event
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->held, 1u);
  EXPECT_EQ(report->loaded, 1u);
  EXPECT_EQ(Rows(), 1u);
}

TEST_F(ProcessStageTest, AHeldObjectIsLookedAtAgain) {
  std::string lines;
  for (int i = 0; i < 10; ++i) lines += "broken\n";
  const ObjectCreated object = Land("a.ndjson", lines);
  for (int delivery = 0; delivery < 2; ++delivery) {
    Announce(object);
    const auto report = ProcessAll();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->held, 1u);
    EXPECT_EQ(report->loaded_before, 0u);
  }
}

// The table is another one by the time that it is loaded.
TEST_F(ProcessStageTest, C14_ALoadThatFailsDeletesNothing) {
  Announce(Land("a.ndjson", Event(1)));
  WatchedStore raw(*raw_, [&] {
    EXPECT_TRUE(Sql("ALTER TABLE wh.tracking.events DROP COLUMN IF EXISTS referrer"));
  });
  const auto parquet = std::move(*DirectoryStore::At(folder_ + "/parquet"));
  const auto quarantine = std::move(*DirectoryStore::At(folder_ + "/quarantine"));
  const auto stage = ProcessStage::Make({.tables = pipeline_->tables(),
                                         .next_inbox =
                                             [&] {
                                               return std::make_unique<NotificationInbox>(
                                                   pipeline_->notifications(), raw, *quarantine,
                                                   clock_, InboxOptions());
                                             },
                                         .stores = {raw, *parquet, *quarantine},
                                         .warehouse = pipeline_->warehouse(),
                                         .clock = clock_},
                                        {});
  ASSERT_TRUE(stage) << stage.error().message();
  EXPECT_FALSE((*stage)->ProcessBatch({}));
  EXPECT_EQ(Depth().visible, 1u);
  ASSERT_TRUE(Sql("ALTER TABLE wh.tracking.events ADD COLUMN referrer VARCHAR"));
  EXPECT_EQ(ProcessAll()->loaded, 1u);
  EXPECT_EQ(Rows(), 1u);
}

TEST_F(ProcessStageTest, C14_NothingIsReceivedForATableThatLacksAColumn) {
  ASSERT_TRUE(pipeline_->warehouse().Prepare());
  ASSERT_TRUE(Sql("ALTER TABLE wh.tracking.events DROP COLUMN referrer"));
  Announce(Land("a.ndjson", Event(1)));
  EXPECT_FALSE(ProcessAll());
  EXPECT_EQ(Depth().visible, 1u);
  ASSERT_TRUE(Sql("ALTER TABLE wh.tracking.events ADD COLUMN referrer VARCHAR"));
  EXPECT_EQ(ProcessAll()->loaded, 1u);
  EXPECT_EQ(Rows(), 1u);
}

TEST_F(ProcessStageTest, WhatIsLeftForLaterKeepsItsNotification) {
  ASSERT_TRUE(pipeline_->warehouse().Prepare());
  ASSERT_TRUE(Sql("ALTER TABLE wh.tracking.events ALTER COLUMN message SET NOT NULL"));
  for (int i = 0; i < 5; ++i) Announce(Land(std::to_string(i) + ".ndjson", Event(i)));
  std::string good = Event(5);
  good.replace(good.find("\"topic\""), 0, R"("message": "m", )");
  Announce(Land("5.ndjson", good));
  const auto report = ProcessAll();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->loaded, 1u);
  EXPECT_EQ(report->set_aside, 3u);
  EXPECT_EQ(report->failed, 2u);
  EXPECT_EQ(report->inbox.deleted, 4u);
  EXPECT_EQ(Depth().in_flight, 2u);
}

TEST_F(ProcessStageTest, C16_AnEmptyLedgerOverFilledTablesIsRefused) {
  ASSERT_TRUE(pipeline_->warehouse().Prepare());
  ASSERT_TRUE(
      Sql("INSERT INTO wh.tracking.events (request_id, request_timestamp, cookie_id, topic) VALUES "
          "('r', now()::TIMESTAMP, 'c', 't')"));
  Announce(Land("a.ndjson", Event(1)));
  const auto refused = ProcessAll();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("--init-ledger"));
  EXPECT_EQ(Depth().visible, 1u);
  EXPECT_EQ(ProcessAll(EmptyLedger::kAccept)->loaded, 1u);
}

TEST_F(ProcessStageTest, C16_AWarehouseThatIsAwayIsNotMadeAnewOverItsParquet) {
  Announce(Land("a.ndjson", Event(1)));
  ASSERT_EQ(ProcessAll()->loaded, 1u);
  std::filesystem::rename(folder_ + "/warehouse.duckdb", folder_ + "/away");
  Announce(Land("b.ndjson", Event(2)));
  const auto refused = ProcessAll();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("put the warehouse back"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/warehouse.duckdb"));
  EXPECT_EQ(Depth().visible, 1u);
  std::filesystem::rename(folder_ + "/away", folder_ + "/warehouse.duckdb");
  EXPECT_EQ(ProcessAll()->loaded, 1u);
  EXPECT_EQ(Rows(), 2u);
}

TEST_F(ProcessStageTest, N13_NothingIsReceivedWhileLoadingIsPausedOrTheWarehouseIsAway) {
  ASSERT_TRUE(pipeline_->warehouse().Prepare());
  Announce(Land("a.ndjson", Event(1)));
  ASSERT_TRUE(Sql("UPDATE wh.sluice.control SET paused = 1, reason = 'migration'"));
  const auto paused = ProcessAll();
  ASSERT_TRUE(paused) << paused.error().message();
  EXPECT_EQ(paused->paused, "migration");
  EXPECT_EQ(Depth().visible, 1u);
  ASSERT_TRUE(Sql("UPDATE wh.sluice.control SET paused = 0"));

  std::filesystem::rename(folder_ + "/warehouse.duckdb", folder_ + "/away");
  std::filesystem::create_directory(folder_ + "/warehouse.duckdb");
  EXPECT_FALSE(ProcessAll());
  EXPECT_EQ(Depth().visible, 1u);
  std::filesystem::remove(folder_ + "/warehouse.duckdb");
  std::filesystem::rename(folder_ + "/away", folder_ + "/warehouse.duckdb");
  EXPECT_EQ(ProcessAll()->loaded, 1u);
}

TEST_F(ProcessStageTest, AStopRequestReleasesWhatIsHeld) {
  Announce(Land("a.ndjson", Event(1)));
  std::stop_source source;
  source.request_stop();
  const auto stage =
      pipeline_->MakeProcess(AfterLoad::kDeleteNotifications, EmptyLedger::kRefuseOverRows,
                             std::chrono::milliseconds(0), {});
  ASSERT_TRUE((*stage)->ProcessBatch(source.get_token()));
  EXPECT_EQ(Depth().visible, 1u);
}

// What tells of no object is done with, though the batch is not.
TEST_F(ProcessStageTest, N3_N8_ATestEventIsDeletedWhereTheBatchIsStopped) {
  Send(R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"})");
  ObjectCreated removed = Land("gone.ndjson", Event(1));
  removed.event_name = "ObjectRemoved:Delete";
  Announce(removed);
  Announce(Land("a.ndjson", Event(1)));
  std::stop_source source;
  const auto stage = pipeline_->MakeProcess(
      AfterLoad::kDeleteNotifications, EmptyLedger::kRefuseOverRows, std::chrono::milliseconds(0),
      [&](const ProcessReport&) { source.request_stop(); });
  const auto report = (*stage)->ProcessBatch(source.get_token());
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->inbox.messages, 3u);
  EXPECT_EQ(report->inbox.deleted, 2u);
  EXPECT_EQ(report->objects, 0u);
  EXPECT_EQ(Depth().visible, 1u);
  EXPECT_EQ(Depth().in_flight, 0u);
}

TEST_F(ProcessStageTest, EventsOfABatchThatIsStoppedAreToldWhileItRunsAndDoNotCount) {
  Announce(Land("a.ndjson", Event(1) + Event(2) + "not json\n"));
  Announce(Land("b.ndjson", Event(3)));
  std::stop_source source;
  uint64_t told = 0;
  const auto stage =
      pipeline_->MakeProcess(AfterLoad::kDeleteNotifications, EmptyLedger::kRefuseOverRows,
                             std::chrono::milliseconds(0), [&](const ProcessReport& now) {
                               told = now.events();
                               source.request_stop();
                             });
  const auto stopped = (*stage)->ProcessBatch(source.get_token());
  ASSERT_TRUE(stopped) << stopped.error().message();
  EXPECT_THAT(told, AnyOf(3u, 1u));
  EXPECT_EQ(stopped->events(), 0u);
  EXPECT_EQ(stopped->quarantined, 0u);
  const auto report = (*stage)->ProcessBatch({});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->loaded, 2u);
  EXPECT_EQ(report->events(), 4u);
  EXPECT_EQ(report->quarantined, 1u);
}

TEST_F(ProcessStageTest, KeptNotificationsStay) {
  Announce(Land("a.ndjson", Event(1)));
  const auto stage =
      pipeline_->MakeProcess(AfterLoad::kKeepNotifications, EmptyLedger::kRefuseOverRows,
                             std::chrono::milliseconds(0), {});
  EXPECT_EQ((*stage)->ProcessBatch({})->loaded, 1u);
  EXPECT_EQ(Depth().in_flight, 1u);
}

}  // namespace
}  // namespace sluice
