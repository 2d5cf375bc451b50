// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/status.h"

#include <algorithm>
#include <map>

#include "sluice/operate/verify.h"
#include "sluice/warehouse/ddl_sql.h"

namespace sluice {
namespace {

constexpr size_t kSampleRows = 3;
constexpr size_t kQuarantineGroups = 100;  // the largest
constexpr size_t kChangedParts = 20'000;   // the newest

Status GatherSample(const TableSet& tables, Warehouse& warehouse, StatusReport& report) {
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    // One that is not as its DDL says may lack a column.
    if (report.tables[i].rows.value_or(0) == 0 || !report.tables[i].hindrance.empty()) continue;
    const Table& table = tables.tables[i];
    SLUICE_ASSIGN(const auto rows, warehouse.SampleRows(table, kSampleRows));
    for (const auto& row : rows) {
      auto& named = report.sample.emplace_back();
      for (size_t c = 0; c < row.size(); ++c) {
        if (row[c]) named.emplace_back(table.schema.columns[c].name, *row[c]);
      }
    }
    return {};
  }
  return {};
}

Status CountHours(const TableSet& tables, Warehouse& warehouse, StatusReport& report) {
  const HourRange day = LastHours(report.now);
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    const Table& table = tables.tables[i];
    if (!table.time || !report.tables[i].hindrance.empty()) continue;
    SLUICE_ASSIGN(auto hours, warehouse.CountHours(table, {day.from, day.to}));
    report.event_hours.push_back({.table = FullName(table), .hours = std::move(hours)});
  }
  return {};
}

Status FindStuck(Warehouse& warehouse, StatusReport& report) {
  std::string since;
  for (const StateCount& count : report.states) {
    if (!IsStuck(count.state)) continue;
    SLUICE_ASSIGN(const auto newest, warehouse.ListParts({.state = count.state, .limit = 1}));
    if (newest.empty() || newest[0].loaded_at < since) continue;
    since = newest[0].loaded_at;
    report.stuck_key = newest[0].raw_key;
  }
  return {};
}

Status AskLedger(const StatusParts& parts, StatusReport& report) {
  Warehouse& warehouse = parts.warehouse;
  SLUICE_ASSIGN(report.states, warehouse.States(report.now - kRateHour));
  SLUICE_TRY(FindStuck(warehouse, report));
  SLUICE_ASSIGN(const auto balance, warehouse.Balance());
  SLUICE_ASSIGN(report.quarantine, warehouse.SumQuarantine({.since = report.now - kLandedHours,
                                                            .limit = kQuarantineGroups}));
  SLUICE_ASSIGN(const auto changed, warehouse.ListParts({.state = ObjectState::kLoaded,
                                                         .with_changes = true,
                                                         .since = report.now - kFieldMemory,
                                                         .limit = kChangedParts}));
  std::map<std::string, uint64_t> seen;
  for (const QuarantineSummary::Seen& table : report.quarantine.seen) {
    seen[table.table] += table.events;
  }
  for (const TableBalance& sums : balance) {
    if (sums.table == "*") report.objects = sums;
    for (size_t i = 0; i < report.tables.size(); ++i) {
      if (sums.table == parts.tables.tables[i].name()) report.tables[i].balance = sums;
    }
  }
  for (size_t i = 0; i < report.tables.size(); ++i) {
    for (const QuarantineSummary::Seen& table : report.quarantine.seen) {
      if (table.table != parts.tables.tables[i].name()) continue;
      report.tables[i].seen += table.events;
      report.tables[i].differing += table.differing;
    }
  }
  SLUICE_ASSIGN(report.fields, FieldsOf(changed, {.tables = parts.tables,
                                                  .names = parts.names,
                                                  .seen = seen,
                                                  .now = report.now,
                                                  .warn_above = report.limits.warn_above}));
  report.ledger_exists = true;
  return {};
}

Status DescribeTables(const StatusParts& parts, StatusReport& report) {
  for (size_t i = 0; i < report.tables.size(); ++i) {
    const Table& table = parts.tables.tables[i];
    const auto live = parts.warehouse.Describe(table);
    if (!live && live.error().kind() == ErrorKind::kNotFound) continue;  // a load makes it
    if (!live) return std::unexpected(live.error());
    for (const TableChange& change : ChangesOf(parts.names, table, *live)) {
      if (!change.prevents_loads) continue;
      report.tables[i].hindrance = change.difference;
      break;
    }
  }
  return {};
}

