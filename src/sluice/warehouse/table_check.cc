// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/table_check.h"

#include <fmt/format.h>

#include "sluice/warehouse/event_sql.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

// What of the ledger is in the table, under the alias l. Every pipeline's: two may fill one table.
std::string LoadedInto(const LedgerNames& names, const Table& table) {
  return fmt::format("l.table_name = {} AND l.state = 'loaded' AND l.loaded > 0",
                     names.dialect.Literal(table.name()));
}

// Over t, the table.
std::string InHours(const Table& table, const EventHours& hours) {
  if (!table.time) return "1 = 1";
  const std::string column = "t." + QuoteIdentifier(table.schema.columns[*table.time].name);
  return fmt::format("{0} >= {1} AND {0} < {2}", column, EventSql::TimeLiteral(table, hours.from),
                     EventSql::TimeLiteral(table, hours.to));
}

// Rows, loaded, by us, rows in the range, and how many it has at least.
std::string CountsSql(const LedgerNames& names, const Table& table, const EventHours& hours) {
  const std::string target = names.Target(table.schema);
  return fmt::format(
      "SELECT CAST((SELECT COUNT(*) FROM {0}) AS VARCHAR), CAST((SELECT COALESCE(SUM(l.loaded), 0) "
      "FROM {1} l WHERE {2}) AS VARCHAR), CAST((SELECT COALESCE(SUM(l.loaded), 0) FROM {1} l WHERE "
      "{2} AND l.name = {4}) AS VARCHAR), CAST((SELECT COUNT(*) FROM {0} t WHERE {3}) AS VARCHAR), "
      "CAST((SELECT COALESCE(SUM(l.loaded), 0) FROM {1} l WHERE {2} AND l.name = {4} AND "
      "l.min_time >= {5} AND l.max_time < {6}) AS VARCHAR)",
      target, names.In("ledger"), LoadedInto(names, table), InHours(table, hours), names.Pipeline(),
      TimestampLiteral(hours.from), TimestampLiteral(hours.to));
}

// The keys that are there more than once, as (event_key, event_time, n). A row without a key is no
// event's.
std::string DoubledSql(const LedgerNames& names, const Table& table, const EventHours& hours) {
  std::string is_whole, columns;
  for (const size_t column : table.unique) {
    const std::string name = "t." + QuoteIdentifier(table.schema.columns[column].name);
    is_whole += fmt::format(" AND {} IS NOT NULL", name);
    columns += (columns.empty() ? "" : ", ") + name;
  }
  if (table.time) columns += ", t." + QuoteIdentifier(table.schema.columns[*table.time].name);
  return fmt::format(
      "SELECT {} AS event_key, {} AS event_time, q.n FROM (SELECT {}, COUNT(*) AS n FROM {} t "
      "WHERE {}{} GROUP BY {} HAVING COUNT(*) > 1) q",
      EventSql(names, table).Key("q"), EventSql(names, table).Time("q"), columns,
      names.Target(table.schema), InHours(table, hours), is_whole, columns);
}

// The hours that have more rows than the ledger can explain, or fewer. Those that have none are
// named by the objects that lie in them whole.
std::string HoursSql(const LedgerNames& names, const Table& table, const EventHours& hours) {
  const std::string loaded = LoadedInto(names, table);
  const std::string counted = fmt::format(
      "SELECT u.hour, SUM(u.n) AS n FROM (SELECT DATE_TRUNC('hour', {0}) AS hour, 1 AS n FROM {1} "
      "t WHERE {2} UNION ALL SELECT DATE_TRUNC('hour', l.min_time), 0 FROM {3} l WHERE {4} AND "
      "l.name = {7} AND "
      "l.min_time >= {5} AND l.max_time < {6} AND DATE_TRUNC('hour', l.min_time) = "
      "DATE_TRUNC('hour', l.max_time)) u GROUP BY u.hour",
      EventSql(names, table).Time("t"), names.Target(table.schema), InHours(table, hours),
      names.In("ledger"), loaded, TimestampLiteral(hours.from), TimestampLiteral(hours.to),
      names.Pipeline());
  const std::string end = "b.hour + INTERVAL '1 hour'";
  const std::string bounds = fmt::format(
      "SELECT b.hour, b.n, COALESCE(SUM(CASE WHEN l.name = {4} AND l.min_time >= b.hour AND "
      "l.max_time < {1} THEN l.loaded ELSE 0 END), 0) AS at_least, COALESCE(SUM(l.loaded), 0) AS "
      "at_most FROM ({0}) b LEFT JOIN {2} l ON {3} AND (l.min_time IS NULL OR (l.min_time < {1} "
      "AND "
      "l.max_time >= b.hour)) GROUP BY b.hour, b.n",
      counted, end, names.In("ledger"), loaded, names.Pipeline());
  return fmt::format(
      "SELECT CAST(c.hour AS VARCHAR), CAST(c.n AS VARCHAR), CAST(c.at_least AS VARCHAR), "
      "CAST(c.at_most AS VARCHAR) FROM ({}) c WHERE c.n < c.at_least OR c.n > c.at_most ORDER BY "
      "c.hour LIMIT {}",
      bounds, TableCheck::kMostHours);
}

// Rows of a key, its time, and how many have it.
std::vector<DoubledKey> KeysOf(const std::vector<TextRow>& rows) {
  std::vector<DoubledKey> keys;
  for (const TextRow& row : rows) {
    keys.push_back({.key = row[0].value_or(""), .time = row[1], .rows = ToCount(row[2])});
  }
  return keys;
}

