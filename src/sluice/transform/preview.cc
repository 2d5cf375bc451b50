// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/preview.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "sluice/base/hash.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/ndjson/line_chunker.h"
#include "sluice/schema/value_text.h"
#include "sluice/transform/conversion_sum.h"

namespace sluice {
namespace {

// The first lines of a stream, then its end.
class FirstLines : public ByteSource {
 public:
  FirstLines(ByteSource& source, uint64_t lines) : source_(source), left_(lines) {}

  Result<size_t> Read(std::span<char> buffer) override {
    if (has_more_) return size_t{0};
    SLUICE_ASSIGN(const size_t n, source_.Read(buffer));
    if (n > 0 && left_ == 0) {
      has_more_ = true;
      return size_t{0};
    }
    const auto read = buffer.first(n);
    for (auto end = read.begin();;) {
      end = std::find(end, read.end(), '\n');
      if (end == read.end()) return n;
      ++end;
      if (--left_ > 0) continue;
      has_more_ = end != read.end();
      return static_cast<size_t>(end - read.begin());
    }
  }

  bool has_more() const { return has_more_; }

 private:
  ByteSource& source_;
  uint64_t left_;
  bool has_more_ = false;
};

// Looks at the rows of one table.
class TableLook {
 public:
  explicit TableLook(const Table& table) {
    for (size_t i = 0; i < table.schema.columns.size(); ++i) {
      const Column& column = table.schema.columns[i];
      if (column.generated) continue;
      const bool is_key =
          !table.unique.empty() && (std::ranges::count(table.unique, i) > 0 || table.time == i);
      columns_.push_back({column.type, is_key});
      has_key_ = has_key_ || is_key;
    }
  }

  void Add(const RowBatch& batch, size_t examples, PreviewedTable& out) {
    std::vector<size_t> next(columns_.size());  // value of each column
    for (size_t row = 0; row < batch.rows; ++row, ++out.rows) {
      const bool is_example = out.examples.size() < examples;
      PreviewedRow made{.line = static_cast<uint64_t>(batch.lines[row])};
      std::string key;
      for (size_t i = 0; i < columns_.size(); ++i) {
        const bool is_present = batch.columns[i].present[row] != 0;
        if (columns_[i].is_key || is_example) {
          std::string cell =
              is_present ? ValueText(columns_[i].type, batch.columns[i], next[i]) : "null";
          if (columns_[i].is_key) key += cell + ",";  // JSON, so that no two keys give one text
          if (is_example) made.cells.push_back(std::move(cell));
        }
        next[i] += is_present ? 1 : 0;
      }
      made.duplicate_of = FirstOf(key, made.line);
      if (made.duplicate_of) ++out.duplicates;
      if (is_example) out.examples.push_back(std::move(made));
    }
  }

 private:
  struct LookedAt {
    ColumnType type;
    bool is_key;
  };

  std::optional<uint64_t> FirstOf(const std::string& key, uint64_t line) {
    if (!has_key_) return std::nullopt;
    const auto [first, is_new] = seen_.try_emplace(Sha256Of(key), line);
    return is_new ? std::nullopt : std::optional(first->second);
  }

  std::vector<LookedAt> columns_;  // of the batches
  bool has_key_ = false;
  std::map<Sha256Digest, uint64_t> seen_;  // keys, and in which line first
};

// Looks at what would go to quarantine.
class FaultLook {
 public:
  void Add(const RecordFault& fault, size_t examples) {
    PreviewedFaults& group = groups_[{fault.table, fault.column, fault.reason}];
    ++group.events;
    if (group.examples.size() >= examples) return;
    group.examples.push_back({fault, EncodePayload(fault.bytes, fault.byte_length)});
    group.examples.back().fault.bytes = {};
  }

  std::vector<PreviewedFaults> Take() {
    std::vector<PreviewedFaults> all;
    for (auto& [what, group] : groups_) {
      std::tie(group.table, group.column, group.reason) = what;
      all.push_back(std::move(group));
    }
    return all;
  }

 private:
  std::map<std::tuple<std::optional<size_t>, std::optional<size_t>, FaultReason>, PreviewedFaults>
      groups_;
};

// Looks at what was changed on the way, line by line.
class ChangeLook {
 public:
  explicit ChangeLook(const TableSet& tables) : tables_(tables) {}

