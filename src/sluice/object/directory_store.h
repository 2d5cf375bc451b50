// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/object/directory_root.h"
#include "sluice/object/object_store.h"

namespace sluice {

// Objects as files of a local directory; the key is the path below it. The ETag is the SHA-256 of
// the content in hexadecimal: it costs nothing to Commit, while Open and Stat read the whole file
// for it (about 1 s per 1–2 GB); List leaves it empty, OpenRandom does without. last_modified is
// the file's, to the microsecond.
//
// Commit syncs the file, links it to its key without ever replacing what is there, and syncs every
// folder on the way. A directory cannot hold both `a` and `a/b`: kConflict. Keys of which a part
// begins with '.' or is longer than 255 bytes are kPermanent, and such files are not listed.
// Symbolic links below the directory are refused. A full disk, or too many open files, is
// kTransient; what else a file system refuses is kPermanent.
class DirectoryStore : public ObjectStore {
 public:
  // Makes the directory where it is missing, and removes what dead processes left half-written.
  static Result<std::unique_ptr<DirectoryStore>> At(const std::string& path);

  const std::string& uri() const override { return uri_; }
  Result<std::unique_ptr<PendingObject>> Create(const std::string& key) override;
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override;
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string& key) override;
  Result<ObjectInfo> Stat(const std::string& key) override;
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit) override;
  Status Remove(const std::string& key) override;

  // Where the object at the legal `key` is, for readers that open files themselves (DuckDB).
  std::string LocalPath(std::string_view key) const { return root_.PathOf(key); }

 private:
  explicit DirectoryStore(DirectoryRoot root)
      : root_(std::move(root)), uri_("file://" + root_.path()) {}

  const DirectoryRoot root_;
  const std::string uri_;
};

}  // namespace sluice
