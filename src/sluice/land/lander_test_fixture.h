// SPDX-License-Identifier: Apache-2.0
// What the tests of Lander share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/io.h"
#include "sluice/base/unique_id.h"
#include "sluice/land/lander.h"
#include "sluice/object/directory_store.h"
#include "sluice/queue/sqlite_queue.h"

namespace sluice {

// Another queue, with something that the test does before each call; it gives ten messages at a
// time, as SQS does.
class WatchedQueue : public Queue {
 public:
  explicit WatchedQueue(Queue& queue) : queue_(queue) {}

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override {
    last_wait = options.wait;
    SLUICE_TRY(before_receive());
    ReceiveOptions ten = options;
    ten.max_messages = std::min(options.max_messages, 10);
    return queue_.Receive(ten);
  }
  Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) override {
    SLUICE_TRY(before_delete());
    return queue_.Delete(receipts);
  }
  Result<std::vector<Status>> Extend(std::span<const Receipt> receipts,
                                     std::chrono::seconds timeout) override {
    if (timeout > std::chrono::seconds(0)) {
      ++renewals;
      SLUICE_TRY(before_renewal());
    }
    return queue_.Extend(receipts, timeout);
  }
  Result<std::vector<Status>> Send(std::span<const std::string> bodies) override {
    return queue_.Send(bodies);
  }
  Result<QueueDepth> Depth() override { return queue_.Depth(); }
  bool GivesUp() const override { return gives_up; }

  bool gives_up = false;
  std::function<Status()> before_receive = [] { return Status(); };
  std::function<Status()> before_renewal = [] { return Status(); };
  std::function<Status()> before_delete = [] { return Status(); };
  std::chrono::milliseconds last_wait{-1};
  int renewals = 0;

 private:
  Queue& queue_;
};

// Another store, whose objects have something that the test does before each write and commit.
class WatchedStore : public ObjectStore {
 public:
  explicit WatchedStore(ObjectStore& store) : store_(store) {}

  const std::string& uri() const override { return store_.uri(); }
  Result<std::unique_ptr<PendingObject>> Create(const std::string& key) override;
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override {
    return store_.Open(key);
  }
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string& key) override {
    return store_.OpenRandom(key);
  }
  Result<ObjectInfo> Stat(const std::string& key) override { return store_.Stat(key); }
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit) override {
    return store_.List(prefix, after, limit);
  }
  Status Remove(const std::string& key) override { return store_.Remove(key); }
  Status TakesObjects() override { return takes_objects(); }

  std::function<Status()> takes_objects = [] { return Status(); };
  std::function<Status()> before_write = [] { return Status(); };
  std::function<Status()> before_commit = [] { return Status(); };

 private:
  ObjectStore& store_;
};

class WatchedObject : public PendingObject {
 public:
  WatchedObject(std::unique_ptr<PendingObject> object, WatchedStore& store)
      : object_(std::move(object)), store_(store) {}
  Status Write(std::string_view data) override {
    SLUICE_TRY(store_.before_write());
    return object_->Write(data);
  }
  Result<Committed> Commit() override {
    SLUICE_TRY(store_.before_commit());
    return object_->Commit();
  }

 private:
  std::unique_ptr<PendingObject> object_;
  WatchedStore& store_;
};

inline Result<std::unique_ptr<PendingObject>> WatchedStore::Create(const std::string& key) {
  SLUICE_ASSIGN(std::unique_ptr<PendingObject> object, store_.Create(key));
  return std::make_unique<WatchedObject>(std::move(object), *this);
}

class LanderTest : public ::testing::Test {
 protected:
  ~LanderTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Queue> OpenQueue(const std::string& name) {
    return SqliteQueue::Open({.path = folder_ / "queue.db", .name = name}, clock_).value();
  }

  static LanderOptions Plain() {
    return {.format = StreamFormat::kPlain, .receive_wait = std::chrono::milliseconds(0)};
  }

  Result<LandReport> Land(const LanderOptions& options) {
    return Lander(queue_, raw_, clock_, options).LandOne(Deadline::Never(), stop_.get_token());
  }

  void Send(const std::string& body) {
    const auto sent = source_->Send({&body, 1});
    ASSERT_TRUE(sent && sent->front());
  }
  void SendMany(int count) {
    for (int i = 0; i < count; ++i) Send("{\"n\":" + std::to_string(i) + "}");
  }

  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    const ListPage page = store_->List("", "", 1000).value();
    for (const ObjectInfo& info : page.objects) keys.push_back(info.key);
    return keys;
  }

  std::string ContentOf(const std::string& key) {
    return ReadFile(folder_ / "raw" / key, MiB(100)).value();
  }

  // How often each line is in a raw object.
  std::map<std::string, int> Lines() {
    std::map<std::string, int> lines;
    for (const std::string& key : Keys()) {
      std::istringstream text(ContentOf(key));
      for (std::string line; std::getline(text, line);) ++lines[line];
    }
    return lines;
  }

  void ExpectNothingHappened(uint64_t messages) {
    EXPECT_TRUE(Keys().empty());
    const QueueDepth depth = source_->Depth().value();
    EXPECT_EQ(depth.visible, messages);
    EXPECT_EQ(depth.in_flight, 0u);
  }

  static std::filesystem::path MakeFolder() {
    const auto folder =
        std::filesystem::path(::testing::TempDir()) / ("land-" + MakeUniqueId(SystemClock().Now()));
    std::filesystem::create_directories(folder);
    return folder;
  }

  const std::filesystem::path folder_ = MakeFolder();
  FakeClock clock_;
  std::stop_source stop_;
  std::unique_ptr<Queue> source_ = OpenQueue("source");
  std::unique_ptr<DirectoryStore> store_ = DirectoryStore::At(folder_ / "raw").value();
  WatchedQueue queue_{*source_};
  WatchedStore raw_{*store_};
};

}  // namespace sluice
