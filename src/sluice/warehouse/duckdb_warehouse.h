// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/fault_plan.h"
#include "sluice/warehouse/duckdb_session.h"
#include "sluice/warehouse/ledger_reader.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/lock_file.h"
#include "sluice/warehouse/stage_filler.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

struct DuckDbOptions {
  std::string path;               // the database file; PATH.lock and PATH.tmp stand beside it
  std::string name;               // the pipeline: marks its ledger rows
  std::string schema = "sluice";  // of the ledger and its companions
  std::string parquet_root, quarantine_root;  // folders below which the plan's keys are
  // Brings a file that is not there; kNotFound: it is nowhere. Empty: there are no others.
  std::function<Status(const StagedFile& file)> fetch = {};
  bool was_there = false;  // a file that is missing is lost, and not just new
  int threads = 0;         // 0: one for each core
  Bytes memory = GiB(1);   // for staged rows and joins; more spills to PATH.tmp
  // How long to wait for another process that has the database open.
  std::chrono::microseconds lock_wait = std::chrono::minutes(1);
  std::stop_token stop;  // ends that wait, and interrupts Stage and Commit before its COMMIT
  // Strikes at statements of Stage, Commit, Settle and Outcome. Outlives the warehouse.
  FaultPlan* faults = nullptr;
};

// A database file with one writer at a time, behind a lock file. It is open only during a call, and
// from Stage until Commit has answered or the StagedLoad is gone, so that many processes and a
// person's tools can take turns. Whoever waits longer than lock_wait gets kTransient with the
// holder's name.
struct DuckDbTurn {
  LockFile lock;  // the session's members go first
  std::unique_ptr<DuckDbSession> session;
};

// The embedded Warehouse. `tables` and `clock` outlive it. Where the file does not exist, whoever
// only reads is told that there is nothing, or, where it was_there, that it is gone; only Prepare
// makes it.
class DuckDbWarehouse : public Warehouse {
 public:
  DuckDbWarehouse(DuckDbOptions options, const TableSet& tables, Clock& clock);

  Result<WarehouseState> Probe() override;
  Status Prepare() override;
  Status RequireTables() override;
  Result<std::unique_ptr<StagedLoad>> Stage(const LoadPlan& plan) override;
  Result<std::vector<ObjectOutcome>> Outcome(std::span<const int64_t> objects) override;
  Result<std::vector<ObjectOutcome>> Peek(std::span<const int64_t> objects) override;
  Status Settle(std::span<const Settlement> settlements) override;
  Result<std::optional<std::string>> Pause(const std::optional<std::string>& reason) override;
  Result<uint64_t> RefusedInARow(std::span<const int64_t> others_than) override;
  Result<std::vector<LiveColumn>> Describe(const Table& table) override;
  Status Change(const std::string& sql) override;
  Result<std::vector<TableBalance>> Balance() override;
  Result<std::vector<StateCount>> States(Timestamp rows_since) override;
  Result<std::vector<LedgerObject>> ListObjects(const LedgerRange& range) override;
  Result<uint64_t> CountRows(const Table& table) override;
  Result<std::vector<TextRow>> SampleRows(const Table& table, size_t limit) override;
  Result<TableCheck> Check(const Table& table, const EventHours& hours) override;
  Result<std::vector<EventHour>> CountHours(const Table& table, const EventHours& hours) override;
  Result<std::vector<LedgerPart>> ListParts(const PartQuery& query) override;
  Result<std::vector<NamedFile>> ListFiles(const std::string& after, size_t limit) override;
  Result<std::vector<std::string>> NamedAmong(std::span<const std::string> keys) override;
  Result<QuarantineSummary> SumQuarantine(const QuarantineFilter& filter) override;
  Result<std::vector<QuarantinedEvent>> ListQuarantined(const QuarantineFilter& filter) override;
  Result<std::vector<QuarantinedLine>> ListReplayable(
      const QuarantineFilter& filter, const std::optional<QuarantinedLine>& after) override;
  Result<uint64_t> AcceptQuarantined(const QuarantineFilter& filter,
                                     const Acceptance& acceptance) override;
  Result<bool> AcceptOverwritten(int64_t object, const Acceptance& acceptance) override;
  Result<EventTraces> FindEvent(const std::string& key, size_t limit) override;

 private:
  // Fault plans strike all but kRead; a stop request interrupts kLoad only, which may be long;
  // kMake makes the file where there is none.
  enum class Purpose { kRead, kWrite, kLoad, kMake };

  bool FileExists() const;
  // False: nothing can be there yet.
  bool Exists() const { return options_.was_there || FileExists(); }
  // Of a file that is missing and that nobody may make.
  Status RequireFile(Purpose purpose) const;
  Status RequireEngine();
  Result<DuckDbTurn> TakeTurn(Purpose purpose);
  LedgerReader Read(const DuckDbTurn& turn) const;
  Status RequireLedger(const DuckDbTurn& turn);

  const DuckDbOptions options_;
  const TableSet& tables_;
  Clock& clock_;
  const LedgerNames names_;
  std::shared_ptr<DuckDbEngine> engine_;  // started when first needed
};

}  // namespace sluice
