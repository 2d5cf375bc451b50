// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/replay.h"

#include <fmt/format.h>

#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/stage_sql.h"

namespace sluice {
namespace {

std::vector<StagedColumn> ReplayedColumns() {
  const ColumnType big{.kind = TypeKind::kBigInt};
  const auto text = [](int32_t bytes) {
    return ColumnType{.kind = TypeKind::kVarchar, .length = bytes};
  };
  return {{"part", big, true},        {"object", big, true},
          {"line", big, true},        {"was_table", text(127), true},
          {"passes", big, true},      {"table_name", text(127), true},
          {"reason", text(64), true}, {"column_name", text(127), true}};
}

// Whether `q`, a row of sluice.quarantine, is the event of `r` and waits to become a row.
std::string IsOpen(const LedgerNames& names) {
  return fmt::format(
      "q.name = {} AND q.object = r.object AND q.line = r.line AND q.table_name = r.was_table AND "
      "q.ended_at IS NULL",
      names.Pipeline());
}

// (r_object, r_line, …) of the events to be marked, with what else is asked of them.
std::string Todo(const LedgerNames& names, std::string_view more, int passes) {
  return fmt::format(
      "(SELECT r.object AS r_object, r.line AS r_line, {} FROM {} r JOIN {} o ON o.object = r.part "
      "WHERE r.passes = {}) m",
      more, names.Temp("sluice_replayed"), names.Temp("sluice_todo"), passes);
}

}  // namespace

Status StageReplayed(SqlSession& session, StageFiller& filler, const LedgerNames& names,
                     const LoadPlan& plan) {
  const std::vector<StagedColumn> columns = ReplayedColumns();
  SLUICE_TRY(session.Run("create replayed", CreateStageSql(names, "sluice_replayed", columns)));
  std::vector<SqlRow> rows;
  for (const PlannedObject& part : plan.objects) {
    if (!part.replay) {
      return Fail(ErrorKind::kPermanent, "the plan replays what is no part of a raw object: {}",
                  part.identity);
    }
    for (const ReplayedEvent& event : part.replay->events) {
      if (!event.changes) continue;
      rows.push_back({part.object, part.replay->of, static_cast<int64_t>(event.line),
                      event.was_table, int64_t{event.passes ? 1 : 0}, event.table, event.reason,
                      event.column});
    }
  }
  if (rows.empty()) return {};
  return filler.FillRows("sluice_replayed", columns, rows);
}

std::string ReplayVerdictSql(const LedgerNames& names) {
  return fmt::format(
      "CREATE TEMP TABLE {} AS SELECT p.ord, p.object, CASE WHEN MAX(l.batch) IS NOT NULL THEN "
      "'known' WHEN COUNT(w.object) = COUNT(*) AND COUNT(q.object) = COUNT(*) THEN 'todo' ELSE "
      "'changed' END AS verdict, MAX(p.object_identity) AS other, MAX(l.batch) AS batch FROM {} p "
      "JOIN {} r ON r.part = p.object LEFT JOIN {} q ON {} LEFT JOIN {} w ON w.name = {} AND "
      "w.object = r.object AND w.table_name = '*' AND w.state = 'loaded' LEFT JOIN {} l ON l.name "
      "= {} AND l.object = p.object AND l.table_name = '*' WHERE p.table_name = '*' GROUP BY "
      "p.ord, p.object",
      names.Temp("sluice_verdict"), names.Temp("sluice_plan"), names.Temp("sluice_replayed"),
      names.In("quarantine"), IsOpen(names), names.In("ledger"), names.Pipeline(),
      names.In("ledger"), names.Pipeline());
}

void MarkReplayed(const LedgerNames& names, Timestamp now, std::vector<SqlStatement>& sql) {
  const std::string count = fmt::format(
      "COUNT(*), CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP) FROM {} r JOIN {} o ON o.object "
      "= "
      "r.part JOIN {} q ON {}",
      names.Temp("sluice_replayed"), names.Temp("sluice_todo"), names.In("quarantine"),
      IsOpen(names));
  sql.push_back(
      {"count replayed",
       fmt::format("INSERT INTO {} SELECT r.part, r.was_table, 0, 0, 0, 0, -{} GROUP BY r.part, "
                   "r.was_table UNION ALL SELECT r.part, r.table_name, 0, 0, 0, 0, {} WHERE "
                   "r.passes = 0 GROUP BY r.part, r.table_name",
                   names.Temp("sluice_tally"), count, count)});
  const std::string is_it =
      fmt::format("WHERE name = {} AND object = r_object AND line = r_line AND ended_at IS NULL",
                  names.Pipeline());
  sql.push_back(
      {"mark replayed",
       fmt::format("UPDATE {} SET part = r_part, ended_at = {} FROM {} {}", names.In("quarantine"),
                   TimestampLiteral(now), Todo(names, "r.part AS r_part", 1), is_it)});
  sql.push_back(
      {"mark what stays",
       fmt::format("UPDATE {} SET table_name = r_table, reason = r_reason, column_name = r_column "
                   "FROM {} {}",
                   names.In("quarantine"),
                   Todo(names,
                        "r.table_name AS r_table, r.reason AS r_reason, NULLIF(r.column_name, '') "
                        "AS r_column",
                        0),
                   is_it)});
}

}  // namespace sluice
