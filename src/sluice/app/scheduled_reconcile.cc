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

// A time that is to come was said by a clock that was wrong.
bool IsDue(Timestamp last, std::chrono::milliseconds every, Timestamp now) {
  return last > now || now - last >= every;
}

// Behind a warehouse that was away everything waits that is not loaded: to send it again would only
// make the queue longer.
bool IsAnyUntold(const ReconcileReport& found, const QueueDepth& depth) {
  const uint64_t overdue = found.missing + found.overwritten;
  return overdue > 0 && overdue + found.pending > depth.visible + depth.in_flight;
}

Status SendForMissing(PipelineView& view, Queue& notifications, Timestamp first, Clock& clock) {
  const ReconcileConfig& schedule = view.config().reconcile;
  SLUICE_ASSIGN(const auto raw, view.OpenRaw());
  const Timestamp now = clock.Now();
  const HourRange hours = HoursSince(now, schedule.since);
  ReconcileOptions options{.pending_since = now - schedule.grace};
  const auto look = [&]() -> Result<ReconcileReport> {
    ReconcileReport report =
        Reconcile(*raw, LedgerPagesOf(view.warehouse()), view.layout(), hours, options);
    if (report.failure) return std::unexpected(*std::move(report.failure));
    return report;
  };
  SLUICE_ASSIGN(const ReconcileReport found, look());
  SLUICE_TRY(RememberMissing(view, *raw, found, now));
  SLUICE_ASSIGN(const QueueDepth depth, notifications.Depth());
  if (!IsAnyUntold(found, depth)) return {};
  Announcer announcer(raw->uri(), notifications, clock);
  options.on_missing = [&](const ObjectInfo& object) {
    return object.last_modified < first ? Status() : announcer.Announce(object);
  };
  SLUICE_TRY(look());
  SLUICE_TRY(announcer.Flush());
  if (announcer.sent() > 0) {
    Log(LogLevel::kWarning,
        "raw objects were not loaded, and nobody was told of them; sent notifications for the next "
        "run: objects={} hours={} to {}",
        announcer.sent(), HourText(hours.from), HourText(hours.to));
  }
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

Status ReconcileOnSchedule(PipelineView& view, Clock& clock) {
  const ReconcileConfig& schedule = view.config().reconcile;
  if (schedule.every.count() == 0 || !view.not_there_yet().empty()) return {};
  SLUICE_ASSIGN(const auto quarantine, view.OpenIfThere(view.config().quarantine));
  SLUICE_ASSIGN(Queue* const notifications, view.Notifications());
  if (quarantine == nullptr || notifications == nullptr) return {};
  MemoryLog log(*quarantine, "reconciled", view.config().name);
  const Timestamp now = clock.Now();
  SLUICE_ASSIGN(const std::string remembered, log.Newest());
  Reconciled reconciled{now, now};
  if (!remembered.empty()) {
    const auto parsed = Parse(remembered);
    if (!parsed) return std::unexpected(parsed.error().During(quarantine->uri() + log.key()));
    reconciled.first = parsed->first;
    if (!IsDue(parsed->last, schedule.every, now)) return {};
  }
  SLUICE_TRY(SendForMissing(view, *notifications, reconciled.first, clock));
  const Status kept = log.Append(ToText(reconciled));
  if (!kept && kept.error().kind() != ErrorKind::kConflict) return kept;
  return {};
}

}  // namespace sluice
