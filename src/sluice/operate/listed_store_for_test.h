// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/object/object_store.h"

namespace sluice {

inline constexpr const char* kStore = "s3://acme-raw/tracking/";

// A store that only lists, a few keys at a time, and knows some ETags that it does not list.
class ListedStore : public ObjectStore {
 public:
  std::vector<ObjectInfo> objects;
  std::map<std::string, std::string> etags;  // by key
  size_t most = 2;
  int listings = 0;

  const std::string& uri() const override { return uri_; }
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t) override {
    ++listings;
    ListPage page;
    std::ranges::sort(objects, {}, &ObjectInfo::key);
    for (const ObjectInfo& object : objects) {
      if (!object.key.starts_with(prefix) || object.key <= after) continue;
      if (page.objects.size() == most) {
        page.next = page.objects.back().key;
        break;
      }
      page.objects.push_back(object);
    }
    return page;
  }
  Result<std::unique_ptr<PendingObject>> Create(const std::string&) override { return No(); }
  Result<std::unique_ptr<ObjectReader>> Open(const std::string&) override { return No(); }
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string&) override { return No(); }
  Result<ObjectInfo> Stat(const std::string& key) override {
    if (!etags.contains(key)) return No();
    ObjectInfo found = *std::ranges::find(objects, key, &ObjectInfo::key);
    found.etag = etags.at(key);
    return found;
  }
  Status Remove(const std::string&) override { return No(); }

 private:
  static std::unexpected<Error> No() { return Fail(ErrorKind::kPermanent, "it only lists"); }
  const std::string uri_ = kStore;
};

}  // namespace sluice
