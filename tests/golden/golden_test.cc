// SPDX-License-Identifier: Apache-2.0
// Runs tests/golden/convert/CASE; README.md says what the files of a case mean.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/base/json_text.h"
#include "sluice/config/load_config.h"
#include "sluice/schema/ddl_parser.h"
#include "sluice/schema/table_set_builder.h"
#include "sluice/transform/preview.h"
#include "sluice/transform/stream_converter.h"
#include "tests/golden/case_folder.h"
#include "tests/golden/memory_outputs.h"
#include "tests/golden/row_text.h"

namespace sluice {
namespace {

constexpr int64_t kObjectId = 4'611'686'018'427'387'905;
constexpr size_t kCutUpTo = 16 << 10;  // inputs to this size are also read in small pieces

// A case's tables: those of sluice.yaml, or the one of tables.sql, which takes every event.
Result<std::shared_ptr<const TableSet>> TablesOf(const CaseFolder& folder) {
  if (folder.Has("sluice.yaml")) {
    const LocalSecretSource secrets(Environment{});
    SLUICE_ASSIGN(const PipelineConfig config, LoadConfig(folder.path() + "/sluice.yaml", secrets));
    return config.tables;
  }
  SLUICE_ASSIGN(const std::string sql, ReadFile(folder.path() + "/tables.sql", MiB(1)));
  TableOptions options{.duplicates = DuplicatePolicy::kAllowed};
  SLUICE_ASSIGN(options.schema, ParseCreateTable(sql, "tables.sql"));
  const std::vector<TableSetEntry> entries{{.when = {Condition{}}, .table = options}};
  BuiltTableSet built = BuildTableSet(entries);
  if (!built.problems.empty()) return Fail(ErrorKind::kBadData, "{}", built.problems[0].message);
  return std::make_shared<const TableSet>(std::move(built.tables));
}

Result<std::string> InputOf(const CaseFolder& folder) {
  std::vector<std::string> inputs;
  for (const char* extension : {"ndjson", "ndjson.gz", "ndjson.zst"}) {
    if (!folder.Has(fmt::format("in.{}", extension))) continue;
    SLUICE_ASSIGN(auto text, folder.Text("in", extension));
    inputs.push_back(*std::move(text));
  }
  if (inputs.empty() && folder.Has("in.template")) {
    SLUICE_ASSIGN(auto text, folder.Text("in", "ndjson"));
    inputs.push_back(*std::move(text));
  }
  if (inputs.size() == 1) return inputs[0];
  return Fail(ErrorKind::kBadData, "{} inputs; wanted one in.*", inputs.size());
}

// The counts that are not zero, as one JSON object.
std::string CountsText(const TableSet& tables, const ConversionCounts& counts) {
  JsonText json;
  const auto add = [&](std::string_view key, uint64_t value) {
    if (value != 0) json.Key(key).Value(value);
  };
  const auto add_columns = [&](std::string_view key, const TableSchema& schema,
                               const std::vector<uint64_t>& values) {
    if (std::accumulate(values.begin(), values.end(), uint64_t{0}) == 0) return;
    json.Key(key).BeginObject();
    for (size_t i = 0; i < values.size(); ++i) add(schema.columns[i].name, values[i]);
    json.EndObject();
  };
  json.BeginObject().Key("lines").Value(counts.lines);
  add("no_route", counts.no_route);
  add("dropped", counts.dropped);
  add("duplicate_keys", counts.duplicate_keys);
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    const TableCounts& table = counts.tables[i];
    const TableSchema& schema = tables.tables[i].schema;
    if (table.routed == 0) continue;
    json.Key(schema.name).BeginObject().Key("routed").Value(table.routed);
    add("quarantined", table.quarantined);
    add_columns("coerced", schema, table.coerced);
    add_columns("nulled", schema, table.nulled);
    add_columns("truncated", schema, table.truncated);
    if (!table.unknown_fields.empty()) {
      json.Key("unknown_fields").BeginObject();
      for (const auto& [name, count] : table.unknown_fields) add(name, count);
      json.EndObject();
    }
    json.EndObject();
  }
  return json.EndObject().text();
}

// A row of a table as a want.*.ndjson has it: without the object's id, if that is right.
std::string RowText(const CellRow& row) {
  std::string text;
  for (const Cell& cell : row) {
    if (cell.column == kObjectColumn && cell.text == std::to_string(kObjectId)) continue;
    text += text.empty() ? "{" : ",";
    AppendJsonString(text, cell.column);
    text += ":" + cell.text;
  }
  return text + "}";
}

// The same of a preview's row, which is of no raw object.
std::string RowText(const PreviewedRow& row, const Table& table) {
  std::string text = "{";
  auto cell = row.cells.begin();
  for (const Column& column : table.schema.columns) {
    if (column.generated) continue;
    AppendJsonString(text, column.name);
    text += ":" + *cell++ + ",";
  }
  return text + fmt::format("\"{}\":{}}}", kLineColumn, row.line);
}

struct QuarantineRow {
  std::string text, without_payload;
};

QuarantineRow QuarantineText(const CellRow& row) {
  std::string text, payload;
  for (const Cell& cell : row) {
    if (cell.column == "object" && cell.text == std::to_string(kObjectId)) continue;
    const std::string name = cell.column == "table_name"    ? "table"
                             : cell.column == "column_name" ? "column"
                                                            : cell.column;
    const std::string member =
        fmt::format("{}\"{}\":{}", text.empty() ? "{" : ",", name, cell.text);
    (name == "payload" ? payload : text) += member;
  }
  return {.text = text + payload + "}", .without_payload = text + "}"};
}

QuarantineRow QuarantineText(const PreviewedFault& previewed, const TableSet& tables) {
  const RecordFault& fault = previewed.fault;
  JsonText json;
  json.BeginObject().Key("table");
  json.Value(fault.table ? tables.tables[*fault.table].name() : "*");
  json.Key("line").Value(fault.line).Key("at_byte").Value(fault.byte_offset);
  json.Key("length").Value(fault.byte_length).Key("reason").Value(Name(fault.reason));
  json.Key("column");
  fault.column ? json.Value(tables.tables[*fault.table].schema.columns[*fault.column].name)
               : json.Null();
  json.Key("encoding").Value(previewed.payload.encoding);
  std::string text = json.text(), payload;
  AppendJsonString(payload, previewed.payload.text);
  return {.text = text + ",\"payload\":" + payload + "}", .without_payload = text + "}"};
}

class ConvertCase : public ::testing::TestWithParam<std::string> {
 protected:
  ConvertCase() : folder_("convert", GetParam()) {}

