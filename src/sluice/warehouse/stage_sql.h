// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/schema/table.h"
#include "sluice/warehouse/duckdb_session.h"
#include "sluice/warehouse/load_plan.h"

namespace sluice {

// How the Parquet of a plan comes into temporary tables, as DuckDB SQL. Pure functions.
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

std::string CreatePlanSql();
// The rows of sluice_plan. `state` and `reason` are a settlement's; empty in a load.
void AddPlanRows(const TableSet& tables, size_t place, const PlannedObject& object,
                 std::string_view state, std::string_view reason, std::vector<SqlRow>& rows);

std::string CreateStageSql(std::string_view table, const std::vector<StagedColumn>& columns);
// False of a path with both '\' and a pattern's character: DuckDB has no pattern for it, since it
// takes the '\' for a '/' there.
bool CanBeRead(std::string_view path);
// `files` (not empty) are paths that CanBeRead; none of their characters is a pattern.
std::string FillStageSql(std::string_view table, const std::vector<StagedColumn>& columns,
                         const std::vector<std::string>& files);

// Rows (file, column, type) in order of file and column.
std::string ParquetColumnsSql(const std::vector<std::string>& files);
// True where DuckDB reads a file's column as `found` and sluice wrote it as `type`.
bool IsParquetTypeOf(const ColumnType& type, std::string_view found);

// Rows (object, count, earliest, latest): by sluice_object; times in microseconds since 1970, NULL
// where the table has no time.
std::string CountStagedSql(size_t index, const Table& table);
// Rows (object, table, count) of sluice_bad.
std::string CountBadSql();

}  // namespace sluice
