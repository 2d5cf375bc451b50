// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_file.h"

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

#include "sluice/base/test_folder.h"

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
  ~DuckDbFileTest() override { on_sync = nullptr; }

  const TestFolder folder_;
  const std::string path_ = folder_.path() + "/warehouse.duckdb";
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
  const Status made = MakeDuckDbFile(folder_.path() + "/none/warehouse.duckdb", MiB(64));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), ::testing::HasSubstr(folder_.path() + "/none"));
}

}  // namespace
}  // namespace sluice
