// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/quarantine_query.h"

#include <fmt/format.h>

#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

constexpr int kExample = 200;
constexpr std::string_view kIsStuck = "l.state IN ('held', 'set_aside')";

// The rows of q, with what the ledger, l, says of their objects.
std::string FromQuarantine(const LedgerNames& names, const QuarantineFilter& filter) {
  const std::string from = fmt::format(
      "FROM {} q LEFT JOIN {} l ON l.name = q.name AND l.object = q.object AND l.table_name = '*' "
      "WHERE q.name = {} AND {}",
      names.In("quarantine"), names.In("ledger"), names.Pipeline(),
      filter.kind == QuarantineKind::kWaiting ? "q.ended_at IS NULL" : "q.accepted IS NOT NULL");
  return from + OfEvents(names, filter, "q.") + OfObjects(names, filter);
}

// The columns of QuarantinedEvent, in its order.
std::string EventColumns(const std::string& payload) {
  return fmt::format(
      "q.table_name AS t, q.reason AS r, COALESCE(q.column_name, '') AS c, COALESCE(l.raw_key, "
      "'') AS raw_key, q.line, q.at_byte, q.length, q.encoding, {} AS payload, l.loaded_at AS at, "
      "COALESCE(q.accepted, '') AS accepted, CASE WHEN {} THEN l.state ELSE '' END AS stuck",
      payload, kIsStuck);
}

constexpr std::string_view kEventTexts =
    "e.t, e.r, e.c, e.raw_key, CAST(e.line AS VARCHAR), CAST(e.at_byte AS VARCHAR), CAST(e.length "
    "AS VARCHAR), e.encoding, e.payload, COALESCE(CAST(e.at AS VARCHAR), ''), e.accepted, e.stuck";

QuarantinedEvent EventOf(const TextRow& row) {
  const auto text = [&](size_t i) { return row[i].value_or(""); };
  return {.table = text(0),
          .reason = text(1),
          .column = text(2),
          .raw_key = text(3),
          .line = ToCount(row[4]),
          .at_byte = ToCount(row[5]),
          .length = ToCount(row[6]),
          .encoding = text(7),
          .payload = text(8),
          .at = text(9),
          .accepted = text(10),
          .stuck = text(11)};
}

// The hour in which something was loaded, as text, or none.
std::string HourSql(const QuarantineFilter& filter, std::string_view loaded_at) {
  if (!filter.by_hour) return "CAST('' AS VARCHAR(32))";
  return fmt::format("COALESCE(CAST(DATE_TRUNC('hour', {}) AS VARCHAR), '')", loaded_at);
}

std::string SumSql(const LedgerNames& names, const QuarantineFilter& filter) {
  const std::string from = FromQuarantine(names, filter);
  const std::string hour = HourSql(filter, "l.loaded_at");
  const std::string first = fmt::format(
      "SELECT {}, {} AS h, ROW_NUMBER() OVER (PARTITION BY q.table_name, q.reason, q.column_name{} "
      "ORDER BY l.loaded_at, q.object, q.line, q.at_byte) AS place {}",
      EventColumns(fmt::format("SUBSTRING(q.payload, 1, {})", kExample)), hour,
      filter.by_hour ? ", " + hour : "", from);
  const std::string sums = fmt::format(
      "SELECT q.table_name AS t, q.reason AS r, COALESCE(q.column_name, '') AS c, {} AS h, "
      "COUNT(*) AS n, SUM(CASE WHEN {} THEN 1 ELSE 0 END) AS stuck, COUNT(DISTINCT q.object) AS "
      "objects, MIN(l.loaded_at) AS first, MAX(l.loaded_at) AS last {} GROUP BY 1, 2, 3{}",
      hour, kIsStuck, from, filter.by_hour ? ", 4" : "");
  return fmt::format(
      "SELECT {}, CAST(g.n AS VARCHAR), CAST(g.objects AS VARCHAR), COALESCE(CAST(g.first AS "
      "VARCHAR), ''), COALESCE(CAST(g.last AS VARCHAR), ''), g.h, CAST(g.stuck AS VARCHAR) FROM "
      "({}) g JOIN ({}) e ON e.t = "
      "g.t AND e.r = g.r AND e.c = g.c AND e.h = g.h AND e.place = 1 ORDER BY g.h, g.n DESC, g.t, "
      "g.r, g.c LIMIT {}",
      kEventTexts, sums, first, filter.limit);
}

// By the raw objects, l: what a replay of one moved between tables counts as the object's own.
std::string SeenSql(const LedgerNames& names, const QuarantineFilter& filter) {
  return fmt::format(
      "SELECT p.table_name, {} AS h, CAST(SUM(CASE WHEN p.table_name = '*' THEN p.lines ELSE "
      "p.routed END) AS VARCHAR), CAST(SUM(p.differing) AS VARCHAR) FROM {} p JOIN {} l ON l.name "
      "= p.name AND l.table_name = '*' AND "
      "l.object = CASE WHEN p.replay_of = 0 THEN p.object ELSE p.replay_of END WHERE p.name = {} "
      "AND p.state <> 'replaced'{} GROUP BY 1{} ORDER BY 2, 1",
      HourSql(filter, "l.loaded_at"), names.In("ledger"), names.In("ledger"), names.Pipeline(),
      OfObjects(names, filter), filter.by_hour ? ", 2" : "");
}

}  // namespace

