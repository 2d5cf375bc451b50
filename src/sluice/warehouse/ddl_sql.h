// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/warehouse_state.h"

namespace sluice {

// What a user needs who loads and makes nothing: PrepareTablesSql and PrepareRowsSql were run by
// somebody else. Nothing for DuckDB, which knows no users. `database` empty: the current one.
std::vector<std::string> GrantSql(const TableSet& tables, const LedgerNames& names,
                                  std::string_view user, std::string_view database);

// What that user lacks for `backfill --replace`, which takes rows of the target tables away.
std::string ReplaceGrantSql(const TableSet& tables, const LedgerNames& names,
                            std::string_view user);

// What GrantSql grants, by table: (privileges with ", " between them, table), tables spelt as in
// SQL.
std::vector<std::pair<std::string, std::string>> NeededRights(const TableSet& tables,
                                                              const LedgerNames& names);
// The schemas whose use it takes.
std::set<std::string> NeededSchemas(const TableSet& tables, const LedgerNames& names);

// One difference between a table in the warehouse and its DDL.
struct TableChange {
  std::string difference;          // for people
  std::optional<std::string> sql;  // what mends it, where that loses nothing and blocks nobody
  std::string recipe;              // what a person can do, where there is none
  bool prevents_loads = true;
};

// "ALTER TABLE … ADD COLUMN …", of a column that may be NULL.
std::string AddColumnSql(const LedgerNames& names, const Table& table, const Column& column);

// In the order of the columns. Only columns at the end and longer texts come as SQL (Database
// Developer Guide, ALTER TABLE: nothing else can be changed where it stands).
std::vector<TableChange> ChangesOf(const LedgerNames& names, const Table& table,
                                   std::span<const LiveColumn> live);

// The columns that are NOT NULL in the warehouse, though the DDL lets them be NULL: their places in
// the DDL. No NULL need ever come: tables are loaded all the same.
std::vector<size_t> UnexpectedNotNull(const LedgerNames& names, const Table& table,
                                      std::span<const LiveColumn> live);
// What a person can do about one of them.
std::string NotNullRecipe(const LedgerNames& names, const Table& table, const Column& column);

// What else differs: it hinders no load, and takes no person. How the table is stored (encodings,
// distribution, order) is not compared.
std::vector<std::string> NotesOf(const LedgerNames& names, const Table& table,
                                 std::span<const LiveColumn> live);

}  // namespace sluice
