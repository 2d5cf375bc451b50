// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/faulty_store.h"

namespace sluice {
namespace {

class FaultyPending : public PendingObject {
 public:
  FaultyPending(std::unique_ptr<PendingObject> pending, FaultPlan* plan)
      : pending_(std::move(pending)), plan_(plan) {}

  Status Write(std::string_view data) override { return pending_->Write(data); }
  Result<Committed> Commit() override {
    return FaultPlan::Run(plan_, "store.commit", [&] { return pending_->Commit(); });
  }

 private:
  const std::unique_ptr<PendingObject> pending_;
  FaultPlan* const plan_;
};

}  // namespace

Result<std::unique_ptr<PendingObject>> FaultyStore::Create(const std::string& key) {
  auto create = [&] { return store_->Create(key); };
  SLUICE_ASSIGN(std::unique_ptr<PendingObject> pending,
                FaultPlan::Run(plan_, "store.create", create));
  return std::make_unique<FaultyPending>(std::move(pending), plan_);
}

Result<std::unique_ptr<ObjectReader>> FaultyStore::Open(const std::string& key) {
  return FaultPlan::Run(plan_, "store.open", [&] { return store_->Open(key); });
}

Result<std::unique_ptr<RandomAccess>> FaultyStore::OpenRandom(const std::string& key) {
  return FaultPlan::Run(plan_, "store.open_random", [&] { return store_->OpenRandom(key); });
}

Result<ObjectInfo> FaultyStore::Stat(const std::string& key) {
  return FaultPlan::Run(plan_, "store.stat", [&] { return store_->Stat(key); });
}

Result<ListPage> FaultyStore::List(std::string_view prefix, std::string_view after, size_t limit) {
  return FaultPlan::Run(plan_, "store.list", [&] { return store_->List(prefix, after, limit); });
}

Status FaultyStore::Remove(const std::string& key) {
  return FaultPlan::Run(plan_, "store.remove", [&] { return store_->Remove(key); });
}

}  // namespace sluice
