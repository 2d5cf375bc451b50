// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/noted_store.h"

namespace sluice {

// Noted before there is anything: of a commit without an answer it is not known.
Result<std::unique_ptr<PendingObject>> NotedStore::Create(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    there_.insert(key);
  }
  return store_.Create(key);
}

Result<std::unique_ptr<ObjectReader>> NotedStore::Open(const std::string& key) {
  return store_.Open(key);
}

Result<std::unique_ptr<RandomAccess>> NotedStore::OpenRandom(const std::string& key) {
  return store_.OpenRandom(key);
}

Result<ObjectInfo> NotedStore::Stat(const std::string& key) {
  return store_.Stat(key);
}

Result<ListPage> NotedStore::List(std::string_view prefix, std::string_view after, size_t limit) {
  return store_.List(prefix, after, limit);
}

Status NotedStore::Remove(const std::string& key) {
  SLUICE_TRY(store_.Remove(key));
  const std::lock_guard lock(mutex_);
  there_.erase(key);
  return {};
}

std::vector<std::string> NotedStore::there() {
  const std::lock_guard lock(mutex_);
  return {there_.begin(), there_.end()};
}

}  // namespace sluice
