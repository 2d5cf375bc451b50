// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/line_converter.h"

#include <simdjson.h>

#include <utility>

#include "sluice/base/base64.h"
#include "sluice/ndjson/json_scan.h"

namespace sluice {

bool IsUtf8Fast(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

Result<std::unique_ptr<LineConverter>> LineConverter::Make(const TableSet& tables) {
  std::unique_ptr<LineConverter> made(new LineConverter);
  for (const Table& table : tables.tables) {
    SLUICE_ASSIGN(RowConverter rows, RowConverter::Make(table, made->fields_));
    made->rows_.push_back(std::move(rows));
  }
  SLUICE_ASSIGN(made->router_, EventRouter::Make(tables.rules, made->fields_));
  for (const RoutingRule& rule : tables.rules) {
    if (rule.table && *rule.table >= tables.tables.size()) {
      return Fail(ErrorKind::kPermanent, "cannot route: no such table: number={}", *rule.table);
    }
  }
  made->landed_ = made->fields_.Add({"sluice_raw"});
  made->landed_base64_ = made->fields_.Add({"sluice_raw", "base64"});
  for (size_t i = 0; i < made->rows_.size(); ++i) {
    made->rows_[i].SetRest(made->router_.TestedFor(i));
  }
  made->reader_ = std::make_unique<EventReader>(made->fields_);
  return made;
}

std::optional<size_t> LineConverter::Route(const Line& line, char*& arena, ConvertedChunk& out,
                                           ConversionCounts& counts) {
  was_dropped_ = false;
  if (*SkipBlanks(line.text.data()) == '\n') return std::nullopt;
  ++counts.lines;
  std::optional<FaultReason> fault;
  if (line.text.size() > EventReader::kLongestLine) {
    fault = FaultReason::kLineTooLong;
  } else if (!chunk_is_utf8_ && !IsUtf8Fast(line.text)) {
    fault = FaultReason::kInvalidUtf8;
  } else {
    fault = reader_->Read(line.text, arena);
  }
  if (fault) {
    ++counts.no_route;
    AddFault(*fault, line, out);
    return std::nullopt;
  }
  if (reader_->has_duplicates()) ++counts.duplicate_keys;
  if (IsLandedMessage()) {
    ++counts.no_route;
    AddLandedMessage(line, out);
    return std::nullopt;
  }
  const EventRouter::Route route = router_.RouteOf(*reader_);
  if (!route.matched) {
    ++counts.no_route;
    AddFault(FaultReason::kNoRoute, line, out);
    return std::nullopt;
  }
  was_dropped_ = !route.table;
  if (was_dropped_) ++counts.dropped;
  return route.table;
}

bool LineConverter::AppendRow(const Line& line, size_t table, char*& arena, ConvertedChunk& out,
                              ConversionCounts& counts) {
  ++counts.tables[table].routed;
  const auto fault = rows_[table].Append(*reader_, static_cast<int32_t>(line.number), arena,
                                         out.tables[table], counts.tables[table]);
  if (!fault) return true;
  ++counts.tables[table].quarantined;
  RecordFault& added = AddFault(fault->reason, line, out);
  added.table = table;
  added.column = fault->column;
  return false;
}

RecordFault& LineConverter::AddFault(FaultReason reason, const Line& line, ConvertedChunk& out) {
  return out.faults.emplace_back(RecordFault{.reason = reason,
                                             .line = line.number,
                                             .byte_offset = line.offset,
                                             .byte_length = line.text.size(),
                                             .bytes = line.text,
                                             .table = std::nullopt,
                                             .column = std::nullopt});
}

// What landing makes of a message that is not JSON.
bool LineConverter::IsLandedMessage() const {
  return reader_->value(landed_).kind == JsonKind::kObject && reader_->members() == 1 &&
         reader_->value(landed_base64_).kind == JsonKind::kString;
}

void LineConverter::AddLandedMessage(const Line& line, ConvertedChunk& out) {
  RecordFault& fault = AddFault(FaultReason::kNotJsonMessage, line, out);
  std::optional<std::string> message = FromBase64(reader_->value(landed_base64_).text);
  if (!message) return;
  auto& messages = out.texts.messages;
  messages.push_back(std::make_unique<std::string>(std::move(*message)));
  fault.bytes = *messages.back();
  fault.byte_length = fault.bytes.size();
}

}  // namespace sluice
