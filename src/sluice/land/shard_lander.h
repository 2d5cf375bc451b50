// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/land/lander.h"
#include "sluice/land/shard_log.h"
#include "sluice/land/stream_lander_options.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/stream.h"

namespace sluice {

// What is visited.
struct ShardTurn {
  StreamShard shard;
  Ticks earliest_read;  // it must not be read before
  // The newest entry of another worker that was seen here: where there is a newer one, that worker
  // is at work, and the shard is left to it.
  std::optional<uint64_t> others_entry;
};

enum class ShardOutcome {
  kMore,      // an object is full, or time is up: there may be more
  kAtTip,     // everything is landed, and more will come
  kFinished,  // everything is landed, and nothing will come
  kTaken,     // another worker advances this shard
};

struct ShardVisit {
  ShardOutcome outcome = ShardOutcome::kMore;
  LandReport report;                     // of at most one object
  std::optional<uint64_t> others_entry;  // kTaken: its newest entry, as far as is known
  Ticks earliest_read;                   // of the next visit
};

// Lands what is new in one shard, by its log: the entry that says which records an object gets is
// there before the object is, so that whoever comes after a worker that died reads exactly those
// records again and writes the same object (fault L18). Thread-safe.
class ShardLander {
 public:
  // What it works with; all outlive it. `start`: FixStreamStart's.
  struct Parts {
    Stream& stream;
    ObjectStore& checkpoints;
    ObjectStore& raw;
    Clock& clock;
  };
  ShardLander(Parts parts, StreamLanderOptions options, std::string worker, StreamPosition start)
      : parts_(parts),
        options_(std::move(options)),
        worker_(std::move(worker)),
        start_(std::move(start)) {}

  // Lands at most one object: first the range that the log has begun, if any, else what is there
  // behind the last one, until one of the options' bounds, the tip or the end is reached,
  // `deadline` has passed, `stop` is requested or the stream fails. Waits between reads. A begun
  // range is read to its end whatever the deadline, or it would never be landed.
  //
  // Records that were trimmed before they were landed are told in the log and counted as lost; the
  // rest of a begun range becomes another object, whose key is its own first record's. Only the
  // oldest records of a range can be that: where others are missing, kTransient. A shard is
  // finished when its children came, or when the stream lists it as closed; kPermanent where its
  // log says that and the stream the contrary. An error means that the log holds what the next
  // visit needs.
  Result<ShardVisit> Visit(const ShardTurn& turn, Deadline deadline, const std::stop_token& stop);

 private:
  class Landing;

  const Parts parts_;
  const StreamLanderOptions options_;
  const std::string worker_;
  const StreamPosition start_;
};

}  // namespace sluice
