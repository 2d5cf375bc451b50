// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/scheduled_reconcile.h"

#include <fmt/format.h>

#include "sluice/base/log.h"
#include "sluice/config/units.h"
#include "sluice/operate/landed.h"
#include "sluice/operate/memory_log.h"
#include "sluice/operate/overdue_hours.h"

namespace sluice {
namespace {

constexpr std::string_view kFirstLine = "sluice reconciled 1\n";
constexpr std::chrono::days kAgain{1}, kFurthest{31};
// By which the clocks of a store and of this machine may differ.
constexpr std::chrono::minutes kSkew{5};

// When `process` ran first, and when it last looked.
struct Reconciled {
  Timestamp first, last;
};

std::string ToText(const Reconciled& reconciled) {
  return fmt::format("{}{} {}\n", kFirstLine, ToIso8601(reconciled.first),
                     ToIso8601(reconciled.last));
}

Result<Reconciled> Parse(std::string_view text) {
  if (text.starts_with(kFirstLine) && text.ends_with('\n')) {
    text.remove_prefix(kFirstLine.size());
    text.remove_suffix(1);
    const size_t space = text.find(' ');
    const auto first = FromIso8601(text.substr(0, space));
    const auto last = FromIso8601(space == text.npos ? "" : text.substr(space + 1));
    if (first && last) return Reconciled{*first, *last};
  }
  return Fail(ErrorKind::kBadData, "not what this sluice remembers of reconciling");
}

// What a queue knows nobody can tell, only how many messages wait, and those may be anybody's. So
// each object is told of when it is overdue, and seldom again: behind a warehouse that was away
// everything waits, and is told of once more.
bool IsToBeTold(Timestamp overdue_since, Timestamp last, Timestamp now) {
  if (overdue_since > last) return true;
  return (now - overdue_since) / kAgain > (last - overdue_since) / kAgain;
}

// An object's hour may be older than itself by the age at which objects are closed.
HourRange HoursToLookAt(const PipelineConfig& config, Timestamp last, Timestamp now) {
  const auto unseen = now - last + config.reconcile.grace + config.raw.close_age;
  const auto most = std::max<std::chrono::microseconds>(kFurthest, config.reconcile.since);
  return HoursSince(now,
                    std::clamp<std::chrono::microseconds>(unseen, config.reconcile.since, most));
}

Status SendForMissing(PipelineView& view, Queue& notifications, const Reconciled& reconciled,
                      Clock& clock, const std::stop_token& stop) {
  const PipelineConfig& config = view.config();
  SLUICE_ASSIGN(const auto raw, view.OpenRaw());
  const Timestamp now = clock.Now();
  const HourRange hours = HoursToLookAt(config, reconciled.last, now);
  Announcer announcer(raw->uri(), notifications, clock);
  const auto tell = [&](const ObjectInfo& object) {
    const bool is_ours = object.last_modified >= reconciled.first - kSkew;
    const Timestamp overdue_since = object.last_modified + config.reconcile.grace;
    if (!is_ours || !IsToBeTold(overdue_since, reconciled.last, now)) return Status();
    return announcer.Announce(object);
  };
  const auto unless_stopped = [&](uint64_t) {
    return stop.stop_requested() ? Fail(ErrorKind::kTransient, "stopped") : Status();
  };
  const ReconcileReport found =
      Reconcile(*raw, LedgerPagesOf(view.warehouse()), view.layout(), hours,
                {.pending_since = now - config.reconcile.grace,
                 .on_key = unless_stopped,
                 .on_missing = tell});
  if (found.failure) return std::unexpected(*found.failure);
  SLUICE_TRY(announcer.Flush());
  if (announcer.sent() > 0) {
    Log(LogLevel::kWarning,
        "raw objects are not loaded, and nobody may have been told of them; sent notifications for "
        "the next run: objects={} hours={} to {}",
        announcer.sent(), HourText(hours.from), HourText(hours.to));
  }
  return RememberMissing(view, *raw, found, now);
}

// Absent: nothing is remembered yet. A time that is to come was said by a clock that was wrong.
Result<std::optional<Reconciled>> Newest(MemoryLog& log, const ObjectStore& store, Timestamp now) {
  SLUICE_ASSIGN(const std::string text, log.Newest());
  if (text.empty()) return std::nullopt;
  const auto parsed = Parse(text);
  if (!parsed) return std::unexpected(parsed.error().During(store.uri() + log.key()));
  return Reconciled{std::min(parsed->first, now),
                    parsed->last > now ? parsed->first : parsed->last};
}

Status Remember(MemoryLog& log, const Reconciled& reconciled) {
  const Status kept = log.Append(ToText(reconciled));
  if (!kept && kept.error().kind() != ErrorKind::kConflict) return kept;
  return {};
}

}  // namespace

Status RememberMissing(PipelineView& view, ObjectStore& raw, const ReconcileReport& report,
                       Timestamp now) {
  SLUICE_ASSIGN(const auto quarantine, view.OpenIfThere(view.config().quarantine));
  if (quarantine == nullptr) return {};
  OverdueMemory memory(*quarantine, view.config().name);
  SLUICE_ASSIGN(const OverdueHours remembered, memory.Read());
  OverdueHours others = remembered;
  if (report.settled) {
    const RawLayout layout = view.layout();
    SLUICE_ASSIGN(others, LookAgain(raw, LedgerPagesOf(view.warehouse()), layout,
                                    Outside(remembered, layout, *report.settled),
                                    now - StatusLimits().grace));
  }
  return memory.Change([&](const OverdueHours& newest) {
    OverdueHours all = newest == remembered ? others : newest;
    for (const auto& [hour, objects] : report.overdue) all[hour] = objects;
    return all;
  });
}

Status RememberFirstRun(ObjectStore& quarantine, const PipelineConfig& config, Timestamp now) {
  if (config.reconcile.every.count() == 0) return {};
  MemoryLog log(quarantine, "reconciled", config.name);
  SLUICE_ASSIGN(const auto remembered, Newest(log, quarantine, now));
  return remembered ? Status() : Remember(log, {now, now});
}

Status ReconcileOnSchedule(PipelineView& view, Clock& clock, const std::stop_token& stop) {
  const ReconcileConfig& schedule = view.config().reconcile;
  if (schedule.every.count() == 0 || !view.not_there_yet().empty()) return {};
  SLUICE_ASSIGN(const auto quarantine, view.OpenIfThere(view.config().quarantine));
  SLUICE_ASSIGN(Queue* const notifications, view.Notifications());
  if (quarantine == nullptr || notifications == nullptr) return {};
  MemoryLog log(*quarantine, "reconciled", view.config().name);
  const Timestamp now = clock.Now();
  SLUICE_ASSIGN(const auto remembered, Newest(log, *quarantine, now));
  if (!remembered || now - remembered->last < schedule.every) return {};
  SLUICE_ASSIGN(const WarehouseState state, view.warehouse().Probe());
  if (state.paused) return {};
  SLUICE_TRY(SendForMissing(view, *notifications, *remembered, clock, stop));
  return Remember(log, {remembered->first, now});
}

}  // namespace sluice
