// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline.h"

#include "sluice/app/backfill_inbox.h"
#include "sluice/app/notification_inbox.h"
#include "sluice/app/this_build.h"
#include "sluice/config/required_parts.h"
#include "sluice/land/announcing_store.h"
#include "sluice/land/stream_lander.h"
#include "sluice/object/directory_root.h"

namespace sluice {
namespace {

// A batch that somebody asks for by name.
class OneObject final : public ObjectInbox {
 public:
  explicit OneObject(AnnouncedObject object) : objects_{std::move(object)} {}

  Status Fill(const std::stop_token&) override { return {}; }
  const std::vector<AnnouncedObject>& objects() const override { return objects_; }
  bool empty() const override { return false; }
  void Settled(const RawKey&) override {}
  Status KeepAlive() override { return {}; }
  Status DeleteSettled() override { return {}; }
  Status GiveBack() override { return {}; }
  InboxCounts counts() const override { return {}; }

 private:
  const std::vector<AnnouncedObject> objects_;
};

}  // namespace

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
  SLUICE_ASSIGN(pipeline->warehouse_,
                OpenWarehouse(pipeline->config_, pipeline->environment_,
                              {pipeline->parquet_.get(), pipeline->quarantine_.get()}));
  return pipeline;
}

Status Pipeline::OpenQueues() {
  SLUICE_ASSIGN(source_, connector_.OpenSource(WhenMissing::kMake));
  SLUICE_ASSIGN(stream_, connector_.OpenStream());
  SLUICE_ASSIGN(notifications_, connector_.OpenNotifications(WhenMissing::kMake));
  SLUICE_ASSIGN(dead_notifications_, connector_.OpenDeadNotifications());
  return {};
}

// In an empty folder made in its place every announced object would count as vanished (fault N6).
Status Pipeline::RequireRawFolder() {
  const std::string& path = config_.raw.location.text;
  SLUICE_ASSIGN(const bool exists, Exists(path));
  if (exists) return {};
  SLUICE_ASSIGN(const QueueDepth depth, notifications_->Depth());
  const uint64_t waiting = depth.undeleted();
  if (waiting == 0) return {};
  return Fail(
      ErrorKind::kPermanent,
      "the raw store's folder is missing, but notifications of objects in it wait; mount it "
      "or put it back, or make it if it is to be new, and run again: path={} waiting={}",
      path, waiting);
}

Status Pipeline::OpenStores() {
  if (config_.raw.location.is_folder()) SLUICE_TRY(RequireRawFolder());
  SLUICE_ASSIGN(raw_, connector_.OpenStore(config_.raw));
  // A bucket announces its new objects by itself; a folder needs somebody to do it.
  if (config_.raw.location.is_folder()) {
    raw_ = std::make_unique<AnnouncingStore>(std::move(raw_), *notifications_, environment_.clock);
  }
  SLUICE_ASSIGN(parquet_, connector_.OpenStore(config_.parquet));
  SLUICE_ASSIGN(quarantine_, connector_.OpenStore(config_.quarantine));
  if (stream_ != nullptr) {
    SLUICE_ASSIGN(checkpoints_, connector_.OpenStore(config_.source.checkpoints));
  }
  return {};
}

Pipeline::Landing Pipeline::MakeLanding(WhenEmpty when_empty, AfterCommit after_commit,
                                        std::chrono::milliseconds wait,
                                        std::optional<size_t> most_messages) {
  connector_.EndOldUploads(config_.raw);
  if (stream_ != nullptr) return MakeStreamLanding(when_empty, wait);
  LanderOptions options{.layout = *RawLayout::Parse(config_.raw.layout),  // that was checked
                        .format = config_.raw.compression,
                        .when_empty = when_empty,
                        .after_commit = after_commit,
                        .close_age = std::chrono::ceil<std::chrono::seconds>(config_.raw.close_age),
                        .close_size = config_.raw.close_size,
                        .receive_wait = wait};
  options.close_messages = std::min(options.close_messages, most_messages.value_or(SIZE_MAX));
  const auto lander = std::make_shared<Lander>(*source_, *raw_, environment_.clock, options);
  return [lander](Deadline deadline, const std::stop_token& stop) {
    return lander->LandOne(deadline, stop);
  };
}

Pipeline::Landing Pipeline::MakeStreamLanding(WhenEmpty when_empty,
                                              std::chrono::milliseconds wait) {
  StreamLanderOptions options{
      .consumer = config_.name,
      .from = config_.source.from,
      .layout = *RawLayout::Parse(config_.raw.layout),  // that was checked
      .format = config_.raw.compression,
      .when_empty = when_empty,
      .close_age = std::chrono::ceil<std::chrono::seconds>(config_.raw.close_age),
      .close_size = config_.raw.close_size,
      .receive_wait = wait};
  const auto lander = std::make_shared<StreamLander>(*stream_, *checkpoints_, *raw_,
                                                     environment_.clock, std::move(options));
  return [lander](Deadline deadline, const std::stop_token& stop) {
    return lander->LandOne(deadline, stop);
  };
}

