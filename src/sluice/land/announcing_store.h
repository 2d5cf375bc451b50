// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/queue.h"

namespace sluice {

// A directory store that does what a bucket with event notifications does: after each Commit it
// sends the JSON of S3's "ObjectCreated:Put" to a queue. The bucket's name is the directory's
// absolute path, without a slash at the end; the key is the object's. Everything else is the
// directory store's own.
//
// An object whose content was there before is announced again: who made it may have died before it
// could say so, and a second notification about a loaded object changes nothing.
//
// When the notification cannot be sent, Commit answers kOutcomeUnknown, for the object is there,
// and stays. A lander then keeps its messages; they land again in another object, and load drops
// what is there twice. The object that was not announced is found by reconcile.
class AnnouncingStore : public ObjectStore {
 public:
  // `store` has a file:// URI. `notifications` and `clock` outlive the store.
  AnnouncingStore(std::unique_ptr<ObjectStore> store, Queue& notifications, Clock& clock);

  const std::string& uri() const override { return store_->uri(); }
  Result<std::unique_ptr<PendingObject>> Create(const std::string& key) override;
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override {
    return store_->Open(key);
  }
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string& key) override {
    return store_->OpenRandom(key);
  }
  Result<ObjectInfo> Stat(const std::string& key) override { return store_->Stat(key); }
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit) override {
    return store_->List(prefix, after, limit);
  }
  Status Remove(const std::string& key) override { return store_->Remove(key); }

 private:
  const std::unique_ptr<ObjectStore> store_;
  Queue& notifications_;
  Clock& clock_;
  const std::string bucket_;
};

}  // namespace sluice
