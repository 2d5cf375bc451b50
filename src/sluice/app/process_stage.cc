// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/process_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include "sluice/app/inbox_keeper.h"
#include "sluice/app/pipeline_parts.h"
#include "sluice/base/add_fields.h"
#include "sluice/base/log.h"
#include "sluice/transform/conversion_sum.h"

namespace sluice {
namespace {

void Count(ObjectState state, ProcessReport& report) {
  ++report.objects;
  switch (state) {
    case ObjectState::kLoaded:
      ++report.loaded;
      break;
    case ObjectState::kReplaced:
      ++report.superseded;
      break;
    case ObjectState::kHeld:
      ++report.held;
      break;
    case ObjectState::kSetAside:
      ++report.set_aside;
      break;
    case ObjectState::kVanished:
      ++report.vanished;
      break;
  }
}

// What an object became, of which so many events are in quarantine.
void Count(const TransformedObject& object, uint64_t quarantined, ProcessReport& report) {
  report.converted += object.counts;
  report.quarantined += quarantined;
  report.stored_bytes += object.stored_bytes;
  report.decompressed_bytes += object.decompressed_bytes;
}

auto Sums(auto& report) {
  auto& [inbox, objects, loaded, loaded_before, held, set_aside, vanished, superseded, failed,
         failure, failed_keys, quarantined, converted, stored_bytes, decompressed_bytes, paused,
         idle] = report;
  return std::tie(inbox, objects, loaded, loaded_before, held, set_aside, vanished, superseded,
                  failed, quarantined, converted, stored_bytes, decompressed_bytes);
}

}  // namespace

ProcessReport& ProcessReport::operator+=(const ProcessReport& batch) {
  AddFields(Sums(*this), Sums(batch));
  if (!failure) failure = batch.failure;
  failed_keys.insert(failed_keys.end(), batch.failed_keys.begin(), batch.failed_keys.end());
  failed_keys.resize(std::min(failed_keys.size(), kFewKeys));
  paused = batch.paused;
  idle = batch.idle;
  return *this;
}

void ProcessReport::AddFailure(const std::string& key, Error error) {
  ++failed;
  if (failed_keys.size() < kFewKeys) failed_keys.push_back(key);
  if (!failure) failure = std::move(error);
}

ProcessStage::ProcessStage(Parts parts, ProcessOptions options, ProcessProgress progress)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      progress_(std::move(progress)),
      loader_(parts_.warehouse, parts_.clock, options_.load) {}

Result<std::unique_ptr<ProcessStage>> ProcessStage::Make(Parts parts, ProcessOptions options,
                                                         ProcessProgress progress) {
  std::unique_ptr<ProcessStage> stage(
      new ProcessStage(std::move(parts), std::move(options), std::move(progress)));
  for (size_t i = 0; i < std::max<size_t>(1, stage->options_.workers); ++i) {
    SLUICE_ASSIGN(auto worker,
                  ObjectTransformer::Make(stage->parts_.tables, stage->options_.transform,
                                          stage->parts_.stores));
    stage->workers_.push_back(std::move(worker));
  }
  return stage;
}

Result<ProcessReport> ProcessStage::ProcessBatch(std::stop_token stop) {
  ProcessReport report;
  SLUICE_ASSIGN(const bool may_load, MayLoad(report));
  if (!may_load) return report;

  const std::unique_ptr<ObjectInbox> inbox = parts_.next_inbox();
  const Status done = EndSettled(*inbox, ProcessInbox(*inbox, stop, report));
  report.inbox = inbox->counts();
  if (done && !stop.stop_requested()) return report;
  if (!done) tables_fit_ = false;
  // While a store or the warehouse fails, what is held stays hidden until its timeout has passed:
  // given back at once it would be delivered, and fail, until its queue takes it for poison (faults
  // N13, C13).
  const bool is_outage =
      !done && !stop.stop_requested() && (report.failure || inbox->redelivery_counts());
  if (is_outage) return std::unexpected(done.error());
  if (options_.after_load == AfterLoad::kDeleteNotifications) {
    if (const Status given_back = inbox->GiveBack(); !given_back) {
      Log(LogLevel::kWarning,
          "cannot give notifications back, they come when their timeout has passed: {}",
          given_back.error().message());
    }
  }
  if (!done && stop.stop_requested() && done.error().kind() == ErrorKind::kTransient) {
    Log(LogLevel::kInfo, "the batch was stopped, it comes again: {}", done.error().message());
    return report;
  }
  SLUICE_TRY(done);
  return report;
}

Status ProcessStage::ProcessInbox(ObjectInbox& inbox, const std::stop_token& stop,
                                  ProcessReport& report) {
  SLUICE_TRY(inbox.Fill(stop));
  report.idle = inbox.empty();
  std::vector<AnnouncedObject> todo = inbox.objects();
  SLUICE_TRY(SkipWhatIsLoaded(inbox, todo, report));
  std::vector<TransformedObject> transformed = TransformAll(inbox, todo, stop, report);
  if (stop.stop_requested()) return {};
  SLUICE_TRY(LoadAndSettle(inbox, transformed, report));
  if (report.failure && transformed.empty()) return std::unexpected(*report.failure);
  return {};
}

// However the batch ended, what is settled is so for good, and what tells of no object of ours is
// nothing to wait for.
Status ProcessStage::EndSettled(ObjectInbox& inbox, Status batch) const {
  if (options_.after_load != AfterLoad::kDeleteNotifications) return batch;
  const Status ended = inbox.DeleteSettled();
  if (batch || ended) return batch ? ended : batch;
  Log(LogLevel::kWarning, "cannot delete notifications, they come again: {}",
      ended.error().message());
  return batch;
}

// A ledger that is lost, or that stands elsewhere while a mount or a restore is missing, would have
// everything loaded a second time, or into the wrong place (fault C16).
Status ProcessStage::RequireLedger(const WarehouseState& state) {
  if (options_.empty_ledger == EmptyLedger::kAccept) return {};
  if (state.ledger_is_empty && state.tables_hold_rows) {
    return Fail(ErrorKind::kPermanent,
                "refusing to load: the ledger knows nothing of this pipeline, but the tables hold "
                "rows, which would all be loaded again if sluice once loaded them; if it did not, "
                "run once with --init-ledger");
  }
  if (state.ledger_exists) return {};
  SLUICE_ASSIGN(const bool was_loaded, HoldsParquet(parts_.stores.parquet));
  if (!was_loaded) return {};
  // Unless another process has made both meanwhile.
  SLUICE_ASSIGN(const WarehouseState now, parts_.warehouse.Probe());
  if (now.ledger_exists) return {};
  return Fail(ErrorKind::kPermanent,
              "refusing to load: the warehouse has no ledger, but the Parquet store holds objects, "
              "so there was one; put the warehouse back, or run once with --init-ledger to begin "
              "anew: parquet={}",
              parts_.stores.parquet.uri());
}

Result<bool> ProcessStage::MayLoad(ProcessReport& report) {
  SLUICE_ASSIGN(const WarehouseState state, parts_.warehouse.Probe());
  if (state.paused) {
    report.paused = state.paused;
    report.idle = true;
    return false;
  }
  SLUICE_TRY(RequireLedger(state));
  // Tables may have been added to the configuration since the ledger was made.
  if (!is_prepared_) SLUICE_TRY(parts_.warehouse.Prepare());
  is_prepared_ = true;
  if (!tables_fit_) SLUICE_TRY(parts_.warehouse.RequireTables());
  tables_fit_ = true;
  return true;
}

Status ProcessStage::SkipWhatIsLoaded(ObjectInbox& inbox, std::vector<AnnouncedObject>& todo,
                                      ProcessReport& report) {
  if (todo.empty() || options_.load.replaces) return {};
  std::vector<int64_t> ids;
  for (const AnnouncedObject& object : todo) {
    ids.push_back(ObjectIdentity{parts_.stores.raw.uri(), object.key, object.etag}.Id());
  }
  SLUICE_ASSIGN(const auto known, parts_.warehouse.Peek(ids));
  std::vector<AnnouncedObject> rest;
  for (size_t i = 0; i < todo.size(); ++i) {
    // These two states are final, so what was read without the lock stays true.
    if (known[i].state == ObjectState::kLoaded || known[i].state == ObjectState::kReplaced) {
      inbox.Settled(todo[i].key);
      ++report.objects;
      ++report.loaded_before;
    } else {
      rest.push_back(std::move(todo[i]));
    }
  }
  todo = std::move(rest);
  return {};
}

std::vector<TransformedObject> ProcessStage::TransformAll(ObjectInbox& inbox,
                                                          const std::vector<AnnouncedObject>& todo,
                                                          std::stop_token stop,
                                                          ProcessReport& report) {
  if (todo.empty()) return {};
  std::vector<std::optional<TransformedObject>> results(todo.size());
  std::mutex mutex;  // guards everything below and `report`
  size_t next = 0;
  ProcessReport told = report;  // as if all were settled
  const size_t running = std::min(workers_.size(), todo.size());
  const size_t threads_each = workers_.size() / running;

  const auto work = [&](ObjectTransformer& transformer) {
    std::unique_lock lock(mutex);
    while (next < todo.size() && !stop.stop_requested()) {
      const size_t mine = next++;
      lock.unlock();
      auto result = transformer.Transform(todo[mine].key, todo[mine].etag, threads_each);
      lock.lock();
      if (result) {
        Count(*result, result->object().quarantined, told);
        results[mine] = std::move(*result);
      } else {
        Log(LogLevel::kError, "{}: key={}", result.error().message(), todo[mine].key.text);
        for (ProcessReport* const each : {&report, &told}) {
          each->AddFailure(todo[mine].key.text, result.error());
        }
      }
      if (progress_) progress_(told);
    }
  };
  {
    const InboxKeeper keeper(inbox);
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < running; ++i) threads.emplace_back([&, i] { work(*workers_[i]); });
  }
  std::vector<TransformedObject> transformed;
  for (auto& result : results) {
    if (result) transformed.push_back(std::move(*result));
  }
  return transformed;
}

