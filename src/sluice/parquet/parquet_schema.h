// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/schema/table.h"

namespace sluice {

// How SQL types are written to Parquet (parquet-format's LogicalTypes.md):
//
//   SMALLINT        INT32       INT_16, Integer(16, signed)
//   INTEGER         INT32
//   BIGINT          INT64
//   DECIMAL(p<=18)  INT64       DECIMAL, Decimal(p, s)
//   DECIMAL(p>18)   FIXED_LEN_BYTE_ARRAY, as short as p allows, big-endian two's complement; the
//   same REAL, DOUBLE    FLOAT, DOUBLE BOOLEAN         BOOLEAN CHAR, VARCHAR, SUPER  BYTE_ARRAY
//   UTF8, String DATE            INT32       DATE, Date TIMESTAMP, TIMESTAMPTZ  INT64
//   TIMESTAMP_MICROS, Timestamp(MICROS, UTC): Redshift misreads
//                   timestamps that lack either annotation
//
// Parquet cannot say VARCHAR(36), so the key-value pair kColumnsKey holds the SQL types, one a line
// in the order of the columns, each as ToSql writes it.
inline constexpr std::string_view kColumnsKey = "sluice.columns";

enum class PhysicalType : int32_t {
  kBoolean = 0,
  kInt32 = 1,
  kInt64 = 2,
  kFloat = 4,
  kDouble = 5,
  kByteArray = 6,
  kFixedLenByteArray = 7,
};

enum class ConvertedType : int32_t {
  kUtf8 = 0,
  kDecimal = 5,
  kDate = 6,
  kTimestampMicros = 10,
  kInt16 = 16,
};

// The fields of parquet.thrift's union LogicalType that are used.
enum class LogicalType : int32_t {
  kString = 1,
  kDecimal = 5,
  kDate = 6,
  kTimestampMicrosUtc = 8,
  kInt16 = 10,
};

// One column of the schema (parquet.thrift's SchemaElement without children).
struct SchemaElement {
  std::string name;
  PhysicalType type = PhysicalType::kByteArray;
  int32_t type_length = 0;  // of kFixedLenByteArray
  bool required = false;
  std::optional<ConvertedType> converted;
  std::optional<LogicalType> logical;
  int32_t precision = 0, scale = 0;  // of DECIMAL

  friend bool operator==(const SchemaElement&, const SchemaElement&) = default;
};

SchemaElement SchemaElementOf(const ParquetColumn& column);

// The bytes that a DECIMAL of `precision` digits needs: 9 for 19 digits, 16 for 38.
int32_t DecimalBytes(int precision);

// The value of kColumnsKey.
std::string FormatColumnTypes(const std::vector<ParquetColumn>& columns);

// The columns of a schema and its kColumnsKey; kBadData unless each element is exactly the one that
// its SQL type is written as. The length of SUPER is 65,535.
Result<std::vector<ParquetColumn>> ColumnsOf(const std::vector<SchemaElement>& schema,
                                             std::string_view types);

}  // namespace sluice
