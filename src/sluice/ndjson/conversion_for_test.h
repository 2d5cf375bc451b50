// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/ndjson/event_converter.h"

namespace sluice {

inline Column MakeColumn(std::string name, ColumnType type) {
  return {.name = std::move(name), .type = type};
}
inline ColumnType Varchar(int32_t length) {
  return {.kind = TypeKind::kVarchar, .length = length};
}

// A table whose columns take the keys with their names.
inline Table MakeTable(std::string name, std::vector<Column> columns) {
  Table table;
  table.schema.name = std::move(name);
  for (const Column& column : columns) table.sources.push_back({.path = {column.name}});
  table.schema.columns = std::move(columns);
  return table;
}

inline TableSet OneTable(Table table) {
  return {.tables = {std::move(table)}, .rules = {{.conditions = {}, .table = 0}}};
}

inline std::string Digits(Int128 value) {
  const bool negative = value < 0;
  std::string text;
  do {
    text.insert(0, 1,
                static_cast<char>('0' + static_cast<int>(negative ? -(value % 10) : value % 10)));
    value /= 10;
  } while (value != 0);
  return negative ? "-" + text : text;
}

// What became of a text, in words: rows by table as "7: a | NULL | 42" (line, then the values),
// faults as "3 @17+5 not_json" (line, offset, length) and, where they are known, " events.topic".
struct Conversion {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> faults;
  std::vector<std::string> fault_bytes;
  ConversionCounts counts;
};

inline std::string RowInWords(const RowBatch& batch, size_t row) {
  std::string words = fmt::format("{}:", batch.lines[row]);
  for (const ColumnBatch& column : batch.columns) {
    size_t at = 0;
    for (size_t i = 0; i < row; ++i) at += column.present[i];
    words += &column == batch.columns.data() ? " " : " | ";
    if (column.present[row] == 0) {
      words += "NULL";
    } else if (!column.ints.empty()) {
      words += std::to_string(column.ints[at]);
    } else if (!column.wide_ints.empty()) {
      words += Digits(column.wide_ints[at]);
    } else if (!column.doubles.empty()) {
      words += fmt::format("{}", column.doubles[at]);
    } else {
      words += column.texts[at];
    }
  }
  return words;
}

inline void ExpectRectangular(const RowBatch& batch) {
  EXPECT_EQ(batch.lines.size(), batch.rows);
  for (const ColumnBatch& column : batch.columns) {
    size_t present = 0;
    for (const uint8_t one : column.present) present += one;
    EXPECT_EQ(column.present.size(), batch.rows);
    EXPECT_EQ(
        column.ints.size() + column.wide_ints.size() + column.doubles.size() + column.texts.size(),
        present);
  }
}

inline Conversion ConvertWith(EventConverter& converter, const TableSet& tables,
                              std::string_view text, LineChunkerOptions options = {},
                              size_t piece = SIZE_MAX) {
  Conversion all{.rows = std::vector<std::vector<std::string>>(tables.tables.size()),
                 .counts = converter.MakeCounts()};
  StringSource source(text, piece);
  LineChunker chunker(source, options);
  LineChunk chunk;
  ConvertedChunk out;
  while (chunker.Next(chunk).value_or(false)) {
    converter.Convert(chunk, out, all.counts);
    for (size_t i = 0; i < tables.tables.size(); ++i) {
      ExpectRectangular(out.tables[i]);
      for (size_t row = 0; row < out.tables[i].rows; ++row) {
        all.rows[i].push_back(RowInWords(out.tables[i], row));
      }
    }
    for (const RecordFault& fault : out.faults) {
      std::string words = fmt::format("{} @{}+{} {}", fault.line, fault.byte_offset,
                                      fault.byte_length, Name(fault.reason));
      if (fault.table) words += " " + tables.tables[*fault.table].name();
      if (fault.column) {
        words += "." + tables.tables[*fault.table].schema.columns[*fault.column].name;
      }
      all.faults.push_back(words);
      all.fault_bytes.emplace_back(fault.bytes);
    }
  }
  uint64_t routed = 0;
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    routed += all.counts.tables[i].routed;
    EXPECT_EQ(all.counts.tables[i].routed, all.counts.tables[i].quarantined + all.rows[i].size());
  }
  EXPECT_EQ(all.counts.lines, routed + all.counts.no_route + all.counts.dropped);
  return all;
}

inline Conversion ConvertText(const TableSet& tables, std::string_view text,
                              LineChunkerOptions options = {}, size_t piece = SIZE_MAX) {
  auto converter = EventConverter::Make(tables);
  EXPECT_TRUE(converter) << (converter ? "" : converter.error().message());
  return ConvertWith(**converter, tables, text, options, piece);
}

// The one value that `json` becomes in a column of `type`, or the reason why none.
inline std::string ValueOf(const Table& table, const std::string& json) {
  const Conversion made = ConvertText(OneTable(table), "{\"v\": " + json + "}\n");
  if (!made.faults.empty()) return made.faults[0].substr(made.faults[0].find(' ', 3) + 1);
  return made.rows[0][0].substr(3);
}
inline std::string ValueOf(ColumnType type, const std::string& json) {
  return ValueOf(MakeTable("t", {MakeColumn("v", type)}), json);
}

}  // namespace sluice
