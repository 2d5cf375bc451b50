// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/probe_sample.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <variant>

#include "sluice/base/clock.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {

const std::string_view kSampleTime = "2026-01-31T12:00:00.123456Z";

namespace {

struct SampleColumn {
  const char* name;
  ColumnType type;
  std::variant<int64_t, Int128, double, std::string_view> value;
  std::string_view text;  // as SqlDialect::AsText gives it back
};

// What differs between the physical types of Parquet, and at the ends of their ranges.
std::vector<SampleColumn> Columns() {
  using Kind = TypeKind;
  const Timestamp time = FromIso8601(kSampleTime).value();
  const int64_t micros = time.time_since_epoch().count();
  const int64_t day = std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
  const Int128 wide = Int128(12'345'678'901'234'567'890U) * 1'000'000'000 + 123'456'789;
  constexpr std::string_view kTime = "2026-01-31 12:00:00.123456";
  return {
      {"id", {.kind = Kind::kBigInt}, int64_t{0}, ""},  // the row's own
      {"at", {.kind = Kind::kTimestamp}, micros, kTime},
      {"text", {.kind = Kind::kVarchar, .length = 8}, std::string_view(), ""},  // the row's own
      {"small", {.kind = Kind::kSmallInt}, int64_t{-32'768}, "-32768"},
      {"whole", {.kind = Kind::kInteger}, int64_t{2'147'483'647}, "2147483647"},
      {"price", {.kind = Kind::kDecimal, .precision = 4, .scale = 2}, int64_t{-1'250}, "-12.50"},
      {"amount",
       {.kind = Kind::kDecimal, .precision = 38, .scale = 9},
       wide,
       "12345678901234567890.123456789"},
      {"ratio", {.kind = Kind::kReal}, 0.5, "0.5"},
      {"share", {.kind = Kind::kDouble}, 0.25, "0.25"},
      {"is_new", {.kind = Kind::kBoolean}, int64_t{1}, "true"},
      {"code", {.kind = Kind::kChar, .length = 3}, std::string_view("abc"), "abc"},
      {"day", {.kind = Kind::kDate}, day, "2026-01-31"},
      {"seen", {.kind = Kind::kTimestampTz}, micros, kTime},
      {"extra", {.kind = Kind::kSuper, .length = 65'535}, std::string_view("[7]"), "[7]"}};
}

void Append(const SampleColumn& column, size_t index, const SampleRow& row, ColumnBatch& batch) {
  const bool is_key = index < 2;
  batch.present.push_back(is_key || index == 2 || row.is_full ? 1 : 0);
  if (batch.present.back() == 0) return;
  if (index == 0) return batch.ints.push_back(row.id);
  if (index == 2) return batch.texts.push_back(row.text);
  if (const auto* number = std::get_if<int64_t>(&column.value)) batch.ints.push_back(*number);
  if (const auto* wide = std::get_if<Int128>(&column.value)) batch.wide_ints.push_back(*wide);
  if (const auto* real = std::get_if<double>(&column.value)) batch.doubles.push_back(*real);
  if (const auto* text = std::get_if<std::string_view>(&column.value)) batch.texts.push_back(*text);
}

Result<std::string> FileOf(std::vector<ParquetColumn> columns, const RowBatch& rows,
                           ParquetWriterOptions options) {
  StringSink sink;
  ParquetWriter writer(std::move(columns), std::move(options), sink);
  SLUICE_TRY(writer.Append(rows));
  SLUICE_TRY(writer.Finish({}));
  return sink.text();
}

}  // namespace

Table SampleTable(std::string schema, std::string name) {
  Table table;
  table.schema = {std::move(schema), std::move(name), {}};
  for (const SampleColumn& column : Columns()) {
    const bool is_key = table.schema.columns.size() < 2;
    table.schema.columns.push_back({column.name, column.type, is_key, false, std::nullopt});
    table.sources.push_back({{column.name}, std::nullopt});
  }
  table.unique = {0};
  table.time = 1;
  return table;
}

Result<std::string> SampleFile(int64_t object, std::span<const SampleRow> rows, Codec codec) {
  const std::vector<SampleColumn> columns = Columns();
  std::vector<ParquetColumn> described;
  RowBatch batch;
  batch.rows = rows.size();
  batch.columns.resize(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    described.push_back({columns[i].name, columns[i].type, i < 2});
    for (const SampleRow& row : rows) Append(columns[i], i, row, batch.columns[i]);
  }
  for (size_t i = 0; i < rows.size(); ++i) batch.lines.push_back(static_cast<int32_t>(i + 1));
  return FileOf(std::move(described), batch, {.codec = codec, .object_id = object});
}

Result<std::string> TextFile(std::string_view text) {
  RowBatch batch;
  batch.rows = 1;
  batch.columns.resize(1);
  batch.columns[0].present = {1};
  batch.columns[0].texts = {text};
  batch.lines = {1};
  return FileOf({{"text", {.kind = TypeKind::kVarchar, .length = 65'535}, false}}, batch, {});
}

std::string ReadSampleSql(const SqlDialect& dialect, const std::string& table, int64_t id,
                          bool is_staged) {
  std::string columns;
  for (const SampleColumn& column : Columns()) {
    std::string value = QuoteIdentifier(column.name);
    if (is_staged) value = dialect.FromStaged(column.type, value);
    columns += (columns.empty() ? "" : ", ") + dialect.AsText(column.type, value);
  }
  return fmt::format("SELECT {} FROM {} WHERE \"id\" = {}", columns, table, id);
}

std::string SampleDifferences(const SampleRow& sent, const std::vector<TextRow>& rows) {
  const std::vector<SampleColumn> columns = Columns();
  if (rows.size() != 1 || rows[0].size() != columns.size()) {
    return fmt::format("{} rows with that key", rows.size());
  }
  std::string differences;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string wanted = i == 0   ? std::to_string(sent.id)
                               : i == 2 ? std::string(sent.text)
                                        : std::string(columns[i].text);
    const std::string found = rows[0][i].value_or("NULL");
    if (found == wanted) continue;
    differences += fmt::format("{}{}={}, not {}", differences.empty() ? "" : "; ", columns[i].name,
                               found, wanted);
  }
  return differences;
}

}  // namespace sluice
