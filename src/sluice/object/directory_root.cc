// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/directory_root.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "sluice/base/hash.h"
#include "sluice/base/utf8.h"
#include "sluice/object/object_names.h"

namespace sluice {
namespace {

constexpr size_t kLongestPart = 255;  // NAME_MAX of every file system of Linux
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
// O_NONBLOCK: opening a named pipe that lies about must not wait for its writer.
constexpr int kObjectFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

// It becomes part of every identity in the ledger, which is text.
Status CheckRootName(const std::string& path) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (IsUtf8(path) && std::none_of(path.begin(), path.end(), is_control)) return {};
  return Fail(ErrorKind::kPermanent,
              "cannot open store: the folder's name is not UTF-8 without control characters");
}

bool IsSymbolicLink(const FileDescriptor& folder, const std::string& name) {
  struct stat facts;
  return ::fstatat(folder.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(facts.st_mode);
}

std::unexpected<Error> RefuseLink(std::string_view path) {
  return Fail(ErrorKind::kPermanent,
              "refused: a symbolic link inside a store is never followed: path={}", path);
}

struct Step {
  FileDescriptor folder;
  int error = 0;  // an errno
};

// Opens one folder on the way; says ELOOP for a symbolic link, which the kernel calls ENOTDIR.
Step StepInto(const FileDescriptor& folder, const std::string& part) {
  Step step{OpenAt(folder, part, kFolderFlags)};
  if (!step.folder) step.error = errno;
  if (step.error == ENOTDIR && IsSymbolicLink(folder, part)) step.error = ELOOP;
  return step;
}

bool SameVersion(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

// Who made a folder that is there may have died before its name was synced: that is done again, but
// for folders whose parent we may not even open.
Status MakeDurableFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) < 0 && errno != EEXIST) {
    if (errno != ENOENT) return SystemFailure(errno, "make folder", path);
    SLUICE_TRY(MakeDurableFolder(std::filesystem::path(path).parent_path().string()));
    if (::mkdir(path.c_str(), 0777) < 0 && errno != EEXIST) {
      return SystemFailure(errno, "make folder", path);
    }
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const FileDescriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder && errno == EACCES) return {};
  if (!folder) return SystemFailure(errno, "open folder", parent);
  return Sync(folder, parent);
}

