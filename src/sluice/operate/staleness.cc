// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/staleness.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/shell_word.h"
#include "sluice/operate/hour_range.h"

namespace sluice {
namespace {

// What tells that nothing newer comes into the tables.
enum class Sign { kNothingNewer, kNoLoad, kIsStuck, kWaits, kIsAnnounced };

struct Standstill {
  Timestamp since;
  Sign sign;
};

std::optional<Timestamp> OldestStuck(const StatusReport& report) {
  std::optional<Timestamp> oldest;
  for (const StateCount& count : report.states) {
    if (IsStuck(count.state) && count.first)
      oldest = std::min(oldest.value_or(*count.first), *count.first);
  }
  return oldest;
}

// The oldest sign, as far as any is known: a load of an old hour ends nothing.
std::optional<Standstill> OldestSign(const StatusReport& report) {
  std::optional<Standstill> oldest;
  const auto add = [&](const std::optional<Timestamp>& since, Sign sign) {
    if (since && (!oldest || *since < oldest->since)) oldest = {*since, sign};
  };
  const Landed& landed = *report.landed;
  add(OldestOf(report.notifications), Sign::kIsAnnounced);
  add(landed.fresh_to, Sign::kNothingNewer);
  if (landed.fresh_to) return oldest;
  add(landed.oldest_waiting, Sign::kWaits);
  if (report.is_warehouse_down()) return oldest;
  add(landed.stuck_since, Sign::kIsStuck);
  add(OldestOf(report.source), Sign::kWaits);
  if (const StateCount* const loaded = report.Loaded()) {
    add(loaded->last, Sign::kNoLoad);
  } else {
    add(OldestStuck(report), Sign::kIsStuck);
  }
  return oldest;
}

std::string StaleText(const StatusReport& report, const Standstill& standstill) {
  const Landed& landed = *report.landed;
  const std::string age = AgeText(report.now - standstill.since);
  const std::string begin =
      report.Loaded() || report.is_warehouse_down() ? "" : "nothing was ever loaded, and ";
  switch (standstill.sign) {
    case Sign::kNothingNewer:
      if (!landed.oldest_waiting) {
        return fmt::format("nothing that landed in the last {} is in the tables", age);
      }
      return fmt::format("what landed {} ago is in no table yet",
                         AgeText(report.now - std::min(*landed.oldest_waiting,
                                                       landed.stuck_since.value_or(report.now))));
    case Sign::kNoLoad:
      return "nothing was loaded for " + age;
    case Sign::kIsStuck:
      return begin + "the oldest of what is held or set aside is so for " + age;
    case Sign::kWaits:
      return begin + "the oldest of what is to be loaded waits for " + age;
    case Sign::kIsAnnounced:
      return begin + "a notification waits for " + age;
  }
  return "";
}

// What takes in what waits; and where nothing does, who says why nothing came.
std::string NextOfStale(const StatusReport& report) {
  if (report.is_warehouse_down()) return "sluice check --connect";
  if (report.paused) return "sluice resume";
  if (IsHeldTheReason(report)) return "sluice why " + ShellWord(report.key_to_look_at());
  if (report.notifications_waiting() > 0) return "sluice process";
  if (report.source && report.source->visible > 0) return "sluice run --once";
  const Timestamp hour = report.landed->hour_waiting.value_or(report.now - std::chrono::hours(1));
  return "sluice why " + HourText(std::chrono::floor<std::chrono::hours>(hour));
}

}  // namespace

bool IsHeldTheReason(const StatusReport& report) {
  if (report.key_to_look_at().empty() || !report.landed) return false;
  const auto is_young = [&](const std::optional<Timestamp>& since) {
    return !since || report.now - *since <= report.limits.stale_after;
  };
  const bool is_behind = report.landed->stuck_since || report.Loaded() == nullptr;
  return is_behind && is_young(report.landed->oldest_waiting) &&
         is_young(OldestOf(report.notifications)) && is_young(OldestOf(report.source));
}

std::optional<Concern> StaleConcern(const StatusReport& report) {
  if (!report.landed) return std::nullopt;
  const auto standstill = OldestSign(report);
  if (!standstill || report.now - standstill->since <= report.limits.stale_after) {
    return std::nullopt;
  }
  return Concern{.kind = ConcernKind::kStale,
                 .subject = {},
                 .text = StaleText(report, *standstill),
                 .next = NextOfStale(report)};
}

}  // namespace sluice
