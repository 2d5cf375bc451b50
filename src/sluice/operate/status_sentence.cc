// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "sluice/operate/concerns.h"

namespace sluice {

std::string AgeText(std::chrono::microseconds age) {
  using std::chrono::days, std::chrono::hours, std::chrono::minutes, std::chrono::seconds;
  const auto two = [](int64_t large, std::string_view one, int64_t small, std::string_view other) {
    return small == 0 ? fmt::format("{} {}", large, one)
                      : fmt::format("{} {} {} {}", large, one, small, other);
  };
  age = std::max(age, std::chrono::microseconds(0));
  const auto d = std::chrono::floor<days>(age);
  const auto h = std::chrono::floor<hours>(age - d);
  const auto m = std::chrono::floor<minutes>(age - d - h);
  if (d.count() > 0) return two(d.count(), "d", h.count(), "h");
  if (h.count() > 0) return two(h.count(), "h", m.count(), "min");
  if (m.count() > 0) return fmt::format("{} min", m.count());
  return fmt::format("{} s", std::chrono::floor<seconds>(age).count());
}

std::string MinuteText(Timestamp time, Timestamp now) {
  std::string text = ToIso8601(time).substr(0, 16);
  if (text.substr(0, 10) == ToIso8601(now).substr(0, 10)) return text.substr(11);
  text[10] = ' ';
  return text;
}

namespace {

std::string Fresh(const StatusReport& report) {
  if (report.landed && report.landed->fresh_to) {
    return fmt::format("fresh to {}{}", report.landed->is_estimate ? "about " : "",
                       MinuteText(*report.landed->fresh_to, report.now));
  }
  const bool is_known = !report.is_warehouse_down() && !report.WhyNotKnown(StatusPart::kRawStore);
  if (!is_known) return "how fresh is not known";
  if (!report.states.empty() && report.landed && report.landed->oldest_waiting) {
    return fmt::format("fresh to before {}, when the oldest of what waits landed",
                       MinuteText(*report.landed->oldest_waiting, report.now));
  }
  return report.states.empty() ? "nothing is loaded yet"
                               : "nothing that landed in the last 24 hours is loaded";
}

bool TellsOfLoss(StatusPart part) {
  return part == StatusPart::kWarehouse || part == StatusPart::kRawStore ||
         part == StatusPart::kNotifications;
}

// "nothing lost in the last 24 hours as far as is known without the source". Without whoever knows
// what landed and what became of it nobody can say so: "what is lost is not known without …".
std::string NothingLost(const StatusReport& report) {
  std::string unknown;
  for (const NotKnown& one : report.not_known) {
    std::string name(Name(one.part));
    std::ranges::replace(name, '_', ' ');
    unknown += (unknown.empty() ? " known without the " : " and the ") + name;
  }
  const bool is_told = std::ranges::none_of(
      report.not_known, [](const NotKnown& one) { return TellsOfLoss(one.part); });
  if (!is_told) return "what is lost is not" + unknown;
  return "nothing lost in the last 24 hours" + (unknown.empty() ? "" : " as far as is" + unknown);
}

}  // namespace

std::string FreshnessSentence(const StatusReport& report, const std::vector<Concern>& concerns) {
  const auto count_of = [&](ConcernKind kind) {
    return std::ranges::count(concerns, kind, &Concern::kind);
  };
  const bool is_lost = count_of(ConcernKind::kMissing) + count_of(ConcernKind::kNotBalanced) +
                           count_of(ConcernKind::kDeadLetters) + count_of(ConcernKind::kHeld) >
                       0;
  const bool has_work =
      std::ranges::any_of(concerns, [](const Concern& c) { return !c.next.empty(); });
  const uint64_t waiting = (report.landed ? report.landed->waiting : 0) +
                           report.notifications_waiting() +
                           (report.source ? report.source->visible : 0);
  std::string sentence =
      fmt::format("{}; {}, {}", Fresh(report), is_lost ? "not all is well" : NothingLost(report),
                  has_work      ? "something to do"
                  : waiting > 0 ? "nothing to do yet"
                                : "nothing to do");
  const auto expiry = report.expiry();
  if (expiry && *expiry > report.now) {
    sentence += "; notifications expire in " + AgeText(*expiry - report.now);
  }
  return sentence;
}

std::vector<std::string> NextSteps(const StatusReport& report,
                                   const std::vector<Concern>& concerns) {
  std::vector<std::string> steps;
  const auto add = [&](const std::string& step) {
    if (!step.empty() && std::ranges::find(steps, step) == steps.end()) steps.push_back(step);
  };
  for (const Concern& concern : concerns) add(concern.next);
  if (report.is_warehouse_down()) return steps;
  const bool has_source = report.source || report.source_is_stream ||
                          report.WhyNotKnown(StatusPart::kSource) != nullptr;
  if (!report.ledger_exists) {
    add(has_source ? "sluice run --once" : "sluice send FILE");
  } else if (!report.paused && report.notifications_waiting() > 0) {
    add("sluice process");
  }
  if (report.ledger_exists && report.source && report.source->visible > 0) add("sluice run --once");
  return steps;
}

}  // namespace sluice
