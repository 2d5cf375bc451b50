// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/pending_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sluice/base/check.h"
#include "sluice/base/unique_id.h"

namespace sluice {
namespace {

constexpr char kTemporaries[] = ".tmp";
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
constexpr size_t kBufferSize = 1 << 16;
constexpr int kAttempts = 10;  // against another process that gets in between each time

// With the lock held: whether the name is still there, so that no clean-up took the file before.
bool IsLinked(const FileDescriptor& file) {
  struct stat facts;
  return ::fstat(file.get(), &facts) == 0 && facts.st_nlink > 0;
}

}  // namespace

Result<std::unique_ptr<PendingFile>> PendingFile::Create(const DirectoryRoot& root,
                                                         std::string key) {
  const std::string path = root.PathOf(kTemporaries);
  if (::mkdirat(root.folder().get(), kTemporaries, 0777) < 0 && errno != EEXIST) {
    return SystemFailure(errno, "make folder", path);
  }
  FileDescriptor folder = OpenAt(root.folder(), kTemporaries, kFolderFlags);
  if (!folder) return SystemFailure(errno, "open folder", path);
  std::unique_ptr<PendingFile> pending(new PendingFile(root, std::move(key), std::move(folder)));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    SLUICE_ASSIGN(std::optional<FileDescriptor> file, pending->MakeTemporary());
    if (!file) continue;
    pending->file_ = std::move(*file);
    return pending;
  }
  return Fail(ErrorKind::kTransient,
              "cannot make a temporary file: others keep removing it: path={}", path);
}

Result<std::optional<FileDescriptor>> PendingFile::MakeTemporary() {
  name_ = MakeUniqueId(Timestamp());  // 80 random bits; nobody needs its time
  const std::string path = root_.PathOf(kTemporaries) + '/' + name_;
  FileDescriptor file = OpenAt(temporaries_, name_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!file) {
    name_.clear();
    return SystemFailure(errno, "make temporary file", path);
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) < 0) {
    const int error = errno;
    if (error == EWOULDBLOCK) return std::nullopt;  // a clean-up has just locked it to remove it
    RemoveTemporary();
    return SystemFailure(error, "lock temporary file", path);
  }
  if (!IsLinked(file)) return std::nullopt;
  return file;
}

PendingFile::~PendingFile() {
  RemoveTemporary();
}

void PendingFile::RemoveTemporary() {
  if (!name_.empty()) ::unlinkat(temporaries_.get(), name_.c_str(), 0);
  name_.clear();
}

Status PendingFile::Write(std::string_view data) {
  SLUICE_CHECK(!name_.empty());
  SLUICE_TRY(state_);
  hash_.Update(data);
  size_ += data.size();
  if (buffer_.size() + data.size() > kBufferSize) SLUICE_TRY(Flush());
  if (data.size() < kBufferSize) {
    buffer_.append(data);
    return {};
  }
  return state_ = WriteAll(file_, data, root_.PathOf(key_));
}

Status PendingFile::Flush() {
  state_ = WriteAll(file_, buffer_, root_.PathOf(key_));
  buffer_.clear();
  return state_;
}

Result<PendingObject::Committed> PendingFile::Commit() {
  SLUICE_CHECK(!name_.empty());
  SLUICE_TRY(state_);
  SLUICE_TRY(Flush());
  const std::string path = root_.PathOf(key_);
  SLUICE_TRY(Sync(file_, path));
  struct stat facts;
  if (::fstat(file_.get(), &facts) < 0) return SystemFailure(errno, "commit object", path);
  SLUICE_ASSIGN(const FileDescriptor folder, root_.MakeFolder(FolderPart(key_)));
  SLUICE_ASSIGN(Committed committed,
                LinkInto(folder, {key_, {size_}, ToHex(hash_.Finish()), ModifiedAt(facts)}));
  RemoveTemporary();
  const Status synced = Sync(folder, path);
  if (!synced && !committed.existed) {
    return Fail(ErrorKind::kOutcomeUnknown, "the object is visible but may not survive a crash: {}",
                synced.error().message());
  }
  SLUICE_TRY(synced);
  return committed;
}

Result<PendingObject::Committed> PendingFile::LinkInto(const FileDescriptor& folder,
                                                       ObjectInfo ours) {
  const std::string leaf = NamePart(key_);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (::linkat(temporaries_.get(), name_.c_str(), folder.get(), leaf.c_str(), 0) == 0) {
      return Committed{.info = std::move(ours)};
    }
    if (errno != EEXIST) return SystemFailure(errno, "commit object", root_.PathOf(key_));
    SLUICE_ASSIGN(std::optional<ObjectInfo> theirs, FindEqual(folder, ours));
    if (theirs) return Committed{.info = std::move(*theirs), .existed = true};
  }
  return Fail(ErrorKind::kTransient,
              "cannot commit object: others keep making and removing it: path={}",
              root_.PathOf(key_));
}

Result<std::optional<ObjectInfo>> PendingFile::FindEqual(const FileDescriptor& folder,
                                                         const ObjectInfo& ours) {
  const std::string path = root_.PathOf(key_);
  const auto conflict = [&](std::string_view what) {
    return Fail(ErrorKind::kConflict,
                "cannot commit object: {} stands there, and nothing is ever replaced: path={}",
                what, path);
  };
  const FileDescriptor file = OpenAt(folder, NamePart(key_), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file && errno == ELOOP) return conflict("a symbolic link");
  if (!file) return SystemFailure(errno, "compare with the object that exists", path);
  struct stat facts;
  if (::fstat(file.get(), &facts) < 0) return SystemFailure(errno, "compare", path);
  if (S_ISDIR(facts.st_mode)) return conflict("a folder of other objects");
  if (!S_ISREG(facts.st_mode)) return conflict("something that is no file");
  if (static_cast<uint64_t>(facts.st_size) != ours.size.count) return conflict("other content");
  SLUICE_ASSIGN(ObjectInfo theirs, Describe(file, key_, path));
  if (theirs.etag != ours.etag) return conflict("other content");
  SLUICE_TRY(Sync(file, path));  // who made it may have died before it was durable
  return theirs;
}

void RemoveDeadTemporaries(const DirectoryRoot& root) {
  const FileDescriptor folder = OpenAt(root.folder(), kTemporaries, kFolderFlags);
  if (!folder) return;
  const auto remove_if_dead = [&](const std::string& name, EntryKind kind) {
    if (kind != EntryKind::kFile) return;
    const FileDescriptor file = OpenAt(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) < 0) return;  // its process lives
    ::unlinkat(folder.get(), name.c_str(), 0);
  };
  // Best effort, as the header says.
  static_cast<void>(VisitFolder(folder, root.PathOf(kTemporaries), remove_if_dead));
}

}  // namespace sluice
