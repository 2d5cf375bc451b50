// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/table_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/warehouse/event_identity_sql.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/stage_sql.h"

namespace sluice {

TableSql::TableSql(const LedgerNames& names, const Table& table, size_t index,
                   std::vector<TimeInterval> times)
    : names_(names),
      table_(table),
      times_(std::move(times)),
      name_(fmt::format("CAST({} AS {})", names.dialect.Literal(table.name()),
                        names.dialect.Text(127))),
      target_(names.Target(table.schema)),
      stage_(names.Temp(StageTable(index))),
      fresh_(names.Temp(fmt::format("sluice_fresh_{}", index + 1))),
      spare_(names.Temp(fmt::format("sluice_spare_{}", index + 1))) {
  for (const size_t column : table.unique) key_.push_back(column);
  if (table.time && !table.unique.empty()) key_.push_back(*table.time);
}

std::string TableSql::Fresh() const {
  const std::string staged = fmt::format("{} s JOIN {} o ON o.object = s.sluice_object", stage_,
                                         names_.Temp("sluice_todo"));
  if (!HasKey()) {
    return fmt::format("CREATE TEMP TABLE {} AS SELECT {} AS place FROM {}", fresh_, kPlace,
                       staged);
  }
  std::string keys, groups, matches;
  for (size_t i = 0; i < key_.size(); ++i) {
    keys += fmt::format("s.{} AS k{}, ", ColumnName(key_[i]), i);
    groups += fmt::format("{}s.{}", i == 0 ? "" : ", ", ColumnName(key_[i]));
    matches += fmt::format("{}t.{} = f.k{}", i == 0 ? "" : " AND ", ColumnName(key_[i]), i);
  }
  return fmt::format(
      "CREATE TEMP TABLE {} AS SELECT f.place FROM (SELECT {}MIN({}) AS place FROM {} GROUP BY "
      "{}) f WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE {}{})",
      fresh_, keys, kPlace, staged, groups, target_, matches, Times());
}

std::string TableSql::Insert() const {
  std::string names, values;
  for (const Column& column : table_.schema.columns) {
    if (!IsFilled(column)) continue;
    const std::string name = QuoteIdentifier(column.name);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    values += (values.empty() ? "" : ", ") + names_.dialect.FromStaged(column.type, "s." + name);
  }
  return fmt::format(
      "INSERT INTO {} ({}) SELECT {} FROM {} s JOIN {} o ON o.object = s.sluice_object JOIN {} f "
      "ON "
      "f.place = {}",
      target_, names, values, stage_, names_.Temp("sluice_todo"), fresh_, kPlace);
}

std::string TableSql::Spare() const {
  return fmt::format(
      "CREATE TEMP TABLE {} AS SELECT s.sluice_object AS object, s.sluice_line AS line FROM {} s "
      "JOIN {} o ON o.object = "
      "s.sluice_object LEFT JOIN {} f ON f.place = {} WHERE f.place IS NULL",
      spare_, stage_, names_.Temp("sluice_todo"), fresh_, kPlace);
}

// What is not fresh, joined with the row that stands in the table in its place. Grouped: somebody
// else may have put that key there twice.
std::string TableSql::Losers() const {
  std::string matches;
  for (const size_t column : key_) {
    matches += fmt::format("{}t.{} = s.{}", matches.empty() ? "" : " AND ", ColumnName(column),
                           ColumnName(column));
  }
  return fmt::format(
      "SELECT {} AS table_name, s.sluice_object AS object, s.sluice_line AS line, "
      "{} "
      "AS event_key, {} AS event_time, MIN(CASE WHEN {} THEN 0 ELSE 1 END) AS differs FROM {} n "
      "JOIN {} s ON s.sluice_object = n.object AND s.sluice_line = n.line JOIN {} t ON {}{} GROUP "
      "BY 2, 3, 4, 5",
      name_, EventKey(), EventTime(), Equal(), spare_, stage_, target_, matches, Times());
}

std::string TableSql::Tally() const {
  const std::string time = EventTime();
  return fmt::format(
      "SELECT s.sluice_object, {0}, COUNT(*), 0, 0, 0, 0, MIN({1}), MAX({1}) FROM "
      "{2} s JOIN {3} o "
      "ON o.object = s.sluice_object GROUP BY s.sluice_object UNION ALL SELECT o.object, {0}, 0, "
      "COUNT(*), 0, 0, 0, CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP) FROM {4} f JOIN {3} o "
      "ON o.ord = f.place >> 32 GROUP "
      "BY o.object",
      name_, time, stage_, names_.Temp("sluice_todo"), fresh_);
}

std::string TableSql::ColumnName(size_t column) const {
  return QuoteIdentifier(table_.schema.columns[column].name);
}

std::string TableSql::EventKey() const {
  return EventKeySql(names_, table_, "s");
}

std::string TableSql::EventTime() const {
  return EventTimeSql(names_, table_, "s");
}

// Of s and t: all that was sent and is not the key.
std::string TableSql::Equal() const {
  std::string equal;
  for (size_t i = 0; i < table_.schema.columns.size(); ++i) {
    const Column& column = table_.schema.columns[i];
    if (column.generated || IsTechnical(column.name) || std::ranges::count(key_, i) > 0) continue;
    const std::string staged = "s." + ColumnName(i), target = "t." + ColumnName(i);
    equal += fmt::format("{}COALESCE({}, {} IS NULL AND {} IS NULL)", equal.empty() ? "" : " AND ",
                         names_.dialect.Same(column.type, staged, target), staged, target);
  }
  return equal.empty() ? "TRUE" : equal;
}

// Keeps the scan of t to the times of the batch.
std::string TableSql::Times() const {
  if (!table_.time || times_.empty()) return "";
  const std::string column = "t." + ColumnName(*table_.time);
  const auto between = [&](Timestamp from, Timestamp to) {
    return fmt::format("{} BETWEEN {} AND {}", column, EventTimeLiteral(table_, from),
                       EventTimeLiteral(table_, to));
  };
  std::string text = " AND " + between(times_.front().from, times_.back().to);
  if (times_.size() == 1) return text;
  std::string any;
  for (const TimeInterval& interval : times_) {
    any += fmt::format("{}{}", any.empty() ? "" : " OR ", between(interval.from, interval.to));
  }
  return text + fmt::format(" AND ({})", any);
}

}  // namespace sluice
