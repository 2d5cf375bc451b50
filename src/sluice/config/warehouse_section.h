// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sluice/config/config_section.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

// Reads `warehouse:`. `region` is the pipeline's, `secrets_region` where Secrets Manager is asked.
void ReadWarehouse(ConfigSection warehouse, const std::string& folder, const std::string& region,
                   const std::string& secrets_region, WarehouseConfig& config);

// The password of the warehouse where Secrets Manager keeps it, and the key that says so.
struct KeptPassword {
  std::string key;  // "warehouse.redshift.password"
  KeptSecret secret;
};
std::optional<KeptPassword> KeptPasswordOf(const WarehouseConfig& config);

}  // namespace sluice
