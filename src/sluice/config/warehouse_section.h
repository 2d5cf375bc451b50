// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/config/config_section.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

// Reads `warehouse:`.
void ReadWarehouse(ConfigSection warehouse, const std::string& folder, const std::string& region,
                   WarehouseConfig& config);

}  // namespace sluice
