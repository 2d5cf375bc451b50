// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/parquet/parquet_writer.h"

namespace sluice {

// A column of every type, each REQUIRED and OPTIONAL.
const std::vector<ParquetColumn>& SeedColumns();

// Small files of these columns, with each codec: without rows; one page; several pages and row
// groups, with dictionaries and without.
std::vector<std::string> ParquetSeeds();

}  // namespace sluice
