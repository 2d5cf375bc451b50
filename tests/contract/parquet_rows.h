// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "tests/contract/warehouse_contract.h"

namespace sluice {

// A Parquet file as transform writes it, of values as text; absent is NULL. Times as ToIso8601
// spells them.
std::string ParquetOf(const std::vector<WarehouseHarness::FileColumn>& columns,
                      const WarehouseHarness::Rows& rows,
                      const std::optional<std::string>& table_key);

}  // namespace sluice
