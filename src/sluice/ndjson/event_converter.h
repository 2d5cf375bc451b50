// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/ndjson/line_chunker.h"
#include "sluice/ndjson/record_fault.h"
#include "sluice/ndjson/text_arena.h"
#include "sluice/schema/row_batch.h"
#include "sluice/schema/table.h"

namespace sluice {

// What became of the events of one table.
struct TableCounts {
  uint64_t routed = 0;
  uint64_t quarantined = 0;       // of the routed ones
  std::vector<uint64_t> coerced;  // by schema column: of another type in JSON than the column's,
                                  // as a number in a VARCHAR, or a string in an INTEGER
  std::vector<uint64_t>
      nulled;  // by schema column: bad values that became NULL (on_bad_value: null)
  std::vector<uint64_t> truncated;  // by schema column (on_too_long: truncate)
  std::map<std::string, uint64_t>
      unknown_fields;  // by path; at most 256, the rest counts under "…"
};

// Coerced, nulled and truncated count in events that became rows; unknown fields in all routed
// ones.
//
// lines = Σ routed + no_route + dropped. Blank lines are not counted; a line that is not JSON is
// one for which no rule matches, so it counts in no_route, whatever its reason.
struct ConversionCounts {
  uint64_t lines = 0;
  uint64_t no_route = 0;
  uint64_t dropped = 0;
  uint64_t duplicate_keys = 0;  // events in which a key stood twice; the last one won
  uint64_t fast_lines = 0;  // lines that took the fast path; says nothing of what became of them
  std::vector<TableCounts> tables;
};

// Rises whenever the same line would give another row or fault; part of every revision.
inline constexpr int kConversionVersion = 4;

// Texts of rows and faults that stand in the chunk in another form.
struct MadeTexts {
  TextArena general, fast;                             // unescaped or collected, by the two paths
  std::string last_line;                               // one that has no end of line in the chunk
  std::vector<std::unique_ptr<std::string>> messages;  // decoded
};

// Rows and faults of one chunk, valid as long as the chunk's memory and the converter; reused.
struct ConvertedChunk {
  std::vector<RowBatch> tables;     // one for each table, rows in line order
  std::vector<RecordFault> faults;  // in line order
  MadeTexts texts;
};

struct EventConverterOptions {
  // "avx512", "avx2", "neon" or "scalar"; the best that the machine has, or what SLUICE_ISA says,
  // if empty. Changes the speed only.
  std::string isa;
  bool fast_path = true;  // false: every line takes the general path; slower, and the same
};

// Turns lines of JSON into rows, by the table in docs/formats.md, "JSON value → column". One
// converter for each thread; reused for any number of
// chunks and objects. `tables` outlives it.
//
// A line with several faults has the first of these: line_too_long; invalid_utf8; the first offence
// against JSON's grammar (control_character, too_deep, not_json); not_an_object; not_json_message;
// no_route; the first column in table order; unknown_field.
class EventConverter {
 public:
  // Fails where the tables cannot be served: a DEFAULT that its own column cannot hold, an `equals`
  // that is not JSON; or where the machine lacks the instruction set.
  static Result<std::unique_ptr<EventConverter>> Make(const TableSet& tables,
                                                      const EventConverterOptions& options = {});
  ~EventConverter();

  // Converts all lines of `chunk` and adds to `counts` (made by MakeCounts).
  void Convert(const LineChunk& chunk, ConvertedChunk& out, ConversionCounts& counts);

  ConversionCounts MakeCounts() const;

 private:
  class Impl;
  explicit EventConverter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
