// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/event/s3_notification.h"
#include "sluice/object/object_names.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/queue.h"

namespace sluice {

// What a raw object is called, and what its notification claims about it.
struct AnnouncedObject {
  RawKey key;
  std::string etag;
  Bytes size;
};

struct InboxOptions {
  // Only objects below this URI are ours ("file:///data/raw/", "s3://bucket/prefix/"); a
  // notification about another one is kept in quarantine and left to the dead-letter queue (faults
  // N10, S1).
  std::string raw_uri;
  RawLayout layout;
  Bytes max_size = GiB(1);   // of the objects of one batch
  size_t max_objects = 256;  // of one batch
  std::chrono::milliseconds wait{0};
  std::chrono::seconds visibility_timeout{900};
  // Where a notification goes that is not ours, once it was delivered so often. Null: the queue's
  // own redrive policy does it. Never a notification of ours: no outage and no crash may cost an
  // event.
  Queue* dead_letters = nullptr;  // outlives the inbox
  int most_deliveries = 5;
};

struct InboxCounts {
  uint64_t messages = 0, deleted = 0, delete_failures = 0;
  uint64_t test_events = 0, other_events = 0, folder_markers = 0;
  uint64_t foreign = 0;  // another bucket or prefix, or no notification at all

  InboxCounts& operator+=(const InboxCounts& other);
};

// The notifications of one batch, and which of them may be deleted: those of which every object is
// settled. Calls must match: Fill (Settled | KeepAlive)* (DeleteSettled | GiveBack)*. One thread at
// a time. `queue`, `quarantine` and `clock` outlive it.
class NotificationInbox {
 public:
  NotificationInbox(Queue& queue, ObjectStore& quarantine, Clock& clock, InboxOptions options)
      : queue_(queue), quarantine_(quarantine), clock_(clock), options_(std::move(options)) {}

  // Receives until the batch is full or the queue is empty.
  Status Fill();
  // The objects announced, each key once, in the order of their keys' first announcement.
  const std::vector<AnnouncedObject>& objects() const { return objects_; }
  bool empty() const { return deliveries_.empty(); }

  // `key` needs no notification any more: its ledger row is committed.
  void Settled(const RawKey& key);
  // Extends what is held once half of its visibility timeout is over.
  Status KeepAlive();
  // Deletes every message whose objects are all settled; the others come again.
  Status DeleteSettled();
  // For work that cannot be done now: makes what is not settled visible again at once. A
  // notification that was delivered often already is sent anew and then deleted, so that a long
  // outage does not use up its deliveries and take it to the dead-letter queue (fault N13).
  Status GiveBack();

  const InboxCounts& counts() const { return counts_; }

 private:
  struct Delivery {
    Receipt receipt;
    std::string body;  // kept where it would have to be sent anew
    bool is_foreign = false;
    size_t unsettled = 0;  // objects, and one for a body that is to stay for the dead-letter queue
  };
  Status Accept(const Message& message);
  Status AcceptObject(const ObjectCreated& created, size_t delivery, const Message& message);
  Status KeepForeign(const Message& message, std::string_view why, size_t delivery);

  Queue& queue_;
  ObjectStore& quarantine_;
  Clock& clock_;
  const InboxOptions options_;
  std::vector<Delivery> deliveries_;
  std::vector<AnnouncedObject> objects_;
  std::map<RawKey, std::vector<size_t>> waiting_;  // deliveries that wait for a key
  Bytes size_;
  Ticks held_since_;
  InboxCounts counts_;
};

}  // namespace sluice
