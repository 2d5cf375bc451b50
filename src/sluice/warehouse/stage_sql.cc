// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/stage_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sluice/base/utf8.h"
#include "sluice/schema/quarantine_schema.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
std::vector<StagedColumn> StagedColumns(const Table& table) {
  std::vector<StagedColumn> columns;
  for (size_t i = 0; i < table.schema.columns.size(); ++i) {
    const Column& column = table.schema.columns[i];
    if (column.generated || IsTechnical(column.name)) continue;
    const bool is_key = table.time == i || std::ranges::count(table.unique, i) > 0;
    columns.push_back({column.name, column.type, column.not_null || is_key});
  }
  columns.push_back({std::string(kObjectColumn), {.kind = TypeKind::kBigInt}, true});
  columns.push_back({std::string(kLineColumn), {.kind = TypeKind::kInteger}, true});
  return columns;
}

std::vector<StagedColumn> StagedQuarantineColumns() {
  std::vector<StagedColumn> columns;
  for (const Column& column : QuarantineColumns()) {
    columns.push_back({column.name, column.type, column.not_null});
  }
  return columns;
}

std::string StageTable(size_t index) {
  return fmt::format("sluice_stage_{}", index + 1);
}

std::vector<StagedColumn> PlanColumns() {
  const ColumnType big{.kind = TypeKind::kBigInt};
  const auto text = [](int32_t bytes) {
    return ColumnType{.kind = TypeKind::kVarchar, .length = bytes};
  };
  return {{"ord", big, true},
          {"object", big, true},
          {"object_identity", text(kLongestIdentity), true},
          {"store", text(kLongestStore), true},
          {"raw_key", text(1'024), true},
          {"table_name", text(127), true},
          {"state", text(16), true},
          {"reason", text(kLongestReason), true},
          {"revision", text(64), true},
          {"parquet", text(1'024), true},
          {"content", text(64), true},
          {"version", big, true},
          {"lines", big, true},
          {"no_route", big, true},
          {"dropped", big, true},
          {"routed", big, true},
          {"quarantined", big, true},
          {"replay_of", big, true}};
}

void AddPlanRows(const TableSet& tables, size_t place, const PlannedObject& object,
                 std::string_view state, std::string_view reason, std::vector<SqlRow>& rows) {
  const auto number = [](uint64_t n) { return static_cast<int64_t>(n); };
  // A replay's rows say by how much the counts of its raw object change.
  std::map<std::string, int64_t> was;
  if (object.replay) {
    for (const ReplayedEvent& event : object.replay->events) ++was[event.was_table];
  }
  const auto take = [&](const std::string& table) {
    const auto found = was.extract(table);
    return found ? found.mapped() : 0;
  };
  const auto add = [&](const std::string& table, std::string_view why, const std::string& parquet,
                       int64_t lines, int64_t no_route, int64_t dropped, int64_t routed,
                       int64_t quarantined) {
    rows.push_back({number(place), object.object, object.identity, object.store, object.raw_key,
                    table, std::string(state), std::string(Utf8Prefix(why, kLongestReason)),
                    object.revision, parquet, object.content, object.version, lines, no_route,
                    dropped, routed, quarantined, object.replay ? object.replay->of : 0});
  };
  int64_t routed = 0, quarantined = number(object.quarantined);
  const int64_t no_route = number(object.no_route) - take("*");
  for (const PlannedTable& table : object.tables) {
    const std::string& name = tables.tables[table.table].name();
    const int64_t before = take(name);
    routed += number(table.routed) - before;
    add(name, state.empty() ? table.changes : reason, table.parquet, 0, 0, 0,
        number(table.routed) - before, number(table.quarantined) - before);
  }
  for (const auto& [name, before] : was) {  // tables that are not configured any more
    routed -= before;
    add(name, state.empty() ? "" : reason, "", 0, 0, 0, -before, -before);
  }
  if (object.replay) quarantined -= number(object.replay->events.size());
  add("*", reason, object.quarantine, object.replay ? 0 : number(object.lines), no_route,
      number(object.dropped), routed, quarantined);
}

std::string CreateStageSql(const LedgerNames& names, std::string_view table,
                           const std::vector<StagedColumn>& columns) {
  std::string text;
  for (const StagedColumn& column : columns) {
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", QuoteIdentifier(column.name),
                        names.dialect.StagedType(column.type), column.not_null ? " NOT NULL" : "");
  }
  return fmt::format("CREATE TEMP TABLE {} ({})", names.Temp(table), text);
}

std::string CountStagedSql(const LedgerNames& names, size_t index, const Table& table,
                           std::span<const size_t> not_null) {
  std::string times = ", CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)";
  if (table.time) {
    const Column& column = table.schema.columns[*table.time];
    std::string name = QuoteIdentifier(column.name);
    if (column.type.kind == TypeKind::kTimestampTz) name = names.dialect.InUtc(name);
    times = fmt::format(", CAST(MIN({0}) AS VARCHAR), CAST(MAX({0}) AS VARCHAR)", name);
  }
  std::string nulls;
  for (const size_t place : not_null) {
    nulls += fmt::format(", CAST(COUNT(*) - COUNT({}) AS VARCHAR)",
                         QuoteIdentifier(table.schema.columns[place].name));
  }
  return fmt::format(
      "SELECT CAST(sluice_object AS VARCHAR), CAST(COUNT(*) AS VARCHAR){}{} FROM {} GROUP BY "
      "sluice_object",
      times, nulls, names.Temp(StageTable(index)));
}

std::string CountBadSql(const LedgerNames& names) {
  return fmt::format(
      "SELECT CAST(object AS VARCHAR), table_name, CAST(COUNT(*) AS VARCHAR) FROM {} GROUP BY "
      "object, table_name",
      names.Temp("sluice_bad"));
}

}  // namespace sluice
