// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/app/pipeline_parts.h"

namespace sluice {

// The warehouse that the configuration names, where it is a server: PostgreSQL, or Redshift by wire
// or by its Data API. Connects to nothing yet. All of what it gets outlives it.
Result<std::unique_ptr<Warehouse>> OpenServerWarehouse(const PipelineConfig& config,
                                                       const PipelineEnvironment& environment,
                                                       const WarehouseStores& stores);

}  // namespace sluice
