// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/concerns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sluice/base/counted.h"
#include "sluice/base/shell_word.h"
#include "sluice/base/utf8.h"
#include "sluice/operate/hour_range.h"
#include "sluice/operate/reconcile.h"
#include "sluice/operate/staleness.h"

namespace sluice {
namespace {

using std::chrono::days;

std::string WhatIsNotKnown(StatusPart part) {
  switch (part) {
    case StatusPart::kSource:
      return "how much waits in the source";
    case StatusPart::kNotifications:
      return "how many notifications wait, and so what is missing";
    case StatusPart::kSourceDeadLetters:
      return "how many dead letters the source has";
    case StatusPart::kNotificationDeadLetters:
      return "how many dead letters the notifications have";
    case StatusPart::kRetention:
      return "until when notifications are kept";
    case StatusPart::kRawStore:
      return "what landed, and so how fresh the tables are and what is missing";
    case StatusPart::kTables:
      return "what the tables hold";
    case StatusPart::kQuarantineStore:
      return "what was missing before the last 24 hours";
    case StatusPart::kWarehouse:  // has a kind of its own
      return "";
  }
  return "";
}

// Of the last day, and of the remembered hours before it.
uint64_t Overdue(const StatusReport& report) {
  uint64_t sum = report.landed->overdue;
  for (const auto& [hour, objects] : report.overdue_before) sum += objects;
  return sum;
}

// At least so many raw objects nobody was told of: what waits in the queue may tell of the others.
uint64_t Missing(const StatusReport& report) {
  const bool is_known =
      !report.is_warehouse_down() && report.WhyNotKnown(StatusPart::kNotifications) == nullptr;
  if (!is_known || !report.landed) return 0;
  const uint64_t overdue = Overdue(report);
  return overdue - std::min(overdue, report.notifications_waiting());
}

// "; 2 landed before the last 24 hours, the first in 2026-11-24T09"; empty where none did.
std::string BeforeTheDay(const StatusReport& report) {
  if (report.overdue_before.empty()) return "";
  return fmt::format("; {} landed before the last 24 hours, the first in {}",
                     Overdue(report) - report.landed->overdue,
                     HourText(report.overdue_before.begin()->first));
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
    const uint64_t dead = depth ? depth->dead.value_or(0) : 0;
    if (dead == 0) return;
    Add(ConcernKind::kDeadLetters, dead,
        fmt::format("{} of the {}: nobody receives them any more", Counted(dead, "dead letter"),
                    queue),
        std::move(next), std::string(queue));
  }
};

void AddHeld(const StatusReport& report, Concerns& concerns) {
  const uint64_t stuck = StuckIn(report.states);
  if (stuck == 0) return;
  const std::string& key = report.key_to_look_at();
  concerns.Add(ConcernKind::kHeld, stuck,
               Counted(stuck, "raw object") + " held or set aside, none of their events is loaded",
               key.empty() ? "" : "sluice why " + ShellWord(key));
}

void AddStanding(const StatusReport& report, Concerns& concerns) {
  for (const auto& [part, error] : report.not_known) {
    if (part == StatusPart::kWarehouse) {
      concerns.Add(ConcernKind::kWarehouseDown, 0,
                   "the warehouse cannot be asked: " + error.message(), "sluice check --connect");
    } else {
      concerns.Add(ConcernKind::kNotKnown, 0,
                   fmt::format("not known: {}: {}", WhatIsNotKnown(part), error.message()),
                   "sluice check --connect", std::string(Name(part)));
    }
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
        report.is_warehouse_down() ? "" : "sluice process");
  }
  if (!report.Balances()) {
    concerns.Add(ConcernKind::kNotBalanced, 0,
                 "the ledger does not balance: somebody else changed it", "sluice verify");
  }
  for (const TableStatus& table : report.tables) {
    if (table.hindrance.empty()) continue;
    concerns.Add(ConcernKind::kTableDiffers, 0,
                 fmt::format("{} is not as its DDL says, and no load goes on until it is: {}",
                             table.table, table.hindrance),
                 "sluice ddl --diff", table.table);
  }
  if (const uint64_t missing = Missing(report); missing > 0) {
    const uint64_t waiting = report.notifications_waiting();
    const OverdueHours& before = report.overdue_before;
    concerns.Add(
        ConcernKind::kMissing, missing,
        (waiting == 0 ? Counted(missing, "raw object") + " missing: nobody was told of them"
                      : fmt::format("at least {} missing: {} not loaded for more than {}, and "
                                    "only {}",
                                    Counted(missing, "raw object"), WithThousands(Overdue(report)),
                                    AgeText(report.limits.grace),
                                    Counted(waiting, "notification") +
                                        (waiting == 1 ? " waits" : " wait"))) +
            BeforeTheDay(report),
        RepairCommand(before.empty() ? report.now : before.begin()->first, report.now));
  }
  if (IsHeldTheReason(report)) AddHeld(report, concerns);
  if (auto stale = StaleConcern(report)) concerns.list.push_back(*std::move(stale));
}