void ProcessStage::WarnOfQuarantine(const PlannedObject& object) const {
  const auto quarantined = static_cast<double>(object.quarantined);
  const auto lines = static_cast<double>(object.lines);
  if (quarantined <= options_.warn_above * lines) return;
  Log(LogLevel::kWarning,
      "more events went to quarantine than quarantine.warn_above allows: object={} quarantined={} "
      "events={} share={:.3g}%",
      object.identity, object.quarantined, object.lines, 100 * quarantined / lines);
}

// A settlement changes nothing about an object that is decided for good; where it was to be
// replaced, that is a failure.
Status ProcessStage::KeepWhatIsLoaded(std::vector<Settlement>& settlements, ProcessReport& report) {
  if (settlements.empty()) return {};
  std::vector<int64_t> ids;
  for (const Settlement& settlement : settlements) ids.push_back(settlement.object.object);
  SLUICE_ASSIGN(const auto known, parts_.warehouse.Peek(ids));
  std::vector<Settlement> rest;
  for (size_t i = 0; i < settlements.size(); ++i) {
    if (known[i].state != ObjectState::kLoaded && known[i].state != ObjectState::kReplaced) {
      rest.push_back(std::move(settlements[i]));
      continue;
    }
    const std::string& key = settlements[i].object.raw_key;
    report.AddFailure(
        key, Error(ErrorKind::kPermanent, fmt::format("not replaced, the old rows stay: {}: key={}",
                                                      settlements[i].reason, key)));
  }
  settlements = std::move(rest);
  return {};
}

