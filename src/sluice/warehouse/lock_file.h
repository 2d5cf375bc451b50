// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/file_descriptor.h"

namespace sluice {

// An advisory lock (flock) on a file of its own, held as long as the object lives. The system frees
// it when a process dies, however it dies. Its holder writes who it is into the file, so that
// others can name it; the file itself stays.
//
// Who waits for it holds the lock of a second file, `PATH.next`, until it has the first, and who
// frees the first must have the second before it gets it again: so of two processes that want it
// all the time each gets it in turn. Of more that wait, any may be the next.
class LockFile {
 public:
  // Asks again in short slices until `patience` has passed or `stop` is requested; then kTransient,
  // naming the holder. A lock that is free is taken even then. kPermanent: the file cannot be made.
  static Result<LockFile> Acquire(const std::string& path, std::chrono::microseconds patience,
                                  Clock& clock, const std::stop_token& stop = {});

  LockFile(LockFile&& other) noexcept = default;
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

// Of a process's arguments, each ended by NUL: what it may be called where anybody can read it,
// which is its name and the first argument that is one word of lowercase letters ("sluice run"):
// most often the command, and never a setting (fault S5).
std::string CommandOf(std::string_view arguments);

// How long a waiter sleeps before it asks again.
inline constexpr std::chrono::milliseconds kLockSlice{25};

}  // namespace sluice
