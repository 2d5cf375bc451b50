// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/owner_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace sluice {

Result<OwnerFile> OwnerFile::Create(std::string path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return Fail(ErrorKind::kPermanent, "cannot create the owner file: {}: file={}",
                std::strerror(errno), path);
  }
  OwnerFile file(std::move(path), descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return Fail(ErrorKind::kPermanent, "cannot lock the owner file: {}: file={}",
                std::strerror(errno), file.path_);
  }
  return file;
}

OwnerFile::OwnerFile(OwnerFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

OwnerFile::~OwnerFile() {
  if (descriptor_ < 0) return;
  Remove(path_);
  ::close(descriptor_);
}

bool OwnerFile::IsHeld(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return errno != ENOENT;
  // Shared, so that two who ask at once do not see each other.
  const bool is_free = ::flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  ::close(descriptor);
  return !is_free;
}

std::vector<std::string> OwnerFile::Find(const std::string& prefix) {
  const std::filesystem::path start(prefix);
  const std::string name = start.filename().string();
  std::vector<std::string> endings;
  std::error_code error;
  std::filesystem::directory_iterator entry(start.parent_path(), error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string found = entry->path().filename().string();
    if (found.starts_with(name)) endings.push_back(found.substr(name.size()));
  }
  return endings;
}

void OwnerFile::Remove(const std::string& path) {
  ::unlink(path.c_str());
}

}  // namespace sluice
