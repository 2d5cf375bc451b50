// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// Says "this delivery of this message". Opaque; a later delivery of the same message has another
// one.
struct Receipt {
  std::string handle;
  friend auto operator<=>(const Receipt&, const Receipt&) = default;
};

struct Message {
  std::string id;  // the same for every delivery
  std::string body;
  Receipt receipt;
  int receive_count = 1;  // this delivery included; approximate in SQS
  Timestamp sent;
};

struct ReceiveOptions {
  int max_messages = 10;              // 1–Queue::kMaxBatch; fewer may come
  std::chrono::milliseconds wait{0};  // how long an empty queue is waited on, 0–20 s
  std::chrono::seconds visibility_timeout{
      300};  // until the message is delivered again unless deleted
};

// What a queue knows of its load; every number is approximate.
struct QueueDepth {
  uint64_t visible = 0;    // waiting
  uint64_t in_flight = 0;  // received, neither deleted nor visible again
  // In the dead-letter queue, if there is one; an error where that cannot be asked.
  Result<uint64_t> dead = uint64_t{0};
  // When the first of those that wait was sent. Absent where none does, and where the queue does
  // not tell: SQS has it in CloudWatch only.
  std::optional<Timestamp> oldest;

  uint64_t undeleted() const { return visible + in_flight; }
};

// A queue with the semantics of Amazon SQS standard queues: at least once, unordered. A received
// message is hidden until its visibility timeout has passed and is then delivered again with
// another receipt; Delete with an older receipt than the newest succeeds and deletes nothing.
// Implementations are thread-safe, and several processes may share one queue.
class Queue {
 public:
  static constexpr int kMaxBatch = 1000;                 // entries or messages of one call
  static constexpr size_t kMaxMessageBytes = 1'048'576;  // of one body
  // A Receive whose bodies have this together asks for no more, whatever was wanted.
  static constexpr size_t kEnoughBytes = 16 * kMaxMessageBytes;

  virtual ~Queue() = default;

  // Up to `max_messages`, without waiting for more once some have come; an empty vector when none
  // came in `wait`. Where the answer is lost, or an error comes instead of it, messages may have
  // been received all the same: they come again when `visibility_timeout` has passed, with their
  // receive count one higher, and there is nothing to do about it.
  virtual Result<std::vector<Message>> Receive(const ReceiveOptions& options) = 0;

  // Each of the three takes 1–kMaxBatch entries and answers for each of them, in order. A failure
  // of one entry says nothing of the others. The outer error means that the whole call failed: no
  // entry has an answer of its own.
  virtual Result<std::vector<Status>> Delete(std::span<const Receipt> receipts) = 0;
  // From now until `visibility_timeout` from now; zero makes the message visible at once.
  // kNotFound: the receipt is stale.
  virtual Result<std::vector<Status>> Extend(std::span<const Receipt> receipts,
                                             std::chrono::seconds visibility_timeout) = 0;
  // Durable when it returns.
  virtual Result<std::vector<Status>> Send(std::span<const std::string> bodies) = 0;

  virtual Result<QueueDepth> Depth() = 0;
  // Does it take away what was received too often? Then what cannot be worked on is better left
  // hidden until its timeout has passed than received again and again.
  virtual bool GivesUp() const { return true; }
};

}  // namespace sluice