Status FindDoubled(SqlSession& session, const LedgerNames& names, const Table& table,
                   const EventHours& hours, TableCheck& check) {
  const std::string doubled = DoubledSql(names, table, hours);
  SLUICE_ASSIGN(const std::vector<TextRow> sums,
                session.Query("count doubled keys",
                              fmt::format("SELECT CAST(COUNT(*) AS VARCHAR), CAST(COALESCE(SUM(d.n "
                                          "- 1), 0) AS VARCHAR) FROM ({}) d",
                                          doubled)));
  check.keys_twice = ToCount(sums.at(0)[0]);
  check.rows_too_many = ToCount(sums.at(0)[1]);
  if (check.keys_twice == 0) return {};
  SLUICE_ASSIGN(
      const std::vector<TextRow> rows,
      session.Query("list doubled keys",
                    fmt::format("SELECT d.event_key, CAST(d.event_time AS VARCHAR), CAST(d.n AS "
                                "VARCHAR) FROM ({}) d ORDER BY d.n DESC, d.event_key, d.event_time "
                                "LIMIT {}",
                                doubled, TableCheck::kMostExamples)));
  check.doubled = KeysOf(rows);
  return {};
}

Status FindDiffering(SqlSession& session, const LedgerNames& names, const Table& table,
                     const EventHours& hours, TableCheck& check) {
  std::string from =
      fmt::format("FROM {} d WHERE d.name = {} AND d.table_name = {} AND d.differs = 1",
                  names.In("duplicates"), names.Pipeline(), names.dialect.Literal(table.name()));
  if (table.time) {
    from += fmt::format(" AND d.event_time >= {} AND d.event_time < {}",
                        TimestampLiteral(hours.from), TimestampLiteral(hours.to));
  }
  SLUICE_ASSIGN(
      const std::vector<TextRow> count,
      session.Query("count differing duplicates", "SELECT CAST(COUNT(*) AS VARCHAR) " + from));
  check.differing = ToCount(count.at(0)[0]);
  if (check.differing == 0) return {};
  SLUICE_ASSIGN(
      const std::vector<TextRow> rows,
      session.Query("list differing duplicates",
                    fmt::format("SELECT d.event_key, CAST(d.event_time AS VARCHAR), CAST(COUNT(*) "
                                "AS VARCHAR) {} GROUP BY d.event_key, d.event_time ORDER BY "
                                "COUNT(*) DESC, d.event_key, d.event_time LIMIT {}",
                                from, TableCheck::kMostExamples)));
  check.differing_keys = KeysOf(rows);
  return {};
}

}  // namespace

Result<TableCheck> CheckTable(SqlSession& session, const LedgerNames& names, const Table& table,
                              const EventHours& hours) {
  TableCheck check;
  SLUICE_ASSIGN(const std::vector<TextRow> counts,
                session.Query("count " + table.name(), CountsSql(names, table, hours)));
  check.rows = ToCount(counts.at(0)[0]);
  check.loaded = ToCount(counts.at(0)[1]);
  check.loaded_by_us = ToCount(counts.at(0)[2]);
  check.rows_in_range = ToCount(counts.at(0)[3]);
  if (table.time) check.at_least_in_range = ToCount(counts.at(0)[4]);
  if (!table.unique.empty()) {
    SLUICE_TRY(FindDoubled(session, names, table, hours, check));
    SLUICE_TRY(FindDiffering(session, names, table, hours, check));
  }
  if (!table.time) return check;
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session.Query("compare hours", HoursSql(names, table, hours)));
  for (const TextRow& row : rows) {
    check.hours.push_back({.hour = row[0].value_or(""),
                           .rows = ToCount(row[1]),
                           .at_least = ToCount(row[2]),
                           .at_most = ToCount(row[3])});
  }
  return check;
}

Result<std::vector<EventHour>> CountEventHours(SqlSession& session, const LedgerNames& names,
                                               const Table& table, const EventHours& hours) {
  const std::string sql = fmt::format(
      "SELECT CAST(u.hour AS VARCHAR), CAST(SUM(u.n) AS VARCHAR), CAST(SUM(u.d) AS VARCHAR) FROM "
      "(SELECT DATE_TRUNC('hour', {0}) AS hour, COUNT(*) AS n, 0 AS d FROM {1} t WHERE {2} GROUP "
      "BY 1 UNION ALL SELECT DATE_TRUNC('hour', d.event_time), 0, COUNT(*) FROM {3} d WHERE "
      "d.name = {4} AND d.table_name = {5} AND d.event_time >= {6} AND d.event_time < {7} GROUP BY "
      "1) u GROUP BY u.hour ORDER BY u.hour",
      EventSql(names, table).Time("t"), names.Target(table.schema), InHours(table, hours),
      names.In("duplicates"), names.Pipeline(), names.dialect.Literal(table.name()),
      TimestampLiteral(hours.from), TimestampLiteral(hours.to));
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session.Query("count hours of " + table.name(), sql));
  std::vector<EventHour> counts;
  for (const TextRow& row : rows) {
    counts.push_back(
        {.hour = row[0].value_or(""), .rows = ToCount(row[1]), .duplicates = ToCount(row[2])});
  }
  return counts;
}

}  // namespace sluice
