// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// One value of a Parquet file as people write it: JSON for integers, booleans, floating numbers (in
// the fewest digits that give the same value), texts and NULL; SQL's spelling in quotes for
// decimals, dates and timestamps ("12.50", "2020-06-01", "2020-06-01 00:00:24.000000", in UTC).
struct Cell {
  std::string column;
  std::string text;
};
using CellRow = std::vector<Cell>;

// All rows of the Parquet file with the content `parquet`, in order.
Result<std::vector<CellRow>> ReadRows(std::string parquet);

}  // namespace sluice
