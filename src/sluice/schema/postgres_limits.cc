// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/postgres_limits.h"

#include <fmt/format.h>

namespace sluice {
namespace {

size_t Aligned(size_t bytes) {
  constexpr size_t kAlignment = 8;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Of the largest value.
size_t LargestBytes(const ColumnType& type) {
  constexpr size_t kLengthWord = 4;
  switch (type.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kReal:
    case TypeKind::kDate:
    case TypeKind::kBigInt:
    case TypeKind::kDouble:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return 8;
    case TypeKind::kDecimal:
      // Groups of four digits, one more on each side of the point, and a header.
      return kLengthWord + 4 + 2 * (static_cast<size_t>(type.precision) / 4 + 2);
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kSuper:
      return kLengthWord + static_cast<size_t>(type.length);
  }
  return 0;
}

}  // namespace

size_t PostgresKeyBytes(const Table& table) {
  constexpr size_t kHeader = 8;
  size_t bytes = kHeader;
  for (const size_t column : table.unique) {
    bytes += Aligned(LargestBytes(table.schema.columns[column].type));
  }
  return bytes;
}

std::vector<TableSetProblem> PostgresProblems(std::span<const Table> tables) {
  std::vector<TableSetProblem> problems;
  for (const Table& table : tables) {
    const auto entry = static_cast<size_t>(&table - tables.data());
    const auto check_name = [&](const std::string& what, const std::string& name) {
      if (name.size() <= kLongestPostgresName) return;
      problems.push_back({entry,
                          {"ddl"},
                          fmt::format("{} '{}' has {} bytes, and a name in PostgreSQL at most {}",
                                      what, name, name.size(), kLongestPostgresName)});
    };
    check_name("schema", table.schema.schema);
    check_name("table", table.schema.name);
    for (const Column& column : table.schema.columns) check_name("column", column.name);
    if (const size_t bytes = PostgresKeyBytes(table);
        !table.unique.empty() && bytes > kLargestPostgresKey) {
      problems.push_back(
          {entry,
           {"unique"},
           fmt::format("a key may have {} bytes, and a row of PostgreSQL's index at most {}: write "
                       "shorter types into the DDL, or name other columns",
                       bytes, kLargestPostgresKey)});
    }
  }
  return problems;
}

}  // namespace sluice
