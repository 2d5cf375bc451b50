// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/replace_sql.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/time_intervals.h"

namespace sluice {

// The transactions of docs/architecture.md, "Exactly once", as SQL. Pure functions. Their number of
// statements depends on the number of tables that have staged rows only. But for Redshift, whose
// Data API takes few, none of them names two of these: DuckDB plans a query over hundreds of tables
// for minutes.

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
  // Whether it replaces, and what is to be taken away. Each of these tables is in `tables` too.
  std::optional<std::vector<ReplacedTable>> replaced = {};
  bool replays = false;  // parts of raw objects that are loaded: see replay.h
};

// What stands between BEGIN and COMMIT when sluice_plan, sluice_bad and the sluice_stage_N of
// `facts.tables` are there, and what replace_sql.h names where it replaces.
std::vector<SqlStatement> CommitSql(const TableSet& tables, const LedgerNames& names,
                                    const LoadFacts& facts);
// To be asked before COMMIT: rows (state or NULL, batch, reason) in plan order.
std::string LoadOutcomeSql(const LedgerNames& names);

// The same for settlements: sluice_plan with states, and sluice_bad.
std::vector<SqlStatement> SettleSql(const LedgerNames& names, const std::string& batch,
                                    Timestamp settled_at);

}  // namespace sluice
