// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/event_converter.h"

#include <simdjson.h>

#include <cstring>
#include <utility>

#include "sluice/base/base64.h"
#include "sluice/ndjson/event_reader.h"
#include "sluice/ndjson/event_router.h"
#include "sluice/ndjson/field_tree.h"
#include "sluice/ndjson/json_scan.h"
#include "sluice/ndjson/row_converter.h"

namespace sluice {
namespace {

bool IsValidUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace

class EventConverter::Impl {
 public:
  // Only Make calls it; the members that can fail are made there.
  static Result<std::unique_ptr<Impl>> Make(const TableSet& tables);

  void Convert(const LineChunk& chunk, ConvertedChunk& out, ConversionCounts& counts);
  ConversionCounts MakeCounts() const;

 private:
  // A line and where it stands.
  struct Line {
    std::string_view text;  // behind it: an end of line and kScanPadding bytes
    uint64_t number, offset;
  };

  Impl() = default;
  void Clear(ConvertedChunk& out) const;
  void ConvertLine(const Line& line, ConvertedChunk& out, ConversionCounts& counts);
  RecordFault& AddFault(FaultReason reason, const Line& line, ConvertedChunk& out) const;
  bool IsLandedMessage() const;
  void AddLandedMessage(const Line& line, ConvertedChunk& out);

  FieldTree fields_;
  std::unique_ptr<EventReader> reader_;
  EventRouter router_;
  std::vector<RowConverter> rows_;  // by table
  int landed_ = 0, landed_base64_ = 0;

  // For the chunk at hand.
  bool chunk_is_utf8_ = false;
  std::unique_ptr<char[]> arena_;
  size_t arena_size_ = 0;
  char* arena_at_ = nullptr;
  std::string last_line_;  // one that has no end of line in the chunk
  std::vector<std::unique_ptr<std::string>> messages_;
};

Result<std::unique_ptr<EventConverter::Impl>> EventConverter::Impl::Make(const TableSet& tables) {
  std::unique_ptr<Impl> made(new Impl);
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

ConversionCounts EventConverter::Impl::MakeCounts() const {
  ConversionCounts counts;
  for (const RowConverter& rows : rows_) {
    const std::vector<uint64_t> none(rows.columns(), 0);
    counts.tables.push_back({.coerced = none, .nulled = none, .truncated = none});
  }
  return counts;
}

void EventConverter::Impl::Clear(ConvertedChunk& out) const {
  out.tables.resize(rows_.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    out.tables[i].columns.resize(rows_[i].batch_columns());
    out.tables[i].Clear();
  }
  out.faults.clear();
}

void EventConverter::Impl::Convert(const LineChunk& chunk, ConvertedChunk& out,
                                   ConversionCounts& counts) {
  Clear(out);
  messages_.clear();
  Line line{.text = chunk.text, .number = chunk.first_line, .offset = chunk.byte_offset};
  if (chunk.is_cut_line) {
    ++counts.lines;
    ++counts.no_route;
    AddFault(FaultReason::kLineTooLong, line, out).byte_length = chunk.byte_length;
    return;
  }
  // A line's unescaped texts and its collected fields are each no longer than it.
  const size_t most = 2 * chunk.text.size() + kScanPadding;
  if (arena_size_ < most) {
    arena_ = std::make_unique_for_overwrite<char[]>(most);
    arena_size_ = most;
  }
  arena_at_ = arena_.get();
  chunk_is_utf8_ = IsValidUtf8(chunk.text);

  const char* const end = chunk.text.data() + chunk.text.size();
  for (const char* at = chunk.text.data(); at < end; ++line.number) {
    const auto left = static_cast<size_t>(end - at);
    line.offset = chunk.byte_offset + static_cast<uint64_t>(at - chunk.text.data());
    if (const void* found = std::memchr(at, '\n', left); found != nullptr) {
      const char* newline = static_cast<const char*>(found);
      const char* line_end = newline > at && newline[-1] == '\r' ? newline - 1 : newline;
      line.text = {at, static_cast<size_t>(line_end - at)};
      at = newline + 1;
    } else {
      last_line_.assign(at, left).append(1, '\n').append(kScanPadding, '\0');
      line.text = std::string_view(last_line_).substr(0, left);
      at = end;
    }
    ConvertLine(line, out, counts);
  }
}

void EventConverter::Impl::ConvertLine(const Line& line, ConvertedChunk& out,
                                       ConversionCounts& counts) {
  if (*SkipBlanks(line.text.data()) == '\n') return;
  ++counts.lines;
  std::optional<FaultReason> fault;
  if (line.text.size() > EventReader::kLongestLine) {
    fault = FaultReason::kLineTooLong;
  } else if (!chunk_is_utf8_ && !IsValidUtf8(line.text)) {
    fault = FaultReason::kInvalidUtf8;
  } else {
    fault = reader_->Read(line.text, arena_at_);
  }
  if (fault) {
    ++counts.no_route;
    AddFault(*fault, line, out);
    return;
  }
  if (reader_->has_duplicates()) ++counts.duplicate_keys;
  if (IsLandedMessage()) {
    ++counts.no_route;
    AddLandedMessage(line, out);
    return;
  }
  const EventRouter::Route route = router_.RouteOf(*reader_);
  if (!route.matched) {
    ++counts.no_route;
    AddFault(FaultReason::kNoRoute, line, out);
    return;
  }
  if (!route.table) {
    ++counts.dropped;
    return;
  }
  const size_t table = *route.table;
  ++counts.tables[table].routed;
  const auto column_fault = rows_[table].Append(*reader_, static_cast<int32_t>(line.number),
                                                arena_at_, out.tables[table], counts.tables[table]);
  if (!column_fault) return;
  ++counts.tables[table].quarantined;
  RecordFault& added = AddFault(column_fault->reason, line, out);
  added.table = table;
  added.column = column_fault->column;
}

RecordFault& EventConverter::Impl::AddFault(FaultReason reason, const Line& line,
                                            ConvertedChunk& out) const {
  return out.faults.emplace_back(RecordFault{.reason = reason,
                                             .line = line.number,
                                             .byte_offset = line.offset,
                                             .byte_length = line.text.size(),
                                             .bytes = line.text,
                                             .table = std::nullopt,
                                             .column = std::nullopt});
}

// What landing makes of a message that is not JSON.
bool EventConverter::Impl::IsLandedMessage() const {
  return reader_->value(landed_).kind == JsonKind::kObject && reader_->members() == 1 &&
         reader_->value(landed_base64_).kind == JsonKind::kString;
}

void EventConverter::Impl::AddLandedMessage(const Line& line, ConvertedChunk& out) {
  RecordFault& fault = AddFault(FaultReason::kNotJsonMessage, line, out);
  std::optional<std::string> message = FromBase64(reader_->value(landed_base64_).text);
  if (!message) return;
  messages_.push_back(std::make_unique<std::string>(std::move(*message)));
  fault.bytes = *messages_.back();
  fault.byte_length = fault.bytes.size();
}

Result<std::unique_ptr<EventConverter>> EventConverter::Make(const TableSet& tables) {
  SLUICE_ASSIGN(std::unique_ptr<Impl> impl, Impl::Make(tables));
  return std::unique_ptr<EventConverter>(new EventConverter(std::move(impl)));
}

EventConverter::EventConverter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventConverter::~EventConverter() = default;

void EventConverter::Convert(const LineChunk& chunk, ConvertedChunk& out,
                             ConversionCounts& counts) {
  impl_->Convert(chunk, out, counts);
}

ConversionCounts EventConverter::MakeCounts() const {
  return impl_->MakeCounts();
}

}  // namespace sluice
