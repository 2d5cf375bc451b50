// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/event_sql.h"

#include <fmt/format.h>

#include "sluice/warehouse/sql_text.h"

namespace sluice {

EventSql::EventSql(const LedgerNames& names, const Table& table)
    : names_(names), table_(table), columns_(table.unique) {
  if (table.time && HasKey()) columns_.push_back(*table.time);
}

std::string EventSql::Name(size_t column) const {
  return QuoteIdentifier(table_.schema.columns[column].name);
}

std::string EventSql::TableName() const {
  return fmt::format("CAST({} AS {})", names_.dialect.Literal(table_.name()),
                     names_.dialect.Text(127));
}

// The same event_key for the same unique columns and no others (RFC 6901's escapes for '|'), and in
// sessions of every time zone.
std::string EventSql::Key(std::string_view of) const {
  const auto text_of = [&](size_t column) {
    const bool has_zone = table_.schema.columns[column].type.kind == TypeKind::kTimestampTz;
    const std::string name = fmt::format("{}.{}", of, Name(column));
    const std::string text = names_.dialect.Text(kLongestEventKey);
    if (!has_zone) return fmt::format("CAST({} AS {})", name, text);
    return fmt::format("(CAST({} AS {}) || '+00')", names_.dialect.InUtc(name), text);
  };
  if (table_.unique.size() == 1) return text_of(table_.unique[0]);
  std::string text;
  for (const size_t column : table_.unique) {
    text += fmt::format("{}REPLACE(REPLACE({}, '~', '~0'), '|', '~1')",
                        text.empty() ? "" : " || '|' || ", text_of(column));
  }
  return text;
}

std::string EventSql::Time(std::string_view of) const {
  if (!table_.time) return "CAST(NULL AS TIMESTAMP)";
  const std::string name = fmt::format("{}.{}", of, Name(*table_.time));
  if (table_.schema.columns[*table_.time].type.kind == TypeKind::kTimestamp) return name;
  return names_.dialect.InUtc(name);
}

std::string EventSql::Matches(std::string_view of, std::string_view with) const {
  std::string matches;
  for (const size_t column : columns_) {
    matches += fmt::format("{}{}.{} = {}.{}", matches.empty() ? "" : " AND ", of, Name(column),
                           with, Name(column));
  }
  return matches;
}

std::string EventSql::Columns(std::string_view of) const {
  std::string columns;
  for (const size_t column : columns_) {
    columns += fmt::format("{}{}.{}", columns.empty() ? "" : ", ", of, Name(column));
  }
  return columns;
}

std::string EventSql::NumberedColumns(std::string_view of, std::string_view k) const {
  std::string columns;
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns += fmt::format("{}.{} AS {}{}, ", of, Name(columns_[i]), k, i);
  }
  return columns;
}

std::string EventSql::MatchesNumbered(std::string_view of, std::string_view with,
                                      std::string_view k) const {
  std::string matches;
  for (size_t i = 0; i < columns_.size(); ++i) {
    matches +=
        fmt::format("{}{}.{} = {}.{}{}", i == 0 ? "" : " AND ", of, Name(columns_[i]), with, k, i);
  }
  return matches;
}

std::string EventSql::Within(std::string_view of, const std::vector<TimeInterval>& times) const {
  if (!table_.time || times.empty()) return "";
  const std::string column = fmt::format("{}.{}", of, Name(*table_.time));
  const auto between = [&](Timestamp from, Timestamp to) {
    return fmt::format("{} BETWEEN {} AND {}", column, TimeLiteral(table_, from),
                       TimeLiteral(table_, to));
  };
  std::string text = " AND " + between(times.front().from, times.back().to);
  if (times.size() == 1) return text;
  std::string any;
  for (const TimeInterval& interval : times) {
    any += fmt::format("{}{}", any.empty() ? "" : " OR ", between(interval.from, interval.to));
  }
  return text + fmt::format(" AND ({})", any);
}

std::string EventSql::TimeLiteral(const Table& table, Timestamp time) {
  if (table.schema.columns[*table.time].type.kind != TypeKind::kTimestampTz) {
    return TimestampLiteral(time);
  }
  return fmt::format("CAST('{}+00' AS TIMESTAMPTZ)", SqlTime(time));
}

}  // namespace sluice
