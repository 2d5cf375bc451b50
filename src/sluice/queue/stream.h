// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/queue/sequence_number.h"

namespace sluice {

// A shard that the stream still knows, open or closed.
struct StreamShard {
  std::string id;  // 1–128 of A–Z a–z 0–9 _ . -
  // None; one, which was split; or two, which were merged. They are closed, and may be forgotten.
  std::vector<std::string> parents;
  bool is_open = true;  // takes records
};

struct StreamRecord {
  SequenceNumber number;
  std::string partition_key;
  Timestamp arrived;  // as the stream says it, the same whenever the record is read
  std::string data;
};

// Where reading begins. At and after a record that is trimmed, and before all that are there: with
// the oldest record that is there.
struct StreamPosition {
  enum class Kind {
    kTrimHorizon,  // the oldest record
    kLatest,       // behind the newest record of this moment
    kAtTimestamp,  // the first record that arrived at `time` or later
    kAt,           // the record with this number
    kAfter,        // the one behind it
  };
  Kind kind = Kind::kTrimHorizon;
  SequenceNumber number;
  Timestamp time;

  static StreamPosition TrimHorizon() { return {}; }
  static StreamPosition Latest() { return {.kind = Kind::kLatest}; }
  static StreamPosition AtTimestamp(Timestamp time) {
    return {.kind = Kind::kAtTimestamp, .time = time};
  }
  static StreamPosition At(SequenceNumber number) {
    return {.kind = Kind::kAt, .number = std::move(number)};
  }
  static StreamPosition After(SequenceNumber number) {
    return {.kind = Kind::kAfter, .number = std::move(number)};
  }
};

// What one read of a shard brought, in the order of the shard; nothing, often, though there is more
// to read.
struct StreamBatch {
  enum class Place {
    kBeforeTip,  // there may be more
    kAtTip,      // there was no newer record, and there will be some
    kAtEnd,      // this was the last of the shard; sure where it has children, or is listed closed
  };
  std::vector<StreamRecord> records;
  Place place = Place::kBeforeTip;
  std::vector<std::string> children;   // at the end: the shards that go on; may be known only later
  std::chrono::milliseconds pause{0};  // this shard must not be read again sooner
};

// One shard, read from a position on. One thread at a time; lives no longer than its stream.
class ShardReader {
 public:
  static constexpr size_t kMostRecords = 10'000;

  virtual ~ShardReader() = default;

  // Up to `most` records (1 to kMostRecords) and about 10 MB. At the end it stays there. After an
  // error the next Read goes on behind the last record that was returned.
  virtual Result<StreamBatch> Read(size_t most) = 0;
};

// A stream of records with the semantics of Amazon Kinesis Data Streams: shards keep their records
// in order until they are trimmed, whoever read them; a shard that is split or merged is closed,
// and its children go on. Reading takes nothing away. Thread-safe; several processes may share one.
class Stream {
 public:
  virtual ~Stream() = default;

  virtual const std::string& name() const = 0;  // 1–128 of A–Z a–z 0–9 _ . -

  // All of them, parents before their children.
  virtual Result<std::vector<StreamShard>> Shards() = 0;

  // kNotFound where there is no such shard.
  virtual Result<std::unique_ptr<ShardReader>> Open(const std::string& shard,
                                                    const StreamPosition& from) = 0;
};

}  // namespace sluice
