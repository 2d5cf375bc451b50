// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline.h"

#include <filesystem>

#include "sluice/app/this_build.h"
#include "sluice/config/required_parts.h"
#include "sluice/land/announcing_store.h"
#include "sluice/object/directory_root.h"

namespace sluice {

Status RequireRunnable(const PipelineConfig& config) {
  SLUICE_TRY(RequireParts(config, "a pipeline",
                          {ConfigPart::kSource, ConfigPart::kRaw, ConfigPart::kNotifications,
                           ConfigPart::kParquet, ConfigPart::kQuarantine, ConfigPart::kWarehouse}));
  return RequireKindsOfThisBuild(config);
}

Pipeline::Pipeline(PipelineConfig config, PipelineEnvironment environment)
    : config_(std::move(config)), environment_(std::move(environment)) {}
Pipeline::~Pipeline() = default;

Result<std::unique_ptr<Pipeline>> Pipeline::Open(PipelineConfig config,
                                                 PipelineEnvironment environment) {
  SLUICE_TRY(RequireRunnable(config));
  std::unique_ptr<Pipeline> pipeline(new Pipeline(std::move(config), std::move(environment)));
  SLUICE_TRY(pipeline->OpenQueues());
  SLUICE_TRY(pipeline->OpenStores());
  const std::filesystem::path file =
      std::get<DuckDbTarget>(pipeline->config_.warehouse.target).path;
  SLUICE_TRY(MakeDurableFolder(file.parent_path().string()));
  pipeline->warehouse_ = OpenWarehouse(pipeline->config_, pipeline->environment_);
  return pipeline;
}

Status Pipeline::OpenQueues() {
  const auto open = [&](const Location& location, const char* name) {
    return OpenQueue(location, name, WhenMissing::kMake, environment_);
  };
  SLUICE_ASSIGN(source_, open(config_.source.location, "source"));
  SLUICE_ASSIGN(notifications_, open(config_.raw.notifications, "notifications"));
  SLUICE_ASSIGN(dead_notifications_, open(config_.raw.notifications, "notifications-dead"));
  return {};
}

// In an empty folder made in its place every announced object would count as vanished (fault N6).
Status Pipeline::RequireRawFolder() {
  const std::string& path = config_.raw.location.text;
  SLUICE_ASSIGN(const bool exists, Exists(path));
  if (exists) return {};
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
  SLUICE_ASSIGN(auto raw, OpenStore(config_.raw.location, environment_));
  // A bucket announces its new objects by itself; a directory needs somebody to do it.
  raw_ = std::make_unique<AnnouncingStore>(std::move(raw), *notifications_, environment_.clock);
  SLUICE_ASSIGN(parquet_, OpenStore(config_.parquet.location, environment_));
  SLUICE_ASSIGN(quarantine_, OpenStore(config_.quarantine.location, environment_));
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
  options.warn_above = config_.quarantine.warn_above;
  options.workers = ThreadCount(config_.load.threads);
  return ProcessStage::Make({*config_.tables,
                             *notifications_,
                             {*raw_, *parquet_, *quarantine_},
                             *warehouse_,
                             environment_.clock},
                            std::move(options), std::move(progress));
}

}  // namespace sluice
