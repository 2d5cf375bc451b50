// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sluice/parquet/parquet_reader.h"
#include "sluice/parquet/parquet_writer.h"

namespace sluice {

// For tests: rows of a table, held so that they can be cut into batches anywhere.
class ParquetTestTable {
 public:
  explicit ParquetTestTable(std::vector<ParquetColumn> columns);

  // A column for every type, REQUIRED and OPTIONAL, filled with values and their extremes.
  static ParquetTestTable EveryType(size_t rows, unsigned seed);
  // Columns whose dictionaries pay, stop paying, fill up, and texts that make pages end anywhere.
  static ParquetTestTable Shapes(size_t rows, unsigned seed);

  // Appends a value to a column's batch; rows are complete when all columns have as many.
  void AddNull(size_t column) { all_.columns[column].present.push_back(0); }
  void Add(size_t column, int64_t value);
  void Add(size_t column, Int128 value);
  void Add(size_t column, double value);
  void Add(size_t column, std::string value);

  const std::vector<ParquetColumn>& columns() const { return columns_; }
  size_t rows() const { return all_.columns.front().present.size(); }
  const ColumnBatch& values(size_t column) const { return all_.columns[column]; }
  RowBatch Rows(size_t begin, size_t count) const;

  // The file of this table, from batches of `batch_rows`.
  std::string Write(const ParquetWriterOptions& options, size_t batch_rows,
                    ParquetFileInfo* info = nullptr) const;

 private:
  std::vector<ParquetColumn> columns_;
  RowBatch all_;
  std::vector<std::unique_ptr<std::string>> texts_;  // what the views of all_ point into
};

// All row groups of one column, one behind the other. The texts live in `memory`.
Result<ColumnBatch> ReadColumn(const ParquetReader& reader, size_t column,
                               std::vector<ColumnValues>& memory);

}  // namespace sluice