Result<DirectoryRoot> DirectoryRoot::Open(const std::string& path) {
  if (path.empty()) return Fail(ErrorKind::kPermanent, "cannot open store: no folder is named");
  std::error_code error;
  std::string absolute = std::filesystem::absolute(path, error).lexically_normal().string();
  if (error) return SystemFailure(error.value(), "open folder", path);
  while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
  SLUICE_TRY(CheckRootName(absolute));
  SLUICE_TRY(MakeDurableFolder(absolute));
  absolute = std::filesystem::canonical(absolute, error).string();
  if (error) return SystemFailure(error.value(), "open folder", path);
  SLUICE_TRY(CheckRootName(absolute));
  FileDescriptor folder(::open(absolute.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return SystemFailure(errno, "open folder", absolute);
  if (absolute != "/") absolute += '/';
  return DirectoryRoot(std::move(absolute), std::move(folder));
}

Result<FileDescriptor> DirectoryRoot::OpenFolder(std::string_view folder) const {
  FileDescriptor at = OpenAt(folder_, ".", kFolderFlags);
  if (!at) return SystemFailure(errno, "open folder", path_);
  for (size_t start = 0; start < folder.size();) {
    const size_t end = folder.find('/', start);
    Step step = StepInto(at, std::string(folder.substr(start, end - start)));
    const std::string path = PathOf(folder.substr(0, end));
    if (step.error == ELOOP) return RefuseLink(path);
    if (step.error == ENOENT || step.error == ENOTDIR) {
      return Fail(ErrorKind::kNotFound, "no such folder: path={}", path);
    }
    if (step.error != 0) return SystemFailure(step.error, "open folder", path);
    at = std::move(step.folder);
    start = end + 1;
  }
  return at;
}

Result<FileDescriptor> DirectoryRoot::MakeFolder(std::string_view folder) const {
  FileDescriptor at = OpenAt(folder_, ".", kFolderFlags);
  if (!at) return SystemFailure(errno, "open folder", path_);
  for (size_t start = 0; start < folder.size();) {
    const size_t end = folder.find('/', start);
    const std::string part(folder.substr(start, end - start));
    const std::string path = PathOf(folder.substr(0, end));
    if (::mkdirat(at.get(), part.c_str(), 0777) < 0 && errno != EEXIST) {
      return SystemFailure(errno, "make folder", path);
    }
    SLUICE_TRY(Sync(at, path));
    Step step = StepInto(at, part);
    if (step.error == ELOOP) return RefuseLink(path);
    if (step.error == ENOTDIR) {
      return Fail(ErrorKind::kConflict,
                  "cannot make folder: an object has this name, and a directory cannot hold both: "
                  "path={}",
                  path);
    }
    if (step.error != 0) return SystemFailure(step.error, "open folder", path);
    at = std::move(step.folder);
    start = end + 1;
  }
  return at;
}

bool DirectoryRoot::IsInPlace() const {
  struct stat ours, found;
  return ::fstat(folder_.get(), &ours) == 0 && ::stat(path_.c_str(), &found) == 0 &&
         ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

Result<FileDescriptor> DirectoryRoot::OpenObject(std::string_view key) const {
  auto folder = OpenFolder(FolderPart(key));
  const auto missing = [&] {
    if (!IsInPlace()) {
      return Fail(ErrorKind::kTransient,
                  "the store's folder is gone or was replaced; put it back and run again: path={}",
                  path_);
    }
    return Fail(ErrorKind::kNotFound, "no such object: path={}", PathOf(key));
  };
  if (!folder) {
    if (folder.error().kind() == ErrorKind::kNotFound) return missing();
    return std::unexpected(std::move(folder).error());
  }
  FileDescriptor file = OpenAt(*folder, NamePart(key), kObjectFlags);
  if (!file && errno == ENOENT) return missing();
  if (!file && errno == ELOOP) return RefuseLink(PathOf(key));
  if (!file) return SystemFailure(errno, "open object", PathOf(key));
  struct stat facts;
  if (::fstat(file.get(), &facts) < 0) return SystemFailure(errno, "open object", PathOf(key));
  if (!S_ISREG(facts.st_mode)) return missing();
  return file;
}

Status CheckDirectoryKey(std::string_view key) {
  SLUICE_TRY(CheckKey(key));
  for (size_t start = 0; start < key.size();) {
    const size_t end = std::min(key.find('/', start), key.size());
    if (key[start] == '.') {
      return Fail(ErrorKind::kPermanent,
                  "a directory does not hold this key: a part begins with '.', as temporary files "
                  "do: key={}",
                  key);
    }
    if (end - start > kLongestPart) {
      return Fail(ErrorKind::kPermanent,
                  "a directory does not hold this key: a part is longer than {} bytes: key={}",
                  kLongestPart, key);
    }
    start = end + 1;
  }
  return {};
}

std::string_view FolderPart(std::string_view key) {
  return key.substr(0, key.rfind('/') + 1);
}

std::string NamePart(std::string_view key) {
  return std::string(key.substr(key.rfind('/') + 1));
}

Result<ObjectInfo> Describe(const FileDescriptor& file, const std::string& key,
                            std::string_view path) {
  struct stat before, after;
  if (::fstat(file.get(), &before) < 0) return SystemFailure(errno, "read", path);
  Sha256 hash;
  std::vector<char> buffer(1 << 17);
  uint64_t size = 0;
  for (;;) {
    SLUICE_ASSIGN(const size_t n, ReadFrom(file, size, buffer, path));
    if (n == 0) break;
    hash.Update({buffer.data(), n});
    size += n;
  }
  if (::fstat(file.get(), &after) < 0) return SystemFailure(errno, "read", path);
  if (!SameVersion(before, after) || size != static_cast<uint64_t>(after.st_size)) {
    return Fail(ErrorKind::kTransient, "the object changed while it was read: path={}", path);
  }
  return ObjectInfo{key, {size}, ToHex(hash.Finish()), ModifiedAt(after)};
}

Timestamp ModifiedAt(const struct stat& facts) {
  return Timestamp(std::chrono::seconds(facts.st_mtim.tv_sec) +
                   std::chrono::microseconds(facts.st_mtim.tv_nsec / 1000));
}

}  // namespace sluice
