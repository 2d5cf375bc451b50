// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/warehouse/duckdb_warehouse.h"
#include "sluice/warehouse/load_sql.h"
#include "sluice/warehouse/stage_filler.h"
#include "sluice/warehouse/stage_sql.h"

namespace sluice {

// What the plan's files are brought into, and checked against. Calls must match:
// CreateTables AddTable* AddQuarantine.
class DuckDbStage : public StageFiller {
 public:
  // All outlive it.
  DuckDbStage(const TableSet& tables, const LedgerNames& names, const DuckDbOptions& options,
              DuckDbSession& session)
      : tables_(tables), names_(names), options_(options), session_(session) {}

  Status CreateTables(const std::vector<SqlRow>& plan_rows);
  // The rows of one table, checked as CheckStagedRows does.
  Status AddTable(size_t table, std::span<const size_t> not_null,
                  const std::vector<const PlannedObject*>& objects);
  Status AddQuarantine(const std::vector<const PlannedObject*>& objects);

  Status FillRows(const std::string& table, const std::vector<StagedColumn>& columns,
                  const std::vector<SqlRow>& rows) override;
  Status FillFiles(const std::string& table, const std::vector<StagedColumn>& columns,
                   std::span<const StagedFile> files) override;
  Result<StagedFileFacts> FactsOf(const StagedFile& file) override;

 private:
  Result<std::string> PathOf(const StagedFile& file) const;
  Status CheckColumns(const std::vector<std::string>& files,
                      const std::vector<StagedColumn>& columns);

  const TableSet& tables_;
  const LedgerNames& names_;
  const DuckDbOptions& options_;
  DuckDbSession& session_;
};

// A load between Stage and Commit; holds the database open. `tables` outlive it.
class DuckDbLoad : public StagedLoad {
 public:
  DuckDbLoad(DuckDbTurn turn, const TableSet& tables, LedgerNames names, LoadFacts facts,
             std::vector<int64_t> objects)
      : turn_(std::move(turn)),
        tables_(tables),
        names_(std::move(names)),
        facts_(std::move(facts)),
        objects_(std::move(objects)) {}

  Result<std::vector<ObjectOutcome>> Commit() override;

  // For tests that tamper with what is staged. Null after Commit.
  DuckDbSession* session() { return turn_ ? turn_->session.get() : nullptr; }

 private:
  std::optional<DuckDbTurn> turn_;
  const TableSet& tables_;
  const LedgerNames names_;
  const LoadFacts facts_;
  const std::vector<int64_t> objects_;
};

}  // namespace sluice
