// SPDX-License-Identifier: Apache-2.0
// What the tests of StreamLander share.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/test_folder.h"
#include "sluice/land/lander_test_fixture.h"
#include "sluice/land/shard_log.h"
#include "sluice/land/stream_lander.h"
#include "sluice/object/directory_store.h"
#include "sluice/queue/sqlite_stream.h"

namespace sluice {

// Another stream, with something that the test does before and after each read of a shard.
class WatchedStream : public Stream {
 public:
  explicit WatchedStream(Stream& stream) : stream_(stream) {}

  const std::string& name() const override { return stream_.name(); }
  Result<std::vector<StreamShard>> Shards() override {
    ++listings;
    SLUICE_ASSIGN(std::vector<StreamShard> shards, stream_.Shards());
    after_listing(shards);
    return shards;
  }
  Result<std::unique_ptr<ShardReader>> Open(const std::string& shard,
                                            const StreamPosition& from) override {
    opened.push_back(shard);
    SLUICE_ASSIGN(std::unique_ptr<ShardReader> reader, stream_.Open(shard, from));
    return std::make_unique<Reader>(*this, shard, std::move(reader));
  }

  std::function<Status(const std::string& shard)> before_read = [](const std::string&) {
    return Status();
  };
  std::function<void(StreamBatch& batch)> after_read = [](StreamBatch&) {};
  std::function<void(std::vector<StreamShard>& shards)> after_listing =
      [](std::vector<StreamShard>&) {};
  size_t most_records = ShardReader::kMostRecords;
  std::vector<std::string> opened;
  int listings = 0, reads = 0;

 private:
  class Reader : public ShardReader {
   public:
    Reader(WatchedStream& watch, std::string shard, std::unique_ptr<ShardReader> reader)
        : watch_(watch), shard_(std::move(shard)), reader_(std::move(reader)) {}
    Result<StreamBatch> Read(size_t most) override {
      ++watch_.reads;
      SLUICE_TRY(watch_.before_read(shard_));
      SLUICE_ASSIGN(StreamBatch batch, reader_->Read(std::min(most, watch_.most_records)));
      watch_.after_read(batch);
      return batch;
    }

   private:
    WatchedStream& watch_;
    const std::string shard_;
    const std::unique_ptr<ShardReader> reader_;
  };

  Stream& stream_;
};

class StreamLanderTest : public ::testing::Test {
 protected:
  static constexpr const char* kShard = "shardId-000000000000";
  static constexpr const char* kSecond = "shardId-000000000001";
  static constexpr const char* kThird = "shardId-000000000002";

  void MakeStream(int shards) { MakeStream(shards, folder_.path() + "/stream.db"); }
  void MakeStream(int shards, const std::string& file) {
    sqlite_ = SqliteStream::Open({.path = file, .shards = shards}, clock_).value();
    stream_ = std::make_unique<WatchedStream>(*sqlite_);
  }

  static StreamLanderOptions Plain() {
    return {.consumer = "pipeline",
            .from = StreamPosition::TrimHorizon(),
            .format = StreamFormat::kPlain};
  }

  std::unique_ptr<StreamLander> Worker(const StreamLanderOptions& options) {
    return std::make_unique<StreamLander>(*stream_, checkpoints_, raw_, clock_, options);
  }
  Result<LandReport> LandOne(StreamLander& worker) {
    return worker.LandOne(Deadline::Never(), stop_.get_token());
  }
  // What a new process lands until nothing is left, or until something fails.
  Result<LandReport> Drain(const StreamLanderOptions& options) {
    const auto worker = Worker(options);
    LandReport sum;
    while (!sum.queue_was_empty) {
      SLUICE_ASSIGN(const LandReport report, LandOne(*worker));
      sum += report;
    }
    return sum;
  }
  LandReport Drained() {
    const auto report = Drain(Plain());
    EXPECT_TRUE(report) << report.error().message();
    return report ? *report : LandReport();
  }

  // A worker that dies behind its entry, before its object.
  void DieBeforeTheObject() {
    raw_.before_commit = [] { return Status(Fail(ErrorKind::kTransient, "died")); };
    EXPECT_FALSE(Drain(Plain()));
    raw_.before_commit = [] { return Status(); };
  }

  SequenceNumber Put(const std::string& shard, const std::string& data) {
    return sqlite_->Put(shard, "k", data).value();
  }
  std::vector<SequenceNumber> PutNumbers(const std::string& shard, int from, int to) {
    std::vector<SequenceNumber> numbers;
    for (int i = from; i < to; ++i) numbers.push_back(Put(shard, Line(i)));
    return numbers;
  }
  static std::string Line(int i) { return "{\"n\":" + std::to_string(i) + "}"; }
  static std::string Lines(int from, int to) {
    std::string lines;
    for (int i = from; i < to; ++i) lines += Line(i) + "\n";
    return lines;
  }

  std::vector<std::string> KeysOf(ObjectStore& store) {
    std::vector<std::string> keys;
    const ListPage page = store.List("", "", 1000).value();
    for (const ObjectInfo& info : page.objects) keys.push_back(info.key);
    return keys;
  }
  std::vector<std::string> Keys() { return KeysOf(*raw_store_); }
  std::string ContentOf(const std::string& key) {
    return ReadFile(raw_store_->LocalPath(key), MiB(100)).value();
  }
  std::map<std::string, std::string> Objects() {
    std::map<std::string, std::string> objects;
    for (const std::string& key : Keys()) objects[key] = ContentOf(key);
    return objects;
  }
  // How often each line is in a raw object.
  std::map<std::string, int> AllLines() {
    std::map<std::string, int> lines;
    for (const auto& [key, content] : Objects()) {
      std::istringstream text(content);
      for (std::string line; std::getline(text, line);) ++lines[line];
    }
    return lines;
  }
  std::optional<ShardEntry> Newest(const std::string& shard) {
    return ShardLog(*checkpoint_store_, ShardLogFolder("pipeline", "stream", shard))
        .Newest()
        .value();
  }

  TestFolder folder_;
  FakeClock clock_;
  std::stop_source stop_;
  std::unique_ptr<SqliteStream> sqlite_;
  std::unique_ptr<WatchedStream> stream_;
  std::unique_ptr<DirectoryStore> raw_store_ = DirectoryStore::At(folder_.path() + "/raw").value();
  std::unique_ptr<DirectoryStore> checkpoint_store_ =
      DirectoryStore::At(folder_.path() + "/checkpoints").value();
  WatchedStore raw_{*raw_store_};
  WatchedStore checkpoints_{*checkpoint_store_};
};

}  // namespace sluice
