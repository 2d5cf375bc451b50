// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/memory_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/test_folder.h"
#include "sluice/object/directory_store.h"

namespace sluice {
namespace {

class MemoryLogTest : public ::testing::Test {
 protected:
  MemoryLogTest() {
    auto store = DirectoryStore::At(folder_.path());
    EXPECT_TRUE(store);
    store_ = *std::move(store);
  }
  MemoryLog LogOf(std::string_view pipeline) { return {*store_, "alerts", pipeline}; }

  TestFolder folder_;
  std::unique_ptr<DirectoryStore> store_;
};

TEST_F(MemoryLogTest, TheNewestCountsAndEightAreKept) {
  EXPECT_EQ(*LogOf("p").Newest(), "");
  for (int i = 0; i < 12; ++i) {
    MemoryLog log = LogOf("p");
    ASSERT_TRUE(log.Newest());
    ASSERT_TRUE(log.Append(std::to_string(i)));
  }
  EXPECT_EQ(*LogOf("p").Newest(), "11");
  EXPECT_EQ(*LogOf("another").Newest(), "");
  EXPECT_EQ(*MemoryLog(*store_, "reconciled", "p").Newest(), "");
  const auto page = store_->List("", "", 100);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects.size(), 8u);
  EXPECT_EQ(page->objects.front().key, "_sluice/alerts/p/999999999988.txt");
}

TEST_F(MemoryLogTest, OfTwoProcessesOneIsQuicker) {
  MemoryLog one = LogOf("p"), other = LogOf("p");
  ASSERT_TRUE(one.Newest());
  ASSERT_TRUE(other.Newest());
  ASSERT_TRUE(one.Append("1"));
  const Status late = other.Append("2");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind(), ErrorKind::kConflict);
}

TEST_F(MemoryLogTest, AnotherObjectInItsPlaceIsNamed) {
  auto object = store_->Create("_sluice/alerts/p/none.txt");
  ASSERT_TRUE(object);
  ASSERT_TRUE((*object)->Commit());
  const auto memory = LogOf("p").Newest();
  ASSERT_FALSE(memory);
  EXPECT_THAT(memory.error().message(), ::testing::HasSubstr("_sluice/alerts/p/none.txt"));
}

}  // namespace
}  // namespace sluice