  // What a case is made of, and nothing else: a misspelt name would expect nothing.
  void CheckFileNames(const TableSet& tables) const {
    std::vector<std::string> known{"sluice.yaml", "in.ndjson", "in.ndjson.gz",      "in.ndjson.zst",
                                   "in.template", "error",     "quarantine.ndjson", "counts.json"};
    for (const Table& table : tables.tables) {
      known.push_back("want." + table.name() + ".ndjson");
      known.push_back("want." + table.name() + ".template");
    }
    bool expects = false;
    for (const std::string& file : folder_.FileNames()) {
      EXPECT_TRUE(file.ends_with(".sql") || std::ranges::find(known, file) != known.end())
          << file << " is no part of a case";
      expects |= file.starts_with("want.") || file == "quarantine.ndjson" || file == "error" ||
                 file == "counts.json";
    }
    EXPECT_TRUE(expects) << "the case expects nothing; say at least {\"lines\":N} in counts.json";
  }

  void CheckConversion(const TableSet& tables, std::string_view input,
                       const ConversionOptions& options, size_t piece) const {
    auto converter = StreamConverter::Make(tables);
    ASSERT_TRUE(converter) << converter.error().message();
    StringSource source(input, piece);
    MemoryOutputs outputs(tables);
    const auto converted = (*converter)->Convert(source, options, outputs);
    if (folder_.Has("error")) {
      ASSERT_FALSE(converted) << "it was converted, and should have been refused";
      CheckRefusal(converted.error(), outputs);
      return;
    }
    ASSERT_TRUE(converted) << converted.error().message();
    for (const Table& table : tables.tables) {
      std::vector<std::string> rows;
      for (const CellRow& row : Rows(table.name(), outputs)) rows.push_back(RowText(row));
      CheckRows(table.name(), rows);
    }
    std::vector<QuarantineRow> quarantined;
    for (const CellRow& row : Rows("*", outputs)) quarantined.push_back(QuarantineText(row));
    CheckQuarantine(quarantined);
    CheckCounts(tables, converted->counts);
  }

