// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/parquet_schema.h"

#include <array>
#include <charconv>

#include "sluice/parquet/uint128.h"

namespace sluice {
namespace {

constexpr int32_t kSuperLength = 65'535;

struct Mapping {
  PhysicalType type;
  std::optional<ConvertedType> converted;
  std::optional<LogicalType> logical;
};

Mapping MappingOf(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kSmallInt:
      return {PhysicalType::kInt32, ConvertedType::kInt16, LogicalType::kInt16};
    case TypeKind::kInteger:
      return {PhysicalType::kInt32, {}, {}};
    case TypeKind::kBigInt:
      return {PhysicalType::kInt64, {}, {}};
    case TypeKind::kDecimal:
      return {ValueKindOf(type) == ValueKind::kInt64 ? PhysicalType::kInt64
                                                     : PhysicalType::kFixedLenByteArray,
              ConvertedType::kDecimal, LogicalType::kDecimal};
    case TypeKind::kReal:
      return {PhysicalType::kFloat, {}, {}};
    case TypeKind::kDouble:
      return {PhysicalType::kDouble, {}, {}};
    case TypeKind::kBoolean:
      return {PhysicalType::kBoolean, {}, {}};
    case TypeKind::kDate:
      return {PhysicalType::kInt32, ConvertedType::kDate, LogicalType::kDate};
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return {PhysicalType::kInt64, ConvertedType::kTimestampMicros,
              LogicalType::kTimestampMicrosUtc};
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kSuper:
      break;
  }
  return {PhysicalType::kByteArray, ConvertedType::kUtf8, LogicalType::kString};
}

// Reads what ToSql wrote: NAME, NAME(n) or NAME(n,m).
struct SqlTypeText {
  std::string_view name;
  int numbers[2] = {0, 0};
  int count = 0;
};

std::optional<SqlTypeText> SplitSqlType(std::string_view text) {
  SqlTypeText split;
  const size_t open = text.find('(');
  split.name = text.substr(0, open);
  if (open == std::string_view::npos) return split;
  const char* at = text.data() + open + 1;
  const char* const end = text.data() + text.size();
  for (int i = 0; i < 2; ++i) {
    const auto [behind, error] = std::from_chars(at, end, split.numbers[i]);
    if (error != std::errc() || behind == end || split.numbers[i] < 0) return std::nullopt;
    ++split.count;
    at = behind + 1;
    if (*behind == ')') return at == end ? std::optional(split) : std::nullopt;
    if (*behind != ',') return std::nullopt;
  }
  return std::nullopt;
}

std::optional<ColumnType> TypeFromSql(std::string_view text) {
  constexpr std::array kPlain = {TypeKind::kSmallInt, TypeKind::kInteger,   TypeKind::kBigInt,
                                 TypeKind::kReal,     TypeKind::kDouble,    TypeKind::kBoolean,
                                 TypeKind::kDate,     TypeKind::kTimestamp, TypeKind::kTimestampTz,
                                 TypeKind::kSuper};
  for (const TypeKind kind : kPlain) {
    const ColumnType type{.kind = kind, .length = kind == TypeKind::kSuper ? kSuperLength : 0};
    if (ToSql(type) == text) return type;
  }
  const std::optional<SqlTypeText> split = SplitSqlType(text);
  if (!split) return std::nullopt;
  const auto [first, second] = split->numbers;
  if (split->name == "DECIMAL" && split->count == 2 && first >= 1 && first <= 38 &&
      second <= first) {
    return ColumnType{.kind = TypeKind::kDecimal,
                      .precision = static_cast<int8_t>(first),
                      .scale = static_cast<int8_t>(second)};
  }
  if (split->count != 1) return std::nullopt;
  if (split->name == "CHAR") return ColumnType{.kind = TypeKind::kChar, .length = first};
  if (split->name == "VARCHAR") return ColumnType{.kind = TypeKind::kVarchar, .length = first};
  return std::nullopt;
}

}  // namespace

SchemaElement SchemaElementOf(const ParquetColumn& column) {
  const Mapping mapping = MappingOf(column.type);
  SchemaElement element{.name = column.name,
                        .type = mapping.type,
                        .required = column.not_null,
                        .converted = mapping.converted,
                        .logical = mapping.logical};
  if (column.type.kind == TypeKind::kDecimal) {
    element.precision = column.type.precision;
    element.scale = column.type.scale;
  }
  if (mapping.type == PhysicalType::kFixedLenByteArray) {
    element.type_length = DecimalBytes(column.type.precision);
  }
  return element;
}

int32_t DecimalBytes(int precision) {
  // The smallest n with 10^precision <= 2^(8n-1).
  UInt128 power = 1;
  for (int i = 0; i < precision; ++i) power *= 10;
  int32_t bytes = 1;
  while (bytes < 16 && power > static_cast<UInt128>(1) << (8 * bytes - 1)) ++bytes;
  return bytes;
}

std::string FormatColumnTypes(const std::vector<ParquetColumn>& columns) {
  std::string text;
  for (const ParquetColumn& column : columns) {
    if (!text.empty()) text += '\n';
    text += ToSql(column.type);
  }
  return text;
}

Result<std::vector<ParquetColumn>> ColumnsOf(const std::vector<SchemaElement>& schema,
                                             std::string_view types) {
  std::vector<ParquetColumn> columns;
  for (const SchemaElement& element : schema) {
    const size_t end = std::min(types.find('\n'), types.size());
    const std::optional<ColumnType> type = TypeFromSql(types.substr(0, end));
    types.remove_prefix(std::min(end + 1, types.size()));
    if (!type) {
      return Fail(ErrorKind::kBadData, "no SQL type in {}: column={}", kColumnsKey, element.name);
    }
    ParquetColumn column{.name = element.name, .type = *type, .not_null = element.required};
    if (SchemaElementOf(column) != element) {
      return Fail(ErrorKind::kBadData, "schema does not fit the SQL type: column={} type={}",
                  element.name, ToSql(*type));
    }
    columns.push_back(std::move(column));
  }
  if (!types.empty()) {
    return Fail(ErrorKind::kBadData, "{} has more types than there are columns", kColumnsKey);
  }
  return columns;
}

}  // namespace sluice
