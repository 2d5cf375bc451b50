// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/concerns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sluice/base/utf8.h"

namespace sluice {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::minutes, std::chrono::seconds;

std::string Count(uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

uint64_t Stuck(const StatusReport& report) {
  uint64_t stuck = 0;
  for (const StateCount& count : report.states) {
    if (count.state == ObjectState::kHeld || count.state == ObjectState::kSetAside)
      stuck += count.objects;
  }
  return stuck;
}

// For how long nothing new came into the tables, where that is longer than it should be.
std::optional<std::chrono::microseconds> StaleFor(const StatusReport& report) {
  const bool nothing_ever = !report.warehouse_error && report.states.empty();
  if (!report.landed || nothing_ever) return std::nullopt;
  const auto age = report.landed->fresh_to ? report.now - *report.landed->fresh_to
                                           : std::chrono::microseconds(kLandedHours);
  if (age <= report.limits.stale_after) return std::nullopt;
  return age;
}

class Concerns {
 public:
  std::vector<Concern> list;

  void Add(ConcernKind kind, uint64_t count, std::string text, std::string next = "",
           std::string subject = "") {
    list.push_back({kind, std::move(subject), count, std::move(text), std::move(next)});
  }
  void AddDeadLetters(std::string_view queue, const std::optional<QueueDepth>& depth,
                      std::string next) {
    if (!depth || depth->dead == 0) return;
    Add(ConcernKind::kDeadLetters, depth->dead,
        fmt::format("{} of the {}: nobody receives them any more",
                    Count(depth->dead, "dead letter"), queue),
        std::move(next), std::string(queue));
  }
};

void AddStanding(const StatusReport& report, Concerns& concerns) {
  if (report.warehouse_error) {
    concerns.Add(ConcernKind::kWarehouseDown, 0,
                 "the warehouse cannot be asked: " + report.warehouse_error->message());
  }
  const auto expiry = report.expiry();
  if (expiry && *expiry < report.now + days(1)) {
    concerns.Add(
        ConcernKind::kExpiring, report.landed->waiting,
        *expiry > report.now
            ? fmt::format("notifications expire in {}: what they tell of is then loaded by "
                          "reconcile only",
                          AgeText(*expiry - report.now))
            : "notifications have expired: what they told of is loaded by reconcile only",
        report.warehouse_error ? "" : "sluice process");
  }
  if (!report.Balances()) {
    concerns.Add(ConcernKind::kNotBalanced, 0,
                 "the ledger does not balance: somebody else changed it", "sluice verify");
  }
  // What waits in the queue may tell of them.
  if (!report.warehouse_error && report.landed && report.notifications_waiting() == 0 &&
      report.landed->overdue > 0) {
    concerns.Add(ConcernKind::kMissing, report.landed->overdue,
                 Count(report.landed->overdue, "raw object") + " missing: nobody was told of them",
                 "sluice reconcile --repair");
  }
  if (const auto age = StaleFor(report)) {
    concerns.Add(ConcernKind::kStale, 0,
                 report.landed->fresh_to
                     ? fmt::format("nothing new in the tables for {}", AgeText(*age))
                     : fmt::format("nothing new in the tables for {} or longer", AgeText(*age)));
  }
}

void AddObjects(const StatusReport& report, Concerns& concerns) {
  if (const uint64_t stuck = Stuck(report); stuck > 0) {
    const bool is_recent = report.landed && !report.landed->first_stuck.empty();
    concerns.Add(
        ConcernKind::kHeld, stuck,
        Count(stuck, "raw object") + " held or set aside, none of their events is loaded",
        is_recent ? "sluice why " + report.landed->first_stuck : "sluice reconcile --since 30d");
  }
  concerns.AddDeadLetters("source", report.source, "look into the dead-letter queue of the source");
  concerns.AddDeadLetters("notifications", report.notifications, "sluice reconcile");
  if (report.paused) {
    concerns.Add(ConcernKind::kPaused, 0, "loading is paused: " + *report.paused, "sluice resume");
  }
}

void AddRows(const StatusReport& report, Concerns& concerns) {
  for (const TableStatus& table : report.tables) {
    if (table.rows_missing() == 0) continue;
    concerns.Add(ConcernKind::kRowsMissing, table.rows_missing(),
                 fmt::format("{}: {} loaded, {} rows now: {} rows were removed by somebody else",
                             table.table, table.balance.loaded, *table.rows, table.rows_missing()),
                 "sluice verify", table.table);
  }
  if (!report.landed || report.landed->noisy == 0) return;
  const Landed& landed = *report.landed;
  concerns.Add(
      ConcernKind::kQuarantine, landed.noisy,
      fmt::format("{} of the last 24 hours with more events in quarantine than "
                  "quarantine.warn_above allows: {} of {} ({:.3g} %)",
                  Count(landed.noisy, "raw object"), landed.noisy_quarantined, landed.noisy_events,
                  100 * static_cast<double>(landed.noisy_quarantined) /
                      static_cast<double>(landed.noisy_events)),
      "sluice quarantine list");
}

// "tracking.events: 3 new fields: a, b, c", a table at a time; the first five names.
void AddFields(const StatusReport& report, Concerns& concerns) {
  constexpr size_t kShown = 5, kLongest = 60;
  for (const ConcernKind kind : {ConcernKind::kTypeChanged, ConcernKind::kNewField}) {
    for (const TableStatus& table : report.tables) {
      std::string names;
      uint64_t count = 0;
      for (const FieldReport& field : report.fields) {
        const bool is_unknown = field.kind == FieldChangeKind::kUnknown;
        if (!field.is_new || field.table != table.table) continue;
        if (is_unknown != (kind == ConcernKind::kNewField)) continue;
        if (++count > kShown) continue;
        names += names.empty() ? "" : ", ";
        names += WithoutControls(Utf8Prefix(field.name, kLongest));
        if (!is_unknown) names += fmt::format(" ({})", Name(field.kind));
      }
      if (count == 0) continue;
      if (count > kShown) names += ", …";
      const bool is_new = kind == ConcernKind::kNewField;
      concerns.Add(kind, count,
                   fmt::format("{}: {}: {}{}", table.table,
                               is_new ? Count(count, "new field")
                                      : Count(count, "column") + " with values of another type",
                               names, is_new ? "; sluice status has the ALTER that adds them" : ""),
                   "", table.table);
    }
  }
}

}  // namespace

std::string_view Name(ConcernKind kind) {
  switch (kind) {
    case ConcernKind::kWarehouseDown:
      return "warehouse_down";
    case ConcernKind::kExpiring:
      return "expiring";
    case ConcernKind::kNotBalanced:
      return "not_balanced";
    case ConcernKind::kMissing:
      return "missing";
    case ConcernKind::kStale:
      return "stale";
    case ConcernKind::kHeld:
      return "held";
    case ConcernKind::kDeadLetters:
      return "dead_letters";
    case ConcernKind::kPaused:
      return "paused";
    case ConcernKind::kRowsMissing:
      return "rows_missing";
    case ConcernKind::kQuarantine:
      return "quarantine";
    case ConcernKind::kTypeChanged:
      return "type_changed";
    case ConcernKind::kNewField:
      return "new_field";
  }
  return "";
}

std::string_view Name(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      return "critical";
  }
  return "";
}

