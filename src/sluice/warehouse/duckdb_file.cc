// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "sluice/warehouse/duckdb_session.h"

namespace sluice {
namespace {

// Of a file or a folder.
bool Sync(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_synced = ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return is_synced;
}

}  // namespace

Status MakeDuckDbFile(const std::string& path, Bytes memory) {
  const std::string unfinished = path + ".new";
  std::error_code ignored;
  std::filesystem::remove(unfinished, ignored);
  SLUICE_TRY(DuckDbSession::Open({.path = unfinished, .threads = 1, .memory = memory}));
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (Sync(unfinished) &&
      ::renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0 &&
      Sync(folder.empty() ? "." : folder.string())) {
    return {};
  }
  return Fail(ErrorKind::kPermanent, "cannot make the warehouse: {}: {}", std::strerror(errno),
              path);
}

}  // namespace sluice
