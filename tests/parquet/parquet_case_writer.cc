// SPDX-License-Identifier: Apache-2.0
//
// parquet_case_writer CASE.json OUT.parquet: writes the table that CASE.json holds and prints the
// ParquetFileInfo as JSON. foreign_readers_test.py makes the cases and says what is in them.
#include <simdjson.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

#include "sluice/base/json_text.h"
#include "sluice/parquet/parquet_writer.h"

namespace sluice {
namespace {

using simdjson::dom::element;

class FileSink : public ByteSink {
 public:
  explicit FileSink(const char* path) : file_(path, std::ios::binary) {}
  Status Write(std::string_view data) override {
    file_.write(data.data(), static_cast<std::streamsize>(data.size()));
    return {};
  }
  bool Close() {
    file_.close();
    return !file_.fail();
  }

 private:
  std::ofstream file_;
};

int64_t Number(element object, const char* key, int64_t absent = 0) {
  const auto found = object[key];
  return found.error() == simdjson::NO_SUCH_FIELD ? absent : found.get_int64().value();
}

ParquetColumn ColumnFrom(element column) {
  static const std::map<std::string_view, TypeKind> kKinds = {
      {"SMALLINT", TypeKind::kSmallInt},   {"INTEGER", TypeKind::kInteger},
      {"BIGINT", TypeKind::kBigInt},       {"DECIMAL", TypeKind::kDecimal},
      {"REAL", TypeKind::kReal},           {"DOUBLE", TypeKind::kDouble},
      {"BOOLEAN", TypeKind::kBoolean},     {"CHAR", TypeKind::kChar},
      {"VARCHAR", TypeKind::kVarchar},     {"DATE", TypeKind::kDate},
      {"TIMESTAMP", TypeKind::kTimestamp}, {"TIMESTAMPTZ", TypeKind::kTimestampTz},
      {"SUPER", TypeKind::kSuper}};
  ParquetColumn made;
  made.name = std::string(column["name"].get_string().value());
  made.type = {.kind = kKinds.at(column["kind"].get_string().value()),
               .length = static_cast<int32_t>(Number(column, "length")),
               .precision = static_cast<int8_t>(Number(column, "precision")),
               .scale = static_cast<int8_t>(Number(column, "scale"))};
  made.not_null = column["not_null"].get_bool().value();
  return made;
}

Int128 WideFrom(std::string_view digits) {
  const bool negative = digits.front() == '-';
  Int128 value = 0;
  for (const char digit : digits.substr(negative ? 1 : 0)) {
    value = value * 10 + (negative ? '0' - digit : digit - '0');
  }
  return value;
}

void AddValue(ColumnBatch& batch, ValueKind kind, element value) {
  batch.present.push_back(value.is_null() ? 0 : 1);
  if (value.is_null()) return;
  switch (kind) {
    case ValueKind::kInt64:
      batch.ints.push_back(value.get_int64().value());
      return;
    case ValueKind::kInt128:
      batch.wide_ints.push_back(WideFrom(value.get_string().value()));
      return;
    case ValueKind::kDouble:
      batch.doubles.push_back(value.get_double().value());
      return;
    case ValueKind::kText:
      batch.texts.push_back(value.get_string().value());
      return;
  }
}

ParquetWriterOptions OptionsFrom(element options) {
  ParquetWriterOptions made;
  made.codec = CodecNamed(options["codec"].get_string().value()).value();
  made.page.count = static_cast<uint64_t>(Number(options, "page", 256 << 10));
  made.row_group.count = static_cast<uint64_t>(Number(options, "row_group", 32 << 20));
  made.dictionary.count = static_cast<uint64_t>(Number(options, "dictionary", 1 << 20));
  if (options["object_id"].error() == simdjson::SUCCESS)
    made.object_id = Number(options, "object_id");
  return made;
}

template <typename T>
T Checked(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void PrintInfo(const ParquetFileInfo& info) {
  JsonText json;
  json.BeginObject().Key("rows").Value(info.rows).Key("size").Value(info.size.count);
  json.Key("int_ranges").BeginArray();
  for (const auto& range : info.int_ranges) {
    if (range) {
      json.BeginArray().Value(range->min).Value(range->max).EndArray();
    } else {
      json.Null();
    }
  }
  json.EndArray().EndObject();
  std::puts(json.text().c_str());
}

void Run(const char* case_path, const char* out_path) {
  simdjson::dom::parser parser;
  const element document = parser.load(case_path);
  std::vector<ParquetColumn> columns;
  for (const element column : document["columns"].get_array())
    columns.push_back(ColumnFrom(column));
  const size_t rows = static_cast<size_t>(Number(document, "rows"));
  const size_t batch_rows = static_cast<size_t>(Number(document, "batch"));

  FileSink sink(out_path);
  ParquetWriter writer(columns, OptionsFrom(document["options"]), sink);
  std::vector<simdjson::dom::array::iterator> next;
  for (const element values : document["values"].get_array()) {
    next.push_back(simdjson::dom::array(values).begin());
  }
  RowBatch batch;
  for (size_t row = 0; row < rows; row += batch.rows) {
    batch.Clear();
    batch.columns.resize(columns.size());
    batch.rows = std::min(batch_rows, rows - row);
    for (size_t i = 0; i < batch.rows; ++i)
      batch.lines.push_back(static_cast<int32_t>(row + i + 1));
    for (size_t c = 0; c < columns.size(); ++c) {
      for (size_t i = 0; i < batch.rows; ++i, ++next[c]) {
        AddValue(batch.columns[c], ValueKindOf(columns[c].type), *next[c]);
      }
    }
    Checked(writer.Append(batch));
  }
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const auto [key, value] : simdjson::dom::object(document["metadata"])) {
    metadata.emplace_back(key, value.get_string().value());
  }
  PrintInfo(Checked(writer.Finish(metadata)));
  if (!sink.Close()) throw std::runtime_error("cannot write the file");
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    sluice::Run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parquet_case_writer: %s\n", error.what());
    return 1;
  }
  return 0;
}
