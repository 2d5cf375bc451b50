// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "sluice/schema/row_batch.h"
#include "sluice/schema/table.h"

namespace sluice {

// A value of a column as people write it, as JSON: a number or a boolean, floating numbers in the
// fewest digits that give the same value; texts in quotes, SUPER's too; and SQL's spelling in
// quotes for decimals, dates and timestamps ("12.50", "2020-06-01", "2020-06-01 00:00:24.000000",
// in UTC). `at` counts the values of `batch` that are present.
std::string ValueText(const ColumnType& type, const ColumnBatch& batch, size_t at);

}  // namespace sluice
