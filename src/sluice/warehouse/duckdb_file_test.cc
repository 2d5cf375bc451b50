// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace {

// Hears of every fsync of this program while it is set.
std::function<void(int descriptor)> on_sync;

}  // namespace

extern "C" int fsync(int descriptor) {
  if (on_sync) on_sync(descriptor);
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

namespace sluice {
namespace {

using ::testing::ElementsAre;

class DuckDbFileTest : public ::testing::Test {
 protected:
  DuckDbFileTest() { std::filesystem::create_directories(folder_); }
  ~DuckDbFileTest() override {
    on_sync = nullptr;
    std::filesystem::remove_all(folder_);
  }

  const std::string folder_ =
      fmt::format("{}sluice-duckdb-file-{}", ::testing::TempDir(), ::getpid());
  const std::string path_ = folder_ + "/warehouse.duckdb";
};

// Notifications are deleted after a commit into this file: its name must outlive a loss of power.
TEST_F(DuckDbFileTest, ItsContentIsSyncedBeforeItIsNamedAndItsFolderAfterwards) {
  std::vector<std::string> synced;
  on_sync = [&](int descriptor) {
    struct stat facts;
    if (::fstat(descriptor, &facts) != 0) return;
    const bool is_named = std::filesystem::exists(path_);
    if (S_ISDIR(facts.st_mode)) synced.push_back(is_named ? "folder, named" : "folder");
    if (S_ISREG(facts.st_mode) && !is_named) synced.push_back("file");
  };
  const Status made = MakeDuckDbFile(path_, MiB(64));
  ASSERT_TRUE(made) << made.error().message();
  ASSERT_GE(synced.size(), 2u);
  const std::vector<std::string> last(synced.end() - 2, synced.end());
  EXPECT_THAT(last, ElementsAre("file", "folder, named"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(DuckDbFileTest, WhatADeadProcessLeftHalfMadeIsMadeAnew) {
  std::ofstream(path_ + ".new") << "half a database";
  const Status made = MakeDuckDbFile(path_, MiB(64));
  EXPECT_TRUE(made) << made.error().message();
}

TEST_F(DuckDbFileTest, AFolderThatIsNotThereIsNamed) {
  const Status made = MakeDuckDbFile(folder_ + "/none/warehouse.duckdb", MiB(64));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), ::testing::HasSubstr(folder_ + "/none"));
}

}  // namespace
}  // namespace sluice
