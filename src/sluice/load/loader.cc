// SPDX-License-Identifier: Apache-2.0
#include "sluice/load/loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/check.h"
#include "sluice/base/log.h"
#include "sluice/base/unique_id.h"

namespace sluice {
namespace {

// Messages end in values ("cause: table=… file=…"): what is before them is the kind of fault.
std::string_view CauseOf(const Error& error) {
  const std::string_view message = error.message();
  return message.substr(0, message.rfind(": "));
}

}  // namespace

Result<std::vector<ObjectOutcome>> Loader::Load(std::span<const PlannedObject> objects) {
  objects_ = objects;
  outcomes_.assign(objects.size(), {});
  faults_.clear();
  if (!objects.empty()) SLUICE_TRY(LoadRange(0, objects.size()));
  SLUICE_TRY(SetFaultsAside());
  return std::move(outcomes_);
}

Status Loader::LoadRange(size_t begin, size_t end) {
  const Status loaded = LoadBatch(begin, end);
  if (loaded || loaded.error().kind() != ErrorKind::kBadData) return loaded;
  if (end - begin == 1) {
    faults_.push_back({begin, loaded.error()});
    return {};
  }
  const size_t middle = begin + (end - begin) / 2;
  Log(LogLevel::kWarning, "load refused, trying its halves: {} objects={}",
      loaded.error().message(), end - begin);
  SLUICE_TRY(LoadRange(begin, middle));
  return LoadRange(middle, end);
}

Status Loader::LoadBatch(size_t begin, size_t end) {
  const auto part = objects_.subspan(begin, end - begin);
  for (int attempt = 1;; ++attempt) {
    const LoadPlan plan{.batch = MakeUniqueId(clock_.Now()),
                        .objects = {part.begin(), part.end()},
                        .replaces = options_.replaces,
                        .replays = options_.replays};
    SLUICE_ASSIGN(const auto staged, warehouse_.Stage(plan));
    auto committed = staged->Commit();
    if (committed) {
      SLUICE_CHECK(committed->size() == part.size());
      std::ranges::move(*committed, outcomes_.begin() + static_cast<ptrdiff_t>(begin));
      return {};
    }
    // What a replace takes away may have changed since it was staged.
    const bool is_overtaken =
        options_.replaces && committed.error().kind() == ErrorKind::kTransient;
    if (is_overtaken && attempt < options_.commit_attempts) {
      Log(LogLevel::kInfo, "staging again: {}", committed.error().message());
      continue;
    }
    if (committed.error().kind() != ErrorKind::kOutcomeUnknown)
      return std::unexpected(committed.error());

    Log(LogLevel::kWarning, "outcome of a load is unknown, asking the ledger: {} batch={}",
        committed.error().message(), plan.batch);
    std::vector<int64_t> ids;
    for (const PlannedObject& object : part) ids.push_back(object.object);
    SLUICE_ASSIGN(auto outcomes, warehouse_.Outcome(ids));
    // A row of this batch, or a final state by whoever wrote it, unless that was to be replaced:
    // the ledger rows of a batch are written together.
    const bool settled = std::ranges::all_of(outcomes, [&](const ObjectOutcome& o) {
      const bool is_final = o.state == ObjectState::kLoaded || o.state == ObjectState::kReplaced;
      return o.state && (o.batch == plan.batch || (is_final && !options_.replaces));
    });
    if (settled) {
      std::ranges::move(outcomes, outcomes_.begin() + static_cast<ptrdiff_t>(begin));
      return {};
    }
    if (attempt >= options_.commit_attempts) {
      return Fail(ErrorKind::kTransient, "cannot load: {} commits in a row did not happen: {}",
                  attempt, committed.error().message());
    }
  }
}

// What loads beside them shows that the warehouse is well. Of a batch of one nothing can be told by
// its neighbours: there the ledger's count decides.
Status Loader::CheckFaults() {
  if (faults_.size() < objects_.size()) {
    LeaveForLater(options_.sets_aside() ? options_.most_set_aside : 0);
    return {};
  }
  const Error& last = faults_.back().error;
  const bool are_alike = std::ranges::all_of(
      faults_, [&](const Fault& fault) { return CauseOf(fault.error) == CauseOf(last); });
  // What is to be replaced keeps its rows, whatever the next batch is of.
  if (faults_.size() > 1 && are_alike && !options_.replaces) {
    return Fail(
        ErrorKind::kPermanent,
        "cannot load: all objects of a batch fail alike, so this is no fault of one object; "
        "nothing was deleted; mend the cause and run again: {}",
        last.message());
  }
  if (!options_.sets_aside()) {
    LeaveForLater(0);
    return {};
  }
  std::vector<int64_t> ids;
  for (const Fault& fault : faults_) ids.push_back(objects_[fault.index].object);
  SLUICE_ASSIGN(const uint64_t before, warehouse_.RefusedInARow(ids));
  if (before + faults_.size() <= options_.most_set_aside) return {};
  return Fail(ErrorKind::kPermanent,
              "cannot load: the warehouse refused {} objects and took none in between, so this may "
              "be no fault of theirs; nothing more was set aside or deleted; look at their reasons "
              "in the ledger, mend the cause and run again: {}",
              before + faults_.size(), last.message());
}

void Loader::LeaveForLater(size_t most) {
  for (; faults_.size() > most; faults_.pop_back()) {
    const Fault& fault = faults_.back();
    outcomes_[fault.index] = {
        .object = objects_[fault.index].object,
        .state = {},
        .batch = {},
        .reason = options_.replays ? fmt::format("not replayed, its events stay in quarantine: {}",
                                                 fault.error.message())
                  : options_.replaces
                      ? fmt::format("not replaced, the old rows stay: {}", fault.error.message())
                      : fmt::format("refused, and so were more than {} others of its load: it "
                                    "comes again; look at their reasons in the ledger: {}",
                                    most, fault.error.message())};
  }
}

Status Loader::SetFaultsAside() {
  if (faults_.empty()) return {};
  SLUICE_TRY(CheckFaults());
  std::vector<Settlement> settlements;
  for (const Fault& fault : faults_) {
    const PlannedObject& object = objects_[fault.index];
    Log(LogLevel::kError, "object set aside: {} object={}", fault.error.message(), object.identity);
    settlements.push_back({ObjectState::kSetAside, object, fault.error.message()});
    outcomes_[fault.index] = {.object = object.object,
                              .state = ObjectState::kSetAside,
                              .batch = {},
                              .reason = fault.error.message()};
  }
  return Settle(settlements);
}

Status Loader::Settle(std::span<const Settlement> settlements) {
  if (settlements.empty()) return {};
  Status settled = warehouse_.Settle(settlements);
  // Repeating is safe by the interface's promise, so an unknown outcome needs no look.
  if (!settled && settled.error().kind() == ErrorKind::kOutcomeUnknown)
    settled = warehouse_.Settle(settlements);
  return settled;
}

}  // namespace sluice
