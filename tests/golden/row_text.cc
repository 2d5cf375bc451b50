// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/row_text.h"

#include <utility>

#include "sluice/base/io.h"
#include "sluice/parquet/parquet_reader.h"
#include "sluice/schema/value_text.h"

namespace sluice {

Result<std::vector<CellRow>> ReadRows(std::string parquet) {
  StringAccess file(std::move(parquet));
  SLUICE_ASSIGN(const ParquetReader reader, ParquetReader::Open(file));
  std::vector<CellRow> rows;
  for (size_t group = 0; group < reader.row_groups(); ++group) {
    const size_t first = rows.size();
    rows.resize(first + reader.rows_in(group));
    for (size_t i = 0; i < reader.columns().size(); ++i) {
      const ParquetColumn& column = reader.columns()[i];
      SLUICE_ASSIGN(const ColumnValues values, reader.Read(group, i));
      size_t next = 0;
      for (size_t row = 0; row < values.batch.present.size(); ++row) {
        const bool present = values.batch.present[row] != 0;
        rows[first + row].push_back(
            {column.name, present ? ValueText(column.type, values.batch, next++) : "null"});
      }
    }
  }
  return rows;
}

}  // namespace sluice
