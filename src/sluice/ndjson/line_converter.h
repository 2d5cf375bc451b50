// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/ndjson/event_converter.h"
#include "sluice/ndjson/event_reader.h"
#include "sluice/ndjson/event_router.h"
#include "sluice/ndjson/field_tree.h"
#include "sluice/ndjson/row_converter.h"

namespace sluice {

// IsUtf8 of base/utf8.h, by simdjson: for whole chunks.
bool IsUtf8Fast(std::string_view text);

// A line and where it stands.
struct Line {
  std::string_view text;  // behind it: an end of line and kScanPadding bytes
  uint64_t number, offset;
};

// The general path, which alone defines what becomes of a line: reads any line, and says what is
// wrong with it. Calls must match: (StartChunk (Route AppendRow?)*)*, or
// with a ReadAgain between Route and AppendRow. Not movable, because its
// parts refer to each other.
class LineConverter {
 public:
  static Result<std::unique_ptr<LineConverter>> Make(const TableSet& tables);

  // Before the lines of a chunk. `arena` takes unescaped texts: of each line at most twice its
  // length and kScanPadding bytes.
  void StartChunk(bool is_utf8) { chunk_is_utf8_ = is_utf8; }

  // Reads the line and counts it, with its fault if it has one. The table that it is a row of, as
  // far as is known without its columns; none where it has a fault, or is blank or dropped.
  std::optional<size_t> Route(const Line& line, char*& arena, ConvertedChunk& out,
                              ConversionCounts& counts);
  // Reads anew a line that was routed, after another one was; counts nothing.
  void ReadAgain(const Line& line, char*& arena) { reader_->Read(line.text, arena); }
  // Makes the row of the line that was read last, and routed to `table`. False where that has a
  // fault.
  bool AppendRow(const Line& line, size_t table, char*& arena, ConvertedChunk& out,
                 ConversionCounts& counts);

  static RecordFault& AddFault(FaultReason reason, const Line& line, ConvertedChunk& out);

  const FieldTree& fields() const { return fields_; }
  const EventRouter& router() const { return router_; }
  const std::vector<RowConverter>& rows() const { return rows_; }  // by table
  // Of the last line.
  const EventReader& event() const { return *reader_; }
  bool was_dropped() const { return was_dropped_; }

 private:
  LineConverter() = default;
  bool IsLandedMessage() const;
  void AddLandedMessage(const Line& line, ConvertedChunk& out);

  FieldTree fields_;
  std::unique_ptr<EventReader> reader_;
  EventRouter router_;
  std::vector<RowConverter> rows_;
  int landed_ = 0, landed_base64_ = 0;
  bool chunk_is_utf8_ = false;
  bool was_dropped_ = false;
};

}  // namespace sluice