  // What `preview` shows of it is what it becomes.
  void CheckPreview(const TableSet& tables, std::string_view input) const {
    StringSource source(input);
    const auto preview = PreviewStream(source, tables, {.lines = SIZE_MAX, .examples = SIZE_MAX});
    if (folder_.Has("error")) {
      ASSERT_FALSE(preview) << "it was previewed, and should have been refused";
      EXPECT_EQ(preview.error().kind(), ErrorKind::kBadData);
      return;
    }
    ASSERT_TRUE(preview) << preview.error().message();
    for (size_t i = 0; i < tables.tables.size(); ++i) {
      const Table& table = tables.tables[i];
      std::vector<std::string> rows;
      for (const PreviewedRow& row : preview->tables[i].examples) {
        rows.push_back(RowText(row, table));
      }
      CheckRows(table.name(), rows);
      EXPECT_EQ(preview->tables[i].rows, rows.size());
    }
    std::vector<PreviewedFault> faults;
    for (const PreviewedFaults& group : preview->faults) {
      EXPECT_EQ(group.events, group.examples.size());
      std::ranges::copy(group.examples, std::back_inserter(faults));
    }
    EXPECT_EQ(preview->quarantined, faults.size());
    std::ranges::sort(faults, {}, [](const PreviewedFault& of) { return of.fault.line; });
    std::vector<QuarantineRow> quarantined;
    for (const PreviewedFault& of : faults) quarantined.push_back(QuarantineText(of, tables));
    CheckQuarantine(quarantined);
    CheckCounts(tables, preview->counts);
  }

 private:
  void CheckRefusal(const Error& error, const MemoryOutputs& outputs) const {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData);
    const auto wanted = LinesOf(ReadFile(folder_.path() + "/error", KiB(4)).value_or(""));
    ASSERT_EQ(wanted.size(), 1u) << "wanted one line in error";
    EXPECT_NE(error.message().find(wanted[0]), std::string::npos) << error.message();
    EXPECT_TRUE(outputs.files().empty()) << "a refused object left a file";
  }

  // The expected lines in NAME.ndjson; none where there is no such file.
  std::vector<std::string> Wanted(const std::string& name) const {
    const auto text = folder_.Text(name, "ndjson");
    EXPECT_TRUE(text) << text.error().message();
    if (!text || !*text) return {};
    EXPECT_FALSE((*text)->empty()) << name << " expects nothing: remove it";
    return LinesOf(**text);
  }

  static std::vector<CellRow> Rows(const std::string& name, const MemoryOutputs& outputs) {
    const auto file = outputs.files().find(name);
    if (file == outputs.files().end()) return {};
    auto rows = ReadRows(file->second);
    EXPECT_TRUE(rows) << rows.error().message();
    return rows ? *std::move(rows) : std::vector<CellRow>();
  }

  void CheckRows(const std::string& table, const std::vector<std::string>& have) const {
    const std::string name = "want." + table;
    const std::string difference = FirstDifference(name, Wanted(name), have);
    EXPECT_TRUE(difference.empty()) << difference;
  }

  void CheckQuarantine(const std::vector<QuarantineRow>& made) const {
    const std::vector<std::string> want = Wanted("quarantine");
    std::vector<std::string> have;
    for (const QuarantineRow& row : made) {
      const bool bare =
          have.size() < want.size() && want[have.size()].find(",\"payload\":") == std::string::npos;
      have.push_back(bare ? row.without_payload : row.text);
    }
    const std::string difference = FirstDifference("quarantine", want, have);
    EXPECT_TRUE(difference.empty()) << difference;
  }

  // Invariant 5, and counts.json where there is one.
  void CheckCounts(const TableSet& tables, const ConversionCounts& counts) const {
    uint64_t routed = 0;
    for (const TableCounts& table : counts.tables) routed += table.routed;
    EXPECT_EQ(counts.lines, routed + counts.no_route + counts.dropped);
    if (!folder_.Has("counts.json")) return;
    const auto text = folder_.Text("counts", "json");
    ASSERT_TRUE(text) << text.error().message();
    const std::string difference =
        FirstDifference("counts.json", LinesOf(**text), {CountsText(tables, counts)});
    EXPECT_TRUE(difference.empty()) << difference;
  }

  const CaseFolder folder_;
};

TEST_P(ConvertCase, GivesWhatItsFolderSays) {
  const CaseFolder folder("convert", GetParam());
  const auto tables = TablesOf(folder);
  ASSERT_TRUE(tables) << tables.error().message();
  CheckFileNames(**tables);
  const auto input = InputOf(folder);
  ASSERT_TRUE(input) << input.error().message();
  ConversionOptions options{.parquet = {.object_id = kObjectId}};
  CheckConversion(**tables, *input, options, SIZE_MAX);
  {
    SCOPED_TRACE("previewed");
    CheckPreview(**tables, *input);
  }
  if (input->size() > kCutUpTo) return;
  SCOPED_TRACE("read in small pieces");
  options.chunks.chunk = Bytes{16};
  options.parquet.page = Bytes{64};
  CheckConversion(**tables, *input, options, 3);
}

std::string CaseTestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;  // of letters, digits and '_' only
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, ConvertCase, ::testing::ValuesIn(CaseNames("convert")),
                         CaseTestName);

}  // namespace
}  // namespace sluice
