// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/connect/connector.h"
#include "sluice/object/object_store.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/transform/event_replayer.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// What loads need of the stores; null to look only.
struct WarehouseStores {
  ObjectStore* parquet = nullptr;
  ObjectStore* quarantine = nullptr;
  // The Parquet store tells of a warehouse: where its file is missing, that is no new pipeline.
  bool hold_what_was_loaded = false;
};

// Whether anything was ever loaded, or about to be: a ledger is made before the first Parquet
// object.
Result<bool> HoldsParquet(ObjectStore& parquet);

// The warehouse that the configuration names. Makes nothing in it yet: the warehouse itself says
// when it is not there. `config` passed RequireKindsOfThisBuild; all of what it gets outlives it.
Result<std::unique_ptr<Warehouse>> OpenWarehouse(const PipelineConfig& config,
                                                 const PipelineEnvironment& environment,
                                                 const WarehouseStores& stores = {});

// How Parquet objects are written: a part of the revision.
ParquetWriterOptions ParquetOptionsOf(const PipelineConfig& config);

ReplayOptions ReplayOptionsOf(const PipelineConfig& config);

// How the pipeline's tables are called and spelt there.
LedgerNames NamesOf(const PipelineConfig& config);

}  // namespace sluice
