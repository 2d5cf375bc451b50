// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/table_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/stage_sql.h"

namespace sluice {

std::string InsertStaged(const LedgerNames& names, const Table& table) {
  std::string columns, values;
  for (const Column& column : table.schema.columns) {
    if (!IsFilled(column)) continue;
    const std::string name = QuoteIdentifier(column.name);
    columns += (columns.empty() ? "" : ", ") + name;
    values += (values.empty() ? "" : ", ") + names.dialect.FromStaged(column.type, "s." + name);
  }
  return fmt::format("INSERT INTO {} ({}) SELECT {}", names.Target(table.schema), columns, values);
}

TableSql::TableSql(const LedgerNames& names, const Table& table, size_t index,
                   std::vector<TimeInterval> times)
    : names_(names),
      table_(table),
      times_(std::move(times)),
      event_(names, table),
      index_(index),
      target_(names.Target(table.schema)),
      stage_(names.Temp(StageTable(index))),
      fresh_(names.Temp("sluice_fresh")),
      spare_(names.Temp("sluice_spare")) {}

std::string TableSql::Fresh() const {
  const std::string staged = fmt::format("{} s JOIN {} o ON o.object = s.sluice_object", stage_,
                                         names_.Temp("sluice_todo"));
  if (!HasKey()) {
    return fmt::format("SELECT {} AS table_index, {} AS place FROM {}", index_, kPlace, staged);
  }
  const std::string keys = event_.NumberedColumns("s", "k"), groups = event_.Columns("s"),
                    matches = event_.MatchesNumbered("t", "f", "k");
  return fmt::format(
      "SELECT {} AS table_index, f.place FROM (SELECT {}MIN({}) AS place FROM {} GROUP BY "
      "{}) f WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE {}{})",
      index_, keys, kPlace, staged, groups, target_, matches, event_.Within("t", times_));
}

std::string TableSql::Insert() const {
  return fmt::format(
      "{} FROM {} s JOIN {} o ON o.object = s.sluice_object JOIN {} f ON f.table_index = {} AND "
      "f.place = {}",
      InsertStaged(names_, table_), stage_, names_.Temp("sluice_todo"), fresh_, index_, kPlace);
}

std::string TableSql::Spare() const {
  return fmt::format(
      "SELECT {0} AS table_index, s.sluice_object AS object, s.sluice_line AS line FROM {1} s JOIN "
      "{2} o ON o.object = s.sluice_object LEFT JOIN {3} f ON f.table_index = {0} AND f.place = "
      "{4} "
      "WHERE f.place IS NULL",
      index_, stage_, names_.Temp("sluice_todo"), fresh_, kPlace);
}

// What is not fresh, joined with the row that stands in the table in its place. Grouped: somebody
// else may have put that key there twice.
std::string TableSql::Losers() const {
  return fmt::format(
      "SELECT {} AS table_name, s.sluice_object AS object, s.sluice_line AS line, "
      "{} "
      "AS event_key, {} AS event_time, MIN(CASE WHEN {} THEN 0 ELSE 1 END) AS differs FROM {} n "
      "JOIN {} s ON s.sluice_object = n.object AND s.sluice_line = n.line JOIN {} t ON {}{} WHERE "
      "n.table_index = {} GROUP BY 2, 3, 4, 5",
      event_.TableName(), event_.Key("s"), event_.Time("s"), Equal(), spare_, stage_, target_,
      event_.Matches("t", "s"), event_.Within("t", times_), index_);
}

std::string TableSql::Tally() const {
  const std::string time = event_.Time("s");
  return fmt::format(
      "SELECT s.sluice_object, {0}, COUNT(*), 0, 0, 0, 0, MIN({1}), MAX({1}) FROM "
      "{2} s JOIN {3} o "
      "ON o.object = s.sluice_object GROUP BY s.sluice_object UNION ALL SELECT o.object, {0}, 0, "
      "COUNT(*), 0, 0, 0, CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP) FROM {4} f JOIN {3} o "
      "ON o.ord = f.place >> 32 WHERE f.table_index = {5} GROUP BY o.object",
      event_.TableName(), time, stage_, names_.Temp("sluice_todo"), fresh_, index_);
}

// Of s and t: all that was sent and is not the key.
std::string TableSql::Equal() const {
  std::string equal;
  for (size_t i = 0; i < table_.schema.columns.size(); ++i) {
    const Column& column = table_.schema.columns[i];
    if (column.generated || IsTechnical(column.name) || std::ranges::count(event_.columns(), i) > 0)
      continue;
    const std::string staged = "s." + event_.Name(i), target = "t." + event_.Name(i);
    const std::string same = names_.dialect.Same(column.type, staged, target);
    if (!equal.empty()) equal += " AND ";
    equal += column.not_null
                 ? same
                 : fmt::format("COALESCE({}, {} IS NULL AND {} IS NULL)", same, staged, target);
  }
  return equal.empty() ? "TRUE" : equal;
}

}  // namespace sluice
