// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// One value of a Parquet file, as ValueText gives it, or null.
struct Cell {
  std::string column;
  std::string text;
};
using CellRow = std::vector<Cell>;

// All rows of the Parquet file with the content `parquet`, in order.
Result<std::vector<CellRow>> ReadRows(std::string parquet);

}  // namespace sluice