Severity SeverityOf(ConcernKind kind) {
  switch (kind) {
    case ConcernKind::kWarehouseDown:
    case ConcernKind::kExpiring:
    case ConcernKind::kNotBalanced:
    case ConcernKind::kMissing:
    case ConcernKind::kStale:
      return Severity::kCritical;
    case ConcernKind::kHeld:
    case ConcernKind::kDeadLetters:
    case ConcernKind::kRowsMissing:
    case ConcernKind::kQuarantine:
    case ConcernKind::kTypeChanged:
      return Severity::kWarning;
    case ConcernKind::kPaused:
    case ConcernKind::kNewField:
      return Severity::kInfo;
  }
  return Severity::kCritical;
}

std::vector<Concern> ConcernsOf(const StatusReport& report) {
  Concerns concerns;
  AddStanding(report, concerns);
  AddObjects(report, concerns);
  AddRows(report, concerns);
  AddFields(report, concerns);
  return std::move(concerns.list);
}

std::string AgeText(std::chrono::microseconds age) {
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

std::string FreshnessSentence(const StatusReport& report, const std::vector<Concern>& concerns) {
  const auto count_of = [&](ConcernKind kind) {
    return std::ranges::count(concerns, kind, &Concern::kind);
  };
  std::string fresh = "nothing is loaded yet";
  if (report.landed && report.landed->fresh_to) {
    fresh = fmt::format("fresh to {}{}", report.landed->is_estimate ? "about " : "",
                        MinuteText(*report.landed->fresh_to, report.now));
  } else if (!report.states.empty()) {
    fresh = "nothing that landed in the last 24 hours is loaded";
  }
  const bool is_lost = count_of(ConcernKind::kMissing) + count_of(ConcernKind::kNotBalanced) +
                           count_of(ConcernKind::kDeadLetters) + count_of(ConcernKind::kHeld) >
                       0;
  const bool has_work =
      std::ranges::any_of(concerns, [](const Concern& c) { return !c.next.empty(); });
  const uint64_t waiting =
      (report.landed ? report.landed->waiting : 0) + (report.source ? report.source->visible : 0);
  std::string sentence =
      fmt::format("{}; {}, {}", fresh, is_lost ? "not all is well" : "nothing lost",
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
  if (report.warehouse_error) return steps;
  const bool has_source = report.source || report.source_is_stream;
  if (!report.ledger_exists) {
    add(has_source ? "sluice run --once" : "sluice send FILE");
  } else if (!report.paused && report.notifications_waiting() > 0) {
    add("sluice process");
  }
  if (report.ledger_exists && report.source && report.source->visible > 0) add("sluice run --once");
  return steps;
}

}  // namespace sluice
