// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/file_descriptor.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace sluice {
namespace {

// Calls again what a signal interrupted.
template <typename Call>
auto Uninterrupted(Call&& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

std::string_view Remedy(int error) {
  switch (error) {
    case ENOSPC:
      return "; free space on that disk and run again";
    case EDQUOT:
      return "; raise the quota or free space and run again";
    case EMFILE:
      return "; raise the limit of open files (ulimit -n)";
    case EACCES:
    case EPERM:
      return "; give the user who runs sluice the permission";
    case EROFS:
      return "; mount it writable or choose another folder";
    case ENAMETOOLONG:
      return "; this file system does not take names that long";
    default:
      return "";
  }
}

EntryKind KindOf(const dirent& entry, int folder) {
  if (entry.d_type == DT_REG) return EntryKind::kFile;
  if (entry.d_type == DT_DIR) return EntryKind::kFolder;
  struct stat facts;  // some file systems do not tell the type with the name
  if (entry.d_type != DT_UNKNOWN ||
      ::fstatat(folder, entry.d_name, &facts, AT_SYMLINK_NOFOLLOW) < 0) {
    return EntryKind::kOther;
  }
  if (S_ISREG(facts.st_mode)) return EntryKind::kFile;
  return S_ISDIR(facts.st_mode) ? EntryKind::kFolder : EntryKind::kOther;
}

}  // namespace

std::unexpected<Error> SystemFailure(int error, std::string_view attempt, std::string_view path) {
  const bool is_shortage = error == ENOSPC || error == EDQUOT || error == EMFILE ||
                           error == ENFILE || error == ENOMEM || error == EAGAIN;
  return Fail(is_shortage ? ErrorKind::kTransient : ErrorKind::kPermanent,
              "cannot {}: {}: path={}{}", attempt, std::generic_category().message(error), path,
              Remedy(error));
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

FileDescriptor OpenAt(const FileDescriptor& folder, const std::string& name, int flags) {
  return FileDescriptor(
      Uninterrupted([&] { return ::openat(folder.get(), name.c_str(), flags | O_CLOEXEC, 0666); }));
}

Status WriteAll(const FileDescriptor& file, std::string_view data, std::string_view path) {
  while (!data.empty()) {
    const ssize_t n = Uninterrupted([&] { return ::write(file.get(), data.data(), data.size()); });
    if (n <= 0) return SystemFailure(n < 0 ? errno : EIO, "write", path);
    data.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<size_t> ReadFrom(const FileDescriptor& file, uint64_t offset, std::span<char> buffer,
                        std::string_view path) {
  const ssize_t n = Uninterrupted([&] {
    return ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
  });
  if (n < 0) return SystemFailure(errno, "read", path);
  return static_cast<size_t>(n);
}

Status Sync(const FileDescriptor& file, std::string_view path) {
  if (Uninterrupted([&] { return ::fsync(file.get()); }) < 0) {
    return SystemFailure(errno, "sync to disk", path);
  }
  return {};
}

Status VisitFolder(const FileDescriptor& folder, std::string_view path,
                   const std::function<void(const std::string& name, EntryKind kind)>& visit) {
  // A descriptor of its own, because reading moves its place.
  const int fd = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemFailure(errno, "list folder", path);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(fd), &::closedir);
  if (!entries) {
    const int error = errno;
    ::close(fd);
    return SystemFailure(error, "list folder", path);
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") visit(name, KindOf(*entry, fd));
  }
  if (errno != 0) return SystemFailure(errno, "list folder", path);
  return {};
}

}  // namespace sluice
