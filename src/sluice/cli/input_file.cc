// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice {
namespace {

constexpr int kSliceMilliseconds = 100;  // how often a wait looks for a stop request

Error CannotRead(const std::string& path, int error) {
  const char* why = error == EISDIR ? "it is a folder" : std::strerror(error);
  return Error(ErrorKind::kPermanent, fmt::format("cannot read {}: {}", path, why));
}

}  // namespace

Result<InputFile> InputFile::Open(const std::string& path, std::stop_token stop) {
  if (path == "-") return InputFile(path, STDIN_FILENO, std::move(stop));
  // Without waiting, for a pipe that nobody writes to yet.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return std::unexpected(CannotRead(path, errno));
  InputFile file(path, descriptor, std::move(stop));
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) return std::unexpected(CannotRead(path, errno));
  if (S_ISDIR(info.st_mode)) return std::unexpected(CannotRead(path, EISDIR));
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(other.path_), descriptor_(std::exchange(other.descriptor_, -1)), stop_(other.stop_) {}

InputFile::~InputFile() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

Status InputFile::WaitForData() {
  while (!stop_.stop_requested()) {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    const int found = ::poll(&waiting, 1, kSliceMilliseconds);
    if (found > 0) return {};
    if (found < 0 && errno != EINTR) return std::unexpected(CannotRead(path_, errno));
  }
  return Fail(ErrorKind::kPermanent, "stopped while reading {}", path_);
}

Result<size_t> InputFile::Read(std::span<char> buffer) {
  for (;;) {
    SLUICE_TRY(WaitForData());
    const ssize_t n = ::read(descriptor_, buffer.data(), buffer.size());
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR && errno != EAGAIN) return std::unexpected(CannotRead(path_, errno));
  }
}

Bytes InputFile::SizeOf(const std::string& path) {
  struct stat info{};
  const bool is_file = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
  return {is_file ? static_cast<uint64_t>(info.st_size) : 0};
}

}  // namespace sluice
