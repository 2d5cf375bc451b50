// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/planned_table.h"

#include "sluice/warehouse/field_changes.h"

namespace sluice {
namespace {

std::vector<FieldChange> ChangesOf(const Table& table, const TableCounts& counts) {
  std::vector<FieldChange> changes;
  const auto add = [&](FieldChangeKind kind, const std::vector<uint64_t>& by_column) {
    for (size_t i = 0; i < by_column.size(); ++i) {
      if (by_column[i] > 0) changes.push_back({kind, table.schema.columns[i].name, by_column[i]});
    }
  };
  add(FieldChangeKind::kCoerced, counts.coerced);
  add(FieldChangeKind::kNulled, counts.nulled);
  add(FieldChangeKind::kTruncated, counts.truncated);
  for (const auto& [name, events] : counts.unknown_fields) {
    changes.push_back({FieldChangeKind::kUnknown, name, events});
  }
  return changes;
}

}  // namespace

PlannedTable PlanTable(size_t index, const Table& table, const TableCounts& counts,
                       const std::optional<ParquetFileInfo>& file, const std::string& key) {
  PlannedTable planned{.table = index,
                       .routed = counts.routed,
                       .quarantined = counts.quarantined,
                       .changes = ToText(ChangesOf(table, counts))};
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
