// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sluice/base/io.h"
#include "sluice/base/log.h"

namespace sluice {
namespace {

constexpr size_t kLongestHolder = 512;

std::string OwnCommand() {
  const Result<std::string> text = ReadFile("/proc/self/cmdline", MiB(4));
  return text ? CommandOf(*text) : "?";
}

FileDescriptor Open(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
}

void WriteHolder(const FileDescriptor& file, std::string_view holder) {
  // A lock without a name is still a lock: a full disk must not stop anybody here.
  if (::ftruncate(file.get(), 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(file.get(), holder.data(), holder.size(), 0);
}

std::string ReadHolder(const FileDescriptor& file) {
  char text[kLongestHolder];
  const ssize_t n = ::pread(file.get(), text, sizeof text, 0);
  return n > 0 ? std::string(text, static_cast<size_t>(n)) : "a process that is just starting";
}

// One caller's way to the lock. Whichever file it waits for, it names the holder of `lock`.
struct Waiting {
  const std::string& path;
  const FileDescriptor& lock;
  std::chrono::microseconds patience;
  Clock& clock;
  const std::stop_token& stop;
  const Deadline deadline = Deadline::After(clock, patience);
  bool told = false;

  Status For(const FileDescriptor& file) {
    for (; ::flock(file.get(), LOCK_EX | LOCK_NB) != 0; told = true) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return Fail(ErrorKind::kPermanent, "cannot lock: {}: {}", std::strerror(errno), path);
      }
      const std::string holder = ReadHolder(lock);
      if (stop.stop_requested()) {
        return Fail(ErrorKind::kTransient, "stopped while another process held it: {} path={}",
                    holder, path);
      }
      if (deadline.HasPassed(clock)) {
        return Fail(ErrorKind::kTransient, "held by another process for {} s: {} path={}",
                    std::chrono::duration_cast<std::chrono::seconds>(patience).count(), holder,
                    path);
      }
      if (!told) Log(LogLevel::kInfo, "waiting for another process: {} path={}", holder, path);
      clock.Sleep(kLockSlice);
    }
    return {};
  }
};

}  // namespace

std::string CommandOf(std::string_view arguments) {
  const std::string_view program = arguments.substr(0, arguments.find('\0'));
  std::string command(program.substr(program.rfind('/') + 1));
  for (char& c : command) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  const auto is_word = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
  };
  for (size_t at = program.size() + 1; at < arguments.size();) {
    const std::string_view argument = arguments.substr(at, arguments.find('\0', at) - at);
    if (is_word(argument)) {
      command.append(" ").append(argument);
      break;
    }
    at += argument.size() + 1;
  }
  return command.substr(0, 200);
}

Result<LockFile> LockFile::Acquire(const std::string& path, std::chrono::microseconds patience,
                                   Clock& clock, const std::stop_token& stop) {
  FileDescriptor lock = Open(path);
  const FileDescriptor turn = lock ? Open(path + ".next") : FileDescriptor();
  if (!turn) {
    return Fail(ErrorKind::kPermanent, "cannot open the lock file: {}: {}", std::strerror(errno),
                path);
  }
  Waiting waiting{path, lock, patience, clock, stop};
  SLUICE_TRY(waiting.For(turn));
  SLUICE_TRY(waiting.For(lock));
  WriteHolder(lock, fmt::format("pid={} command=\"{}\" since={}", ::getpid(), OwnCommand(),
                                ToIso8601(clock.Now())));
  return LockFile(std::move(lock));
}

LockFile::~LockFile() {
  if (file_) WriteHolder(file_, "");
}

}  // namespace sluice
