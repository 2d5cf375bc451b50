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

#include "sluice/app/object_inbox.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/event/s3_notification.h"
#include "sluice/object/object_names.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/queue.h"

namespace sluice {

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

// The notifications of one batch. Those may be deleted of which every object is settled. `queue`,
// the stores and `clock` outlive it.
//
// Ours are objects below the raw store's URI; a message about another one, or that is no
// notification at all, is kept in quarantine and left to the dead-letter queue (faults N4, N10,
// S1). The region that it names is not looked at: objects are read where the configuration says,
// and a bucket's name is of one bucket only. A folder may be moved or mounted elsewhere between
// landing and loading: where a directory's notification names another folder, key and content hash
// say whether the object is ours.
class NotificationInbox : public ObjectInbox {
 public:
  NotificationInbox(Queue& queue, ObjectStore& raw, ObjectStore& quarantine, Clock& clock,
                    InboxOptions options);

  Status Fill(const std::stop_token& stop) override;
  // In the order of their keys' first announcement.
  const std::vector<AnnouncedObject>& objects() const override { return objects_; }
  bool empty() const override { return deliveries_.empty(); }

  void Settled(const RawKey& key) override;
  // Extends what is held once half of its visibility timeout is over. What fails is tried again
  // after each twentieth of it. A receipt that is lost is no failure.
  Status KeepAlive() override;
  // Nothing is moved to the dead letters by any other call.
  Status DeleteSettled() override;
  Status GiveBack() override;
  bool redelivery_counts() const override { return queue_.GivesUp(); }

  InboxCounts counts() const override { return counts_; }

 private:
  struct Delivery {
    Receipt receipt;
    bool is_read = false;                    // to its end
    size_t unsettled = 0;                    // objects of ours
    bool is_foreign = false;                 // in part, or all of it
    std::optional<std::string> dead_letter;  // the body, once it was delivered often enough
  };
  bool HasRoom() const;
  static bool IsSettled(const Delivery& delivery);
  Status Accept(const Message& message, size_t delivery);
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
  Ticks next_extension_;
  InboxCounts counts_;
};

}  // namespace sluice
