// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/land/lander.h"
#include "sluice/land/shard_lander.h"
#include "sluice/land/stream_lander_options.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/stream.h"

namespace sluice {

// Fills raw objects with the records of a stream, shard by shard in turn, one object of one shard
// at a time. Any number of stream landers, threads of one process or many processes, may work on
// one stream: each shard is advanced by whoever writes the next entry of its log, and a lander
// leaves a shard alone in which it was beaten to that (fault L19). A shard is begun when all its
// parents are finished or forgotten, so that records of one partition key land in order (fault
// L18).
//
// One lander reads one shard at a time, at most 2 MiB a second of Kinesis: two shards that are
// written to as fast as they can be. More shards that are that busy want more landers.
//
// What is between two calls is only what was seen; the log and the stream know everything. One
// thread at a time.
class StreamLander {
 public:
  // All outlive the lander. `checkpoints` holds the progress, and nothing else.
  StreamLander(Stream& stream, ObjectStore& checkpoints, ObjectStore& raw, Clock& clock,
               StreamLanderOptions options);

  // Lands one object of the first shard in turn that has something, or none where there is nothing
  // to do; the report says that as queue_was_empty. With kWait it then waits a little. After `stop`
  // or `deadline` no new object is begun. A message is a record, or one that KPL packed into it.
  //
  // A shard that fails does not keep the others from being landed: its error is returned when they
  // are done, or after three in a row. So is that of the log of a shard which the stream no longer
  // has. What was counted as lost by then is in the next report. Nothing is lost by an error: the
  // next call, of whichever lander, finds what was begun and ends it in the same way, to the byte.
  Result<LandReport> LandOne(Deadline deadline, const std::stop_token& stop);

 private:
  struct Seat {
    ShardTurn turn;
    bool is_finished = false;
    Ticks due;  // nothing is to be done before
  };

  Status LandInto(LandReport& report, Deadline deadline, const std::stop_token& stop);
  Status Prepare(LandReport& report);
  Status ListShards(LandReport& report);
  void SettleForgotten(const std::vector<std::string>& folders, LandReport& report);
  void KeepFailure(const Error& error, const std::string& during);
  bool IsReadable(const Seat& seat) const;
  bool HasKnownChildren(const std::string& shard) const;
  Seat* NextDue();
  void Settle(Seat& seat, const ShardVisit& visit);
  Ticks Later(std::chrono::seconds pause);
  void Wait(Deadline deadline);

  Stream& stream_;
  ObjectStore& checkpoints_;
  ObjectStore& raw_;
  Clock& clock_;
  const StreamLanderOptions options_;
  const std::string worker_;
  std::optional<ShardLander> shards_;  // absent until the start is fixed
  std::map<std::string, Seat> seats_;
  std::set<std::string> settled_;  // folders of logs of shards that the stream no longer has
  std::string last_turn_;          // the shard that had it
  std::optional<Ticks> listed_at_;
  std::optional<Error> failure_;  // of a shard, not yet returned
  uint64_t untold_lost_ = 0;      // records, in calls that failed
};

}  // namespace sluice
