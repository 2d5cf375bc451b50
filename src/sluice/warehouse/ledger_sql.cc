// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/ledger_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "sluice/schema/quarantine_schema.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

constexpr std::string_view kLedgerColumns =
    "name VARCHAR NOT NULL, object BIGINT NOT NULL, object_identity VARCHAR NOT NULL, "
    "store VARCHAR NOT NULL, raw_key VARCHAR NOT NULL, table_name VARCHAR NOT NULL, state VARCHAR "
    "NOT NULL, "
    "reason VARCHAR, revision VARCHAR NOT NULL, parquet VARCHAR NOT NULL, "
    "content VARCHAR NOT NULL, version BIGINT NOT NULL, batch VARCHAR NOT NULL, "
    "lines BIGINT NOT NULL, no_route BIGINT NOT NULL, dropped BIGINT NOT NULL, "
    "routed BIGINT NOT NULL, staged BIGINT NOT NULL, loaded BIGINT NOT NULL, "
    "duplicates BIGINT NOT NULL, differing BIGINT NOT NULL, quarantined BIGINT NOT NULL, "
    "min_time TIMESTAMP, max_time TIMESTAMP, loaded_at TIMESTAMP NOT NULL";

std::string ColumnsOf(const std::vector<Column>& columns) {
  std::string text;
  for (const Column& column : columns) {
    // What the warehouse would have made, nobody makes here: such a column holds NULL.
    const bool not_null = column.not_null && IsFilled(column);
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", QuoteIdentifier(column.name),
                        DuckDbType(column.type), not_null ? " NOT NULL" : "");
  }
  return text;
}

std::string CreateTable(const std::string& name, std::string_view columns) {
  return fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", name, columns);
}

std::string ListOf(std::span<const int64_t> objects) {
  return objects.empty() ? "NULL" : fmt::format("{}", fmt::join(objects, ", "));
}

}  // namespace

std::string LedgerNames::In(std::string_view table) const {
  return fmt::format("wh.{}.{}", QuoteIdentifier(schema), QuoteIdentifier(table));
}
std::string LedgerNames::Pipeline() const {
  return QuoteLiteral(pipeline);
}

std::string TargetSchema(const TableSchema& table) {
  return table.schema.empty() ? "main" : table.schema;
}
std::string TargetName(const TableSchema& table) {
  return fmt::format("wh.{}.{}", QuoteIdentifier(TargetSchema(table)), QuoteIdentifier(table.name));
}
std::string TempName(std::string_view table) {
  return fmt::format("temp.main.{}", QuoteIdentifier(table));
}

std::string DuckDbType(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kReal:
      return "FLOAT";
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kSuper:
      return "VARCHAR";
    case TypeKind::kTimestampTz:
      return "TIMESTAMP WITH TIME ZONE";
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
    case TypeKind::kDecimal:
    case TypeKind::kBoolean:
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
      return ToSql(type);
  }
  return "VARCHAR";
}

bool IsTechnical(std::string_view column) {
  return column == kObjectColumn || column == kLineColumn;
}
bool IsFilled(const Column& column) {
  return !column.generated || IsTechnical(column.name);
}

std::vector<std::string> PrepareSql(const TableSet& tables, const LedgerNames& names) {
  std::set<std::string> schemas = {names.schema};
  for (const Table& table : tables.tables) schemas.insert(TargetSchema(table.schema));
  std::vector<std::string> sql;
  for (const std::string& schema : schemas) {
    sql.push_back(fmt::format("CREATE SCHEMA IF NOT EXISTS wh.{}", QuoteIdentifier(schema)));
  }
  sql.push_back(CreateTable(names.In("version"), "version BIGINT NOT NULL"));
  sql.push_back(CreateTable(names.In("lock"), "name VARCHAR NOT NULL, n BIGINT NOT NULL"));
  sql.push_back(CreateTable(names.In("control"),
                            "name VARCHAR NOT NULL, paused INTEGER NOT NULL, reason VARCHAR"));
  sql.push_back(CreateTable(names.In("ledger"), kLedgerColumns));
  sql.push_back(CreateTable(
      names.In("duplicates"),
      "name VARCHAR NOT NULL, table_name VARCHAR NOT NULL, object BIGINT NOT NULL, "
      "line INTEGER NOT NULL, event_key VARCHAR NOT NULL, event_time TIMESTAMP, differs INTEGER, "
      "batch VARCHAR NOT NULL"));
  sql.push_back(CreateTable(names.In("quarantine"),
                            fmt::format("name VARCHAR NOT NULL, {}, batch VARCHAR NOT NULL",
                                        ColumnsOf(QuarantineColumns()))));
  for (const Table& table : tables.tables) {
    sql.push_back(CreateTable(TargetName(table.schema), ColumnsOf(table.schema.columns)));
  }
  const auto insert_once = [&](std::string_view table, const std::string& values,
                               const std::string& condition) {
    sql.push_back(fmt::format("INSERT INTO {0} SELECT {1} WHERE NOT EXISTS (SELECT 1 FROM {0}{2})",
                              names.In(table), values, condition));
  };
  const std::string mine = fmt::format(" WHERE name = {}", names.Pipeline());
  insert_once("version", std::to_string(kLedgerVersion), "");
  insert_once("lock", names.Pipeline() + ", 0", mine);
  insert_once("control", names.Pipeline() + ", 0, NULL", mine);
  return sql;
}

