// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/queue/sqlite_database.h"
#include "sluice/queue/stream.h"

namespace sluice {

struct SqliteStreamOptions {
  std::string path;  // the file; made when it is missing. It holds one stream
  std::string name = "stream";
  int shards = 1;  // that a new one begins with, at least 1

  std::chrono::milliseconds busy_timeout{10'000};  // how long another process's lock is waited for
  std::stop_token stop;                            // shortens that to a second
};

// A stream in a SQLite file. Records are trimmed only by Trim and
// Forget. Failures are those of SqliteQueue.
// Open it after a fork, not before.
class SqliteStream : public Stream {
 public:
  // `clock` outlives the stream.
  static Result<std::unique_ptr<SqliteStream>> Open(SqliteStreamOptions options, Clock& clock);

  const std::string& name() const override { return options_.name; }
  Result<std::vector<StreamShard>> Shards() override;
  Result<std::unique_ptr<ShardReader>> Open(const std::string& shard,
                                            const StreamPosition& from) override;

  // A new record in an open shard; its producer chooses which. Durable when it returns.
  Result<SequenceNumber> Put(const std::string& shard, std::string_view partition_key,
                             std::string_view data);
  // Closes an open shard, which two children follow; or two, which one child follows.
  Status Split(const std::string& shard);
  Status Merge(const std::string& shard, const std::string& other);
  // Takes away the records of a shard up to this one; a closed shard altogether.
  Status Trim(const std::string& shard, const SequenceNumber& last);
  Status Forget(const std::string& shard);

 private:
  class Reader;
  struct Shard {
    int64_t number;
    bool is_open;
  };

  SqliteStream(SqliteStreamOptions options, Clock& clock)
      : options_(std::move(options)), clock_(clock) {}
  Status OpenFile();
  // What follows runs under mutex_.
  Result<Shard> Find(std::string_view shard);
  Result<Shard> FindOpen(std::string_view shard);
  Status Append(const std::vector<std::string>& parents, int children);
  Result<int64_t> FirstBefore(int64_t shard, const StreamPosition& from);

  const SqliteStreamOptions options_;
  Clock& clock_;
  std::mutex mutex_;
  std::unique_ptr<SqliteDatabase> database_;
};

}  // namespace sluice
