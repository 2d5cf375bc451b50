// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/app/fetching_warehouse.h"
#include "sluice/app/server_warehouses.h"
#include "sluice/warehouse/duckdb_warehouse.h"

namespace sluice {
namespace {

SqlDialect::Kind DialectOf(const WarehouseConfig& warehouse) {
  if (std::holds_alternative<DuckDbTarget>(warehouse.target)) return SqlDialect::Kind::kDuckDb;
  if (std::holds_alternative<PostgresTarget>(warehouse.target)) return SqlDialect::Kind::kPostgres;
  return SqlDialect::Kind::kRedshift;
}

}  // namespace

ParquetWriterOptions ParquetOptionsOf(const PipelineConfig& config) {
  return {.codec = config.parquet.compression};
}

ReplayOptions ReplayOptionsOf(const PipelineConfig& config) {
  return {.parquet = ParquetOptionsOf(config),
          .chunks = {},
          .layout = *RawLayout::Parse(config.raw.layout)};  // that was checked
}

LedgerNames NamesOf(const PipelineConfig& config) {
  return {.pipeline = config.name,
          .schema = config.warehouse.schema,
          .dialect = SqlDialect(DialectOf(config.warehouse))};
}

Result<bool> HoldsParquet(ObjectStore& parquet) {
  SLUICE_ASSIGN(const ListPage page, parquet.List("", "", 100));
  return std::ranges::any_of(
      page.objects, [](const ObjectInfo& object) { return object.key.ends_with(".parquet"); });
}

Result<std::unique_ptr<Warehouse>> OpenWarehouse(const PipelineConfig& config,
                                                 const PipelineEnvironment& environment,
                                                 const WarehouseStores& stores) {
  if (!std::holds_alternative<DuckDbTarget>(config.warehouse.target)) {
    return OpenServerWarehouse(config, environment, stores);
  }
  DuckDbOptions options{.path = std::get<DuckDbTarget>(config.warehouse.target).path,
                        .name = config.name,
                        .schema = config.warehouse.schema,
                        .parquet_root = config.parquet.location.text,
                        .quarantine_root = config.quarantine.location.text,
                        .was_there = stores.hold_what_was_loaded,
                        .threads = config.load.threads,
                        .memory = config.load.memory,
                        .stop = environment.stop,
                        .faults = environment.faults.get()};
  const bool reads_folders =
      config.parquet.location.is_folder() && config.quarantine.location.is_folder();
  if (reads_folders || stores.parquet == nullptr || stores.quarantine == nullptr) {
    return std::make_unique<DuckDbWarehouse>(std::move(options), *config.tables, environment.clock);
  }
  const FetchFolders folders =
      FetchingWarehouse::FoldersBelow(options.path + ".fetched", environment.clock);
  options.parquet_root = folders.parquet;
  options.quarantine_root = folders.quarantine;
  options.fetch = [folders, &parquet = *stores.parquet,
                   &quarantine = *stores.quarantine](const StagedFile& file) {
    const bool is_parquet = file.store == StagedFile::Store::kParquet;
    return FetchingWarehouse::FetchOne(is_parquet ? parquet : quarantine,
                                       is_parquet ? folders.parquet : folders.quarantine, file.key);
  };
  auto duckdb =
      std::make_unique<DuckDbWarehouse>(std::move(options), *config.tables, environment.clock);
  return std::make_unique<FetchingWarehouse>(std::move(duckdb), *stores.parquet, *stores.quarantine,
                                             folders);
}

}  // namespace sluice
