// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sluice/base/hash.h"
#include "sluice/object/directory_root.h"
#include "sluice/object/object_store.h"

namespace sluice {

// An object on its way into a DirectoryStore. It grows under a unique name, which holds nothing of
// the key (fault S11), in the folder ".tmp" of the root, locked for as long as its process lives;
// Commit gives it its key by a hard link, which never replaces what stands there.
class PendingFile : public PendingObject {
 public:
  // `root` outlives the result. `key` is one that CheckDirectoryKey accepts.
  static Result<std::unique_ptr<PendingFile>> Create(const DirectoryRoot& root, std::string key);
  ~PendingFile() override;

  Status Write(std::string_view data) override;
  Result<Committed> Commit() override;

 private:
  PendingFile(const DirectoryRoot& root, std::string key, FileDescriptor folder)
      : root_(root), key_(std::move(key)), temporaries_(std::move(folder)) {}

  // Makes the temporary file and locks it; nothing where a clean-up took it away in between.
  Result<std::optional<FileDescriptor>> MakeTemporary();
  Status Flush();
  // What stands at the key, if it is our very content; nothing if it vanished meanwhile.
  Result<std::optional<ObjectInfo>> FindEqual(const FileDescriptor& folder, const ObjectInfo& ours);
  Result<Committed> LinkInto(const FileDescriptor& folder, ObjectInfo ours);
  void RemoveTemporary();

  const DirectoryRoot& root_;
  const std::string key_;
  const FileDescriptor temporaries_;
  std::string name_;  // in temporaries_; empty once it is gone
  FileDescriptor file_;
  std::string buffer_;  // not yet written
  uint64_t size_ = 0;
  Sha256 hash_;
  Status state_;  // the first failure: nothing may be committed after it
};

// Removes the temporary files of processes that are dead. What cannot be removed stays; it does no
// harm but for its space.
void RemoveDeadTemporaries(const DirectoryRoot& root);

}  // namespace sluice
