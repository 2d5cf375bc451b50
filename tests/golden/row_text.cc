// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/row_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "sluice/base/io.h"
#include "sluice/base/json_text.h"
#include "sluice/parquet/parquet_reader.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosOfDay = 86'400'000'000;

std::string DateText(int64_t days) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string TimestampText(int64_t micros) {
  int64_t days = micros / kMicrosOfDay, rest = micros % kMicrosOfDay;
  if (rest < 0) {
    rest += kMicrosOfDay;
    --days;
  }
  const int64_t seconds = rest / 1'000'000;
  return fmt::format("{} {:02}:{:02}:{:02}.{:06}", DateText(days), seconds / 3600,
                     seconds / 60 % 60, seconds % 60, rest % 1'000'000);
}

std::string DecimalText(Int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  std::string digits;  // the last one first
  while (unscaled != 0 || digits.size() <= static_cast<size_t>(scale)) {
    const int digit = static_cast<int>(unscaled % 10);
    digits += static_cast<char>('0' + (negative ? -digit : digit));
    unscaled /= 10;
  }
  std::ranges::reverse(digits);
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), 1, '.');
  return negative ? "-" + digits : digits;
}

// Value number `at` among those of `batch` that are present.
std::string ValueText(const ColumnType& type, const ColumnBatch& batch, size_t at) {
  std::string text;
  switch (type.kind) {
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
      return fmt::format("{}", batch.ints[at]);
    case TypeKind::kBoolean:
      return batch.ints[at] != 0 ? "true" : "false";
    case TypeKind::kReal:
      return fmt::format("{}", static_cast<float>(batch.doubles[at]));
    case TypeKind::kDouble:
      return fmt::format("{}", batch.doubles[at]);
    case TypeKind::kDecimal:
      text =
          DecimalText(ValueKindOf(type) == ValueKind::kInt64 ? batch.ints[at] : batch.wide_ints[at],
                      type.scale);
      break;
    case TypeKind::kDate:
      text = DateText(batch.ints[at]);
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      text = TimestampText(batch.ints[at]);
      break;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kSuper:
      text = batch.texts[at];
      break;
  }
  std::string quoted;
  AppendJsonString(quoted, text);
  return quoted;
}

}  // namespace

Result<std::vector<CellRow>> ReadRows(std::string parquet) {
  StringAccess file(std::move(parquet));
  SLUICE_ASSIGN(const ParquetReader reader, ParquetReader::Open(file));
  std::vector<CellRow> rows;
  for (size_t group = 0; group < reader.row_groups(); ++group) {
    const size_t first = rows.size();
    rows.resize(first + reader.rows_in(group));
    for (size_t i = 0; i < reader.columns().size(); ++i) {
      const ParquetColumn& column = reader.columns()[i];
      SLUICE_ASSIGN(const ColumnValues values, reader.Read(group, i));
      size_t next = 0;
      for (size_t row = 0; row < values.batch.present.size(); ++row) {
        const bool present = values.batch.present[row] != 0;
        rows[first + row].push_back(
            {column.name, present ? ValueText(column.type, values.batch, next++) : "null"});
      }
    }
  }
  return rows;
}

}  // namespace sluice
