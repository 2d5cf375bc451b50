// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/preview.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "sluice/base/hash.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/ndjson/line_chunker.h"
#include "sluice/schema/value_text.h"

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
  LineChunk chunk;
  ConvertedChunk converted;
  for (;;) {
    SLUICE_ASSIGN(const bool more, chunker.Next(chunk));
    if (!more) break;
    converter->Convert(chunk, converted, preview.counts);
    for (size_t i = 0; i < looks.size(); ++i) {
      looks[i].Add(converted.tables[i], options.examples, preview.tables[i]);
    }
    for (const RecordFault& fault : converted.faults) faults.Add(fault, options.examples);
    preview.quarantined += converted.faults.size();
  }
  preview.bytes = chunker.bytes();
  preview.is_whole = !lines.has_more();
  preview.faults = faults.Take();
  return preview;
}

}  // namespace sluice
