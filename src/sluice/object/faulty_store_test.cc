// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/faulty_store.h"

#include <gtest/gtest.h>

#include "sluice/base/test_folder.h"
#include "sluice/object/directory_store.h"

namespace sluice {
namespace {

// Every operation once, in this order.
const char* const kOperations[] = {"store.create",      "store.commit", "store.stat",  "store.open",
                                   "store.open_random", "store.list",   "store.remove"};

// Runs them until one fails; the store below is seen through `plain`.
Status RunAll(ObjectStore& store) {
  SLUICE_ASSIGN(const auto pending, store.Create("k"));
  SLUICE_TRY(pending->Write("content"));
  SLUICE_TRY(pending->Commit());
  SLUICE_TRY(store.Stat("k"));
  SLUICE_TRY(store.Open("k"));
  SLUICE_TRY(store.OpenRandom("k"));
  SLUICE_TRY(store.List("", "", 10));
  return store.Remove("k");
}

TEST(FaultyStore, WithoutAPlanNothingGoesWrong) {
  const TestFolder folder;
  FaultyStore store(DirectoryStore::At(folder.path()).value(), nullptr);
  EXPECT_TRUE(RunAll(store));
  EXPECT_EQ(store.uri(), "file://" + folder.path() + "/");
}

TEST(FaultyStore, EachOperationFailsInTurnBeforeAndAfterIt) {
  for (const char* verb : {"fail-before:", "fail-after:"}) {
    for (int n = 1; n <= 7; ++n) {
      const TestFolder folder;
      const auto plan = FaultPlan::Parse(verb + std::to_string(n)).value();
      FaultyStore store(DirectoryStore::At(folder.path()).value(), plan.get());
      const Status status = RunAll(store);
      ASSERT_FALSE(status) << verb << n;
      EXPECT_EQ(plan->struck(), kOperations[n - 1]);
      EXPECT_EQ(plan->operations(), n);
      const bool before = std::string_view(verb) == "fail-before:";
      EXPECT_EQ(status.error().kind(), before ? ErrorKind::kTransient : ErrorKind::kOutcomeUnknown);
      // A commit whose reply is lost has happened; one that fails before has not.
      const auto plain = DirectoryStore::At(folder.path()).value();
      EXPECT_EQ(plain->Stat("k").has_value(), n >= (before ? 3 : 2) && (before || n < 7));
    }
  }
}

TEST(FaultyStore, CountCountsAndHarmsNothing) {
  const TestFolder folder;
  const auto plan = FaultPlan::Parse("count").value();
  FaultyStore store(DirectoryStore::At(folder.path()).value(), plan.get());
  EXPECT_TRUE(RunAll(store));
  EXPECT_EQ(plan->operations(), 7);
}

}  // namespace
}  // namespace sluice
