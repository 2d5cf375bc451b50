// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/parquet/chunk_writer.h"
#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/parquet_writer.h"

namespace sluice {

// Some consecutive rows of a ColumnBatch.
struct ColumnSlice {
  const ColumnBatch& batch;
  size_t row = 0, rows = 0;      // into batch.present
  size_t value = 0, values = 0;  // into the vector of values
};

// Encodes one column of one row group after the other. The bytes depend on the values and on where
// EndChunk is called, not on how the rows are cut into slices.
//
// Pages end before the value that would make them too large, and after kMostRowsInPage rows. A
// chunk begins with a dictionary and goes on in PLAIN when that does not pay: after 4,096 values if
// nearly all are distinct, after 32,768 values or at the chunk's end if dictionary and ids save
// less than a quarter, at any time when the dictionary is full. If no page was finished by then,
// the dictionary is dropped and the values so far become PLAIN.
class ColumnWriter {
 public:
  virtual ~ColumnWriter() = default;

  // If the column is required, every row has a value.
  virtual void Append(const ColumnSlice& slice) = 0;
  // Of the chunk so far, before compression: about what it will have.
  virtual uint64_t bytes() const = 0;
  // Ends the chunk, which has rows, and begins the next. All its jobs are made then.
  virtual std::shared_ptr<ChunkPages> EndChunk() = 0;
  // Over all chunks ended; none without a value.
  virtual std::optional<ParquetFileInfo::Range> int_range() const = 0;
};

// `traffic` outlives the result.
std::unique_ptr<ColumnWriter> MakeColumnWriter(const ParquetColumn& column,
                                               const ParquetWriterOptions& options,
                                               PageTraffic& traffic);

// How many of `rows` 0/1 bytes are 1.
size_t CountPresent(const uint8_t* present, size_t rows);

}  // namespace sluice
