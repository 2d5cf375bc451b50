// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/planned_table.h"

namespace sluice {

PlannedTable PlanTable(size_t index, const Table& table, const TableCounts& counts,
                       const std::optional<ParquetFileInfo>& file, const std::string& key) {
  PlannedTable planned{.table = index, .routed = counts.routed, .quarantined = counts.quarantined};
  if (!file) return planned;
  planned.parquet = key;
  if (!table.time) return planned;
  size_t position = 0;  // of the time column among the file's
  for (size_t i = 0; i < *table.time; ++i) position += table.schema.columns[i].generated ? 0 : 1;
  if (const auto& range = file->int_ranges[position]) {
    planned.min_time = Timestamp(std::chrono::microseconds(range->min));
    planned.max_time = Timestamp(std::chrono::microseconds(range->max));
  }
  return planned;
}

}  // namespace sluice
