// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/parquet_schema.h"

#include <gtest/gtest.h>

#include "sluice/parquet/parquet_test_table.h"

namespace sluice {
namespace {

TEST(ParquetSchema, T16_DecimalsAreAsShortAsTheirPrecisionAllows) {
  const int wanted[] = {1, 1, 2,  2,  3,  3,  4,  4,  4,  5,  5,  6,  6,  6,  7,  7,  8,  8,  9,
                        9, 9, 10, 10, 11, 11, 11, 12, 12, 13, 13, 13, 14, 14, 15, 15, 16, 16, 16};
  for (int precision = 1; precision <= 38; ++precision) {
    EXPECT_EQ(DecimalBytes(precision), wanted[precision - 1]) << precision;
  }
}

TEST(ParquetSchema, TimestampsHaveBothAnnotations) {
  for (const TypeKind kind : {TypeKind::kTimestamp, TypeKind::kTimestampTz}) {
    const SchemaElement element = SchemaElementOf({"t", {.kind = kind}, false});
    EXPECT_EQ(element.type, PhysicalType::kInt64);
    EXPECT_EQ(element.converted, ConvertedType::kTimestampMicros);
    EXPECT_EQ(element.logical, LogicalType::kTimestampMicrosUtc);
  }
}

TEST(ParquetSchema, EveryTypeComesBack) {
  const std::vector<ParquetColumn> columns = ParquetTestTable::EveryType(1, 1).columns();
  std::vector<SchemaElement> schema;
  for (const ParquetColumn& column : columns) schema.push_back(SchemaElementOf(column));
  const auto read = ColumnsOf(schema, FormatColumnTypes(columns));
  ASSERT_TRUE(read) << read.error().message();
  for (size_t i = 0; i < columns.size(); ++i) {
    EXPECT_EQ((*read)[i].name, columns[i].name);
    EXPECT_EQ((*read)[i].type, columns[i].type) << columns[i].name;
    EXPECT_EQ((*read)[i].not_null, columns[i].not_null);
  }
}

TEST(ParquetSchema, TypesThatDoNotFitAreRefused) {
  const std::vector<SchemaElement> schema = {
      SchemaElementOf({"a", {.kind = TypeKind::kDecimal, .precision = 20, .scale = 2}, true})};
  EXPECT_TRUE(ColumnsOf(schema, "DECIMAL(20,2)"));
  for (const std::string_view types :
       {"", "DECIMAL(20,3)", "DECIMAL(21,2)", "DECIMAL(20,2", "DECIMAL(20,2)x", "DECIMAL(20)",
        "DECIMAL(2,20)", "DECIMAL(20,-2)", "DECIMAL(99999999999,2)", "DECIMAL(39,2)", "DECIMAL()",
        "BIGINT", "NUMERIC(20,2)", "DECIMAL(20,2)\nBIGINT", "VARCHAR", "VARCHAR(5)", "VARCHAR(5,1)",
        "CHAR(", "SUPER"}) {
    EXPECT_FALSE(ColumnsOf(schema, types)) << types;
  }
}

}  // namespace
}  // namespace sluice
