// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline_view.h"

#include "sluice/app/pipeline.h"

namespace sluice {
namespace {

// Whether a DuckDB file is missing though the Parquet store holds what was loaded into it. Only
// where it is missing the store is asked.
Result<bool> MissesItsWarehouse(PipelineView& view) {
  const auto* file = std::get_if<DuckDbTarget>(&view.config().warehouse.target);
  if (file == nullptr) return false;
  SLUICE_ASSIGN(const bool exists, Exists(file->path));
  if (exists) return false;
  SLUICE_ASSIGN(const auto parquet, view.OpenIfThere(view.config().parquet));
  if (parquet == nullptr) return false;
  return HoldsParquet(*parquet);
}

}  // namespace

Result<std::unique_ptr<PipelineView>> PipelineView::Open(PipelineConfig config,
                                                         PipelineEnvironment environment) {
  SLUICE_TRY(RequireRunnable(config));
  std::unique_ptr<PipelineView> view(new PipelineView(std::move(config), std::move(environment)));
  const PipelineConfig& c = view->config_;
  // Where the Parquet store cannot be asked that is told by whoever asks it next.
  const bool misses_warehouse = MissesItsWarehouse(*view).value_or(false);
  SLUICE_ASSIGN(view->warehouse_,
                OpenWarehouse(c, view->environment_, {.hold_what_was_loaded = misses_warehouse}));
  const auto look_for_queue = [&](std::string_view part, const Location& location) {
    return view->LookFor(part, location, QueueFile(location));
  };
  const auto look_for_store = [&](std::string_view part, const StoreConfig& store) {
    return view->LookFor(part, store.location, store.location.text);
  };
  SLUICE_TRY(look_for_queue("the source queue", c.source.location));
  if (c.raw.notifications != c.source.location)
    SLUICE_TRY(look_for_queue("the notification queue", c.raw.notifications));
  SLUICE_TRY(look_for_store("the raw store", c.raw));
  SLUICE_TRY(look_for_store("the Parquet store", c.parquet));
  SLUICE_TRY(look_for_store("the quarantine store", c.quarantine));
  SLUICE_TRY(look_for_store("the store of checkpoints", c.source.checkpoints));
  const auto* file = std::get_if<DuckDbTarget>(&c.warehouse.target);
  if (file != nullptr && !misses_warehouse) {
    SLUICE_TRY(
        view->LookFor("the warehouse", {Location::Kind::kDirectory, file->path}, file->path));
  }
  return view;
}

Result<Queue*> PipelineView::Source() {
  if (!source_) {
    SLUICE_ASSIGN(source_, connector_.OpenSource(WhenMissing::kLeave));
  }
  return source_.get();
}

Result<Queue*> PipelineView::Notifications() {
  if (!notifications_) {
    SLUICE_ASSIGN(notifications_, connector_.OpenNotifications(WhenMissing::kLeave));
  }
  return notifications_.get();
}

Result<std::unique_ptr<ObjectStore>> PipelineView::OpenIfThere(const StoreConfig& store) {
  if (store.location.is_folder()) {
    SLUICE_ASSIGN(const bool exists, Exists(store.location.text));
    if (!exists) return nullptr;
  }
  return connector_.OpenStore(store);
}

Result<std::unique_ptr<ObjectStore>> PipelineView::OpenRaw() {
  SLUICE_ASSIGN(auto raw, OpenIfThere(config_.raw));
  if (raw != nullptr) return raw;
  return Fail(
      ErrorKind::kPermanent,
      "the raw store is not there: nothing has landed yet, or raw.url is another one: path={}",
      config_.raw.location.text);
}

RawLayout PipelineView::layout() const {
  return *RawLayout::Parse(config_.raw.layout);  // that was checked
}

Result<std::optional<std::chrono::seconds>> PipelineView::NotificationsKept() {
  if (config_.raw.notifications.kind != Location::Kind::kSqs) return std::nullopt;
  SLUICE_ASSIGN(const auto queue, connector_.OpenSqsNotifications());
  SLUICE_ASSIGN(const auto settings, queue->Settings());
  return settings.retention;
}

// What is at AWS is not made by any run.
Status PipelineView::LookFor(std::string_view part, const Location& location,
                             const std::string& path) {
  if (!location.is_folder()) return {};
  SLUICE_ASSIGN(const bool exists, Exists(path));
  if (!exists)
    not_there_yet_.push_back(
        fmt::format("{} is not there yet; the first run makes it: {}", part, path));
  return {};
}

}  // namespace sluice
