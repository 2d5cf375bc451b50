// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/fault_plan.h"
#include "sluice/object/object_store.h"

namespace sluice {

// Another store whose operations fail as a FaultPlan says. They are numbered as "store.create",
// "store.commit", "store.open", "store.open_random", "store.stat", "store.list", "store.remove" and
// "store.takes_objects"; reading and writing of bytes are not operations.
class FaultyStore : public ObjectStore {
 public:
  // `plan` outlives the store; null: nothing goes wrong.
  FaultyStore(std::unique_ptr<ObjectStore> store, FaultPlan* plan)
      : store_(std::move(store)), plan_(plan) {}

  const std::string& uri() const override { return store_->uri(); }
  Result<std::unique_ptr<PendingObject>> Create(const std::string& key) override;
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key) override;
  Result<std::unique_ptr<RandomAccess>> OpenRandom(const std::string& key) override;
  Result<ObjectInfo> Stat(const std::string& key) override;
  Result<ListPage> List(std::string_view prefix, std::string_view after, size_t limit) override;
  Status Remove(const std::string& key) override;
  Status TakesObjects() override {
    return FaultPlan::Run(plan_, "store.takes_objects", [&] { return store_->TakesObjects(); });
  }

 private:
  const std::unique_ptr<ObjectStore> store_;
  FaultPlan* const plan_;
};

}  // namespace sluice