Status ProcessStage::LoadAndSettle(ObjectInbox& inbox, std::vector<TransformedObject>& transformed,
                                   ProcessReport& report) {
  std::vector<PlannedObject> planned;
  std::vector<Settlement> settlements;
  std::map<int64_t, const TransformedObject*> made;  // by the object's identity
  for (TransformedObject& object : transformed) {
    made[object.object().object] = &object;
    if (auto* settlement = std::get_if<Settlement>(&object.fate)) {
      Log(LogLevel::kWarning, "object {}: {}: object={}", Name(settlement->state),
          settlement->reason, settlement->object.identity);
      settlements.push_back(std::move(*settlement));
    } else {
      WarnOfQuarantine(object.object());
      planned.push_back(std::move(std::get<PlannedObject>(object.fate)));
    }
  }
  if (options_.load.replaces) SLUICE_TRY(KeepWhatIsLoaded(settlements, report));
  Status settled;
  Result<std::vector<ObjectOutcome>> loaded;
  if (!transformed.empty()) {
    const InboxKeeper keeper(inbox);
    settled = loader_.Settle(settlements);
    if (settled) loaded = loader_.Load(planned);
  }
  SLUICE_TRY(settled);
  for (const Settlement& settlement : settlements) {
    inbox.Settled({settlement.object.raw_key});
    Count(settlement.state, report);
    Count(*made[settlement.object.object], settlement.object.quarantined, report);
  }
  SLUICE_ASSIGN(const auto outcomes, std::move(loaded));
  for (size_t i = 0; i < planned.size(); ++i) {
    if (!outcomes[i].state) {
      Log(LogLevel::kError, "{}: key={}", outcomes[i].reason, planned[i].raw_key);
      report.AddFailure(planned[i].raw_key, Error(ErrorKind::kPermanent, outcomes[i].reason));
      continue;
    }
    inbox.Settled({planned[i].raw_key});
    Count(*outcomes[i].state, report);
    Count(*made[planned[i].object], planned[i].quarantined, report);
  }
  if (progress_) progress_(report);
  return {};
}

}  // namespace sluice
