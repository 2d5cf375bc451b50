// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline.h"

#include <filesystem>
#include <thread>

#include "sluice/land/announcing_store.h"
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

Status NotHere(std::string_view part, const Location& location) {
  return Fail(ErrorKind::kPermanent,
              "cannot open {}: this build runs the embedded kinds only (dir: and duckdb:), not {}; "
              "change the "
              "configuration or run without one",
              part, location.text);
}

Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return {};
  return Fail(ErrorKind::kPermanent, "cannot make the folder {}: {}", path, error.message());
}

Result<std::unique_ptr<Queue>> OpenQueue(const Location& location, std::string name,
                                         const PipelineEnvironment& environment) {
  if (location.kind != Location::Kind::kDirectory)
    SLUICE_TRY(NotHere("the queue " + name, location));
  SLUICE_TRY(MakeFolder(location.text));
  SqliteQueueOptions options{.path = location.text + "/queue.db",
                             .name = name,
                             .dead_letter_queue = name + "-dead",
                             .max_receive_count = kForEver,
                             .stop = environment.stop};
  SLUICE_ASSIGN(std::unique_ptr<Queue> queue,
                SqliteQueue::Open(std::move(options), environment.clock));
  if (!environment.faults) return queue;
  return std::make_unique<FaultyQueue>(std::move(queue), environment.faults.get());
}

Result<std::unique_ptr<ObjectStore>> OpenStore(const Location& location, std::string_view what,
                                               const PipelineEnvironment& environment) {
  if (location.kind != Location::Kind::kDirectory) SLUICE_TRY(NotHere(what, location));
  SLUICE_TRY(MakeFolder(location.text));
  SLUICE_ASSIGN(std::unique_ptr<ObjectStore> store, DirectoryStore::At(location.text));
  if (!environment.faults) return store;
  return std::make_unique<FaultyStore>(std::move(store), environment.faults.get());
}

}  // namespace

Pipeline::Pipeline(PipelineConfig config, PipelineEnvironment environment)
    : config_(std::move(config)), environment_(std::move(environment)) {}
Pipeline::~Pipeline() = default;

Result<std::unique_ptr<Pipeline>> Pipeline::Open(PipelineConfig config,
                                                 PipelineEnvironment environment) {
  SLUICE_TRY(RequireParts(config, "a pipeline",
                          {ConfigPart::kSource, ConfigPart::kRaw, ConfigPart::kNotifications,
                           ConfigPart::kParquet, ConfigPart::kQuarantine, ConfigPart::kWarehouse}));
  std::unique_ptr<Pipeline> pipeline(new Pipeline(std::move(config), std::move(environment)));
  SLUICE_TRY(pipeline->OpenQueues());
  SLUICE_TRY(pipeline->OpenStores());
  SLUICE_TRY(pipeline->OpenWarehouse());
  return pipeline;
}

Status Pipeline::OpenQueues() {
  SLUICE_ASSIGN(source_, OpenQueue(config_.source.location, "source", environment_));
  SLUICE_ASSIGN(notifications_,
                OpenQueue(config_.raw.notifications, "notifications", environment_));
  SLUICE_ASSIGN(dead_notifications_,
                OpenQueue(config_.raw.notifications, "notifications-dead", environment_));
  return {};
}

// In an empty folder made in its place every announced object would count as vanished (fault N6).
Status Pipeline::RequireRawFolder() {
  const auto& [kind, path] = config_.raw.location;
  if (kind != Location::Kind::kDirectory || std::filesystem::exists(path)) return {};
  SLUICE_ASSIGN(const QueueDepth depth, notifications_->Depth());
  const uint64_t waiting = depth.visible + depth.in_flight;
  if (waiting == 0) return {};
  return Fail(
      ErrorKind::kPermanent,
      "the raw store's folder is missing, but notifications of objects in it wait; mount it "
      "or put it back, or make it if it is to be new, and run again: path={} waiting={}",
      path, waiting);
}

Status Pipeline::OpenStores() {
  SLUICE_TRY(RequireRawFolder());
  SLUICE_ASSIGN(auto raw, OpenStore(config_.raw.location, "the raw store", environment_));
  // A bucket announces its new objects by itself; a directory needs somebody to do it.
  raw_ = std::make_unique<AnnouncingStore>(std::move(raw), *notifications_, environment_.clock);
  SLUICE_ASSIGN(parquet_, OpenStore(config_.parquet.location, "the Parquet store", environment_));
  SLUICE_ASSIGN(quarantine_,
                OpenStore(config_.quarantine.location, "the quarantine store", environment_));
  return {};
}

Status Pipeline::OpenWarehouse() {
  const auto* target = std::get_if<DuckDbTarget>(&config_.warehouse.target);
  if (target == nullptr) {
    return Fail(ErrorKind::kPermanent,
                "cannot open the warehouse: this build loads into DuckDB only; write warehouse: "
                "{{duckdb: FILE}}");
  }
  SLUICE_TRY(MakeFolder(std::filesystem::path(target->path).parent_path().string()));
  warehouse_ = std::make_unique<DuckDbWarehouse>(
      DuckDbOptions{.path = target->path,
                    .name = config_.name,
                    .schema = config_.warehouse.schema,
                    .parquet_root = config_.parquet.location.text,
                    .quarantine_root = config_.quarantine.location.text,
                    .threads = config_.load.threads,
                    .memory = config_.load.memory,
                    .stop = environment_.stop,
                    .faults = environment_.faults.get()},
      *config_.tables, environment_.clock);
  return {};
}

Lander Pipeline::MakeLander(WhenEmpty when_empty, AfterCommit after_commit,
                            std::chrono::milliseconds wait) {
  LanderOptions options{.format = config_.raw.compression,
                        .when_empty = when_empty,
                        .after_commit = after_commit,
                        .close_age = std::chrono::ceil<std::chrono::seconds>(config_.raw.close_age),
                        .close_size = config_.raw.close_size,
                        .receive_wait = wait};
  options.layout = *RawLayout::Parse(config_.raw.layout);  // the configuration was checked
  return Lander(*source_, *raw_, environment_.clock, options);
}

Result<std::unique_ptr<ProcessStage>> Pipeline::MakeProcess(AfterLoad after_load,
                                                            EmptyLedger empty_ledger,
                                                            std::chrono::milliseconds wait,
                                                            ProcessProgress progress) {
  SLUICE_ASSIGN(const RawLayout layout, RawLayout::Parse(config_.raw.layout));
  ProcessOptions options{.after_load = after_load, .empty_ledger = empty_ledger};
  options.inbox = {.layout = layout,
                   .check_key = &CheckDirectoryKey,
                   .max_size = config_.load.max_size,
                   .wait = wait,
                   .dead_letters = dead_notifications_.get()};
  options.transform = {.parquet = {.codec = config_.parquet.compression},
                       .layout = layout,
                       .hold_above = config_.quarantine.hold_above};
  options.workers = config_.load.threads > 0 ? static_cast<size_t>(config_.load.threads)
                                             : std::max(1u, std::thread::hardware_concurrency());
  return ProcessStage::Make({*config_.tables,
                             *notifications_,
                             {*raw_, *parquet_, *quarantine_},
                             *warehouse_,
                             environment_.clock},
                            std::move(options), std::move(progress));
}

}  // namespace sluice
