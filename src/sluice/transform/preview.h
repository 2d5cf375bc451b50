// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/ndjson/event_converter.h"
#include "sluice/ndjson/record_fault.h"
#include "sluice/schema/quarantine_schema.h"
#include "sluice/schema/table.h"

namespace sluice {

struct PreviewOptions {
  // Of the stream, at most. For each that becomes a row of a table with a key some 100 bytes are
  // held in memory.
  uint64_t lines = 100'000;
  size_t examples = 3;  // kept: rows of each table, events of each group in quarantine or changed
};

struct PreviewedRow {
  uint64_t line = 0;
  // By column, without those that the warehouse makes: ValueText or "null".
  std::vector<std::string> cells;
  // The line of an event with the same key: this one would not be loaded.
  std::optional<uint64_t> duplicate_of;
};

struct PreviewedTable {
  uint64_t rows = 0;        // duplicates too
  uint64_t duplicates = 0;  // within the stream; whatever is loaded before may make more of them
  std::vector<PreviewedRow> examples;  // the first
};

struct PreviewedFault {
  RecordFault fault;  // without its bytes
  QuarantinePayload payload;
};

// Events that would go to quarantine for one reason.
struct PreviewedFaults {
  std::optional<size_t> table;   // index in the TableSet; absent before routing
  std::optional<size_t> column;  // index in the table's schema.columns
  FaultReason reason = FaultReason::kNotJson;
  uint64_t events = 0;
  std::vector<PreviewedFault> examples;  // the first
};

// Events that became rows, of which one field was changed on the way, or is taken by no column.
struct PreviewedChange {
  size_t table = 0;         // index in the TableSet
  std::string_view change;  // "coerced", "nulled", "truncated" or "unknown"
  std::string field;        // the column's name; of an unknown field its path
  uint64_t events = 0;
  std::vector<uint64_t> lines;  // the first
};

struct Preview {
  ConversionCounts counts;
  uint64_t bytes = 0;    // read, decompressed
  bool is_whole = true;  // false where `lines` ended it before the end
  uint64_t quarantined = 0;
  std::vector<PreviewedTable> tables;
  std::vector<PreviewedFaults> faults;   // by table, column and reason; those without a table first
  std::vector<PreviewedChange> changes;  // by table, change and field; 256 unknown fields of each
                                         // table are told apart, the rest is of field "…"
  std::map<uint64_t, QuarantinePayload> changed;  // the events in the lines of changes
};

// What a stream of JSON lines, compressed or not, would become, told by the conversion itself.
// Makes nothing. kBadData says that what was read of `stored` is cut short or damaged: in a raw
// object none of its events would be loaded.
Result<Preview> PreviewStream(ByteSource& stored, const TableSet& tables,
                              const PreviewOptions& options);

}  // namespace sluice
