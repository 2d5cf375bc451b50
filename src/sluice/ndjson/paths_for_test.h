// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "sluice/ndjson/conversion_for_test.h"
#include "sluice/ndjson/scan_kernels.h"

namespace sluice {

inline Column NotNull(Column column) {
  column.not_null = true;
  return column;
}

inline Column WithDefault(Column column, std::string text) {
  column.default_text = std::move(text);
  return column;
}

inline std::string Times(size_t n, std::string_view line) {
  std::string text;
  for (size_t i = 0; i < n; ++i) text.append(line) += '\n';
  return text;
}

inline void ExpectSame(const Conversion& a, const Conversion& b, std::string_view where) {
  EXPECT_EQ(a.rows, b.rows) << where;
  EXPECT_EQ(a.faults, b.faults) << where;
  EXPECT_EQ(a.fault_bytes, b.fault_bytes) << where;
  EXPECT_EQ(a.counts.lines, b.counts.lines) << where;
  EXPECT_EQ(a.counts.no_route, b.counts.no_route) << where;
  EXPECT_EQ(a.counts.dropped, b.counts.dropped) << where;
  EXPECT_EQ(a.counts.duplicate_keys, b.counts.duplicate_keys) << where;
  for (size_t i = 0; i < a.counts.tables.size(); ++i) {
    EXPECT_EQ(a.counts.tables[i].routed, b.counts.tables[i].routed) << where;
    EXPECT_EQ(a.counts.tables[i].coerced, b.counts.tables[i].coerced) << where;
    EXPECT_EQ(a.counts.tables[i].nulled, b.counts.tables[i].nulled) << where;
    EXPECT_EQ(a.counts.tables[i].truncated, b.counts.tables[i].truncated) << where;
    EXPECT_EQ(a.counts.tables[i].unknown_fields, b.counts.tables[i].unknown_fields) << where;
  }
}

inline Conversion ConvertBy(const EventConverterOptions& options, const TableSet& tables,
                            std::string_view text, LineChunkerOptions chunks = {}) {
  auto converter = EventConverter::Make(tables, options);
  EXPECT_TRUE(converter) << (converter ? "" : converter.error().message());
  return ConvertWith(**converter, tables, text, chunks);
}

// Converts `text` on the general path and on the fast path of every instruction set, with large
// chunks and with small ones, and expects the same of all. Returns how many lines took the fast
// path, in one chunk: as many by every instruction set.
inline uint64_t ExpectSameOnEveryPath(const TableSet& tables, std::string_view text) {
  const Conversion general = ConvertBy({.fast_path = false}, tables, text);
  EXPECT_EQ(general.counts.fast_lines, 0U);
  std::optional<uint64_t> fast_lines;
  for (const Isa isa : SupportedIsas()) {
    const EventConverterOptions options{.isa = std::string(Name(isa))};
    const Conversion fast = ConvertBy(options, tables, text, {.chunk = MiB(1)});
    ExpectSame(fast, general, Name(isa));
    ExpectSame(ConvertBy(options, tables, text, {.chunk = Bytes{1500}}), general, Name(isa));
    EXPECT_EQ(fast_lines.value_or(fast.counts.fast_lines), fast.counts.fast_lines) << Name(isa);
    fast_lines = fast.counts.fast_lines;
  }
  return *fast_lines;
}

}  // namespace sluice
