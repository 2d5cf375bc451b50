// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_parquet_sql.h"

#include <fmt/format.h>

#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

constexpr SqlDialect kDialect(SqlDialect::Kind::kDuckDb);

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
      kDialect.Temporary(table), names, values, FileList(files));
}

std::string ParquetColumnsSql(const std::vector<std::string>& files) {
  return fmt::format(
      "SELECT file_name, name, COALESCE(duckdb_type, 'a group') FROM parquet_schema({}) WHERE "
      "column_id > 0 ORDER BY file_name, column_id",
      FileList(files));
}

std::string ParquetMetadataSql(const std::string& file, std::string_view key) {
  return fmt::format("SELECT decode(value) FROM parquet_kv_metadata({}) WHERE decode(key) = {}",
                     FileList({file}), kDialect.Literal(key));
}

bool IsParquetTypeOf(const ColumnType& type, std::string_view found) {
  if (IsTime(type)) return found == "TIMESTAMP WITH TIME ZONE";
  return found == kDialect.Type(type);
}

}  // namespace sluice
