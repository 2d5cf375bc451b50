// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

namespace sluice {

// One system call that changes a disk, or that may fail and so matters. Of `openat` only those that
// create a file.
struct SystemCall {
  enum class Name { kCreate, kWrite, kSync, kMakeFolder, kLink, kUnlink, kLock, kOpen };
  Name name;
  ino_t file = 0;            // what is written, synced, made, linked; 0 where the call failed
  ino_t folder = 0;          // where the name is made or removed
  std::string entry;         // the name
  std::string_view written;  // what a write wrote
};

// While it lives, the system calls of this thread pass through it: the test program's own
// definitions of fsync, linkat and so on stand before the C library's. So a test sees what the code
// asks of the kernel, not what it claims. One at a time.
class SystemCallTap {
 public:
  // `before` may let the call fail with the errno that it returns (0: it happens); `after` is told
  // of each call that happened. Either may be empty.
  SystemCallTap(std::function<int(SystemCall::Name)> before,
                std::function<void(const SystemCall&)> after);
  ~SystemCallTap();
  SystemCallTap(const SystemCallTap&) = delete;
  SystemCallTap& operator=(const SystemCallTap&) = delete;

  std::function<int(SystemCall::Name)> before;
  std::function<void(const SystemCall&)> after;
  size_t longest_write = SIZE_MAX;  // bytes that one write takes at most
};

}  // namespace sluice
