// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
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
  RawLayout layout;
  // The rule of the raw store for keys. What it refuses names no object of ours (fault S11).
  Status (*check_key)(std::string_view key) = &CheckKey;
  Bytes max_size = GiB(1);   // of the objects of one batch
  size_t max_objects = 256;  // of one batch
  // Of one batch: many messages may tell of one object, or of none. Each takes some 300 bytes.
  size_t max_messages = 2048;
  std::chrono::milliseconds wait{0};
  std::chrono::seconds visibility_timeout{900};
  // Where a message goes that is not ours, once it was delivered so often and every object of ours
  // that it names too is settled: no outage and no crash may cost an event. Null: the queue's own
  // redrive policy does it.
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
// a time. `queue`, the stores and `clock` outlive it.
//
// Ours are objects below the raw store's URI; a message about another one, or that is no
// notification at all, is kept in quarantine and left to the dead-letter queue (faults N4, N10,
// S1). A folder may be moved or mounted elsewhere between landing and loading: where a directory's
// notification names another folder, key and content hash say whether the object is ours.
class NotificationInbox {
 public:
  NotificationInbox(Queue& queue, ObjectStore& raw, ObjectStore& quarantine, Clock& clock,
                    InboxOptions options);

  // Receives until the batch is full, the queue is empty or `stop` is requested.
  Status Fill(const std::stop_token& stop);
  // The objects announced, each key once, in the order of their keys' first announcement.
  const std::vector<AnnouncedObject>& objects() const { return objects_; }
  bool empty() const { return deliveries_.empty(); }

  // `key` needs no notification any more: its ledger row is committed.
  void Settled(const RawKey& key);
  // Extends what is held once half of its visibility timeout is over.
  Status KeepAlive();
  // Deletes every message whose objects are all settled; the others come again. Nothing is deleted,
  // or moved to the dead letters, by any other call.
  Status DeleteSettled();
  // For work that cannot be done now: makes what is not settled visible again at once.
  Status GiveBack();

  const InboxCounts& counts() const { return counts_; }

 private:
  struct Delivery {
    Receipt receipt;
    size_t unsettled = 0;                    // objects of ours
    bool is_foreign = false;                 // in part, or all of it
    std::optional<std::string> dead_letter;  // the body, once it was delivered often enough
  };
  bool HasRoom() const;
  Status Accept(const Message& message);
  Result<bool> IsOurs(const ObjectCreated& created);
  Status AcceptObject(const ObjectCreated& created, size_t delivery, const Message& message);
  Status KeepForeign(const Message& message, std::string_view why, size_t delivery);

  Status BuryForeign();

  Queue& queue_;
  ObjectStore& raw_;
  ObjectStore& quarantine_;
  Clock& clock_;
  const InboxOptions options_;
  std::vector<Delivery> deliveries_;
  std::vector<AnnouncedObject> objects_;
  std::map<RawKey, std::vector<size_t>> waiting_;  // deliveries that wait for a key
  Bytes size_;                                     // of the objects, as announced
  Bytes dead_letters_;                             // bodies that are held
  Ticks held_since_;
  InboxCounts counts_;
};

}  // namespace sluice
