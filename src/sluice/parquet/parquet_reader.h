// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/parquet/parquet_writer.h"

namespace sluice {

// The memory that the texts of a ColumnBatch point into.
struct ColumnValues {
  ColumnBatch batch;
  std::vector<std::string> pages;
};

// Reads back what ParquetWriter wrote: footer and typed columns, nothing more. Whatever the bytes
// are, the answer is a value or kBadData, in memory bounded by the file's size and the limits
// below; fuzzed. Thread-safe after Open. `file` outlives the reader.
class ParquetReader {
 public:
  static constexpr Bytes kLargestFooter = MiB(64);
  static constexpr Bytes kLargestPage = MiB(64);

  static Result<ParquetReader> Open(RandomAccess& file);
  ParquetReader(ParquetReader&&) noexcept;
  ~ParquetReader();

  const std::vector<ParquetColumn>& columns() const;  // the technical ones too
  uint64_t rows() const;
  size_t row_groups() const;
  uint64_t rows_in(size_t row_group) const;
  const std::vector<std::pair<std::string, std::string>>& metadata() const;

  // All values of one column in one row group. Page CRCs are checked.
  Result<ColumnValues> Read(size_t row_group, size_t column) const;

 private:
  struct State;
  explicit ParquetReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice
