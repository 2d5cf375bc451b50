// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/sql_dialect.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <span>

#include "sluice/schema/identifier.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

// Lengths are not kept: transform checked them.
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

std::string NamesOf(const TableSchema& table, std::span<const size_t> columns) {
  std::string names;
  for (const size_t column : columns) {
    names += (names.empty() ? "" : ", ") + QuoteIdentifier(table.columns[column].name);
  }
  return names;
}

std::string DistributionOf(const TableSchema& table) {
  switch (table.layout.distribution) {
    case TableLayout::Distribution::kUnsaid:
      return "";
    case TableLayout::Distribution::kAuto:
      return " DISTSTYLE AUTO";
    case TableLayout::Distribution::kEven:
      return " DISTSTYLE EVEN";
    case TableLayout::Distribution::kAll:
      return " DISTSTYLE ALL";
    case TableLayout::Distribution::kKey:
      return fmt::format(" DISTSTYLE KEY DISTKEY ({})",
                         NamesOf(table, std::array{*table.layout.distribution_key}));
  }
  return "";
}

}  // namespace

std::string SqlDialect::Schema(std::string_view schema) const {
  return (kind_ == Kind::kDuckDb ? "wh." : "") + QuoteIdentifier(schema);
}

std::string SqlDialect::Literal(std::string_view text) const {
  std::string literal = QuoteLiteral(text);
  if (kind_ != Kind::kRedshift) return literal;
  for (size_t at = literal.find('\\'); at != std::string::npos; at = literal.find('\\', at + 2)) {
    literal.insert(at, 1, '\\');
  }
  return literal;
}

std::string SqlDialect::Permanent(std::string_view schema, std::string_view table) const {
  return fmt::format("{}.{}", Schema(schema), QuoteIdentifier(table));
}

std::string SqlDialect::Temporary(std::string_view table) const {
  return (kind_ == Kind::kDuckDb ? "temp.main." : "") + QuoteIdentifier(table);
}

std::string_view SqlDialect::DefaultSchema() const {
  return kind_ == Kind::kDuckDb ? "main" : "public";
}

std::string SqlDialect::InCatalog(std::string_view name) const {
  return kind_ == Kind::kRedshift ? FoldIdentifier(name) : std::string(name);
}

std::string SqlDialect::Text(int bytes) const {
  return kind_ == Kind::kRedshift ? fmt::format("VARCHAR({})", bytes) : "VARCHAR";
}

std::string SqlDialect::Type(const ColumnType& type) const {
  if (kind_ == Kind::kDuckDb) return DuckDbType(type);
  // PostgreSQL's json keeps the text as it came; jsonb would not.
  if (kind_ == Kind::kPostgres && type.kind == TypeKind::kSuper) return "JSON";
  return ToSql(type);
}

std::string SqlDialect::CatalogType(const ColumnType& type) const {
  if (kind_ == Kind::kDuckDb) return DuckDbType(type);
  // What format_type() answers, which Redshift has from PostgreSQL.
  switch (type.kind) {
    case TypeKind::kSmallInt:
      return "smallint";
    case TypeKind::kInteger:
      return "integer";
    case TypeKind::kBigInt:
      return "bigint";
    case TypeKind::kDecimal:
      return fmt::format("numeric({},{})", type.precision, type.scale);
    case TypeKind::kReal:
      return "real";
    case TypeKind::kDouble:
      return "double precision";
    case TypeKind::kBoolean:
      return "boolean";
    case TypeKind::kChar:
      return fmt::format("character({})", type.length);
    case TypeKind::kVarchar:
      return fmt::format("character varying({})", type.length);
    case TypeKind::kDate:
      return "date";
    case TypeKind::kTimestamp:
      return "timestamp without time zone";
    case TypeKind::kTimestampTz:
      return "timestamp with time zone";
    case TypeKind::kSuper:
      return kind_ == Kind::kRedshift ? "super" : "json";
  }
  return "";
}

std::string SqlDialect::StagedType(const ColumnType& type) const {
  return type.kind == TypeKind::kSuper ? Text(type.length) : Type(type);
}

std::string SqlDialect::SortedBy(std::string_view column) const {
  return kind_ == Kind::kRedshift ? fmt::format(" SORTKEY ({})", column) : "";
}

std::string SqlDialect::Encoded(const Column& column) const {
  if (kind_ != Kind::kRedshift || column.encoding.empty()) return "";
  return " ENCODE " + column.encoding;
}

