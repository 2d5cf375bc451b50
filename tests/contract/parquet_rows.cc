// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/parquet_rows.h"

#include <numeric>

#include "sluice/base/clock.h"
#include "sluice/parquet/parquet_writer.h"

namespace sluice {
namespace {

// "-12.50" of DECIMAL(p,2) is -1250: as many decimals as the type has.
Int128 Unscaled(std::string_view text) {
  Int128 value = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') value = value * 10 + (c - '0');
  }
  return text.starts_with('-') ? -value : value;
}

int64_t ToInt64(const ColumnType& type, const std::string& text) {
  switch (type.kind) {
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return FromIso8601(text).value().time_since_epoch().count();
    case TypeKind::kDate:
      return std::chrono::floor<std::chrono::days>(FromIso8601(text + "T00:00:00Z").value())
          .time_since_epoch()
          .count();
    case TypeKind::kBoolean:
      return text == "true" ? 1 : 0;
    default:
      return static_cast<int64_t>(Unscaled(text));
  }
}

void Append(const ColumnType& type, const std::string& text, ColumnBatch& column) {
  switch (ValueKindOf(type)) {
    case ValueKind::kText:
      return column.texts.push_back(text);
    case ValueKind::kDouble:
      return column.doubles.push_back(std::stod(text));
    case ValueKind::kInt128:
      return column.wide_ints.push_back(Unscaled(text));
    case ValueKind::kInt64:
      return column.ints.push_back(ToInt64(type, text));
  }
}

}  // namespace

std::string ParquetOf(const std::vector<WarehouseHarness::FileColumn>& columns,
                      const WarehouseHarness::Rows& rows,
                      const std::optional<std::string>& table_key) {
  std::vector<ParquetColumn> described;
  for (const auto& column : columns) described.push_back({column.name, column.type, false});
  RowBatch batch;
  batch.rows = rows.size();
  batch.columns.resize(columns.size());
  batch.lines.resize(rows.size());
  std::iota(batch.lines.begin(), batch.lines.end(), 1);
  for (const auto& row : rows) {
    for (size_t i = 0; i < columns.size(); ++i) {
      batch.columns[i].present.push_back(row[i] ? 1 : 0);
      if (row[i]) Append(columns[i].type, *row[i], batch.columns[i]);
    }
  }
  StringSink sink;
  ParquetWriter writer(described, {}, sink);
  EXPECT_TRUE(writer.Append(batch));
  std::vector<std::pair<std::string, std::string>> metadata;
  if (table_key) metadata.emplace_back(kKeyInMetadata, *table_key);
  EXPECT_TRUE(writer.Finish(metadata));
  return sink.text();
}

}  // namespace sluice
