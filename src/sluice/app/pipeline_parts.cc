// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline_parts.h"

#include <filesystem>

#include "sluice/object/directory_root.h"
#include "sluice/object/directory_store.h"
#include "sluice/object/faulty_store.h"
#include "sluice/queue/faulty_queue.h"
#include "sluice/queue/sqlite_queue.h"
#include "sluice/warehouse/duckdb_warehouse.h"

namespace sluice {
namespace {

// The queue itself never takes a message away: landing accepts every message, and a notification of
// ours comes again until it is settled, whatever outage or crash brought it back. Only what is not
// ours is moved, by the inbox.
constexpr int kForEver = 1'000'000'000;

}  // namespace

Result<bool> Exists(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const bool is_absent = status.type() == std::filesystem::file_type::not_found;
  if (is_absent && error != std::errc::not_a_directory) return false;
  if (!error) return true;
  return Fail(ErrorKind::kPermanent, "cannot look at {}: {}", path, error.message());
}

std::string QueueFile(const Location& location) {
  return location.text + "/queue.db";
}

Result<std::unique_ptr<Queue>> OpenQueue(const Location& location, const std::string& name,
                                         WhenMissing when_missing,
                                         const PipelineEnvironment& environment) {
  if (when_missing == WhenMissing::kLeave) {
    SLUICE_ASSIGN(const bool exists, Exists(QueueFile(location)));
    if (!exists) return std::unique_ptr<Queue>();
  } else {
    SLUICE_TRY(MakeDurableFolder(location.text));
  }
  SqliteQueueOptions options{.path = QueueFile(location),
                             .name = name,
                             .dead_letter_queue = name + "-dead",
                             .max_receive_count = kForEver,
                             .stop = environment.stop};
  SLUICE_ASSIGN(std::unique_ptr<Queue> queue,
                SqliteQueue::Open(std::move(options), environment.clock));
  if (!environment.faults) return queue;
  return std::make_unique<FaultyQueue>(std::move(queue), environment.faults.get());
}

Result<std::unique_ptr<ObjectStore>> OpenStore(const Location& location,
                                               const PipelineEnvironment& environment) {
  SLUICE_ASSIGN(std::unique_ptr<ObjectStore> store, DirectoryStore::At(location.text));
  if (!environment.faults) return store;
  return std::make_unique<FaultyStore>(std::move(store), environment.faults.get());
}

std::unique_ptr<Warehouse> OpenWarehouse(const PipelineConfig& config,
                                         const PipelineEnvironment& environment) {
  return std::make_unique<DuckDbWarehouse>(
      DuckDbOptions{.path = std::get<DuckDbTarget>(config.warehouse.target).path,
                    .name = config.name,
                    .schema = config.warehouse.schema,
                    .parquet_root = config.parquet.location.text,
                    .quarantine_root = config.quarantine.location.text,
                    .threads = config.load.threads,
                    .memory = config.load.memory,
                    .stop = environment.stop,
                    .faults = environment.faults.get()},
      *config.tables, environment.clock);
}

}  // namespace sluice
