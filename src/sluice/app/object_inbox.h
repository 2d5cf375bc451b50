// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/object/object_names.h"

namespace sluice {

// What a raw object is called, and what its announcement claims about it.
struct AnnouncedObject {
  RawKey key;
  std::string etag;  // may be empty
  Bytes size;
};

struct InboxCounts {
  uint64_t messages = 0, deleted = 0, delete_failures = 0;
  uint64_t test_events = 0, other_events = 0, folder_markers = 0;
  uint64_t foreign = 0;  // another bucket or prefix, or no notification at all

  InboxCounts& operator+=(const InboxCounts& other);
};

// The raw objects of one batch, from wherever they are told of, and what to tell there when they
// are settled. Calls must match: Fill (Settled | KeepAlive)* (DeleteSettled | GiveBack)*. One
// thread at a time.
class ObjectInbox {
 public:
  virtual ~ObjectInbox() = default;

  // Until the batch is full, there is nothing more or `stop` is requested.
  virtual Status Fill(const std::stop_token& stop) = 0;
  // Each key once.
  virtual const std::vector<AnnouncedObject>& objects() const = 0;
  // There was nothing, not even what is none of our objects.
  virtual bool empty() const = 0;

  // The ledger row of `key` is committed.
  virtual void Settled(const RawKey& key) = 0;
  // To be called while work goes on.
  virtual Status KeepAlive() = 0;
  // Ends what announced nothing but settled objects; the rest comes again. Nothing ends by any
  // other call.
  virtual Status DeleteSettled() = 0;
  // For work that cannot be done now: what is not settled may be taken by others at once.
  virtual Status GiveBack() = 0;
  // Is each delivery one of few?
  virtual bool redelivery_counts() const { return false; }

  virtual InboxCounts counts() const = 0;
};

// Makes the next batch's.
using MakeInbox = std::function<std::unique_ptr<ObjectInbox>()>;

}  // namespace sluice
