// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice {

// Who has a write lock (fcntl(2)) on the file at `path`: "sluice (process 1234)", or several of
// them, or "another process" where the system does not say. Opens nothing: to close a file would
// drop this process's own locks on it.
std::string LockHolder(const std::string& path);

}  // namespace sluice