std::string SqlDialect::LaidOut(const TableSchema& table) const {
  if (kind_ != Kind::kRedshift) return "";
  const TableLayout& layout = table.layout;
  std::string text = DistributionOf(table);
  switch (layout.sort_order) {
    case TableLayout::SortOrder::kUnsaid:
      break;
    case TableLayout::SortOrder::kAuto:
      text += " SORTKEY AUTO";
      break;
    case TableLayout::SortOrder::kCompound:
      text += fmt::format(" COMPOUND SORTKEY ({})", NamesOf(table, layout.sort_key));
      break;
    case TableLayout::SortOrder::kInterleaved:
      text += fmt::format(" INTERLEAVED SORTKEY ({})", NamesOf(table, layout.sort_key));
      break;
  }
  if (layout.encode_auto) text += " ENCODE AUTO";
  return text;
}

std::string SqlDialect::StagedLayout(const TableSchema& table) const {
  const std::optional<size_t>& key = table.layout.distribution_key;
  if (kind_ != Kind::kRedshift || !key || table.columns[*key].generated) return "";
  return DistributionOf(table);
}

std::string SqlDialect::FromStaged(const ColumnType& type, const std::string& value) const {
  if (type.kind != TypeKind::kSuper || kind_ == Kind::kDuckDb) return value;
  if (kind_ == Kind::kRedshift) return fmt::format("JSON_PARSE({})", value);
  return fmt::format("CAST({} AS JSON)", value);
}

std::string SqlDialect::ByBytes(const std::string& text) const {
  return kind_ == Kind::kPostgres ? fmt::format("({} COLLATE \"C\")", text) : text;
}

std::string SqlDialect::InOrder(const std::string& text) const {
  return kind_ == Kind::kRedshift ? fmt::format("{0}, LENGTH({0})", text) : ByBytes(text);
}

std::string SqlDialect::IsBehind(const std::string& text, const std::string& literal,
                                 const std::string& further) const {
  const std::string longer =
      kind_ == Kind::kRedshift
          ? fmt::format("({0} >= {1} AND LENGTH({0}) > LENGTH({1})) OR ", text, literal)
          : "";
  return fmt::format("({} > {} OR {}({} = {} AND {}))", ByBytes(text), literal, longer, Exact(text),
                     Exact(literal), further);
}

std::string SqlDialect::Exact(const std::string& text) const {
  return kind_ == Kind::kRedshift ? fmt::format("({} || '.')", text) : text;
}

std::string SqlDialect::Same(const ColumnType& type, const std::string& staged,
                             const std::string& target) const {
  // PostgreSQL's json has no equality; Redshift's SUPER is not the text that it came as.
  if (type.kind == TypeKind::kSuper && kind_ == Kind::kPostgres) {
    return fmt::format("{} = CAST({} AS VARCHAR)", staged, target);
  }
  return fmt::format("{} = {}", FromStaged(type, staged), target);
}

std::string SqlDialect::InUtc(const std::string& value) const {
  if (kind_ == Kind::kDuckDb) return fmt::format("make_timestamp(epoch_us({}))", value);
  return fmt::format("({} AT TIME ZONE 'UTC')", value);
}

std::string SqlDialect::AsText(const ColumnType& type, const std::string& value) const {
  // Redshift casts no BOOLEAN to text.
  if (kind_ == Kind::kRedshift && type.kind == TypeKind::kBoolean) {
    return fmt::format("CASE {} WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END", value);
  }
  if (kind_ == Kind::kRedshift && type.kind == TypeKind::kSuper) {
    return fmt::format("JSON_SERIALIZE({})", value);
  }
  const bool has_zone = type.kind == TypeKind::kTimestampTz;
  return fmt::format("CAST({} AS {})", has_zone ? InUtc(value) : value, Text(65'535));
}

std::string SqlDialect::Assertion(const std::string& condition, std::string_view sentence,
                                  std::string_view more, const std::string& from) const {
  std::string text = Literal(sentence);
  if (!more.empty()) text += fmt::format(" || {}", more);
  const std::string where = from.empty() ? "" : " FROM " + from;
  if (kind_ == Kind::kDuckDb) {
    return fmt::format("SELECT CASE WHEN {} THEN 'ok' ELSE error({}) END{}", condition, text,
                       where);
  }
  // A cast of a constant would fail when it is planned.
  if (kind_ == Kind::kPostgres && !more.empty()) {
    return fmt::format("SELECT CASE WHEN {} THEN 1 ELSE CAST({} AS INTEGER) END{}", condition, text,
                       where);
  }
  return fmt::format("SELECT 1 / CASE WHEN {} THEN 1 ELSE 0 END{}", condition, where);
}

}  // namespace sluice
