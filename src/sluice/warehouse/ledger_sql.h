// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/schema/table.h"

namespace sluice {

// The tables that sluice keeps in the warehouse (docs/formats.md), as DuckDB SQL. Pure functions of
// their arguments. The database is the catalog `wh`; temporary tables are in `temp.main`.

// The version of these tables. A session refuses a database with another one.
inline constexpr int64_t kLedgerVersion = 2;

// Which pipeline's rows, and where its ledger is.
struct LedgerNames {
  std::string pipeline;  // "tracking": the column `name` of every table
  std::string schema;    // "sluice"

  // The table `wh."sluice"."ledger"`.
  std::string In(std::string_view table) const;
  // The pipeline as a literal.
  std::string Pipeline() const;
};

// `wh."tracking"."events"`; tables without a schema are in "main".
std::string TargetName(const TableSchema& table);
std::string TargetSchema(const TableSchema& table);
std::string TempName(std::string_view table);  // temp.main."sluice_plan"

// The type of a column in DuckDB. Lengths are not kept: transform checked them.
std::string DuckDbType(const ColumnType& type);
// True of the columns that a load fills: all that the warehouse does not make itself, and
// sluice_object and sluice_line, which the technical columns fill wherever they are declared.
bool IsFilled(const Column& column);
bool IsTechnical(std::string_view column);

// Schemas, ledger and its companions, target tables, and this pipeline's lock and control rows,
// where they are missing. To be run in order, in one transaction.
std::vector<std::string> PrepareSql(const TableSet& tables, const LedgerNames& names);

// The columns of the ledger, in order, without name, batch and loaded_at at its ends.
std::string InsertIntoLedger(const LedgerNames& names);

// One text: how many tables named `table` the schema has.
std::string CountTablesSql(std::string_view schema, std::string_view table);
// Rows (place in `tables`, name, type, "true" where it is NOT NULL, "true" where it has a DEFAULT)
// in order of place and column.
std::string DescribeSql(std::span<const Table> tables);
// One row (state, batch, reason), or none, for each of `objects`: first the object.
std::string LedgerStatesSql(const LedgerNames& names, std::span<const int64_t> objects);
// One text: how many objects, without these, were refused since one was loaded.
std::string RefusedInARowSql(const LedgerNames& names, std::span<const int64_t> others_than);
// Rows (table, ten sums in TableBalance's order) over what is loaded.
std::string BalanceSql(const LedgerNames& names);
// State, objects, events.
std::string StatesSql(const LedgerNames& names);
// The first statement of every transaction that writes: takes the lock (fault C1).
std::string TakeLockSql(const LedgerNames& names);

}  // namespace sluice
