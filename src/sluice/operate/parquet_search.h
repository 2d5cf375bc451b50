// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/object/object_store.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/table_check.h"

namespace sluice {

// Looks into Parquet objects of the pipeline, of which it reads only the columns that it needs, a
// row group at a time. Failures: as the store's; kBadData where the object is no such table's.

// Are the table's keys text or integers only?
bool CanSearchKeys(const Table& table);

// The lines of the raw object whose event has this key, as sluice.duplicates spells it. Only
// where CanSearchKeys.
Result<std::vector<int64_t>> LinesWithKey(ObjectStore& parquet, const std::string& object,
                                          const Table& table, const std::string& key);
// How many of its rows have their time in these hours. `table` has a time.
Result<uint64_t> CountInHours(ObjectStore& parquet, const std::string& object, const Table& table,
                              const EventHours& hours);

}  // namespace sluice
