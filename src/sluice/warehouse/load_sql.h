// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/time_intervals.h"

namespace sluice {

// The transactions of docs/architecture.md, "Exactly once", as DuckDB SQL. Pure functions. Their
// number of statements depends on the number of tables that have staged rows only, and none of them
// names two of these: DuckDB plans a query over hundreds of tables for minutes.

struct LoadStatement {
  std::string name;  // of the operation, for fault plans and errors
  std::string sql;
  // Present: the statement answers one text, 'ok', or fails by error(); this is what that means.
  std::optional<ErrorKind> assertion;
};

// A table for which some object brings rows.
struct StagedTable {
  size_t table = 0;  // index in the TableSet
  // Where the staged rows' times are. Empty: all of the table is read.
  std::vector<TimeInterval> times;
};

struct LoadFacts {
  std::string batch;
  Timestamp loaded_at;
  std::vector<StagedTable> tables;
};

// What stands between BEGIN and COMMIT when sluice_plan, sluice_bad and the sluice_stage_N of
// `facts.tables` are there.
std::vector<LoadStatement> CommitSql(const TableSet& tables, const LedgerNames& names,
                                     const LoadFacts& facts);
// To be asked before COMMIT: rows (state or NULL, batch, reason) in plan order.
std::string LoadOutcomeSql(const LedgerNames& names);

// The same for settlements: sluice_plan with states, and sluice_bad.
std::vector<LoadStatement> SettleSql(const LedgerNames& names, const std::string& batch,
                                     Timestamp settled_at);

}  // namespace sluice