Status AskTables(const StatusParts& parts, StatusDepth depth, StatusReport& report) {
  SLUICE_TRY(DescribeTables(parts, report));
  if (depth == StatusDepth::kLedger) return {};
  for (size_t i = 0; i < report.tables.size(); ++i) {
    const auto rows = parts.warehouse.CountRows(parts.tables.tables[i]);
    if (!rows && rows.error().kind() != ErrorKind::kNotFound) return std::unexpected(rows.error());
    report.tables[i].rows = rows.value_or(0);
  }
  SLUICE_TRY(GatherSample(parts.tables, parts.warehouse, report));
  if (depth != StatusDepth::kEventHours) return {};
  return CountHours(parts.tables, parts.warehouse, report);
}

// What a part knows, all of it or nothing.
template <typename Ask>
void AskPart(StatusPart part, StatusReport& report, const Ask& ask) {
  StatusReport asked = report;
  if (const Status done = ask(asked); done) {
    report = std::move(asked);
  } else {
    report.not_known.push_back({part, done.error()});
  }
}

void AskQueue(StatusPart part, Queue* queue, StatusReport& report,
              std::optional<QueueDepth>& depth) {
  auto found = DepthOf(queue);
  if (!found) return report.not_known.push_back({part, found.error()});
  depth = *std::move(found);
  if (!depth || depth->dead) return;
  report.not_known.push_back({part == StatusPart::kSource ? StatusPart::kSourceDeadLetters
                                                          : StatusPart::kNotificationDeadLetters,
                              depth->dead.error()});
}

void AskWarehouse(const StatusParts& parts, StatusDepth depth, StatusReport& report) {
  const auto state = parts.warehouse.Probe();
  if (!state) return report.not_known.push_back({StatusPart::kWarehouse, state.error()});
  report.paused = state->paused;
  if (!state->ledger_exists) return;
  AskPart(StatusPart::kWarehouse, report,
          [&](StatusReport& asked) { return AskLedger(parts, asked); });
  if (!report.ledger_exists) return;
  AskPart(StatusPart::kTables, report,
          [&](StatusReport& asked) { return AskTables(parts, depth, asked); });
}

// Nothing where nobody knows what waits.
void EstimateRaw(const StatusParts& parts, StatusReport& report) {
  if (report.WhyNotKnown(StatusPart::kNotifications) != nullptr) return;
  auto landed = EstimateLanded(*parts.raw, parts.layout, report.now, report.limits,
                               report.notifications_waiting());
  if (!landed) return report.not_known.push_back({StatusPart::kRawStore, landed.error()});
  report.landed = *std::move(landed);
}

// The last kLandedHours, and those before them that are remembered.
Status WalkHours(const StatusParts& parts, const LedgerPages& ledger, StatusReport& report) {
  const OverdueHours before = Outside(parts.remembered, parts.layout, LastHours(report.now));
  SLUICE_ASSIGN(report.overdue_before, LookAgain(*parts.raw, ledger, parts.layout, before,
                                                 report.now - report.limits.grace));
  SLUICE_ASSIGN(report.landed,
                WalkLanded(*parts.raw, ledger, parts.layout, report.now, report.limits));
  return {};
}

void WalkRaw(const StatusParts& parts, StatusReport& report) {
  if (parts.raw == nullptr) {
    const bool is_told = report.WhyNotKnown(StatusPart::kRawStore) != nullptr;
    if (is_told || report.states.empty()) return;
    const Error gone(ErrorKind::kNotFound,
                     "the raw store is gone, and the ledger knows of objects");
    return report.not_known.push_back({StatusPart::kRawStore, gone});
  }
  if (report.is_warehouse_down()) return EstimateRaw(parts, report);
  std::optional<Error> refused;
  const LedgerPages pages = [&](LedgerRange range) {
    range.with_accepted = true;
    auto page = parts.warehouse.ListObjects(range);
    if (!page) refused = page.error();
    return page;
  };
  const Status walked = WalkHours(parts, pages, report);
  if (walked) return;
  if (refused) {
    report.not_known.push_back({StatusPart::kWarehouse, *refused});
    EstimateRaw(parts, report);
  } else {
    report.not_known.push_back({StatusPart::kRawStore, walked.error()});
  }
}

}  // namespace

