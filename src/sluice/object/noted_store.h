// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/object/object_store.h"

namespace sluice {

// Another store, and what was made in it by this one and not removed again: for who has to leave
// nothing behind. Thread-safe; `store` outlives it.
class NotedStore : public ObjectStore {
 public:
  explicit NotedStore(ObjectStore& store) : store_(store) {}

  const std::string& uri() const override { return store_.uri(); }
  Result<std::unique_ptr<PendingObject>> Create(const std::string& key) override;
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override;
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string& key) override;
  Result<ObjectInfo> Stat(const std::string& key) override;
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit) override;
  Status Remove(const std::string& key) override;

  // The keys of what may be there, committed or not, in order.
  std::vector<std::string> there();

 private:
  ObjectStore& store_;
  std::mutex mutex_;
  std::set<std::string> there_;
};

}  // namespace sluice
