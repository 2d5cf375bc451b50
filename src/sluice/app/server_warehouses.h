// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/app/pipeline_parts.h"
#include "sluice/warehouse/probe.h"

namespace sluice {

// The warehouse that the configuration names, where it is a server: PostgreSQL, or Redshift by wire
// or by its Data API. Connects to nothing yet. All of what it gets outlives it.
Result<std::unique_ptr<Warehouse>> OpenServerWarehouse(const PipelineConfig& config,
                                                       const PipelineEnvironment& environment,
                                                       const WarehouseStores& stores);

// The same for Probe, which asks it what only the real one knows. The environment's fault plan
// outlives it too.
Result<ProbeTarget> OpenProbe(const PipelineConfig& config, const PipelineEnvironment& environment,
                              NotedStore& parquet);

}  // namespace sluice
