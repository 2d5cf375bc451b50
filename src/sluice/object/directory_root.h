// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/object/file_descriptor.h"
#include "sluice/object/object_store.h"

struct stat;

namespace sluice {

// mkdir -p with every new name on the disk, so that a loss of power takes no folder in which
// something durable stands. `path` is absolute and has no '/' at its end.
Status MakeDurableFolder(const std::string& path);

// The open folder below which a store keeps its objects. Keys are walked from here part by part,
// and symbolic links are refused, so that no key leads outside. Thread-safe.
class DirectoryRoot {
 public:
  // Makes the folder where it is missing, durably. `path` may be relative and may itself lead over
  // symbolic links: they are resolved here, so that every way to a folder gives one name.
  static Result<DirectoryRoot> Open(const std::string& path);

  const std::string& path() const { return path_; }  // absolute, no links, ends in '/'
  const FileDescriptor& folder() const { return folder_; }
  std::string PathOf(std::string_view key) const { return path_ + std::string(key); }

  // `folder` is the front of a legal key: empty, or ends in '/'. kNotFound where there is none.
  Result<FileDescriptor> OpenFolder(std::string_view folder) const;
  // Makes what is missing, and syncs every folder on the way: another process may have made one and
  // died before it did. kConflict where an object stands in the way.
  Result<FileDescriptor> MakeFolder(std::string_view folder) const;
  // The regular file at the legal `key`, for reading; kNotFound where there is none. kTransient
  // where the whole folder is gone, or another stands at its path: nothing is known of its objects.
  Result<FileDescriptor> OpenObject(std::string_view key) const;

 private:
  bool IsInPlace() const;
  DirectoryRoot(std::string path, FileDescriptor folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}

  std::string path_;
  FileDescriptor folder_;
};

// The rules for keys that a directory can hold: CheckKey, and no part is longer than 255 bytes or
// begins with '.': such files are somebody's temporary files (sluice's, rsync's, NFS's).
Status CheckDirectoryKey(std::string_view key);

// "date=2026-11-23/14/" of "date=2026-11-23/14/NAME", and "NAME".
std::string_view FolderPart(std::string_view key);
std::string NamePart(std::string_view key);

// Size, ETag (SHA-256 of the content, in hexadecimal: reads all of the file) and time of an open
// object. kTransient where somebody changes it meanwhile.
Result<ObjectInfo> Describe(const FileDescriptor& file, const std::string& key,
                            std::string_view path);
Timestamp ModifiedAt(const struct stat& facts);

}  // namespace sluice
