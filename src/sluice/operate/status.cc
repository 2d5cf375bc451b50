// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/status.h"

#include <map>

#include "sluice/operate/verify.h"

namespace sluice {
namespace {

constexpr size_t kSampleRows = 3;
constexpr size_t kQuarantineGroups = 100;  // the largest
constexpr size_t kChangedParts = 20'000;   // the newest

Status GatherSample(const TableSet& tables, Warehouse& warehouse, StatusReport& report) {
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    if (report.tables[i].rows.value_or(0) == 0) continue;
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
  const Timestamp end = std::chrono::floor<std::chrono::hours>(report.now) + std::chrono::hours(1);
  for (const Table& table : tables.tables) {
    if (!table.time) continue;
    SLUICE_ASSIGN(auto hours, warehouse.CountHours(table, {end - kLandedHours, end}));
    report.event_hours.push_back({.table = FullName(table), .hours = std::move(hours)});
  }
  return {};
}

Status AskLedger(const StatusParts& parts, StatusDepth depth, StatusReport& report) {
  Warehouse& warehouse = parts.warehouse;
  SLUICE_ASSIGN(report.states, warehouse.States());
  SLUICE_ASSIGN(const auto balance, warehouse.Balance());
  for (const TableBalance& sums : balance) {
    if (sums.table == "*") report.objects = sums;
    for (size_t i = 0; i < report.tables.size(); ++i) {
      if (sums.table == parts.tables.tables[i].name()) report.tables[i].balance = sums;
    }
  }
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
  SLUICE_ASSIGN(report.fields, FieldsOf(changed, seen, parts.tables, parts.names, report.now));
  if (depth != StatusDepth::kLedger) {
    for (size_t i = 0; i < report.tables.size(); ++i) {
      SLUICE_ASSIGN(report.tables[i].rows, warehouse.CountRows(parts.tables.tables[i]));
    }
    SLUICE_TRY(GatherSample(parts.tables, warehouse, report));
  }
  if (depth == StatusDepth::kEventHours) SLUICE_TRY(CountHours(parts.tables, warehouse, report));
  return {};
}

Status WalkRaw(const StatusParts& parts, StatusReport& report) {
  if (parts.raw == nullptr) return {};
  if (report.warehouse_error) {
    SLUICE_ASSIGN(report.landed, EstimateLanded(*parts.raw, parts.layout, report.now, report.limits,
                                                report.notifications_waiting()));
  } else {
    SLUICE_ASSIGN(report.landed, WalkLanded(*parts.raw, LedgerPagesOf(parts.warehouse),
                                            parts.layout, report.now, report.limits));
  }
  return {};
}

}  // namespace

Result<std::optional<QueueDepth>> DepthOf(Queue* queue) {
  if (queue == nullptr) return std::optional<QueueDepth>();
  return queue->Depth();
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

uint64_t StatusReport::accepted() const {
  uint64_t sum = objects.accepted;
  for (const TableStatus& table : tables) sum += table.balance.accepted;
  return sum;
}

uint64_t StatusReport::notifications_waiting() const {
  return notifications ? notifications->visible + notifications->in_flight : 0;
}

std::optional<Timestamp> StatusReport::expiry() const {
  if (!notifications_kept || !landed || !landed->oldest_waiting) return std::nullopt;
  return *landed->oldest_waiting + *notifications_kept;
}

Result<StatusReport> GatherStatus(const StatusParts& parts, Timestamp now,
                                  const StatusLimits& limits, StatusDepth depth) {
  StatusReport report{.now = now, .limits = limits};
  SLUICE_ASSIGN(report.source, DepthOf(parts.source));
  SLUICE_ASSIGN(report.notifications, DepthOf(parts.notifications));
  for (const Table& table : parts.tables.tables) {
    report.tables.push_back({.table = FullName(table)});
  }
  if (const auto state = parts.warehouse.Probe(); state) {
    report.ledger_exists = state->ledger_exists;
    report.paused = state->paused;
  } else {
    report.warehouse_error = state.error();
  }
  if (report.ledger_exists) SLUICE_TRY(AskLedger(parts, depth, report));
  SLUICE_TRY(WalkRaw(parts, report));
  return report;
}

}  // namespace sluice
