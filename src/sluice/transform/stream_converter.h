// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/ndjson/event_converter.h"
#include "sluice/ndjson/line_chunker.h"
#include "sluice/object/object_store.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/schema/table.h"

namespace sluice {

// Where a conversion puts its files. Asked for one only when its first row is there, each at most
// once.
class ConversionOutputs {
 public:
  virtual ~ConversionOutputs() = default;
  virtual Result<std::unique_ptr<PendingObject>> OpenTable(size_t table) = 0;
  virtual Result<std::unique_ptr<PendingObject>> OpenQuarantine() = 0;
};

struct ConversionOptions {
  ParquetWriterOptions parquet;  // with object_id, files end with the technical columns
  LineChunkerOptions chunks;
  // That work on the stream, at most; for each there are three chunks in memory and what becomes of
  // them. The files do not depend on how many there are.
  size_t threads = 1;
  // Key-value pairs for every file, before its own counts.
  std::vector<std::pair<std::string, std::string>> metadata;
  // Where it is set, faults go there, in line order, and no quarantine file is made. By one thread
  // at a time, but not always the caller's.
  std::function<void(std::span<const RecordFault>)> on_faults = {};
};

struct ConvertedStream {
  ConversionCounts counts;
  std::vector<std::optional<ParquetFileInfo>> files;  // by table; absent where no row came out
  uint64_t quarantined = 0;                           // rows of the quarantine file
  uint64_t bytes = 0;                                 // read, decompressed
};

// Turns one stream of JSON lines, compressed or not, into a Parquet file for each table and one for
// quarantine, in memory that does not depend on its length. The one path of the product: pipeline
// and `convert` differ in source and outputs only. One stream at a time; reused for any number of
// streams. `tables` outlives it.
class StreamConverter {
 public:
  static Result<std::unique_ptr<StreamConverter>> Make(const TableSet& tables,
                                                       const EventConverterOptions& events = {});
  ~StreamConverter();

  // All outputs are committed, or none is: kBadData says that `stored` is cut short or damaged.
  // `stored` and `outputs` are used by one thread at a time, but not always by the caller's; so is
  // each object of the outputs, but several of them side by side.
  Result<ConvertedStream> Convert(ByteSource& stored, const ConversionOptions& options,
                                  ConversionOutputs& outputs);

 private:
  struct Worker;
  struct Passage;
  class Run;
  StreamConverter(const TableSet& tables, EventConverterOptions events);
  Status AddWorker();

  const TableSet& tables_;
  const EventConverterOptions events_;
  const std::shared_ptr<PageMemory> page_memory_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Passage>> passages_;
};

// A table's columns as its Parquet files have them, without the technical ones.
std::vector<ParquetColumn> FileColumnsOf(const Table& table);

}  // namespace sluice
