// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/live_tables.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sluice/warehouse/ledger_sql.h"

namespace sluice {
namespace {

// Rows of DescribeSql, by column name.
using LiveColumns = std::map<std::string, const TextRow*>;

// Whether every load could fill that table (fault C14).
Status CheckLiveColumns(const Table& table, LiveColumns columns) {
  for (const Column& column : table.schema.columns) {
    if (!IsFilled(column)) continue;
    const auto found = columns.extract(column.name);
    const std::string wanted = DuckDbType(column.type);
    const std::string type = found ? (*found.mapped())[2].value_or("") : "missing";
    if (type != wanted) {
      return Fail(ErrorKind::kPermanent,
                  "the table is not as its DDL says: {}: column={} type={} wanted={}: change one "
                  "of them, then run again",
                  TargetName(table.schema), column.name, type, wanted);
    }
  }
  for (const auto& [name, row] : columns) {
    if ((*row)[3] != "true" || (*row)[4] == "true") continue;
    return Fail(ErrorKind::kPermanent,
                "the table has a column that no load fills and that takes no NULL: {}: column={}: "
                "give it a DEFAULT, drop its NOT NULL, or add it to the DDL, then run again",
                TargetName(table.schema), name);
  }
  return {};
}

}  // namespace

Status RequireTables(DuckDbSession& session, const TableSet& tables) {
  if (tables.tables.empty()) return {};
  SLUICE_ASSIGN(const std::vector<TextRow> live,
                session.Query("describe tables", DescribeSql(tables.tables)));
  std::vector<LiveColumns> columns(tables.tables.size());
  for (const TextRow& row : live)
    columns[std::stoul(row[0].value_or("0"))][row[1].value_or("")] = &row;
  for (size_t i = 0; i < columns.size(); ++i) {
    SLUICE_TRY(CheckLiveColumns(tables.tables[i], std::move(columns[i])));
  }
  return {};
}

}  // namespace sluice
