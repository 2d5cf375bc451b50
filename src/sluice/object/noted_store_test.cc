// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/noted_store.h"

#include <gmock/gmock.h>

#include "sluice/base/test_folder.h"
#include "sluice/object/directory_store.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;

TEST(NotedStore, KnowsWhatItMadeAndDidNotRemove) {
  const TestFolder folder;
  const auto store = DirectoryStore::At(folder.path()).value();
  NotedStore noted(*store);
  for (const char* key : {"b", "a", "c"}) {
    const auto object = noted.Create(key).value();
    ASSERT_TRUE(object->Write(key));
    ASSERT_TRUE(object->Commit());
  }
  const auto others = store->Create("d").value();
  ASSERT_TRUE(others->Commit());
  ASSERT_TRUE(noted.Remove("b"));
  ASSERT_TRUE(noted.Remove("d"));
  EXPECT_THAT(noted.there(), ElementsAre("a", "c"));
  EXPECT_FALSE(noted.Stat("b"));
  EXPECT_TRUE(noted.Stat("a"));
}

}  // namespace
}  // namespace sluice
