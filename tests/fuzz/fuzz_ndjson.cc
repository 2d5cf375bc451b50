// SPDX-License-Identifier: Apache-2.0
// Any bytes through chunker and converter: rectangular batches, a balance that holds, and the same
// rows, faults and counts however the stream is cut, on the general path and on the fast path of
// every instruction set.
#include <fmt/format.h>

#include <memory>

#include "sluice/ndjson/event_converter.h"
#include "sluice/ndjson/scan_kernels.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/seed_files.h"

namespace sluice {
namespace {

constexpr LineChunkerOptions kWhole{
    .chunk = KiB(256), .longest_line = Bytes{5000}, .kept_of_cut_line = Bytes{100}};

Table MakeTable(std::string name, std::vector<std::pair<ColumnType, FieldPath>> columns) {
  Table table;
  table.schema.name = std::move(name);
  for (auto& [type, path] : columns) {
    table.schema.columns.push_back(
        {.name = fmt::format("c{}", table.schema.columns.size()), .type = type});
    table.sources.push_back({.path = std::move(path)});
  }
  return table;
}

// Takes everything, so that no fault hides another column: what does not fit is cut or NULL.
Table EveryType() {
  Table table =
      MakeTable("every", {{{.kind = TypeKind::kChar, .length = 4}, {"v"}},
                          {{.kind = TypeKind::kVarchar, .length = 8}, {"v"}},
                          {{.kind = TypeKind::kSmallInt}, {"v"}},
                          {{.kind = TypeKind::kBigInt}, {"v"}},
                          {{.kind = TypeKind::kDecimal, .precision = 18, .scale = 9}, {"v"}},
                          {{.kind = TypeKind::kDecimal, .precision = 38}, {"v"}},
                          {{.kind = TypeKind::kReal}, {"v"}},
                          {{.kind = TypeKind::kDouble}, {"v"}},
                          {{.kind = TypeKind::kBoolean}, {"v"}},
                          {{.kind = TypeKind::kDate}, {"v"}},
                          {{.kind = TypeKind::kTimestamp}, {"v"}},
                          {{.kind = TypeKind::kTimestampTz}, {"v"}},
                          {{.kind = TypeKind::kSuper, .length = 65'535}, {"v"}},
                          {{.kind = TypeKind::kSuper, .length = 65'535}, {"rest"}}});
  table.sources[11].epoch = EpochUnit::kMillis;
  table.on_too_long = OnTooLong::kTruncate;
  table.on_bad_value = OnBadValue::kNull;
  table.on_unknown_field = OnUnknownField::kCollect;
  table.collect = 13;
  return table;
}

// Takes only what fits: keys, a default, a nested field.
Table Strict() {
  Table table =
      MakeTable("strict", {{{.kind = TypeKind::kVarchar, .length = 36}, {"x"}},
                           {{.kind = TypeKind::kTimestamp}, {"at"}},
                           {{.kind = TypeKind::kBigInt}, {"v"}},
                           {{.kind = TypeKind::kSuper, .length = 65'535}, {"context", "page"}}});
  table.schema.columns[0].not_null = table.schema.columns[1].not_null = true;
  table.schema.columns[2].default_text = "7";
  table.unique = {0};
  table.time = 1;
  table.on_unknown_field = OnUnknownField::kQuarantine;
  return table;
}

TableSet Tables() {
  const auto equals = [](FieldPath path, std::string literal) {
    return Condition{
        .kind = Condition::Kind::kEquals, .path = std::move(path), .literal = std::move(literal)};
  };
  return {.tables = {EveryType(), Strict()},
          .rules = {{.conditions = {equals({"kind"}, "\"drop\"")}, .table = std::nullopt},
                    {.conditions = {{.kind = Condition::Kind::kHas, .path = {"x"}}}, .table = 1},
                    {.conditions = {{.kind = Condition::Kind::kHas, .path = {"v"}}}, .table = 0}}};
}

std::string ValueText(const ColumnBatch& column, size_t value) {
  if (!column.ints.empty()) return std::to_string(column.ints[value]);
  if (!column.doubles.empty()) return fmt::format("{}", column.doubles[value]);
  if (!column.texts.empty()) return std::string(column.texts[value]);
  const auto low = static_cast<uint64_t>(column.wide_ints[value]);
  return fmt::format("{}:{}", static_cast<int64_t>(column.wide_ints[value] >> 64), low);
}

// Every column has one entry for each row, and one value for each entry that is no NULL.
void AppendRows(const RowBatch& batch, std::vector<std::string>& rows) {
  SLUICE_CHECK(batch.lines.size() == batch.rows);
  const size_t first = rows.size();
  for (size_t row = 0; row < batch.rows; ++row) rows.push_back(std::to_string(batch.lines[row]));
  for (const ColumnBatch& column : batch.columns) {
    SLUICE_CHECK(column.present.size() == batch.rows);
    size_t value = 0;
    for (size_t row = 0; row < batch.rows; ++row) {
      rows[first + row] += '|';
      if (column.present[row] != 0) rows[first + row] += ValueText(column, value++);
    }
    SLUICE_CHECK(value == column.ints.size() + column.wide_ints.size() + column.doubles.size() +
                              column.texts.size());
  }
}

struct Outcome {
  std::vector<std::string> rows, faults;
  ConversionCounts counts;
};

void CheckBalance(const Outcome& outcome) {
  const ConversionCounts& counts = outcome.counts;
  uint64_t routed = 0, loaded = 0;
  for (const TableCounts& table : counts.tables) {
    routed += table.routed;
    loaded += table.routed - table.quarantined;
  }
  SLUICE_CHECK(counts.lines == routed + counts.no_route + counts.dropped);
  SLUICE_CHECK(loaded == outcome.rows.size());
  SLUICE_CHECK(counts.lines - counts.dropped == outcome.rows.size() + outcome.faults.size());
}

Outcome Convert(EventConverter& converter, std::string_view text, const LineChunkerOptions& options,
                size_t piece) {
  Outcome outcome{.counts = converter.MakeCounts()};
  StringSource source(text, piece);
  LineChunker chunker(source, options);
  LineChunk chunk;
  ConvertedChunk out;
  std::vector<std::vector<std::string>> rows(out.tables.size());
  while (chunker.Next(chunk).value_or(false)) {
    converter.Convert(chunk, out, outcome.counts);
    rows.resize(out.tables.size());
    for (size_t i = 0; i < rows.size(); ++i) AppendRows(out.tables[i], rows[i]);
    for (const RecordFault& fault : out.faults) {
      outcome.faults.push_back(fmt::format(
          "{} @{}+{} {} {} {} {}", fault.line, fault.byte_offset, fault.byte_length,
          Name(fault.reason), fault.table.value_or(99), fault.column.value_or(99), fault.bytes));
    }
  }
  SLUICE_CHECK(chunker.bytes() == text.size());
  for (const auto& table : rows) {
    outcome.rows.insert(outcome.rows.end(), table.begin(), table.end());
  }
  CheckBalance(outcome);
  return outcome;
}

void ExpectSame(const Outcome& a, const Outcome& b) {
  SLUICE_CHECK(a.rows == b.rows);
  SLUICE_CHECK(a.faults == b.faults);
  SLUICE_CHECK(a.counts.duplicate_keys == b.counts.duplicate_keys);
  for (size_t i = 0; i < a.counts.tables.size(); ++i) {
    SLUICE_CHECK(a.counts.tables[i].unknown_fields == b.counts.tables[i].unknown_fields);
    SLUICE_CHECK(a.counts.tables[i].coerced == b.counts.tables[i].coerced);
    SLUICE_CHECK(a.counts.tables[i].truncated == b.counts.tables[i].truncated);
    SLUICE_CHECK(a.counts.tables[i].nulled == b.counts.tables[i].nulled);
  }
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return GoldenSeeds("convert", "in.ndjson");
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  static const TableSet tables = Tables();
  static const auto general = std::move(EventConverter::Make(tables, {.fast_path = false})).value();
  // Twice, so that what is learned the first time is used the second.
  const std::string once(FuzzInput(data, size).Rest());
  const std::string text = once + "\n" + once + "\n" + once;
  LineChunkerOptions small = kWhole;
  small.chunk = Bytes{64};
  const Outcome want = Convert(*general, text, kWhole, SIZE_MAX);
  ExpectSame(Convert(*general, text, small, 7), want);
  // One instruction set for each input, all of them in turn.
  static const std::vector<Isa> isas = SupportedIsas();
  const std::string isa(Name(isas[size % isas.size()]));
  const auto fast = std::move(EventConverter::Make(tables, {.isa = isa})).value();
  ExpectSame(Convert(*fast, text, kWhole, SIZE_MAX), want);
  ExpectSame(Convert(*fast, text, small, 7), want);  // with what it learned before
  return 0;
}
