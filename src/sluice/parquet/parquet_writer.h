// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/codec/block_codec.h"
#include "sluice/parquet/page_job.h"
#include "sluice/schema/row_batch.h"
#include "sluice/schema/table.h"

namespace sluice {

class PageMemory;

struct ParquetColumn {
  std::string name;
  ColumnType type;
  bool not_null = false;  // REQUIRED, else OPTIONAL
};

struct ParquetWriterOptions {
  Codec codec = Codec::kSnappy;
  Bytes page = KiB(256);      // of values before compression; small pages cost little
  Bytes row_group = MiB(32);  // of encoded pages; a row group is held in memory until it is full
  Bytes dictionary = MiB(1);  // a column whose dictionary grows over this goes on in PLAIN
  // Ends every row with the technical columns sluice_object BIGINT (this value) and sluice_line
  // INTEGER (the batch's lines).
  std::optional<int64_t> object_id;
  // Where pages get their memory and leave it; null: the writer's own. For who writes many files.
  std::shared_ptr<PageMemory> memory = nullptr;
};

// What stands in the footer, as far as callers need it.
struct ParquetFileInfo {
  uint64_t rows = 0;
  Bytes size;
  struct Range {
    int64_t min = 0, max = 0;
  };
  std::vector<std::optional<Range>>
      int_ranges;  // by column; only for ValueKind::kInt64 columns with at least one value
};

// Who packs finished pages: the writer at once, or its caller, who takes jobs and runs them.
enum class PagePacking { kByWriter, kByCaller };

// Writes one Parquet file (parquet-format 2.10, the subset of docs/formats.md): V1 data pages with
// CRC, PLAIN and RLE_DICTIONARY, flat columns, statistics with column_orders. Calls must match:
// Append* Finish; with kByCaller (Append TakeJobs)* EndRows TakeJobs Finish, where every job has
// run before Finish. Jobs run on other threads meanwhile, the writer itself on one at a time;
// `sink` is used by one thread at a time, but with kByCaller by those that run jobs, because a row
// group is written when its last job has run. The bytes are a function of columns, options, rows
// and metadata, not of how rows are cut into batches: no clock, no random number, no thread.
// Memory: about `row_group` times the compression's failure, plus a page and a dictionary for each
// column; and the jobs and row groups that wait, which the caller bounds by running jobs and by
// is_behind. `sink` outlives the writer. After a failed call only destruction is legal.
class ParquetWriter {
 public:
  ParquetWriter(std::vector<ParquetColumn> columns, ParquetWriterOptions options, ByteSink& sink,
                PagePacking packing = PagePacking::kByWriter);
  ~ParquetWriter();

  // The batch's columns are this file's, without the technical ones.
  Status Append(const RowBatch& batch);
  // The jobs made since the last call; none with kByWriter.
  std::vector<PageJob> TakeJobs();
  // With kByCaller: the sink does not keep up. No more rows should be appended until it does: true
  // only as long as a thread writes a row group.
  bool is_behind() const;
  // No more rows come: makes the last jobs. Needed with kByCaller only.
  Status EndRows();
  // Writes what is buffered and the footer with `metadata` (key-value pairs, in order). A file
  // without rows is legal.
  Result<ParquetFileInfo> Finish(const std::vector<std::pair<std::string, std::string>>& metadata);

  uint64_t rows() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Rises whenever the same rows would give other bytes; part of every revision.
inline constexpr int kParquetWriterVersion = 3;

}  // namespace sluice
