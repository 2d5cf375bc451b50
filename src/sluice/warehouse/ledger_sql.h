// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_object.h"
#include "sluice/warehouse/sql_dialect.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/warehouse_state.h"

namespace sluice {

// The tables that sluice keeps in the warehouse (docs/formats.md), as SQL. Pure functions of their
// arguments.

// The version of these tables. A session refuses a database with another one.
inline constexpr int64_t kLedgerVersion = 4;
// In bytes: what is longer is cut before it is sent.
inline constexpr int kLongestReason = 4'096;
inline constexpr int kLongestEventKey = 65'535;
// A folder's path may be in a store's URI, and that in an identity.
inline constexpr int kLongestStore = 4'200, kLongestIdentity = 5'400;

// Which pipeline's rows, where its ledger is, and how that is spelt.
struct LedgerNames {
  std::string pipeline;  // "tracking": the column `name` of every table
  std::string schema;    // "sluice"
  SqlDialect dialect;
  std::string prefix = {};  // of the tables' names, for a ledger to try things with

  std::string In(std::string_view table) const;    // "sluice"."ledger"
  std::string Pipeline() const;                    // the pipeline as a literal
  std::string Temp(std::string_view table) const;  // a temporary table
  // True of a column with reasons that begin with kSameContent.
  std::string SaysSameContent(std::string_view column) const;
  // "tracking"."events"; of tables without a schema: the dialect's own.
  std::string Target(const TableSchema& table) const;
  std::string TargetSchema(const TableSchema& table) const;
};

// True of the columns that a load fills: all that the warehouse does not make itself, and
// sluice_object and sluice_line, which the technical columns fill wherever they are declared.
bool IsFilled(const Column& column);
bool IsTechnical(std::string_view column);

// Schemas, ledger and its companions, and target tables, where they are missing. To be run in
// order.
std::vector<std::string> PrepareTablesSql(const TableSet& tables, const LedgerNames& names);
// The version, and this pipeline's lock and control rows, where they are missing. To be run in one
// transaction that has the lock.
std::vector<std::string> PrepareRowsSql(const LedgerNames& names);
// Rows (schema, table) of all tables in the schemas that PrepareTablesSql makes tables in.
std::string ListTablesSql(const TableSet& tables, const LedgerNames& names);
// Who must be among them: the ledger's companions and the target tables.
std::vector<std::pair<std::string, std::string>> NeededTables(const TableSet& tables,
                                                              const LedgerNames& names);
// One row with "true" where PrepareRowsSql's rows are there. Does not look at the lock's, which is
// made with the others: who has the lock would keep it waiting.
std::string HasRowsSql(const LedgerNames& names);

// The columns of the ledger, in order, without name, batch and loaded_at at its ends.
std::string InsertIntoLedger(const LedgerNames& names);

// One text: how many tables named `table` the schema has.
std::string CountTablesSql(const LedgerNames& names, std::string_view schema,
                           std::string_view table);
// Rows (place in `tables`, name, type, "true" where it is NOT NULL, "true" where it has a DEFAULT)
// in order of place and column.
std::string DescribeSql(const LedgerNames& names, std::span<const Table> tables);
// Of a row of DescribeSql.
LiveColumn LiveColumnOf(const TextRow& row);
// One row (state, batch, reason), or none, for each of `objects`: first the object.
std::string LedgerStatesSql(const LedgerNames& names, std::span<const int64_t> objects);
// One row (reason) where loading is paused, else none.
std::string PausedSql(const LedgerNames& names);
// One row (WarehouseState::ledger_id, paused), NULLs where there is no control row or no pause.
std::string ControlSql(const LedgerNames& names);
std::string PauseSql(const LedgerNames& names, const std::optional<std::string>& reason);
// One text: how many objects, without these, were refused since one was loaded.
std::string RefusedInARowSql(const LedgerNames& names, std::span<const int64_t> others_than,
                             Timestamp now);
// Rows (table, eleven sums in TableBalance's order) over what is loaded.
std::string BalanceSql(const LedgerNames& names);
// State, objects, events, when its first and its last row was written, rows of tables since then.
std::string StatesSql(const LedgerNames& names, Timestamp rows_since);
// LedgerObject's members in their order.
std::string ListObjectsSql(const LedgerNames& names, const LedgerRange& range);
// The first statements of every transaction that writes: take the lock (fault C1). Both are needed
// where there are snapshots: one taken before the LOCK then fails at the UPDATE.
std::vector<std::string> TakeTableLockSql(const LedgerNames& names);
inline constexpr const char* kTakeLock = "take lock";  // their name
std::vector<SqlStatement> TakeLock(const LedgerNames& names);

}  // namespace sluice
