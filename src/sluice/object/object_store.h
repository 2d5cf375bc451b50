// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/io.h"
#include "sluice/base/result.h"

namespace sluice {

struct ObjectInfo {
  std::string key;
  Bytes size;
  std::string etag;         // of the content; opaque, unquoted, never taken for an MD5
  Timestamp last_modified;  // what Commit answers may be off by some seconds
};

// An object in the making. Nothing of it is visible before Commit; destroyed without one it leaves
// nothing. Calls must match: Write* Commit?. One thread at a time. Lives no longer than its store.
class PendingObject : public ByteSink {
 public:
  struct Committed {
    ObjectInfo info;
    bool existed = false;  // the key held the very same content before: nothing was written
  };
  // Makes the object durable and then visible, whole. Where the key holds other content: kConflict,
  // and that stays. kOutcomeUnknown may be answered; committing the same content again is then
  // safe.
  virtual Result<Committed> Commit() = 0;
};

// An object open for reading. The content is one version's, from the first byte to the last, or
// Read fails.
class ObjectReader : public ByteSource {
 public:
  virtual const ObjectInfo& info() const = 0;
};

struct ListPage {
  std::vector<ObjectInfo>
      objects;  // in key order (bytes); etag may be empty where it would cost a read
  std::optional<std::string> next;  // give it as `after` to go on; absent: this was the last page
  // Left out: objects with keys that no store of ours takes. Folder markers are no objects.
  uint64_t without_key = 0;
};

// Named immutable bytes: a directory, or S3. sluice never overwrites an object, so neither does
// this interface. Keys are UTF-8 without control characters, 1–1024 bytes, parts separated by '/',
// none of them empty, "." or ".."; anything else is kPermanent and touches nothing. Thread-safe;
// several processes may share one store.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // "file:///var/lib/sluice/raw/" or "s3://bucket/prefix/"; with a key behind it, the object's
  // address.
  virtual const std::string& uri() const = 0;

  virtual Result<std::unique_ptr<PendingObject>> Create(const std::string& key) = 0;
  // kNotFound where there is none.
  virtual Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) = 0;
  virtual Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string& key) = 0;
  virtual Result<ObjectInfo> Stat(const std::string& key) = 0;
  // Up to `limit` objects whose key starts with `prefix` and is greater than `after`. Objects that
  // are committed or removed meanwhile may or may not be seen; every other one is seen exactly
  // once.
  virtual Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit) = 0;
  // A missing object is no error.
  virtual Status Remove(const std::string& key) = 0;
  // Would an object be taken just now, as far as that can be asked without making one?
  virtual Status TakesObjects() { return {}; }
};

}  // namespace sluice
