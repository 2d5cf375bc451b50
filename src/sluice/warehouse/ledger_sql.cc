// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/ledger_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <initializer_list>
#include <set>
#include <utility>

#include "sluice/base/hash.h"
#include "sluice/base/utf8.h"
#include "sluice/schema/quarantine_schema.h"
#include "sluice/warehouse/ledger_part.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

// The longest that landing and transform make.
constexpr int kName = 127, kId = 64, kKey = 1'024, kState = 16;

std::string LedgerColumns(const SqlDialect& d) {
  return fmt::format(
      "name {name} NOT NULL, object BIGINT NOT NULL, object_identity {identity} NOT NULL, store "
      "{store} NOT NULL, raw_key {key} NOT NULL, table_name {name} NOT NULL, state {state} NOT "
      "NULL, reason {reason}, revision {id} NOT NULL, parquet {key} NOT NULL, content {id} NOT "
      "NULL, version BIGINT NOT NULL, batch {id} NOT NULL, lines BIGINT NOT NULL, no_route BIGINT "
      "NOT NULL, dropped BIGINT NOT NULL, routed BIGINT NOT NULL, staged BIGINT NOT NULL, loaded "
      "BIGINT NOT NULL, duplicates BIGINT NOT NULL, differing BIGINT NOT NULL, quarantined BIGINT "
      "NOT NULL, min_time TIMESTAMP, max_time TIMESTAMP, loaded_at TIMESTAMP NOT NULL, replay_of "
      "BIGINT NOT NULL",
      fmt::arg("name", d.Text(kName)), fmt::arg("identity", d.Text(kLongestIdentity)),
      fmt::arg("store", d.Text(kLongestStore)), fmt::arg("key", d.Text(kKey)),
      fmt::arg("state", d.Text(kState)), fmt::arg("reason", d.Text(kLongestReason)),
      fmt::arg("id", d.Text(kId)));
}

std::string ColumnsOf(const SqlDialect& dialect, const std::vector<Column>& columns) {
  std::string text;
  for (const Column& column : columns) {
    // What the warehouse would have made, nobody makes here: such a column holds NULL.
    const bool not_null = column.not_null && IsFilled(column);
    text += fmt::format("{}{} {}{}{}", text.empty() ? "" : ", ", QuoteIdentifier(column.name),
                        dialect.Type(column.type), dialect.Encoded(column),
                        not_null ? " NOT NULL" : "");
  }
  return text;
}

std::string CreateTable(const std::string& name, std::string_view columns) {
  return fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", name, columns);
}

// PostgreSQL reads a whole table where there is none: 4 to 6 s for 5,000,000 rows, 0.3 s with it.
// Their names are made of what they index, so that two pipelines have one of each.
void AddIndexes(const TableSet& tables, const LedgerNames& names, std::vector<std::string>& sql) {
  const auto add = [&](std::string_view name, const std::string& table,
                       const std::string& columns) {
    sql.push_back(fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} ({})", QuoteIdentifier(name),
                              table, columns));
  };
  for (const auto& [table, column] :
       std::initializer_list<std::pair<const char*, const char*>>{{"ledger", "raw_key"},
                                                                  {"ledger", "object"},
                                                                  {"ledger", "batch"},
                                                                  {"ledger", "replay_of"},
                                                                  {"duplicates", "object"},
                                                                  {"quarantine", "object"}}) {
    add(fmt::format("{}{}_{}", names.prefix, table, column), names.In(table), column);
  }
  for (const Table& table : tables.tables) {
    std::string columns;
    for (const size_t column : table.unique) {
      columns += (columns.empty() ? "" : ", ") + QuoteIdentifier(table.schema.columns[column].name);
    }
    if (columns.empty()) continue;
    // PostgreSQL cuts names at 63 bytes, which must leave them different.
    add(fmt::format("sluice_{}_key", ToHex(Sha256Of(table.name())).substr(0, 16)),
        names.Target(table.schema), columns);
  }
}

std::string ListOf(std::span<const int64_t> objects) {
  return objects.empty() ? "NULL" : fmt::format("{}", fmt::join(objects, ", "));
}

}  // namespace

