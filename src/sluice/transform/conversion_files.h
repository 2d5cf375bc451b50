// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/transform/quarantine_writer.h"
#include "sluice/transform/stream_converter.h"

namespace sluice {

// The files of one conversion, opened when first needed. Calls must match: Append* EndRows Finish,
// and the jobs that the first two make have run before Finish. All that it is made of outlives it.
// One thread at a time; the jobs run on any meanwhile.
class ConversionFiles {
 public:
  ConversionFiles(const TableSet& tables, const ConversionOptions& options,
                  std::shared_ptr<PageMemory> memory, ConversionOutputs& outputs)
      : tables_(tables),
        options_(options),
        parquet_(options.parquet),
        outputs_(outputs),
        parts_(tables.tables.size()) {
    parquet_.memory = std::move(memory);
  }

  // Pages that became full are added to `jobs`.
  Status Append(const ConvertedChunk& chunk, std::vector<PageJob>& jobs);
  // A file's disk does not keep up; true only as long as a thread writes to it.
  bool is_behind() const;
  // Adds the last pages.
  Status EndRows(std::vector<PageJob>& jobs);
  // Ends every file, says so in `result`, which has the counts, and makes all of them visible.
  Status Finish(ConvertedStream& result);

 private:
  struct Part {
    std::unique_ptr<PendingObject> object;
    std::unique_ptr<ParquetWriter> writer;
  };

  Status Open(size_t table);
  Status OpenQuarantine();
  std::vector<std::pair<std::string, std::string>> Metadata(std::string_view table, uint64_t events,
                                                            uint64_t quarantined) const;

  const TableSet& tables_;
  const ConversionOptions& options_;
  ParquetWriterOptions parquet_;
  ConversionOutputs& outputs_;
  std::vector<Part> parts_;
  std::unique_ptr<PendingObject> quarantine_object_;
  std::unique_ptr<QuarantineWriter> quarantine_;
};

}  // namespace sluice
