// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/ndjson/record_fault.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/schema/table.h"

namespace sluice {

// Writes one quarantine object: the Parquet file with the columns of schema/quarantine_schema.h.
// Calls must match: Append* Finish. `tables` and `sink` outlive the writer.
class QuarantineWriter {
 public:
  // `object_id` is 0 for files that belong to no raw object (`sluice convert`).
  QuarantineWriter(const TableSet& tables, int64_t object_id, ParquetWriterOptions options,
                   ByteSink& sink);

  Status Append(std::span<const RecordFault> faults);
  Status Finish(const std::vector<std::pair<std::string, std::string>>& metadata);
  uint64_t rows() const { return writer_.rows(); }

 private:
  const TableSet& tables_;
  const int64_t object_id_;
  ParquetWriter writer_;
  RowBatch batch_;                     // reused
  std::vector<std::string> payloads_;  // what batch_ points into
};

}  // namespace sluice
