// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/stream_converter.h"

#include <limits>

#include "sluice/codec/stream_codec.h"
#include "sluice/transform/quarantine_writer.h"

namespace sluice {

std::vector<ParquetColumn> FileColumnsOf(const Table& table) {
  std::vector<ParquetColumn> columns;
  for (const Column& column : table.schema.columns) {
    if (column.generated) continue;
    columns.push_back({.name = column.name, .type = column.type, .not_null = column.not_null});
  }
  return columns;
}

// The files of one conversion, opened when first needed.
class StreamConverter::Files {
 public:
  Files(const TableSet& tables, const ConversionOptions& options, ConversionOutputs& outputs)
      : tables_(tables), options_(options), outputs_(outputs), parts_(tables.tables.size()) {}

  Status Append(const ConvertedChunk& chunk) {
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (chunk.tables[i].rows == 0) continue;
      if (!parts_[i].writer) SLUICE_TRY(Open(i));
      SLUICE_TRY(parts_[i].writer->Append(chunk.tables[i]));
    }
    if (chunk.faults.empty()) return {};
    if (!quarantine_) SLUICE_TRY(OpenQuarantine());
    return quarantine_->Append(chunk.faults);
  }

  // Ends every file, then makes them visible.
  Status Finish(ConvertedStream& result) {
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (!parts_[i].writer) continue;
      const TableCounts& counts = result.counts.tables[i];
      SLUICE_ASSIGN(result.files[i],
                    parts_[i].writer->Finish(
                        Metadata(tables_.tables[i].name(), counts.routed, counts.quarantined)));
    }
    if (quarantine_) {
      result.quarantined = quarantine_->rows();
      SLUICE_TRY(quarantine_->Finish(Metadata("*", result.counts.lines, quarantine_->rows())));
    }
    for (Part& part : parts_) {
      if (part.object) SLUICE_TRY(part.object->Commit());
    }
    if (quarantine_object_) SLUICE_TRY(quarantine_object_->Commit());
    return {};
  }

 private:
  struct Part {
    std::unique_ptr<PendingObject> object;
    std::unique_ptr<ParquetWriter> writer;
  };

  Status Open(size_t table) {
    Part& part = parts_[table];
    SLUICE_ASSIGN(part.object, outputs_.OpenTable(table));
    part.writer = std::make_unique<ParquetWriter>(FileColumnsOf(tables_.tables[table]),
                                                  options_.parquet, *part.object);
    return {};
  }

  Status OpenQuarantine() {
    SLUICE_ASSIGN(quarantine_object_, outputs_.OpenQuarantine());
    ParquetWriterOptions options = options_.parquet;
    options.object_id.reset();  // quarantine files have their own column for it
    quarantine_ = std::make_unique<QuarantineWriter>(
        tables_, options_.parquet.object_id.value_or(0), options, *quarantine_object_);
    return {};
  }

  std::vector<std::pair<std::string, std::string>> Metadata(std::string_view table, uint64_t events,
                                                            uint64_t quarantined) const {
    auto metadata = options_.metadata;
    metadata.emplace_back("sluice.table", table);
    metadata.emplace_back("sluice.events", std::to_string(events));
    metadata.emplace_back("sluice.quarantined", std::to_string(quarantined));
    return metadata;
  }

  const TableSet& tables_;
  const ConversionOptions& options_;
  ConversionOutputs& outputs_;
  std::vector<Part> parts_;
  std::unique_ptr<PendingObject> quarantine_object_;
  std::unique_ptr<QuarantineWriter> quarantine_;
};

Result<std::unique_ptr<StreamConverter>> StreamConverter::Make(const TableSet& tables) {
  SLUICE_ASSIGN(auto events, EventConverter::Make(tables));
  return std::unique_ptr<StreamConverter>(new StreamConverter(tables, std::move(events)));
}

Result<ConvertedStream> StreamConverter::Convert(ByteSource& stored,
                                                 const ConversionOptions& options,
                                                 ConversionOutputs& outputs) {
  ConvertedStream result{.counts = events_->MakeCounts()};
  result.files.resize(tables_.tables.size());
  Files files(tables_, options, outputs);
  const std::unique_ptr<ByteSource> lines = DecompressingSource(stored);
  LineChunker chunker(*lines, options.chunks);
  LineChunk chunk;
  for (;;) {
    SLUICE_ASSIGN(const bool more, chunker.Next(chunk));
    if (!more) break;
    if (chunker.lines() > static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) {
      return Fail(ErrorKind::kBadData, "cannot convert: more than {} lines in one object; split it",
                  std::numeric_limits<int32_t>::max());
    }
    events_->Convert(chunk, chunk_, result.counts);
    SLUICE_TRY(files.Append(chunk_));
  }
  result.bytes = chunker.bytes();
  SLUICE_TRY(files.Finish(result));
  return result;
}

}  // namespace sluice
