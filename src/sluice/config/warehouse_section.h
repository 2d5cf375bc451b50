// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/config/config_section.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

enum class NeedsRegion { kNo, kYes };

// `region:` and `endpoint:` of one AWS service; `region` is the pipeline's, for want of an own one.
void ReadService(ConfigSection& section, const std::string& region, NeedsRegion needs,
                 ServiceOptions& service);

// Reads `warehouse:`.
void ReadWarehouse(ConfigSection warehouse, const std::string& folder, const std::string& region,
                   WarehouseConfig& config);

}  // namespace sluice
