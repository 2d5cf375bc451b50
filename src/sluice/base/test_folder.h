// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace sluice {

// For tests: an empty folder of the test's own, removed with it.
class TestFolder {
 public:
  TestFolder() : path_(::testing::TempDir() + "sluice-XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
    path_ = std::filesystem::canonical(path_).string();
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sluice
