// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/queue/queue.h"

namespace sluice {

struct DeleteCounts {
  uint64_t deleted = 0;
  uint64_t failures = 0;  // of messages: those will be delivered once more
};

// Messages that were received and are not done with: hidden from others only as long as somebody
// says so. Calls must match: (Add | Renew)* (Delete | Leave)?. Destroyed before Delete or Leave it
// makes them visible again at once, as far as the queue can be reached.
class HeldMessages {
 public:
  // Both outlive the object. `visibility_timeout` is the one that messages are received with.
  HeldMessages(Queue& queue, Clock& clock, std::chrono::seconds visibility_timeout)
      : queue_(queue), clock_(clock), visibility_timeout_(visibility_timeout) {}
  ~HeldMessages();
  HeldMessages(const HeldMessages&) = delete;
  HeldMessages& operator=(const HeldMessages&) = delete;

  // `asked` is a moment before the Receive that gave them.
  void Add(std::span<const Message> messages, Ticks asked);

  // Extends the visibility timeout of every message of which half has passed. An error means that
  // the work must stop before its commit point: another worker has one of the messages (fault L10),
  // or may have, because the queue took no extension three times in a row or for a whole timeout
  // (fault L11).
  Status Renew();

  // How long all of them stay hidden, if nothing is renewed; the longest time without any.
  Ticks::duration TimeLeft() const;

  // Deletes all, in calls of kMaxBatch. What fails is logged and counted; it comes again, and that
  // is all (faults L7, L8). Three failed calls in a row end it.
  DeleteCounts Delete();

  // Lets all go as they are: they come again when their visibility timeout has passed.
  void Leave() { held_.clear(); }

  size_t size() const { return held_.size(); }
  bool empty() const { return held_.empty(); }

 private:
  struct Held {
    Receipt receipt;
    Ticks hidden_since;
  };

  enum class Renewal { kDone, kTryLater };

  bool HasExpired() const;
  std::vector<Receipt> ReceiptsFrom(size_t first, size_t count) const;
  Result<Renewal> RenewFront(size_t count, Ticks now);
  void MoveBack(const std::vector<Status>& renewed, Ticks now);
  void Release();

  Queue& queue_;
  Clock& clock_;
  const std::chrono::seconds visibility_timeout_;
  std::deque<Held> held_;  // the one hidden longest first
  int failed_renewals_ = 0;
};

}  // namespace sluice
