// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/object/object_store.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// Where a warehouse that reads files finds the objects of stores that are no folders.
struct FetchFolders {
  std::string parquet, quarantine;
};

// A warehouse that reads Parquet from folders, for stores at S3: what a plan names is fetched
// before it is staged, and removed when it is in the warehouse's tables. Everything else is the
// warehouse's own.
class FetchingWarehouse final : public Warehouse {
 public:
  // Of one process, below `root`, which several share; they are made when something is fetched.
  // What dead processes left there for a day goes.
  static FetchFolders FoldersBelow(const std::string& root, Clock& clock);
  // One object into a folder of them, for a load that finds out by itself that it needs it: what it
  // replaces (ADR 0053). It goes with what was fetched for that load.
  static Status FetchOne(ObjectStore& from, const std::string& folder, const std::string& key);

  // `warehouse` reads from `folders`. The stores outlive it.
  FetchingWarehouse(std::unique_ptr<Warehouse> warehouse, ObjectStore& parquet,
                    ObjectStore& quarantine, FetchFolders folders)
      : warehouse_(std::move(warehouse)),
        parquet_(parquet),
        quarantine_(quarantine),
        folders_(std::move(folders)) {}
  ~FetchingWarehouse() override;

  Result<WarehouseState> Probe() override { return warehouse_->Probe(); }
  Status Prepare() override { return warehouse_->Prepare(); }
  Status RequireTables() override { return warehouse_->RequireTables(); }
  Result<std::unique_ptr<StagedLoad>> Stage(const LoadPlan& plan) override;
  Result<std::vector<ObjectOutcome>> Outcome(std::span<const int64_t> objects) override {
    return warehouse_->Outcome(objects);
  }
  Result<std::vector<ObjectOutcome>> Peek(std::span<const int64_t> objects) override {
    return warehouse_->Peek(objects);
  }
  Status Settle(std::span<const Settlement> settlements) override;
  Result<std::optional<std::string>> Pause(const std::optional<std::string>& reason) override {
    return warehouse_->Pause(reason);
  }
  Result<uint64_t> RefusedInARow(std::span<const int64_t> others_than) override {
    return warehouse_->RefusedInARow(others_than);
  }
  Result<std::vector<LiveColumn>> Describe(const Table& table) override {
    return warehouse_->Describe(table);
  }
  Status Change(const std::string& sql) override { return warehouse_->Change(sql); }
  Result<std::vector<TableBalance>> Balance() override { return warehouse_->Balance(); }
  Result<std::vector<StateCount>> States(Timestamp rows_since) override {
    return warehouse_->States(rows_since);
  }
  Result<std::vector<LedgerObject>> ListObjects(const LedgerRange& range) override {
    return warehouse_->ListObjects(range);
  }
  Result<uint64_t> CountRows(const Table& table) override { return warehouse_->CountRows(table); }
  Result<std::vector<std::vector<std::optional<std::string>>>> SampleRows(const Table& table,
                                                                          size_t limit) override {
    return warehouse_->SampleRows(table, limit);
  }
  Result<TableCheck> Check(const Table& table, const EventHours& hours) override {
    return warehouse_->Check(table, hours);
  }
  Result<std::vector<EventHour>> CountHours(const Table& table, const EventHours& hours) override {
    return warehouse_->CountHours(table, hours);
  }
  Result<std::vector<LedgerPart>> ListParts(const PartQuery& query) override {
    return warehouse_->ListParts(query);
  }
  Result<std::vector<NamedFile>> ListFiles(const std::string& after, size_t limit) override {
    return warehouse_->ListFiles(after, limit);
  }
  Result<std::vector<std::string>> NamedAmong(std::span<const std::string> keys) override {
    return warehouse_->NamedAmong(keys);
  }
  Result<QuarantineSummary> SumQuarantine(const QuarantineFilter& filter) override {
    return warehouse_->SumQuarantine(filter);
  }
  Result<std::vector<QuarantinedEvent>> ListQuarantined(const QuarantineFilter& filter) override {
    return warehouse_->ListQuarantined(filter);
  }
  Result<std::vector<QuarantinedLine>> ListReplayable(
      const QuarantineFilter& filter, const std::optional<QuarantinedLine>& after) override {
    return warehouse_->ListReplayable(filter, after);
  }
  Result<uint64_t> AcceptQuarantined(const QuarantineFilter& filter,
                                     const Acceptance& acceptance) override {
    return warehouse_->AcceptQuarantined(filter, acceptance);
  }
  Result<bool> AcceptOverwritten(int64_t object, const Acceptance& acceptance) override {
    return warehouse_->AcceptOverwritten(object, acceptance);
  }
  Result<EventTraces> FindEvent(const std::string& key, size_t limit) override {
    return warehouse_->FindEvent(key, limit);
  }

 private:
  const std::unique_ptr<Warehouse> warehouse_;
  ObjectStore& parquet_;
  ObjectStore& quarantine_;
  const FetchFolders folders_;
};

}  // namespace sluice