  // `line` has one, of which `counts` are. Unknown fields are told apart as they are in `sums`,
  // which have them already.
  void Add(const LineChunk& line, const ConversionCounts& counts, const ConversionCounts& sums,
           size_t examples) {
    for (size_t t = 0; t < counts.tables.size(); ++t) {
      const TableCounts& table = counts.tables[t];
      if (table.routed == 0) continue;
      AddColumns(line, t, "coerced", table.coerced, examples);
      AddColumns(line, t, "nulled", table.nulled, examples);
      AddColumns(line, t, "truncated", table.truncated, examples);
      if (tables_.tables[t].on_unknown_field == OnUnknownField::kCollect) continue;
      std::set<std::string> told;
      for (const auto& [path, events] : table.unknown_fields) {
        told.insert(sums.tables[t].unknown_fields.contains(path) ? path : "…");
      }
      for (const std::string& path : told) Add(line, t, "unknown", path, examples);
    }
  }

  void Take(Preview& preview) {
    for (auto& [what, change] : changes_) {
      std::tie(change.table, change.change, change.field) = what;
      preview.changes.push_back(std::move(change));
    }
    preview.changed = std::move(events_);
  }

 private:
  void AddColumns(const LineChunk& line, size_t table, std::string_view change,
                  const std::vector<uint64_t>& by_column, size_t examples) {
    for (size_t i = 0; i < by_column.size(); ++i) {
      if (by_column[i] == 0) continue;
      Add(line, table, change, tables_.tables[table].schema.columns[i].name, examples);
    }
  }
  void Add(const LineChunk& line, size_t table, std::string_view change, const std::string& field,
           size_t examples) {
    PreviewedChange& found = changes_[{table, change, field}];
    ++found.events;
    if (found.lines.size() >= examples) return;
    found.lines.push_back(line.first_line);
    const std::string_view text = line.text.substr(0, line.text.find('\n'));
    events_.try_emplace(line.first_line, EncodePayload(text, text.size()));
  }

  const TableSet& tables_;
  std::map<std::tuple<size_t, std::string_view, std::string>, PreviewedChange> changes_;
  std::map<uint64_t, QuarantinePayload> events_;
};

// The lines of a chunk, each as a chunk of its own.
std::vector<LineChunk> LinesOf(const LineChunk& chunk) {
  if (chunk.is_cut_line) return {chunk};
  std::vector<LineChunk> lines;
  for (size_t begin = 0; begin < chunk.text.size();) {
    const size_t end = std::min(chunk.text.find('\n', begin), chunk.text.size() - 1) + 1;
    lines.push_back({.text = chunk.text.substr(begin, end - begin),
                     .byte_offset = chunk.byte_offset + begin,
                     .first_line = chunk.first_line + lines.size()});
    begin = end;
  }
  return lines;
}

}  // namespace

Result<Preview> PreviewStream(ByteSource& stored, const TableSet& tables,
                              const PreviewOptions& options) {
  SLUICE_ASSIGN(const auto converter, EventConverter::Make(tables));
  const auto decompressed = DecompressingSource(stored);
  FirstLines lines(*decompressed, options.lines);
  LineChunker chunker(lines);
  Preview preview{.counts = converter->MakeCounts()};
  preview.tables.resize(tables.tables.size());
  std::vector<TableLook> looks(tables.tables.begin(), tables.tables.end());
  FaultLook faults;
  ChangeLook changes(tables);
  LineChunk chunk;
  ConvertedChunk converted;
  for (;;) {
    SLUICE_ASSIGN(const bool more, chunker.Next(chunk));
    if (!more) break;
    for (const LineChunk& line : LinesOf(chunk)) {
      ConversionCounts counts = converter->MakeCounts();
      converter->Convert(line, converted, counts);
      for (size_t i = 0; i < looks.size(); ++i) {
        looks[i].Add(converted.tables[i], options.examples, preview.tables[i]);
      }
      for (const RecordFault& fault : converted.faults) faults.Add(fault, options.examples);
      preview.quarantined += converted.faults.size();
      preview.counts += counts;
      changes.Add(line, counts, preview.counts, options.examples);
    }
  }
  preview.bytes = chunker.bytes();
  preview.is_whole = !lines.has_more();
  preview.faults = faults.Take();
  changes.Take(preview);
  return preview;
}

}  // namespace sluice