std::string InsertIntoLedger(const LedgerNames& names) {
  return fmt::format(
      "INSERT INTO {} (name, object, object_identity, store, raw_key, table_name, state, reason, "
      "revision, parquet, content, version, batch, lines, no_route, dropped, routed, staged, "
      "loaded, duplicates, differing, quarantined, min_time, max_time, loaded_at)",
      names.In("ledger"));
}

std::string CountTablesSql(std::string_view schema, std::string_view table) {
  return fmt::format(
      "SELECT CAST(COUNT(*) AS VARCHAR) FROM duckdb_tables() WHERE database_name = 'wh' AND "
      "lower(schema_name) = lower({}) AND lower(table_name) = lower({})",
      QuoteLiteral(schema), QuoteLiteral(table));
}

std::string DescribeSql(std::span<const Table> tables) {
  std::string wanted;
  for (const Table& table : tables) {
    wanted += fmt::format("{}({}, lower({}), lower({}))", wanted.empty() ? "" : ", ",
                          &table - tables.data(), QuoteLiteral(TargetSchema(table.schema)),
                          QuoteLiteral(table.schema.name));
  }
  return fmt::format(
      "SELECT CAST(place AS VARCHAR), column_name, data_type, CAST(NOT is_nullable AS VARCHAR), "
      "CAST(column_default IS NOT NULL AS VARCHAR) FROM duckdb_columns() JOIN (VALUES {}) AS "
      "wanted(place, wanted_schema, wanted_table) ON lower(schema_name) = wanted_schema AND "
      "lower(table_name) = wanted_table WHERE database_name = 'wh' ORDER BY place, column_index",
      wanted);
}

std::string LedgerStatesSql(const LedgerNames& names, std::span<const int64_t> objects) {
  return fmt::format(
      "SELECT CAST(object AS VARCHAR), state, batch, COALESCE(reason, '') FROM {} WHERE name = {} "
      "AND table_name = '*' AND object IN ({})",
      names.In("ledger"), names.Pipeline(), ListOf(objects));
}

// An object that transform set aside has no lines.
std::string RefusedInARowSql(const LedgerNames& names, std::span<const int64_t> others_than) {
  return fmt::format(
      "SELECT CAST(COUNT(*) AS VARCHAR) FROM {0} WHERE name = {1} AND table_name = '*' AND state = "
      "'set_aside' AND lines > 0 AND (object IN ({2})) IS NOT TRUE AND loaded_at > "
      "COALESCE((SELECT MAX(loaded_at) FROM {0} WHERE name = {1} AND table_name = '*' AND state = "
      "'loaded'), CAST('-infinity' AS TIMESTAMP))",
      names.In("ledger"), names.Pipeline(), ListOf(others_than));
}

std::string BalanceSql(const LedgerNames& names) {
  std::string sums;
  for (const char* column : {"lines", "no_route", "dropped", "routed", "staged", "loaded",
                             "duplicates", "differing", "quarantined"}) {
    sums += fmt::format(", CAST(SUM({}) AS VARCHAR)", column);
  }
  return fmt::format(
      "SELECT table_name, CAST(COUNT(*) AS VARCHAR){} FROM {} WHERE name = {} AND state = 'loaded' "
      "GROUP BY table_name ORDER BY table_name",
      sums, names.In("ledger"), names.Pipeline());
}

std::string StatesSql(const LedgerNames& names) {
  return fmt::format(
      "SELECT state, CAST(COUNT(*) AS VARCHAR), CAST(SUM(lines) AS VARCHAR) FROM {} WHERE name = "
      "{} "
      "AND table_name = '*' GROUP BY state ORDER BY state",
      names.In("ledger"), names.Pipeline());
}

std::string TakeLockSql(const LedgerNames& names) {
  return fmt::format("UPDATE {} SET n = n + 1 WHERE name = {}", names.In("lock"), names.Pipeline());
}

}  // namespace sluice
