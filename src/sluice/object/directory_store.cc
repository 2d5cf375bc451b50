// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/directory_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sluice/object/directory_listing.h"
#include "sluice/object/pending_file.h"

namespace sluice {
namespace {

std::unexpected<Error> Changed(std::string_view path) {
  return Fail(ErrorKind::kTransient, "the object changed while it was read; open it again: path={}",
              path);
}

// An open file keeps its content when its name goes or is given to another; only who writes into
// the very file can change it, and that shows in its size or time.
class FileReader : public ObjectReader {
 public:
  FileReader(FileDescriptor file, ObjectInfo info, std::string path)
      : file_(std::move(file)), info_(std::move(info)), path_(std::move(path)) {}

  const ObjectInfo& info() const override { return info_; }

  Result<size_t> Read(std::span<char> buffer) override {
    SLUICE_ASSIGN(const size_t n, ReadFrom(file_, offset_, buffer, path_));
    offset_ += n;
    if (n > 0 && offset_ <= info_.size.count) return n;
    struct stat facts;
    if (::fstat(file_.get(), &facts) < 0) return SystemFailure(errno, "read", path_);
    if (offset_ != info_.size.count || ModifiedAt(facts) != info_.last_modified) {
      return Changed(path_);
    }
    return 0;
  }

 private:
  const FileDescriptor file_;
  const ObjectInfo info_;
  const std::string path_;
  uint64_t offset_ = 0;
};

class FileAccess : public RandomAccess {
 public:
  FileAccess(FileDescriptor file, Bytes size, std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}

  Bytes size() const override { return size_; }

  Status ReadAt(uint64_t offset, std::span<char> buffer) override {
    if (offset > size_.count || buffer.size() > size_.count - offset) {
      return Fail(ErrorKind::kPermanent,
                  "cannot read past the end: path={} offset={} length={} size={}", path_, offset,
                  buffer.size(), size_.count);
    }
    while (!buffer.empty()) {
      SLUICE_ASSIGN(const size_t n, ReadFrom(file_, offset, buffer, path_));
      if (n == 0) return Changed(path_);
      offset += n;
      buffer = buffer.subspan(n);
    }
    return {};
  }

 private:
  const FileDescriptor file_;
  const Bytes size_;
  const std::string path_;
};

}  // namespace

Result<std::unique_ptr<DirectoryStore>> DirectoryStore::At(const std::string& path) {
  SLUICE_ASSIGN(DirectoryRoot root, DirectoryRoot::Open(path));
  RemoveDeadTemporaries(root);
  return std::unique_ptr<DirectoryStore>(new DirectoryStore(std::move(root)));
}

Result<std::unique_ptr<PendingObject>> DirectoryStore::Create(const std::string& key) {
  SLUICE_TRY(CheckDirectoryKey(key));
  return PendingFile::Create(root_, key);
}

Result<std::unique_ptr<ObjectReader>> DirectoryStore::Open(const std::string& key) {
  SLUICE_TRY(CheckDirectoryKey(key));
  SLUICE_ASSIGN(FileDescriptor file, root_.OpenObject(key));
  SLUICE_ASSIGN(ObjectInfo info, Describe(file, key, LocalPath(key)));
  return std::make_unique<FileReader>(std::move(file), std::move(info), LocalPath(key));
}

Result<std::unique_ptr<RandomAccess>> DirectoryStore::OpenRandom(const std::string& key) {
  SLUICE_TRY(CheckDirectoryKey(key));
  SLUICE_ASSIGN(FileDescriptor file, root_.OpenObject(key));
  struct stat facts;
  if (::fstat(file.get(), &facts) < 0) return SystemFailure(errno, "open object", LocalPath(key));
  const Bytes size{static_cast<uint64_t>(facts.st_size)};
  return std::make_unique<FileAccess>(std::move(file), size, LocalPath(key));
}

Result<ObjectInfo> DirectoryStore::Stat(const std::string& key) {
  SLUICE_TRY(CheckDirectoryKey(key));
  SLUICE_ASSIGN(const FileDescriptor file, root_.OpenObject(key));
  return Describe(file, key, LocalPath(key));
}

Result<ListPage> DirectoryStore::List(std::string_view prefix, std::string_view after,
                                      size_t limit) {
  return ListDirectory(root_, prefix, after, limit);
}

Status DirectoryStore::Remove(const std::string& key) {
  SLUICE_TRY(CheckDirectoryKey(key));
  const auto folder = root_.OpenFolder(FolderPart(key));
  if (!folder && folder.error().kind() == ErrorKind::kNotFound) return {};
  if (!folder) return std::unexpected(folder.error());
  const std::string name = NamePart(key);
  struct stat facts;
  const bool is_there = ::fstatat(folder->get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
  if (!is_there && errno != ENOENT) return SystemFailure(errno, "remove object", LocalPath(key));
  if (!is_there || !S_ISREG(facts.st_mode)) return {};
  if (::unlinkat(folder->get(), name.c_str(), 0) < 0 && errno != ENOENT) {
    return SystemFailure(errno, "remove object", LocalPath(key));
  }
  return Sync(*folder, LocalPath(key));
}

}  // namespace sluice