uint64_t StuckIn(const std::vector<StateCount>& states) {
  uint64_t stuck = 0;
  for (const StateCount& count : states) stuck += IsStuck(count.state) ? count.objects : 0;
  return stuck;
}

Result<std::optional<QueueDepth>> DepthOf(Queue* queue) {
  if (queue == nullptr) return std::optional<QueueDepth>();
  return queue->Depth();
}

std::string_view Name(StatusPart part) {
  switch (part) {
    case StatusPart::kSource:
      return "source";
    case StatusPart::kNotifications:
      return "notifications";
    case StatusPart::kSourceDeadLetters:
      return "source_dead_letters";
    case StatusPart::kNotificationDeadLetters:
      return "notifications_dead_letters";
    case StatusPart::kRetention:
      return "retention";
    case StatusPart::kRawStore:
      return "raw_store";
    case StatusPart::kWarehouse:
      return "warehouse";
    case StatusPart::kTables:
      return "tables";
    case StatusPart::kQuarantineStore:
      return "quarantine_store";
  }
  return "";
}

const Error* StatusReport::WhyNotKnown(StatusPart part) const {
  const auto found = std::ranges::find(not_known, part, &NotKnown::part);
  return found == not_known.end() ? nullptr : &found->error;
}

bool StatusReport::Balances() const {
  bool balances = objects.lines == objects.routed + objects.no_route + objects.dropped;
  for (const TableStatus& table : tables) {
    const TableBalance& b = table.balance;
    balances = balances && b.routed == b.loaded + b.duplicates + b.quarantined &&
               b.staged == b.loaded + b.duplicates;
  }
  return balances;
}

const StateCount* StatusReport::Loaded() const {
  const auto loaded = std::ranges::find(states, ObjectState::kLoaded, &StateCount::state);
  return loaded == states.end() ? nullptr : &*loaded;
}

const std::string& StatusReport::key_to_look_at() const {
  return landed && !landed->stuck_key.empty() ? landed->stuck_key : stuck_key;
}

std::optional<Timestamp> OldestOf(const std::optional<QueueDepth>& queue) {
  return queue ? queue->oldest : std::nullopt;
}

uint64_t StatusReport::rows_last_hour() const {
  const StateCount* const loaded = Loaded();
  return loaded == nullptr ? 0 : loaded->rows_since;
}

uint64_t StatusReport::accepted() const {
  uint64_t sum = objects.accepted;
  for (const TableStatus& table : tables) sum += table.balance.accepted;
  return sum;
}

uint64_t StatusReport::notifications_waiting() const {
  return notifications ? notifications->undeleted() : 0;
}

OverdueHours StatusReport::overdue() const {
  OverdueHours all = overdue_before;
  if (!landed) return all;
  for (const LandedHour& hour : landed->hours) {
    if (hour.overdue > 0) all[hour.hour] = hour.overdue;
  }
  return all;
}

std::optional<Timestamp> StatusReport::expiry() const {
  if (!notifications_kept || !landed || !landed->oldest_waiting) return std::nullopt;
  return *landed->oldest_waiting + *notifications_kept;
}

StatusReport GatherStatus(const StatusParts& parts, Timestamp now, const StatusLimits& limits,
                          StatusDepth depth) {
  StatusReport report{.now = now, .limits = limits};
  report.not_known = parts.not_opened;
  report.remembered = parts.remembered;
  AskQueue(StatusPart::kSource, parts.source, report, report.source);
  AskQueue(StatusPart::kNotifications, parts.notifications, report, report.notifications);
  for (const Table& table : parts.tables.tables) {
    report.tables.push_back({.table = FullName(table)});
  }
  AskWarehouse(parts, depth, report);
  WalkRaw(parts, report);
  return report;
}

}  // namespace sluice
