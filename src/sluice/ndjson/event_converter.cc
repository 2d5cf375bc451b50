// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/event_converter.h"

#include <cstring>
#include <optional>
#include <utility>

#include "sluice/ndjson/fast_path.h"
#include "sluice/ndjson/json_scan.h"
#include "sluice/ndjson/line_converter.h"
#include "sluice/ndjson/scan_kernels.h"

namespace sluice {

class EventConverter::Impl {
 public:
  explicit Impl(std::unique_ptr<LineConverter> lines) : lines_(std::move(lines)) {}

  void UseFastPath(Isa isa) { fast_.emplace(*lines_, KernelsFor(isa)); }
  void Convert(const LineChunk& chunk, ConvertedChunk& out, ConversionCounts& counts);
  ConversionCounts MakeCounts() const;

 private:
  void Clear(ConvertedChunk& out) const;
  void ConvertLines(const LineChunk& chunk, Line line, ConvertedChunk& out,
                    ConversionCounts& counts);

  const std::unique_ptr<LineConverter> lines_;
  std::optional<FastPath> fast_;
};

ConversionCounts EventConverter::Impl::MakeCounts() const {
  ConversionCounts counts;
  for (const RowConverter& rows : lines_->rows()) {
    const std::vector<uint64_t> none(rows.columns(), 0);
    counts.tables.push_back({.coerced = none, .nulled = none, .truncated = none});
  }
  return counts;
}

void EventConverter::Impl::Clear(ConvertedChunk& out) const {
  out.tables.resize(lines_->rows().size());
  for (size_t i = 0; i < out.tables.size(); ++i) {
    out.tables[i].columns.resize(lines_->rows()[i].batch_columns());
    out.tables[i].Clear();
  }
  out.faults.clear();
  out.texts.messages.clear();
}

void EventConverter::Impl::Convert(const LineChunk& chunk, ConvertedChunk& out,
                                   ConversionCounts& counts) {
  Clear(out);
  Line rest{.text = chunk.text, .number = chunk.first_line, .offset = chunk.byte_offset};
  if (chunk.is_cut_line) {
    ++counts.lines;
    ++counts.no_route;
    LineConverter::AddFault(FaultReason::kLineTooLong, rest, out).byte_length = chunk.byte_length;
    return;
  }
  // A line's unescaped texts and its collected fields are each no longer than it, and the fast path
  // has some lines read twice.
  out.texts.general.Reset(3 * chunk.text.size());
  if (fast_ && fast_->Takes(chunk.text)) {
    rest = fast_->Convert(chunk, out, counts);
  } else {
    lines_->StartChunk(IsUtf8Fast(chunk.text));
  }
  ConvertLines(chunk, rest, out, counts);
}

// Those that `line.text` consists of, by the general path.
void EventConverter::Impl::ConvertLines(const LineChunk& chunk, Line line, ConvertedChunk& out,
                                        ConversionCounts& counts) {
  char*& arena = out.texts.general.at;
  std::string& last_line = out.texts.last_line;
  const char* const end = line.text.data() + line.text.size();
  for (const char* at = line.text.data(); at < end; ++line.number) {
    const auto left = static_cast<size_t>(end - at);
    line.offset = chunk.byte_offset + static_cast<uint64_t>(at - chunk.text.data());
    if (const void* found = std::memchr(at, '\n', left); found != nullptr) {
      const char* newline = static_cast<const char*>(found);
      const char* line_end = newline > at && newline[-1] == '\r' ? newline - 1 : newline;
      line.text = {at, static_cast<size_t>(line_end - at)};
      at = newline + 1;
    } else {
      last_line.assign(at, left).append(1, '\n').append(kScanPadding, '\0');
      line.text = std::string_view(last_line).substr(0, left);
      at = end;
    }
    const std::optional<size_t> table = lines_->Route(line, arena, out, counts);
    if (table) lines_->AppendRow(line, *table, arena, out, counts);
  }
}

Result<std::unique_ptr<EventConverter>> EventConverter::Make(const TableSet& tables,
                                                             const EventConverterOptions& options) {
  SLUICE_ASSIGN(std::unique_ptr<LineConverter> lines, LineConverter::Make(tables));
  auto impl = std::make_unique<Impl>(std::move(lines));
  if (options.fast_path) {
    const std::string wanted = options.isa.empty() ? WantedIsa() : options.isa;
    SLUICE_ASSIGN(const Isa isa, IsaNamed(wanted));
    if (IsWorthwhile(isa, wanted)) impl->UseFastPath(isa);
  }
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