std::string LedgerNames::In(std::string_view table) const {
  return dialect.Permanent(schema, fmt::format("{}{}", prefix, table));
}
std::string LedgerNames::Pipeline() const {
  return dialect.Literal(pipeline);
}
std::string LedgerNames::Temp(std::string_view table) const {
  return dialect.Temporary(table);
}
std::string LedgerNames::SaysSameContent(std::string_view column) const {
  return fmt::format("{} LIKE {}", column, dialect.Literal(std::string(kSameContent) + "%"));
}
std::string LedgerNames::Target(const TableSchema& table) const {
  return dialect.Permanent(TargetSchema(table), table.name);
}
std::string LedgerNames::TargetSchema(const TableSchema& table) const {
  return table.schema.empty() ? std::string(dialect.DefaultSchema()) : table.schema;
}

bool IsTechnical(std::string_view column) {
  return column == kObjectColumn || column == kLineColumn;
}
bool IsFilled(const Column& column) {
  return !column.generated || IsTechnical(column.name);
}

std::vector<std::string> PrepareTablesSql(const TableSet& tables, const LedgerNames& names) {
  const SqlDialect& d = names.dialect;
  std::set<std::string> schemas = {names.schema};
  for (const Table& table : tables.tables) schemas.insert(names.TargetSchema(table.schema));
  std::vector<std::string> sql;
  for (const std::string& schema : schemas) {
    sql.push_back(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", d.Schema(schema)));
  }
  sql.push_back(CreateTable(names.In("version"), "version BIGINT NOT NULL"));
  sql.push_back(CreateTable(names.In("lock"),
                            fmt::format("name {} NOT NULL, n BIGINT NOT NULL", d.Text(kName))));
  sql.push_back(CreateTable(names.In("control"),
                            fmt::format("name {} NOT NULL, paused INTEGER NOT NULL, reason {}, id "
                                        "{} NOT NULL",
                                        d.Text(kName), d.Text(kLongestReason), d.Text(kId))));
  sql.push_back(CreateTable(names.In("ledger"), LedgerColumns(d)) + d.SortedBy("raw_key"));
  sql.push_back(
      CreateTable(
          names.In("duplicates"),
          fmt::format(
              "name {0} NOT NULL, table_name {0} NOT NULL, object BIGINT NOT NULL, "
              "line INTEGER NOT NULL, event_key {1} NOT NULL, event_time TIMESTAMP, differs "
              "INTEGER, batch {2} NOT NULL",
              d.Text(kName), d.Text(kLongestEventKey), d.Text(kId))) +
      d.SortedBy("object"));
  sql.push_back(CreateTable(names.In("quarantine"),
                            fmt::format("name {} NOT NULL, {}, batch {} NOT NULL, part BIGINT, "
                                        "accepted {}, ended_at TIMESTAMP",
                                        d.Text(kName), ColumnsOf(d, QuarantineColumns()),
                                        d.Text(kId), d.Text(kLongestReason))) +
                d.SortedBy("object"));
  for (const Table& table : tables.tables) {
    sql.push_back(CreateTable(names.Target(table.schema), ColumnsOf(d, table.schema.columns)) +
                  d.LaidOut(table.schema));
  }
  if (d.kind() == SqlDialect::Kind::kPostgres) AddIndexes(tables, names, sql);
  return sql;
}

std::vector<std::string> PrepareRowsSql(const LedgerNames& names) {
  const auto insert_once = [&](std::string_view table, const std::string& values,
                               const std::string& condition) {
    return fmt::format("INSERT INTO {0} SELECT {1} WHERE NOT EXISTS (SELECT 1 FROM {0}{2})",
                       names.In(table), values, condition);
  };
  const std::string mine = fmt::format(" WHERE name = {}", names.Pipeline());
  return {insert_once("version", std::to_string(kLedgerVersion), ""),
          insert_once("lock", names.Pipeline() + ", 0", mine),
          insert_once("control",
                      names.Pipeline() +
                          ", 0, NULL, MD5(CAST(RANDOM() AS VARCHAR) || CAST(RANDOM() AS VARCHAR))",
                      mine)};
}

std::vector<std::pair<std::string, std::string>> NeededTables(const TableSet& tables,
                                                              const LedgerNames& names) {
  std::vector<std::pair<std::string, std::string>> needed;
  for (const char* table : {"version", "lock", "control", "ledger", "duplicates", "quarantine"}) {
    needed.emplace_back(names.schema, names.prefix + table);
  }
  for (const Table& table : tables.tables) {
    needed.emplace_back(names.TargetSchema(table.schema), table.schema.name);
  }
  return needed;
}

std::string ListTablesSql(const TableSet& tables, const LedgerNames& names) {
  std::set<std::string> schemas;
  for (const auto& [schema, table] : NeededTables(tables, names)) {
    schemas.insert(fmt::format("lower({})", names.dialect.Literal(schema)));
  }
  return fmt::format(
      "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p') AND lower(n.nspname) IN ({})",
      fmt::join(schemas, ", "));
}

std::string HasRowsSql(const LedgerNames& names) {
  const auto has = [&](std::string_view table, const std::string& condition) {
    return fmt::format("(SELECT COUNT(*) FROM {}{}) > 0", names.In(table), condition);
  };
  const std::string mine = fmt::format(" WHERE name = {}", names.Pipeline());
  return fmt::format("SELECT CASE WHEN {} AND {} THEN 'true' ELSE 'false' END", has("version", ""),
                     has("control", mine));
}

std::string InsertIntoLedger(const LedgerNames& names) {
  return fmt::format(
      "INSERT INTO {} (name, object, object_identity, store, raw_key, table_name, state, reason, "
      "revision, parquet, content, version, batch, lines, no_route, dropped, routed, staged, "
      "loaded, duplicates, differing, quarantined, min_time, max_time, loaded_at, replay_of)",
      names.In("ledger"));
}

std::string CountTablesSql(const LedgerNames& names, std::string_view schema,
                           std::string_view table) {
  const bool is_duckdb = names.dialect.kind() == SqlDialect::Kind::kDuckDb;
  return fmt::format(
      "SELECT CAST(COUNT(*) AS VARCHAR) FROM {} AND lower({}) = lower({}) AND lower({}) = "
      "lower({})",
      is_duckdb ? "duckdb_tables() WHERE database_name = 'wh'"
                : "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN "
                  "('r', 'p')",
      is_duckdb ? "schema_name" : "n.nspname", names.dialect.Literal(schema),
      is_duckdb ? "table_name" : "c.relname", names.dialect.Literal(table));
}

std::string DescribeSql(const LedgerNames& names, std::span<const Table> tables) {
  const bool is_duckdb = names.dialect.kind() == SqlDialect::Kind::kDuckDb;
  // VALUES as a table is nothing that Redshift knows.
  std::string wanted, places;
  for (const Table& table : tables) {
    const std::string is_it = fmt::format("(lower({}) = lower({}) AND lower({}) = lower({}))",
                                          is_duckdb ? "schema_name" : "n.nspname",
                                          names.dialect.Literal(names.TargetSchema(table.schema)),
                                          is_duckdb ? "table_name" : "c.relname",
                                          names.dialect.Literal(table.schema.name));
    wanted += (wanted.empty() ? "" : " OR ") + is_it;
    places += fmt::format(" WHEN {} THEN {}", is_it, &table - tables.data());
  }
  if (is_duckdb) {
    return fmt::format(
        "SELECT CAST(CASE{} END AS VARCHAR) AS place, column_name, data_type, CAST(NOT is_nullable "
        "AS VARCHAR), CAST(column_default IS NOT NULL AS VARCHAR) FROM duckdb_columns() WHERE "
        "database_name = 'wh' AND ({}) ORDER BY place, column_index",
        places, wanted);
  }
  return fmt::format(
      "SELECT CASE{} END AS place, a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN "
      "a.attnotnull THEN 'true' ELSE 'false' END, CASE WHEN a.atthasdef THEN 'true' ELSE 'false' "
      "END FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid "
      "= c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND "
      "({}) ORDER BY place, a.attnum",
      places, wanted);
}

LiveColumn LiveColumnOf(const TextRow& row) {
  return {.name = row[1].value_or(""),
          .type = row[2].value_or(""),
          .not_null = row[3] == "true",
          .has_default = row[4] == "true"};
}

std::string LedgerStatesSql(const LedgerNames& names, std::span<const int64_t> objects) {
  return fmt::format(
      "SELECT CAST(object AS VARCHAR), state, batch, COALESCE(reason, '') FROM {} WHERE name = {} "
      "AND table_name = '*' AND object IN ({})",
      names.In("ledger"), names.Pipeline(), ListOf(objects));
}

std::string PausedSql(const LedgerNames& names) {
  return fmt::format("SELECT COALESCE(reason, '') FROM {} WHERE name = {} AND paused <> 0",
                     names.In("control"), names.Pipeline());
}

std::string ControlSql(const LedgerNames& names) {
  return fmt::format(
      "SELECT MAX(id), MAX(CASE WHEN paused <> 0 THEN COALESCE(reason, '') END) FROM {} WHERE name "
      "= {}",
      names.In("control"), names.Pipeline());
}

std::string PauseSql(const LedgerNames& names, const std::optional<std::string>& reason) {
  const std::string shown =
      reason ? names.dialect.Literal(Utf8Prefix(WithoutControls(*reason), kLongestReason)) : "NULL";
  return fmt::format("UPDATE {} SET paused = {}, reason = {} WHERE name = {}", names.In("control"),
                     reason ? 1 : 0, shown, names.Pipeline());
}

// An object that transform set aside has no lines. What a clock that is ahead has written is of no
// time that could be compared.
constexpr std::chrono::minutes kClocksDiffer{5};
std::string RefusedInARowSql(const LedgerNames& names, std::span<const int64_t> others_than,
                             Timestamp now) {
  const std::string others =
      others_than.empty() ? "" : fmt::format(" AND object NOT IN ({})", ListOf(others_than));
  return fmt::format(
      "SELECT CAST(COUNT(*) AS VARCHAR) FROM {0} WHERE name = {1} AND table_name = '*' AND state = "
      "'set_aside' AND lines > 0{2} AND loaded_at > COALESCE((SELECT MAX(loaded_at) FROM {0} WHERE "
      "name = {1} AND table_name = '*' AND state = 'loaded' AND loaded_at <= {3}), TIMESTAMP "
      "'0001-01-01 00:00:00')",
      names.In("ledger"), names.Pipeline(), others, TimestampLiteral(now + kClocksDiffer));
}

std::string BalanceSql(const LedgerNames& names) {
  std::string sums;
  for (const char* column : {"lines", "no_route", "dropped", "routed", "staged", "loaded",
                             "duplicates", "differing", "quarantined"}) {
    sums += fmt::format(", CAST(SUM({}) AS VARCHAR)", column);
  }
  return fmt::format(
      "SELECT table_name, CAST(SUM(CASE WHEN replay_of = 0 THEN 1 ELSE 0 END) AS VARCHAR){0}, "
      "CAST(COALESCE(MAX(a_events), 0) AS VARCHAR) FROM {1} LEFT JOIN (SELECT q.table_name AS "
      "a_table, COUNT(*) AS a_events FROM {2} q JOIN {1} l ON l.name = q.name AND l.object = "
      "q.object AND l.table_name = '*' AND l.state = 'loaded' WHERE q.name = {3} AND q.accepted IS "
      "NOT NULL GROUP BY q.table_name) a ON a_table = table_name WHERE name = {3} AND state = "
      "'loaded' GROUP BY table_name ORDER BY table_name",
      sums, names.In("ledger"), names.In("quarantine"), names.Pipeline());
}

std::string StatesSql(const LedgerNames& names, Timestamp rows_since) {
  return fmt::format(
      "SELECT state, CAST(SUM(CASE WHEN replay_of = 0 THEN 1 ELSE 0 END) AS VARCHAR), "
      "CAST(SUM(lines) AS VARCHAR), CAST(MIN(loaded_at) AS VARCHAR), CAST(MAX(loaded_at) AS "
      "VARCHAR), CAST(SUM(CASE WHEN loaded_at >= {} THEN loaded ELSE 0 END) AS VARCHAR) FROM {} "
      "WHERE name = {} AND table_name = '*' GROUP BY state ORDER BY state",
      TimestampLiteral(rows_since), names.In("ledger"), names.Pipeline());
}

std::string ListObjectsSql(const LedgerNames& names, const LedgerRange& range) {
  const SqlDialect& d = names.dialect;
  const std::string ledger = names.In("ledger"), name = names.Pipeline();
  std::string condition =
      fmt::format("name = {} AND store = {} AND table_name = '*' AND replay_of = 0", name,
                  d.Literal(range.store));
  std::string lacks_table = "CAST('false' AS VARCHAR)";
  if (!range.table.empty()) {
    lacks_table = fmt::format(
        "CASE WHEN state = 'loaded' AND object NOT IN (SELECT t.object FROM {0} t WHERE t.name = "
        "{1} AND t.table_name = {2}) THEN 'true' WHEN state = 'replaced' AND {3} AND "
        "content NOT IN (SELECT t.content FROM {0} t WHERE t.name = {1} AND t.table_name = {2} AND "
        "t.state = 'loaded') THEN 'true' ELSE 'false' END",
        ledger, name, d.Literal(range.table), names.SaysSameContent("reason"));
  }
  if (!range.after_key.empty()) {
    condition += " AND " + d.IsBehind("raw_key", d.Literal(range.after_key),
                                      fmt::format("object > {}", range.after_object));
  }
  if (!range.before_key.empty()) {
    condition += fmt::format(" AND {} < {}", d.ByBytes("raw_key"), d.Literal(range.before_key));
  }
  std::string accepted = "CAST('0' AS VARCHAR)", of_quarantine;
  if (range.with_accepted) {
    accepted = "CAST(COALESCE(a_events, 0) AS VARCHAR)";
    of_quarantine = fmt::format(
        " LEFT JOIN (SELECT object AS a_object, COUNT(*) AS a_events FROM {} WHERE name = {} AND "
        "accepted IS NOT NULL AND object IN (SELECT object FROM page) GROUP BY object) a ON "
        "a_object = object",
        names.In("quarantine"), name);
  }
  return fmt::format(
      "WITH page AS (SELECT object, object_identity, raw_key, state, reason, lines, dropped, "
      "loaded, duplicates, quarantined, batch, loaded_at, {7} AS lacks_table FROM {0} WHERE {1} "
      "ORDER BY {2}, object LIMIT {3}) SELECT CAST(object AS VARCHAR), object_identity, raw_key, "
      "state, COALESCE(reason, ''), CAST(lines AS VARCHAR), CAST(dropped + COALESCE(r_dropped, 0) "
      "AS VARCHAR), CAST(loaded + COALESCE(r_loaded, 0) AS VARCHAR), CAST(duplicates + "
      "COALESCE(r_duplicates, 0) AS VARCHAR), CAST(quarantined + COALESCE(r_quarantined, 0) AS "
      "VARCHAR), batch, CAST(loaded_at AS VARCHAR), {5}, lacks_table FROM page LEFT JOIN (SELECT "
      "replay_of AS r_of, SUM(dropped) AS r_dropped, SUM(loaded) AS r_loaded, SUM(duplicates) AS "
      "r_duplicates, "
      "SUM(quarantined) AS r_quarantined FROM {0} WHERE name = {4} AND table_name = '*' AND "
      "replay_of <> 0 AND replay_of IN (SELECT object FROM page) GROUP BY replay_of) r ON r_of = "
      "object{6} ORDER BY {2}, page.object",
      ledger, condition, d.InOrder("raw_key"), range.limit, name, accepted, of_quarantine,
      lacks_table);
}

std::vector<std::string> TakeTableLockSql(const LedgerNames& names) {
  switch (names.dialect.kind()) {
    case SqlDialect::Kind::kDuckDb:  // has one writer at a time anyway
      return {};
    case SqlDialect::Kind::kPostgres:  // who only reads, as a backup does, is in nobody's way
      return {fmt::format("LOCK TABLE {} IN EXCLUSIVE MODE", names.In("lock"))};
    case SqlDialect::Kind::kRedshift:
      return {"LOCK " + names.In("lock")};
  }
  return {};
}

std::vector<SqlStatement> TakeLock(const LedgerNames& names) {
  std::vector<SqlStatement> sql;
  for (std::string& lock : TakeTableLockSql(names)) sql.push_back({kTakeLock, std::move(lock)});
  // All rows: two pipelines may fill one table, and meet here too.
  sql.push_back({kTakeLock, fmt::format("UPDATE {} SET n = n + 1", names.In("lock"))});
  return sql;
}

}  // namespace sluice
