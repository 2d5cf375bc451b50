// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/stage_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/schema/quarantine_schema.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

bool IsTime(const ColumnType& type) {
  return type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampTz;
}

constexpr std::string_view kPatternCharacters = "*?[";

// A pattern that only `path` itself matches. '\' escapes nothing.
std::string Pattern(std::string_view path) {
  std::string pattern;
  for (const char c : path) {
    if (kPatternCharacters.find(c) != std::string_view::npos) {
      pattern += fmt::format("[{}]", c);
    } else {
      pattern += c;
    }
  }
  return pattern;
}

std::string FileList(const std::vector<std::string>& files) {
  std::string list;
  for (const std::string& file : files) {
    list += (list.empty() ? "" : ", ") + QuoteLiteral(Pattern(file));
  }
  return fmt::format("[{}]", list);
}

// Files hold every time as microseconds UTC; a cast would go through the calendar of a time zone.
std::string ReadColumn(const StagedColumn& column) {
  const std::string name = QuoteIdentifier(column.name);
  if (column.type.kind == TypeKind::kTimestamp)
    return fmt::format("make_timestamp(epoch_us({}))", name);
  return name;
}

}  // namespace

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

std::string CreatePlanSql() {
  return fmt::format(
      "CREATE TEMP TABLE {} (ord BIGINT NOT NULL, object BIGINT NOT NULL, object_identity VARCHAR "
      "NOT NULL, store VARCHAR NOT NULL, raw_key VARCHAR NOT NULL, table_name VARCHAR NOT NULL, "
      "state VARCHAR NOT NULL, "
      "reason VARCHAR NOT NULL, revision VARCHAR NOT NULL, parquet VARCHAR NOT NULL, content "
      "VARCHAR NOT NULL, version BIGINT NOT NULL, lines BIGINT NOT NULL, no_route BIGINT NOT NULL, "
      "dropped BIGINT NOT NULL, routed BIGINT NOT NULL, quarantined BIGINT NOT NULL)",
      TempName("sluice_plan"));
}

void AddPlanRows(const TableSet& tables, size_t place, const PlannedObject& object,
                 std::string_view state, std::string_view reason, std::vector<SqlRow>& rows) {
  const auto number = [](uint64_t n) { return static_cast<int64_t>(n); };
  const auto add = [&](const std::string& table, const std::string& parquet, int64_t lines,
                       int64_t no_route, int64_t dropped, int64_t routed, int64_t quarantined) {
    rows.push_back({number(place), object.object, object.identity, object.store, object.raw_key,
                    table, std::string(state), std::string(reason), object.revision, parquet,
                    object.content, object.version, lines, no_route, dropped, routed, quarantined});
  };
  uint64_t routed = 0;
  for (const PlannedTable& table : object.tables) {
    routed += table.routed;
    add(tables.tables[table.table].name(), table.parquet, 0, 0, 0, number(table.routed),
        number(table.quarantined));
  }
  add("*", object.quarantine, number(object.lines), number(object.no_route), number(object.dropped),
      number(routed), number(object.quarantined));
}

std::string CreateStageSql(std::string_view table, const std::vector<StagedColumn>& columns) {
  std::string text;
  for (const StagedColumn& column : columns) {
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", QuoteIdentifier(column.name),
                        DuckDbType(column.type), column.not_null ? " NOT NULL" : "");
  }
  return fmt::format("CREATE TEMP TABLE {} ({})", TempName(table), text);
}

bool CanBeRead(std::string_view path) {
  return path.find('\\') == std::string_view::npos ||
         path.find_first_of(kPatternCharacters) == std::string_view::npos;
}

std::string FillStageSql(std::string_view table, const std::vector<StagedColumn>& columns,
                         const std::vector<std::string>& files) {
  std::string names, values;
  for (const StagedColumn& column : columns) {
    names += (names.empty() ? "" : ", ") + QuoteIdentifier(column.name);
    values += (values.empty() ? "" : ", ") + ReadColumn(column);
  }
  return fmt::format(
      "INSERT INTO {} ({}) SELECT {} FROM read_parquet({}, hive_partitioning = false)",
      TempName(table), names, values, FileList(files));
}

std::string ParquetColumnsSql(const std::vector<std::string>& files) {
  return fmt::format(
      "SELECT file_name, name, COALESCE(duckdb_type, 'a group') FROM parquet_schema({}) WHERE "
      "column_id > 0 ORDER BY file_name, column_id",
      FileList(files));
}

bool IsParquetTypeOf(const ColumnType& type, std::string_view found) {
  if (IsTime(type)) return found == "TIMESTAMP WITH TIME ZONE";
  return found == DuckDbType(type);
}

std::string CountStagedSql(size_t index, const Table& table) {
  std::string times = ", NULL::VARCHAR, NULL::VARCHAR";
  if (table.time) {
    const std::string name = QuoteIdentifier(table.schema.columns[*table.time].name);
    times = fmt::format(
        ", CAST(epoch_us(MIN({0})) AS VARCHAR), CAST(epoch_us(MAX({0})) AS VARCHAR)", name);
  }
  return fmt::format(
      "SELECT CAST(sluice_object AS VARCHAR), CAST(COUNT(*) AS VARCHAR){} FROM {} GROUP BY "
      "sluice_object",
      times, TempName(StageTable(index)));
}

std::string CountBadSql() {
  return fmt::format(
      "SELECT CAST(object AS VARCHAR), table_name, CAST(COUNT(*) AS VARCHAR) FROM {} GROUP BY "
      "object, table_name",
      TempName("sluice_bad"));
}

}  // namespace sluice
