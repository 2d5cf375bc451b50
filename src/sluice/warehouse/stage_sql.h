// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/load_plan.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// The temporary tables that the Parquet of a plan comes into, as SQL. Pure functions.
//
//   sluice_plan     each (object, table) once, and each object once more as table '*'
//   sluice_bad      the quarantine objects' rows
//   sluice_stage_N  the Parquet rows of the N-th table, from 1: the columns that its files have
struct StagedColumn {
  std::string name;
  ColumnType type;
  bool not_null = false;
};

// What a Parquet file of `table` holds, in order: its filled columns, then the technical ones.
std::vector<StagedColumn> StagedColumns(const Table& table);
std::vector<StagedColumn> StagedQuarantineColumns();

std::string StageTable(size_t index);  // "sluice_stage_1" of table 0

std::vector<StagedColumn> PlanColumns();
// The rows of sluice_plan. `state` is a settlement's, and then `reason` is in every row; in a load
// it is the object's own, and the tables' rows have their changes.
void AddPlanRows(const TableSet& tables, size_t place, const PlannedObject& object,
                 std::string_view state, std::string_view reason, std::vector<SqlRow>& rows);

std::string CreateStageSql(const LedgerNames& names, std::string_view table,
                           const std::vector<StagedColumn>& columns);
// Rows (object, count, earliest, latest) by sluice_object; times in UTC, "2026-01-31 12:00:00" with
// decimals or none, NULL where the table has no time. Then how many are NULL of each of the columns
// `not_null`, which are places in the DDL.
std::string CountStagedSql(const LedgerNames& names, size_t index, const Table& table,
                           std::span<const size_t> not_null);
// Rows (object, table, count) of sluice_bad.
std::string CountBadSql(const LedgerNames& names);

}  // namespace sluice
