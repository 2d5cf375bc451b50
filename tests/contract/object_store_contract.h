// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/object/object_store.h"

namespace sluice {

// A store to test: empty at first, and open as often as wanted, as several processes have it.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual std::unique_ptr<ObjectStore> Open() = 0;
  // How many keys are many: more than one page of any listing.
  virtual int many() const { return 10'000; }
  // In bytes: a store may have a part of each key for itself.
  virtual size_t longest_key() const { return 1024; }
  // Whether a listing's prefix may be no beginning of any key.
  virtual bool takes_any_prefix() const { return true; }
  // Whether pages go on where names sort between a folder's name and what is in it: `a-` and `a/b`.
  virtual bool pages_folders_among_files() const { return true; }
};

// How a store is made for the contract suite of ObjectStore: object_store_contract.cc holds its
// tests, and each implementation instantiates them in its own test program:
//
//   INSTANTIATE_TEST_SUITE_P(Directory, ObjectStoreContract, ::testing::Values(StoreFactory{...}));
struct StoreFactory {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
};

inline void PrintTo(const StoreFactory& factory, std::ostream* out) {
  *out << factory.name;
}

class ObjectStoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override {
    place_ = GetParam().make();
    store_ = place_->Open();
    ASSERT_NE(store_, nullptr);
  }

  // Create, Write and Commit.
  static Result<PendingObject::Committed> Put(ObjectStore& store, const std::string& key,
                                              std::string_view content);
  // The whole object, read in pieces of at most `piece` bytes.
  static Result<std::string> Get(ObjectStore& store, const std::string& key, size_t piece = 4096);
  // Every key, in pages of `limit`. Fails the test where a page is too long or out of order.
  std::vector<std::string> ListAll(std::string_view prefix, size_t limit);

  std::unique_ptr<StoreUnderTest> place_;
  std::unique_ptr<ObjectStore> store_;
};

}  // namespace sluice
