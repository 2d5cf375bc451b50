// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>
#include <string>

namespace sluice {

// A folder of a test's own for a queue file, removed with it.
class QueueTestFolder {
 public:
  QueueTestFolder() : path_(::testing::TempDir() + "sluice-queue-XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
    path_ = std::filesystem::canonical(path_).string();
  }
  ~QueueTestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  QueueTestFolder(const QueueTestFolder&) = delete;
  QueueTestFolder& operator=(const QueueTestFolder&) = delete;

  const std::string& path() const { return path_; }
  // Where the test's queue file goes.
  std::string file() const { return path_ + "/queue.db"; }
  // The names of the owner files beside it.
  std::set<std::string> owner_files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("queue.db-owner-")) names.insert(name);
    }
    return names;
  }

 private:
  std::string path_;
};

}  // namespace sluice
