// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// A file that shows, to every process of this machine, that its maker lives: its maker keeps a lock
// on it (flock(2)), which the kernel drops when the process ends, however it ends. Unlike a process
// id it never comes to mean somebody else. Closed and removed by the destructor.
//
// A process that forks shares the lock with its child until both have ended or called exec.
class OwnerFile {
 public:
  // `path` must be new.
  static Result<OwnerFile> Create(std::string path);
  OwnerFile(OwnerFile&& other) noexcept;
  OwnerFile& operator=(OwnerFile&&) = delete;
  ~OwnerFile();

  // True in doubt, so that nobody living is taken for dead.
  static bool IsHeld(const std::string& path);
  // The endings of the files whose paths start with `prefix`.
  static std::vector<std::string> Find(const std::string& prefix);
  static void Remove(const std::string& path);

 private:
  OwnerFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
};

}  // namespace sluice
