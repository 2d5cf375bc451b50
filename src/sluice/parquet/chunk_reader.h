// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sluice/base/result.h"
#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/parquet_reader.h"

namespace sluice {

// The most that the pages of one column chunk may have together before compression. The writer ends
// row groups far earlier.
inline constexpr uint64_t kLargestChunk = GiB(1).count;

// Decodes the pages of one column chunk of `rows` rows. `pages` is the chunk as it stands in the
// file. kBadData names the byte in the chunk.
Result<ColumnValues> ReadChunk(std::string pages, const ParquetColumn& column,
                               const ChunkMetadata& chunk, uint32_t rows);

}  // namespace sluice
