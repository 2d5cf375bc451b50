// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sluice/schema/table.h"

namespace sluice {

__extension__ typedef __int128 Int128;

// The values of one column for the rows of one batch. `present` has one entry for each row; the
// vector that ValueKindOf(type) names has one entry for each present value, in row order; the other
// vectors are empty.
struct ColumnBatch {
  std::vector<uint8_t> present;  // 1: a value, 0: NULL
  std::vector<int64_t> ints;
  std::vector<Int128> wide_ints;
  std::vector<double> doubles;
  std::vector<std::string_view>
      texts;  // into the chunk the rows came from, or into the converter's own memory

  void Clear();
};

// Rows of one table on their way from JSON to pages: what ndjson/ makes and parquet/ eats.
// Column-wise, so that neither side pays per row. The texts are views: a batch is used up before
// its producer makes the next one.
struct RowBatch {
  size_t rows = 0;
  std::vector<ColumnBatch> columns;  // one for each column that is not generated, in table order
  std::vector<int32_t> lines;        // of each row: its line in the raw object, from 1

  void Clear();
};

}  // namespace sluice