Result<std::unique_ptr<ProcessStage>> Pipeline::MakeProcess(AfterLoad after_load,
                                                            EmptyLedger empty_ledger,
                                                            std::chrono::milliseconds wait,
                                                            ProcessProgress progress) {
  const InboxOptions inbox{
      .layout = *RawLayout::Parse(config_.raw.layout),  // that was checked
      .check_key = config_.raw.location.is_folder() ? &CheckDirectoryKey : &CheckKey,
      .max_size = config_.load.max_size,
      .wait = wait,
      .dead_letters = dead_notifications_.get()};
  return MakeStage(
      {.after_load = after_load, .empty_ledger = empty_ledger},
      [this, inbox] {
        return std::make_unique<NotificationInbox>(*notifications_, *raw_, *quarantine_,
                                                   environment_.clock, inbox);
      },
      std::move(progress));
}

Result<std::unique_ptr<ProcessStage>> Pipeline::MakeBackfill(const HourRange& hours,
                                                             EmptyLedger empty_ledger,
                                                             bool replaces,
                                                             const std::string& since_table,
                                                             ProcessProgress progress) {
  const RawLayout layout = *RawLayout::Parse(config_.raw.layout);  // that was checked
  const auto walk = std::make_shared<RawWalk>(*raw_, LedgerPagesOf(*warehouse_, since_table),
                                              FoldersOf(layout, hours));
  const Bytes max_size = config_.load.max_size;
  const BackfillAim aim = AimOf(replaces, since_table);
  return MakeStage(
      {.load = {.replaces = replaces}, .empty_ledger = empty_ledger},
      [this, walk, layout, max_size, aim] {
        return std::make_unique<BackfillInbox>(walk, raw_->uri(), layout, max_size, aim);
      },
      std::move(progress));
}

Result<ReplayReport> Pipeline::Replay(const QuarantineFilter& filter,
                                      const std::function<void(uint64_t)>& progress) {
  SLUICE_ASSIGN(const WarehouseState state, warehouse_->Probe());
  if (state.paused) {
    return Fail(ErrorKind::kPermanent, "loading is paused, nothing was loaded: {}", *state.paused);
  }
  if (!state.ledger_exists) {
    SLUICE_ASSIGN(const bool was_loaded, HoldsParquet(*parquet_));
    if (!was_loaded) return ReplayReport();
    return Fail(ErrorKind::kPermanent,
                "the warehouse has no ledger, but the Parquet store holds objects, so there was "
                "one; put the warehouse back: parquet={}",
                parquet_->uri());
  }
  // Tables may have been added to the configuration since the ledger was made.
  SLUICE_TRY(warehouse_->Prepare());
  connector_.EndOldUploads(config_.parquet);
  return RunReplay({*config_.tables, *raw_, parquet_.get(), *warehouse_, environment_.clock},
                   ReplayOptionsOf(config_), filter, ThreadCount(config_.load.threads),
                   environment_.stop, progress);
}

Result<ProcessReport> Pipeline::LoadHeld(const LedgerPart& held, const std::string& why) {
  const RawKey key{held.raw_key};
  SLUICE_ASSIGN(const ObjectInfo found, raw_->Stat(key.text));
  if (ObjectIdentity{raw_->uri(), key, found.etag}.ToText() != held.identity) {
    return Fail(ErrorKind::kConflict,
                "another version is stored now than the one that is held, nothing was loaded: "
                "sluice backfill --from its hour judges that one: key={}",
                held.raw_key);
  }
  const AnnouncedObject object{key, found.etag, found.size};
  SLUICE_ASSIGN(const auto stage,
                MakeStage({.transform = {.accepted = why}},
                          [object] { return std::make_unique<OneObject>(object); }, {}));
  return stage->ProcessBatch(environment_.stop);
}

Result<std::unique_ptr<ProcessStage>> Pipeline::MakeStage(ProcessOptions options,
                                                          MakeInbox next_inbox,
                                                          ProcessProgress progress) {
  connector_.EndOldUploads(config_.parquet);
  connector_.EndOldUploads(config_.quarantine);
  options.transform = {.parquet = ParquetOptionsOf(config_),
                       .layout = *RawLayout::Parse(config_.raw.layout),  // that was checked
                       .hold_above = config_.quarantine.hold_above,
                       .accepted = std::move(options.transform.accepted)};
  options.warn_above = config_.quarantine.warn_above;
  options.workers = ThreadCount(config_.load.threads);
  return ProcessStage::Make({*config_.tables,
                             std::move(next_inbox),
                             {*raw_, *parquet_, *quarantine_},
                             *warehouse_,
                             environment_.clock},
                            std::move(options), std::move(progress));
}

}  // namespace sluice
