// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/event_identity_sql.h"

#include <fmt/format.h>

#include "sluice/warehouse/sql_text.h"

namespace sluice {

std::string EventKeySql(const LedgerNames& names, const Table& table, std::string_view alias) {
  const auto text_of = [&](size_t column) {
    return fmt::format("CAST({}.{} AS {})", alias,
                       QuoteIdentifier(table.schema.columns[column].name),
                       names.dialect.Text(kLongestEventKey));
  };
  if (table.unique.size() == 1) return text_of(table.unique[0]);
  std::string text;
  for (const size_t column : table.unique) {
    text += fmt::format("{}REPLACE(REPLACE({}, '~', '~0'), '|', '~1')",
                        text.empty() ? "" : " || '|' || ", text_of(column));
  }
  return text;
}

std::string EventTimeSql(const LedgerNames& names, const Table& table, std::string_view alias) {
  if (!table.time) return "CAST(NULL AS TIMESTAMP)";
  const Column& column = table.schema.columns[*table.time];
  const std::string name = fmt::format("{}.{}", alias, QuoteIdentifier(column.name));
  return column.type.kind == TypeKind::kTimestamp ? name : names.dialect.InUtc(name);
}

std::string EventTimeLiteral(const Table& table, Timestamp time) {
  const std::string text = TimestampLiteral(time);
  const bool has_zone = table.schema.columns[*table.time].type.kind == TypeKind::kTimestampTz;
  return has_zone ? fmt::format("CAST({} AS TIMESTAMPTZ)", text) : text;
}

}  // namespace sluice
