// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/queue/message_table.h"
#include "sluice/queue/queue.h"
#include "sluice/queue/queue_owner.h"
#include "sluice/queue/sqlite_database.h"

namespace sluice {

struct SqliteQueueOptions {
  std::string path;             // the file; made when it is missing. Several queues may share one
  std::string name = "source";  // 1–80 of A–Z a–z 0–9 . _ -

  // Where a message goes that would be received more than `max_receive_count` times; another queue
  // of the same file. Empty: it is delivered for ever.
  std::string dead_letter_queue;
  static constexpr int kForEver = 1'000'000'000;
  int max_receive_count = 5;

  std::chrono::milliseconds busy_timeout{10'000};  // how long another process's lock is waited for
  std::stop_token
      stop;  // ends waits for messages at once, and shortens those for locks to a second
};

// A queue in a SQLite file. Beyond what Queue says:
//
// - Messages come oldest first; one that became visible again lines up at the end.
// - What an instance has received and not deleted becomes visible at once when the instance is
//   destroyed or its process ends, whatever ended it; its receive count stays. Another instance may
//   use the receipts meanwhile.
// - A dead letter keeps its id, sending time and receive count. Nothing expires, and any number may
//   be in flight.
// - Send waits for the disk. Receive, Extend and Delete do not: a loss of power may undo the last
//   of them, and those messages are delivered once more.
// - Failures: kTransient where another process held the lock for longer than busy_timeout;
//   kPermanent for a full disk, missing permission, a damaged file, one that is no queue, or one of
//   another version. kOutcomeUnknown where the disk failed at the commit.
//
// Open it after a fork, not before.
class SqliteQueue : public Queue {
 public:
  // `clock` outlives the queue; processes that share a file use the system's.
  static Result<std::unique_ptr<SqliteQueue>> Open(SqliteQueueOptions options, Clock& clock);
  ~SqliteQueue() override;

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override;
  Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) override;
  Result<std::vector<Status>> Extend(std::span<const Receipt> receipts,
                                     std::chrono::seconds visibility_timeout) override;
  Result<std::vector<Status>> Send(std::span<const std::string> bodies) override;
  Result<QueueDepth> Depth() override;
  bool GivesUp() const override {
    return dead_letters_ && options_.max_receive_count < SqliteQueueOptions::kForEver;
  }

 private:
  SqliteQueue(SqliteQueueOptions options, Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  Status OpenFile();
  Result<std::vector<Message>> ReceiveNow(const ReceiveOptions& options);
  Status Take(const ReceiveOptions& options, std::vector<Message>& messages);
  template <typename Change>
  Result<std::vector<Status>> ForEach(std::span<const Receipt> receipts, Change&& change);
  Result<std::vector<Status>> Append(std::span<const std::string> bodies);
  Result<QueueDepth> Measure();

  const SqliteQueueOptions options_;
  Clock& clock_;
  std::mutex mutex_;  // over what follows
  std::unique_ptr<SqliteDatabase> database_;
  std::optional<MessageTable> messages_;
  std::optional<QueueOwner> owner_;
  std::optional<int64_t> dead_letters_;  // the number of that queue
};

}  // namespace sluice
