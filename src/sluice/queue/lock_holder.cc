// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/lock_holder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sluice {

std::string LockHolder(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return "another process";
  const std::string file =
      fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
  // proc(5): "1: POSIX  ADVISORY  WRITE 1234 08:01:12345 120 120". One that waits has "->" second.
  std::set<long> processes;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, type, strength, access, inode;
    long process = 0;
    words >> number >> type >> strength >> access >> process >> inode;
    if (type == "POSIX" && access == "WRITE" && inode == file && process > 0)
      processes.insert(process);
  }
  std::string holders;
  for (const long process : processes) {
    std::string name;
    std::getline(std::ifstream(fmt::format("/proc/{}/comm", process)), name);
    holders += fmt::format("{}{} (process {})", holders.empty() ? "" : ", ", name, process);
  }
  return holders.empty() ? "another process" : holders;
}

}  // namespace sluice
