// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/system_call_tap.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <vector>

namespace sluice {
namespace {

thread_local SystemCallTap* tap = nullptr;

// While a tap's own code runs, its system calls are not tapped.
class Untapped {
 public:
  Untapped() { std::swap(tap, saved_); }
  ~Untapped() { std::swap(tap, saved_); }
  SystemCallTap* saved() const { return saved_; }

 private:
  SystemCallTap* saved_ = nullptr;
};

ino_t InodeOf(int fd) {
  struct stat facts;
  return ::fstat(fd, &facts) == 0 ? facts.st_ino : 0;
}

ino_t InodeAt(int folder, const char* name) {
  struct stat facts;
  return ::fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 ? facts.st_ino : 0;
}

// Makes the system call unless the tap lets it fail, and tells the tap of it.
template <typename Call, typename Describe>
long Tapped(SystemCall::Name name, Call&& call, Describe&& describe) {
  if (tap == nullptr) return call();
  const Untapped untapped;
  if (untapped.saved()->before) {
    if (const int error = untapped.saved()->before(name)) {
      errno = error;
      return -1;
    }
  }
  const long result = call();
  if (result >= 0 && untapped.saved()->after) untapped.saved()->after(describe(result));
  return result;
}

}  // namespace

SystemCallTap::SystemCallTap(std::function<int(SystemCall::Name)> fail,
                             std::function<void(const SystemCall&)> tell)
    : before(std::move(fail)), after(std::move(tell)) {
  tap = this;
}
SystemCallTap::~SystemCallTap() {
  tap = nullptr;
}

}  // namespace sluice

using sluice::InodeAt;
using sluice::InodeOf;
using sluice::SystemCall;
using sluice::Tapped;
using Name = sluice::SystemCall::Name;

extern "C" {

// Tests do not survive a power cut, so the kernel is spared the real thing: a suite of 10,000
// commits takes seconds instead of a minute.
int fsync(int fd) {
  return static_cast<int>(Tapped(
      Name::kSync, [&]() -> long { return ::fcntl(fd, F_GETFD) < 0 ? -1 : 0; },
      [&](long) { return SystemCall{.name = Name::kSync, .file = InodeOf(fd)}; }));
}

ssize_t write(int fd, const void* data, size_t size) {
  if (sluice::tap != nullptr) size = std::min(size, sluice::tap->longest_write);
  return Tapped(
      Name::kWrite, [&] { return ::syscall(SYS_write, fd, data, size); },
      [&](long n) {
        return SystemCall{.name = Name::kWrite,
                          .file = InodeOf(fd),
                          .written = {static_cast<const char*>(data), static_cast<size_t>(n)}};
      });
}

int openat(int folder, const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  const Name name = (flags & O_CREAT) != 0 ? Name::kCreate : Name::kOpen;
  return static_cast<int>(Tapped(
      name, [&] { return ::syscall(SYS_openat, folder, path, flags, mode); },
      [&](long fd) {
        return SystemCall{.name = name,
                          .file = InodeOf(static_cast<int>(fd)),
                          .folder = InodeOf(folder),
                          .entry = path};
      }));
}

int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  return static_cast<int>(Tapped(
      Name::kMakeFolder, [&] { return ::syscall(SYS_mkdirat, folder, path, mode); },
      [&](long) {
        return SystemCall{.name = Name::kMakeFolder,
                          .file = InodeAt(folder, path),
                          .folder = InodeOf(folder),
                          .entry = path};
      }));
}

int linkat(int from, const char* old_path, int to, const char* path, int flags) noexcept {
  return static_cast<int>(Tapped(
      Name::kLink, [&] { return ::syscall(SYS_linkat, from, old_path, to, path, flags); },
      [&](long) {
        return SystemCall{
            .name = Name::kLink, .file = InodeAt(to, path), .folder = InodeOf(to), .entry = path};
      }));
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  return static_cast<int>(Tapped(
      Name::kUnlink, [&] { return ::syscall(SYS_unlinkat, folder, path, flags); },
      [&](long) {
        return SystemCall{.name = Name::kUnlink, .folder = InodeOf(folder), .entry = path};
      }));
}

int flock(int fd, int operation) noexcept {
  return static_cast<int>(Tapped(
      Name::kLock, [&] { return ::syscall(SYS_flock, fd, operation); },
      [&](long) { return SystemCall{.name = Name::kLock, .file = InodeOf(fd)}; }));
}

}  // extern "C"

namespace sluice {
namespace {

TEST(SystemCallTap, SeesAndStopsTheCallsOfThisProgram) {
  std::vector<Name> seen;
  {
    SystemCallTap watching(nullptr, [&](const SystemCall& call) { seen.push_back(call.name); });
    EXPECT_EQ(::fsync(-1), -1);
    EXPECT_EQ(::fsync(0), 0);
    watching.before = [](Name) { return ENOSPC; };
    EXPECT_EQ(::mkdirat(AT_FDCWD, "never-made", 0777), -1);
    EXPECT_EQ(errno, ENOSPC);
  }
  EXPECT_EQ(::fsync(0), 0);
  EXPECT_EQ(seen, std::vector{Name::kSync});
}

}  // namespace
}  // namespace sluice
