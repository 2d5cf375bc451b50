// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/parquet_seeds.h"

#include "sluice/base/check.h"

namespace sluice {
namespace {

struct Shape {
  size_t rows;
  ParquetWriterOptions options;
};

std::vector<ColumnType> EveryType() {
  return {{.kind = TypeKind::kSmallInt},
          {.kind = TypeKind::kInteger},
          {.kind = TypeKind::kBigInt},
          {.kind = TypeKind::kDecimal, .precision = 9, .scale = 2},
          {.kind = TypeKind::kDecimal, .precision = 30, .scale = 10},
          {.kind = TypeKind::kReal},
          {.kind = TypeKind::kDouble},
          {.kind = TypeKind::kBoolean},
          {.kind = TypeKind::kChar, .length = 9},
          {.kind = TypeKind::kVarchar, .length = 90},
          {.kind = TypeKind::kDate},
          {.kind = TypeKind::kTimestamp},
          {.kind = TypeKind::kTimestampTz},
          {.kind = TypeKind::kSuper, .length = 65'535}};
}

// Few different values, so that dictionaries pay.
void AddValue(const ColumnType& type, size_t row, ColumnBatch& out) {
  static constexpr std::string_view kTexts[] = {"", "{\"a\":1}", "[2]", "\"three\""};
  switch (ValueKindOf(type)) {
    case ValueKind::kInt64:
      out.ints.push_back(static_cast<int64_t>(type.kind == TypeKind::kBoolean ? row % 2 : row % 5));
      break;
    case ValueKind::kInt128:
      out.wide_ints.push_back(-static_cast<Int128>(row % 5) << 60);
      break;
    case ValueKind::kDouble:
      out.doubles.push_back(0.5 * static_cast<double>(row % 5));
      break;
    case ValueKind::kText:
      out.texts.push_back(kTexts[row % 4]);
  }
}

std::string Write(const Shape& shape) {
  RowBatch batch{.rows = shape.rows};
  for (const ParquetColumn& column : SeedColumns()) {
    ColumnBatch& values = batch.columns.emplace_back();
    for (size_t row = 0; row < shape.rows; ++row) {
      const bool is_present = column.not_null || row % 3 != 1;
      values.present.push_back(is_present ? 1 : 0);
      if (is_present) AddValue(column.type, row, values);
    }
  }
  for (size_t row = 0; row < shape.rows; ++row) {
    batch.lines.push_back(static_cast<int32_t>(row + 1));
  }
  StringSink sink;
  ParquetWriter writer(SeedColumns(), shape.options, sink);
  SLUICE_CHECK(shape.rows == 0 || writer.Append(batch));
  SLUICE_CHECK(writer.Finish({{"sluice.object", "file:///raw/x#1"}}));
  return sink.text();
}

std::vector<ParquetColumn> MakeColumns() {
  std::vector<ParquetColumn> columns;
  for (const ColumnType& type : EveryType()) {
    for (const bool not_null : {true, false}) {
      columns.push_back({"c" + std::to_string(columns.size()), type, not_null});
    }
  }
  return columns;
}

}  // namespace

const std::vector<ParquetColumn>& SeedColumns() {
  static const std::vector<ParquetColumn> columns = MakeColumns();
  return columns;
}

std::vector<std::string> ParquetSeeds() {
  std::vector<std::string> seeds;
  for (const Codec codec : {Codec::kUncompressed, Codec::kSnappy, Codec::kZstd}) {
    seeds.push_back(Write({0, {.codec = codec, .object_id = 42}}));
    seeds.push_back(Write({20, {.codec = codec}}));
    seeds.push_back(Write(
        {60,
         {.codec = codec, .page = Bytes{64}, .row_group = Bytes{1500}, .dictionary = Bytes{40}}}));
  }
  return seeds;
}

}  // namespace sluice