void AddObjects(const StatusReport& report, Concerns& concerns) {
  if (!IsHeldTheReason(report)) AddHeld(report, concerns);
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
                 fmt::format("{}: {} loaded, {} now: {} removed by somebody else", table.table,
                             WithThousands(table.balance.loaded), Counted(*table.rows, "row"),
                             Counted(table.rows_missing(), "row")),
                 "sluice verify", table.table);
  }
  if (!report.landed || report.landed->noisy == 0) return;
  const Landed& landed = *report.landed;
  concerns.Add(
      ConcernKind::kQuarantine, landed.noisy,
      fmt::format("{} of the last 24 hours with more events in quarantine than "
                  "quarantine.warn_above allows: {} of {} ({:.3g} %)",
                  Counted(landed.noisy, "raw object"), WithThousands(landed.noisy_quarantined),
                  WithThousands(landed.noisy_events),
                  100 * static_cast<double>(landed.noisy_quarantined) /
                      static_cast<double>(landed.noisy_events)),
      "sluice quarantine list");
}

// A unique key that is none shows itself this way: other events are taken for duplicates.
void AddDiffering(const StatusReport& report, Concerns& concerns) {
  for (const TableStatus& table : report.tables) {
    const double most = report.limits.warn_above * static_cast<double>(table.seen);
    if (static_cast<double>(table.differing) <= most) continue;
    concerns.Add(
        ConcernKind::kDiffering, table.differing,
        fmt::format("{}: {} of the {} events of the last 24 hours were dropped as "
                    "duplicates of a row with other values ({:.3g} %): is its `unique` "
                    "right?",
                    table.table, WithThousands(table.differing), WithThousands(table.seen),
                    100 * static_cast<double>(table.differing) / static_cast<double>(table.seen)),
        "sluice verify", table.table);
  }
}

// "3 new fields: a, b, c" of a table; the first five names.
void AddNewFields(const StatusReport& report, const TableStatus& table, ConcernKind kind,
                  Concerns& concerns) {
  constexpr size_t kShown = 5, kLongest = 60;
  std::string names, newest;
  uint64_t count = 0;
  bool has_alter = false;
  for (const FieldReport& field : report.fields) {
    const bool is_unknown = field.kind == FieldChangeKind::kUnknown;
    if (!field.is_new || field.table != table.table) continue;
    if (is_unknown != (kind == ConcernKind::kNewField)) continue;
    has_alter = has_alter || !field.alter.empty();
    if (newest.empty()) newest = field.newest;
    if (++count > kShown) continue;
    names += names.empty() ? "" : ", ";
    names += WithoutControls(Utf8Prefix(field.name, kLongest));
    if (!is_unknown) names += fmt::format(" ({})", Name(field.kind));
  }
  if (count == 0) return;
  if (count > kShown) names += ", …";
  if (kind == ConcernKind::kTypeChanged) {
    return concerns.Add(kind, count,
                        fmt::format("{}: {} with values of another type: {}; mend the producer or "
                                    "the DDL",
                                    table.table, Counted(count, "column"), names),
                        newest.empty() ? "" : "sluice why " + ShellWord(newest), table.table);
  }
  // Without an ALTER there is a column of that name, which takes another field.
  concerns.Add(kind, count,
               fmt::format("{}: {}: {}{}", table.table, Counted(count, "new field"), names,
                           has_alter ? "; sluice status has the ALTER that adds them" : ""),
               has_alter ? "add the columns to the DDL of the table, then sluice ddl --apply"
                         : "see whether `from` of the table's columns is right",
               table.table);
}

void AddFields(const StatusReport& report, Concerns& concerns) {
  for (const ConcernKind kind : {ConcernKind::kTypeChanged, ConcernKind::kNewField}) {
    for (const TableStatus& table : report.tables) AddNewFields(report, table, kind, concerns);
  }
}

}  // namespace

std::string_view Name(ConcernKind kind) {
  switch (kind) {
    case ConcernKind::kWarehouseDown:
      return "warehouse_down";
    case ConcernKind::kNotKnown:
      return "not_known";
    case ConcernKind::kExpiring:
      return "expiring";
    case ConcernKind::kNotBalanced:
      return "not_balanced";
    case ConcernKind::kTableDiffers:
      return "table_differs";
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
    case ConcernKind::kDiffering:
      return "differing";
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
    case ConcernKind::kTableDiffers:
    case ConcernKind::kMissing:
    case ConcernKind::kStale:
      return Severity::kCritical;
    case ConcernKind::kNotKnown:
    case ConcernKind::kHeld:
    case ConcernKind::kDeadLetters:
    case ConcernKind::kRowsMissing:
    case ConcernKind::kQuarantine:
    case ConcernKind::kDiffering:
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
  AddDiffering(report, concerns);
  AddFields(report, concerns);
  return std::move(concerns.list);
}

}  // namespace sluice
