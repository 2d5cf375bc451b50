// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "sluice/ndjson/event_converter.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/load_plan.h"

namespace sluice {

// What a load is to expect of the `index`-th table: its counts, and the times that its file, at
// `key`, says.
PlannedTable PlanTable(size_t index, const Table& table, const TableCounts& counts,
                       const std::optional<ParquetFileInfo>& file, const std::string& key);

}  // namespace sluice
