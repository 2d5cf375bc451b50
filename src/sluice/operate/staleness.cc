// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/staleness.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/operate/hour_range.h"

namespace sluice {
namespace {

bool WasLoaded(const StatusReport& report) {
  return std::ranges::find(report.states, ObjectState::kLoaded, &StateCount::state) !=
         report.states.end();
}

std::optional<Timestamp> NewestLoad(const StatusReport& report) {
  const auto loaded = std::ranges::find(report.states, ObjectState::kLoaded, &StateCount::state);
  return loaded == report.states.end() ? std::nullopt : loaded->last;
}

std::optional<Timestamp> OldestStuck(const StatusReport& report) {
  std::optional<Timestamp> oldest;
  for (const StateCount& count : report.states) {
    if (IsStuck(count.state) && count.first)
      oldest = std::min(oldest.value_or(*count.first), *count.first);
  }
  return oldest;
}

// Since when nothing new came into the tables, as far as that is known. Of a pipeline that never
// loaded anything: since when something waits, or is held. Absent: not known, or nothing to load.
std::optional<Timestamp> StaleSince(const StatusReport& report) {
  const Landed& landed = *report.landed;
  if (landed.fresh_to) return landed.fresh_to;
  if (landed.oldest_waiting) return landed.oldest_waiting;
  if (report.is_warehouse_down()) return std::nullopt;
  if (WasLoaded(report)) return NewestLoad(report);
  if (const auto stuck = OldestStuck(report)) return stuck;
  return report.source ? report.source->oldest : std::nullopt;
}

// What StaleSince goes by, `age` ago, in words.
std::string StaleText(const StatusReport& report, const std::string& age) {
  const Landed& landed = *report.landed;
  if (report.is_warehouse_down() || WasLoaded(report)) {
    if (landed.oldest_waiting) {
      return fmt::format("what landed {} ago is in no table yet",
                         AgeText(report.now - *landed.oldest_waiting));
    }
    return landed.fresh_to ? fmt::format("nothing that landed in the last {} is in the tables", age)
                           : "nothing was loaded for " + age;
  }
  const bool is_stuck = !landed.oldest_waiting && OldestStuck(report);
  return fmt::format("nothing was ever loaded, and the oldest of what is {} for {}",
                     is_stuck ? "held or set aside is so" : "to be loaded waits", age);
}

// What takes in what waits; and where nothing does, who says why nothing came.
std::string NextOfStale(const StatusReport& report) {
  if (report.is_warehouse_down()) return "sluice check --connect";
  if (report.paused) return "sluice resume";
  if (IsHeldTheReason(report)) return "sluice why " + report.stuck_key;
  if (report.notifications_waiting() > 0) return "sluice process";
  if (report.source && report.source->visible > 0) return "sluice run --once";
  const Timestamp when = report.landed->oldest_waiting.value_or(report.now - std::chrono::hours(1));
  return "sluice why " + HourText(std::chrono::floor<std::chrono::hours>(when));
}

}  // namespace

bool IsHeldTheReason(const StatusReport& report) {
  if (report.stuck_key.empty() || !report.landed) return false;
  const Landed& landed = *report.landed;
  const bool is_behind = landed.stuck_since || !WasLoaded(report);
  return is_behind && (!landed.oldest_waiting ||
                       report.now - *landed.oldest_waiting <= report.limits.stale_after);
}

std::optional<Concern> StaleConcern(const StatusReport& report) {
  if (!report.landed) return std::nullopt;
  const auto since = StaleSince(report);
  if (!since || report.now - *since <= report.limits.stale_after) return std::nullopt;
  return Concern{.kind = ConcernKind::kStale,
                 .subject = {},
                 .text = StaleText(report, AgeText(report.now - *since)),
                 .next = NextOfStale(report)};
}

}  // namespace sluice