std::string OfEvents(const LedgerNames& names, const QuarantineFilter& filter,
                     std::string_view of) {
  std::string text;
  const auto want = [&](std::string_view column, const std::string& value) {
    if (value.empty()) return;
    text += fmt::format(" AND {}{} = {}", of, column, names.dialect.Literal(value));
  };
  want("table_name", filter.table);
  want("reason", filter.reason);
  want("column_name", filter.column);
  return text;
}

std::string OfObjects(const LedgerNames& names, const QuarantineFilter& filter) {
  const SqlDialect& d = names.dialect;
  std::string text;
  if (!filter.raw_key.empty()) {
    text += fmt::format(" AND {} = {}", d.Exact("l.raw_key"), d.Exact(d.Literal(filter.raw_key)));
  }
  if (filter.since) text += " AND l.loaded_at >= " + TimestampLiteral(*filter.since);
  if (filter.of == QuarantineOf::kStuckObjects) text += fmt::format(" AND {}", kIsStuck);
  return text;
}

Result<QuarantineSummary> SumQuarantine(SqlSession& session, const LedgerNames& names,
                                        const QuarantineFilter& filter) {
  QuarantineSummary summary;
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session.Query("sum quarantine", SumSql(names, filter)));
  for (const TextRow& row : rows) {
    QuarantinedEvent example = EventOf(row);
    summary.groups.push_back({.table = example.table,
                              .reason = example.reason,
                              .column = example.column,
                              .hour = row[16].value_or(""),
                              .events = ToCount(row[12]),
                              .objects = ToCount(row[13]),
                              .stuck = ToCount(row[17]),
                              .first = row[14].value_or(""),
                              .last = row[15].value_or(""),
                              .example = example});
  }
  SLUICE_ASSIGN(const std::vector<TextRow> seen,
                session.Query("count what was seen", SeenSql(names, filter)));
  for (const TextRow& row : seen) {
    summary.seen.push_back(
        {row[0].value_or(""), row[1].value_or(""), ToCount(row[2]), ToCount(row[3])});
  }
  return summary;
}

Result<std::vector<QuarantinedEvent>> ListQuarantined(SqlSession& session, const LedgerNames& names,
                                                      const QuarantineFilter& filter) {
  SLUICE_ASSIGN(
      const std::vector<TextRow> rows,
      session.Query("list quarantined",
                    fmt::format("SELECT {} FROM (SELECT {}, q.object AS object {}) e ORDER BY "
                                "e.at, e.object, e.line, e.at_byte LIMIT {}",
                                kEventTexts, EventColumns("q.payload"),
                                FromQuarantine(names, filter), filter.limit)));
  std::vector<QuarantinedEvent> events;
  for (const TextRow& row : rows) events.push_back(EventOf(row));
  return events;
}

Result<std::vector<QuarantinedLine>> ListReplayable(SqlSession& session, const LedgerNames& names,
                                                    const QuarantineFilter& filter,
                                                    const std::optional<QuarantinedLine>& after) {
  const SqlDialect& d = names.dialect;
  std::string condition = "l.state = 'loaded'";
  if (after) {
    condition +=
        " AND " + d.IsBehind("l.raw_key", d.Literal(after->raw_key),
                             fmt::format("(q.object > {0} OR (q.object = {0} AND q.line > {1}))",
                                         after->object, after->line));
  }
  SLUICE_ASSIGN(
      const std::vector<TextRow> rows,
      session.Query(
          "list replayable",
          fmt::format("SELECT CAST(q.object AS VARCHAR), l.object_identity, l.store, l.raw_key, "
                      "l.content, CAST(l.version AS VARCHAR), CAST(q.line AS VARCHAR), "
                      "q.table_name, q.reason, COALESCE(q.column_name, '') {} AND {} ORDER BY {}, "
                      "q.object, q.line LIMIT {}",
                      FromQuarantine(names, filter), condition, d.InOrder("l.raw_key"),
                      filter.limit)));
  std::vector<QuarantinedLine> lines;
  for (const TextRow& row : rows) {
    const auto text = [&](size_t i) { return row[i].value_or(""); };
    lines.push_back({.object = NumberOf(row[0]),
                     .identity = text(1),
                     .store = text(2),
                     .raw_key = text(3),
                     .content = text(4),
                     .version = NumberOf(row[5]),
                     .line = ToCount(row[6]),
                     .table = text(7),
                     .reason = text(8),
                     .column = text(9)});
  }
  return lines;
}

}  // namespace sluice
