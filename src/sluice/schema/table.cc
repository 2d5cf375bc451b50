// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/table.h"

#include <fmt/format.h>

namespace sluice {

ValueKind ValueKindOf(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kReal:
    case TypeKind::kDouble:
      return ValueKind::kDouble;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kSuper:
      return ValueKind::kText;
    case TypeKind::kDecimal:
      return type.precision > 18 ? ValueKind::kInt128 : ValueKind::kInt64;
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
    case TypeKind::kBoolean:
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return ValueKind::kInt64;
  }
  return ValueKind::kText;
}

std::string ToSql(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kSmallInt:
      return "SMALLINT";
    case TypeKind::kInteger:
      return "INTEGER";
    case TypeKind::kBigInt:
      return "BIGINT";
    case TypeKind::kDecimal:
      return fmt::format("DECIMAL({},{})", type.precision, type.scale);
    case TypeKind::kReal:
      return "REAL";
    case TypeKind::kDouble:
      return "DOUBLE PRECISION";
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kChar:
      return fmt::format("CHAR({})", type.length);
    case TypeKind::kVarchar:
      return fmt::format("VARCHAR({})", type.length);
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTimestamp:
      return "TIMESTAMP";
    case TypeKind::kTimestampTz:
      return "TIMESTAMPTZ";
    case TypeKind::kSuper:
      return "SUPER";
  }
  return "?";
}

std::optional<size_t> TableSchema::IndexOf(std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return i;
  }
  return std::nullopt;
}

}  // namespace sluice
