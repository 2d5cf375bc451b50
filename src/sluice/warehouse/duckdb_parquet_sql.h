// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/warehouse/stage_sql.h"

namespace sluice {

// How DuckDB reads Parquet files, as SQL. Pure functions.

// False of a path with both '\' and a pattern's character: DuckDB has no pattern for it, since it
// takes the '\' for a '/' there.
bool CanBeRead(std::string_view path);
// `files` (not empty) are paths that CanBeRead; none of their characters is a pattern.
std::string FillStageSql(std::string_view table, const std::vector<StagedColumn>& columns,
                         const std::vector<std::string>& files);

// Rows (file, column, type) in order of file and column.
std::string ParquetColumnsSql(const std::vector<std::string>& files);
// The value that a file's key-value metadata has of `key`; a row, or none.
std::string ParquetMetadataSql(const std::string& file, std::string_view key);
// True where DuckDB reads a file's column as `found` and sluice wrote it as `type`.
bool IsParquetTypeOf(const ColumnType& type, std::string_view found);

}  // namespace sluice
