// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/event_search.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/json_text.h"
#include "sluice/warehouse/event_sql.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

// The column itself where it is text, so that an index or a sort key helps.
std::string IsKey(const LedgerNames& names, const Table& table, const std::string& key) {
  const std::string literal = names.dialect.Literal(key);
  if (table.unique.size() == 1) {
    const Column& column = table.schema.columns[table.unique[0]];
    if (ValueKindOf(column.type) == ValueKind::kText) {
      return fmt::format("t.{} = {}", QuoteIdentifier(column.name), literal);
    }
  }
  return fmt::format("{} = {}", EventSql(names, table).Key("t"), literal);
}

Status FindRows(SqlSession& session, const LedgerNames& names, const TableSet& tables, size_t index,
                const std::string& key, size_t limit, std::vector<EventTraces::Row>& found) {
  const Table& table = tables.tables[index];
  SLUICE_ASSIGN(
      const std::vector<TextRow> rows,
      session.Query("find event in " + table.name(),
                    fmt::format("SELECT CAST(q.event_time AS VARCHAR), CAST(COUNT(*) AS VARCHAR) "
                                "FROM (SELECT {} AS event_time FROM {} t WHERE {}) q GROUP BY "
                                "q.event_time ORDER BY q.event_time LIMIT {}",
                                EventSql(names, table).Time("t"), names.Target(table.schema),
                                IsKey(names, table, key), limit)));
  for (const TextRow& row : rows) {
    found.push_back({.table = index, .time = row[0], .rows = ToCount(row[1])});
  }
  return {};
}

// Table, object, raw key, line, batch, when: of rows of x, and what the ledger says of the object.
std::string PlacesSql(const LedgerNames& names, std::string_view table, std::string_view more,
                      const std::string& condition, size_t limit) {
  return fmt::format(
      "SELECT x.table_name, CAST(x.object AS VARCHAR), COALESCE(l.raw_key, ''), CAST(x.line AS "
      "VARCHAR), x.batch, COALESCE(CAST(l.loaded_at AS VARCHAR), ''), {} FROM {} x LEFT JOIN {} l "
      "ON l.name = x.name AND l.object = x.object AND l.table_name = '*' WHERE x.name = {} AND {} "
      "ORDER BY l.loaded_at, x.object, x.line LIMIT {}",
      more, names.In(table), names.In("ledger"), names.Pipeline(), condition, limit);
}

EventTraces::Place PlaceOf(const TextRow& row) {
  return {.table = row[0].value_or(""),
          .object = NumberOf(row[1]),
          .raw_key = row[2].value_or(""),
          .line = ToCount(row[3]),
          .batch = row[4].value_or(""),
          .at = row[5].value_or(""),
          .time = {},
          .reason = {},
          .column = {},
          .accepted = {},
          .is_stuck = false};
}

// As the event spells it: a text in its quotes, so that "12" is not found in "123".
std::string Spelling(const std::string& key) {
  const bool is_number = std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
  if (is_number) return key;
  std::string text;
  AppendJsonString(text, key);
  return text;
}

}  // namespace

Result<EventTraces> FindEvent(SqlSession& session, const LedgerNames& names, const TableSet& tables,
                              const std::string& key, size_t limit) {
  EventTraces traces;
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    if (tables.tables[i].unique.empty()) continue;
    const TableSchema& schema = tables.tables[i].schema;
    SLUICE_ASSIGN(const std::vector<TextRow> there,
                  session.Query("look for table",
                                CountTablesSql(names, names.TargetSchema(schema), schema.name)));
    if (there.empty() || ToCount(there[0][0]) == 0) continue;  // no load has made it yet
    SLUICE_TRY(FindRows(session, names, tables, i, key, limit, traces.rows));
  }
  SLUICE_ASSIGN(const std::vector<TextRow> duplicates,
                session.Query("find duplicates",
                              PlacesSql(names, "duplicates",
                                        "CAST(x.event_time AS VARCHAR), CAST(x.differs AS VARCHAR)",
                                        "x.event_key = " + names.dialect.Literal(key), limit)));
  for (const TextRow& row : duplicates) {
    EventTraces::Place& place = traces.duplicates.emplace_back(PlaceOf(row));
    place.time = row[6];
    place.differs = row[7] == "1";
  }
  // A position, not LIKE, to which some of the key's characters might be patterns.
  SLUICE_ASSIGN(
      const std::vector<TextRow> quarantined,
      session.Query("find quarantined",
                    PlacesSql(names, "quarantine",
                              "x.reason, COALESCE(x.column_name, ''), COALESCE(x.accepted, ''), "
                              "CASE WHEN l.state IN ('held', 'set_aside') THEN '1' ELSE '0' END",
                              fmt::format("x.part IS NULL AND POSITION({} IN x.payload) > 0",
                                          names.dialect.Literal(Spelling(key))),
                              limit)));
  for (const TextRow& row : quarantined) {
    EventTraces::Place& place = traces.quarantined.emplace_back(PlaceOf(row));
    place.reason = row[6].value_or("");
    place.column = row[7].value_or("");
    place.accepted = row[8].value_or("");
    place.is_stuck = row[9] == "1";
  }
  return traces;
}

}  // namespace sluice
