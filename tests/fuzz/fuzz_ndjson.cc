// SPDX-License-Identifier: Apache-2.0
// Any bytes through chunker and converter: no crash, rectangular batches, a balance that holds, and
// the same result however the stream is cut. Built by hand, with clang:
//   clang++-19 -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -Isrc
//   tests/fuzz/fuzz_ndjson.cc
//     $(ls src/sluice/{ndjson,schema,base}/*.cc | grep -v _test) -lsimdjson -lfmt -lspdlog -lcrypto
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sluice/ndjson/event_converter.h"

namespace {

using namespace sluice;

void Require(bool holds) {
  if (!holds) std::abort();
}

TableSet Tables() {
  Table table;
  table.schema.name = "t";
  const auto add = [&](const char* name, ColumnType type) {
    table.schema.columns.push_back({.name = name, .type = type});
    table.sources.push_back({.path = {name}});
  };
  add("c", {.kind = TypeKind::kChar, .length = 4});
  add("v", {.kind = TypeKind::kVarchar, .length = 8});
  add("i", {.kind = TypeKind::kBigInt});
  add("d", {.kind = TypeKind::kDecimal, .precision = 38, .scale = 10});
  add("r", {.kind = TypeKind::kReal});
  add("b", {.kind = TypeKind::kBoolean});
  add("t", {.kind = TypeKind::kTimestamp});
  add("y", {.kind = TypeKind::kDate});
  add("s", {.kind = TypeKind::kSuper});
  add("x", {.kind = TypeKind::kSuper});
  table.sources[6].epoch = EpochUnit::kSeconds;
  table.sources[8].path = {"o", "p"};
  table.on_too_long = OnTooLong::kTruncate;
  table.on_unknown_field = OnUnknownField::kCollect;
  table.collect = 9;
  return {.tables = {table}, .rules = {{.conditions = {}, .table = 0}}};
}

struct Outcome {
  uint64_t rows = 0, text_bytes = 0;
  std::vector<uint64_t> fault_places;
  ConversionCounts counts;
};

Outcome Run(EventConverter& converter, std::string_view text, size_t chunk_size, size_t piece) {
  Outcome outcome{.counts = converter.MakeCounts()};
  StringSource source(text, piece);
  LineChunker chunker(source,
                      {.chunk = {chunk_size}, .longest_line = {5000}, .kept_of_cut_line = {100}});
  LineChunk chunk;
  ConvertedChunk out;
  while (chunker.Next(chunk).value_or(false)) {
    converter.Convert(chunk, out, outcome.counts);
    const RowBatch& batch = out.tables[0];
    outcome.rows += batch.rows;
    for (const ColumnBatch& column : batch.columns) {
      Require(column.present.size() == batch.rows);
      size_t present = 0;
      for (const uint8_t one : column.present) present += one;
      Require(present == column.ints.size() + column.wide_ints.size() + column.doubles.size() +
                             column.texts.size());
      for (const std::string_view value : column.texts) outcome.text_bytes += value.size();
    }
    for (const RecordFault& fault : out.faults) outcome.fault_places.push_back(fault.byte_offset);
  }
  Require(chunker.bytes() == text.size());
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TableSet tables = Tables();
  static const std::unique_ptr<EventConverter> converter =
      std::move(EventConverter::Make(tables)).value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome whole = Run(*converter, text, 1 << 16, SIZE_MAX);
  const Outcome cut = Run(*converter, text, 64, 7);
  Require(whole.rows == cut.rows && whole.text_bytes == cut.text_bytes);
  Require(whole.fault_places == cut.fault_places);
  Require(whole.counts.lines == whole.rows + whole.fault_places.size());
  return 0;
}
