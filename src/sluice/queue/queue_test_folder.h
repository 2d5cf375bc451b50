// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "sluice/base/test_folder.h"

namespace sluice {

// A folder of a test's own for a queue file.
class QueueTestFolder : public TestFolder {
 public:
  // Where the test's queue file goes.
  std::string file() const { return path() + "/queue.db"; }
  // The names of the owner files beside it.
  std::set<std::string> owner_files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("queue.db-owner-")) names.insert(name);
    }
    return names;
  }
};

}  // namespace sluice
