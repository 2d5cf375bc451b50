// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/base/result.h"

namespace sluice {

// What a failed system call means: kTransient where space, descriptors or memory ran out,
// kPermanent otherwise. `path` is shown, and what to do about it. `error` is an errno.
std::unexpected<Error> SystemFailure(int error, std::string_view attempt, std::string_view path);

// An open file or folder, closed with its owner. Invalid after a failed open; errno then says why.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// `name` is one part: with O_NOFOLLOW, a symbolic link there is never followed. Close-on-exec.
FileDescriptor OpenAt(const FileDescriptor& folder, const std::string& name, int flags);

// All of `data`; an error leaves an unknown part of it written. `path` is for messages, here and
// below.
Status WriteAll(const FileDescriptor& file, std::string_view data, std::string_view path);
// Bytes from `offset`; 0 at the end.
Result<size_t> ReadFrom(const FileDescriptor& file, uint64_t offset, std::span<char> buffer,
                        std::string_view path);
// Until the disk has everything: of a file its content and size, of a folder its names.
Status Sync(const FileDescriptor& file, std::string_view path);

enum class EntryKind { kFile, kFolder, kOther };  // a symbolic link is other
// Calls `visit` for every name in `folder` but "." and "..", in no order.
Status VisitFolder(const FileDescriptor& folder, std::string_view path,
                   const std::function<void(const std::string& name, EntryKind kind)>& visit);

}  // namespace sluice
