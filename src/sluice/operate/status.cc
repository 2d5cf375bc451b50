// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/status.h"

#include "sluice/base/json_text.h"

namespace sluice {
namespace {

constexpr size_t kSampleRows = 3;

Status GatherSample(const TableSet& tables, Warehouse& warehouse, StatusReport& report) {
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    if (report.tables[i].rows == 0) continue;
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

Result<std::optional<QueueDepth>> DepthOf(Queue* queue) {
  if (queue == nullptr) return std::optional<QueueDepth>();
  return queue->Depth();
}

void AppendDepth(JsonText& json, std::string_view name, const std::optional<QueueDepth>& found) {
  const QueueDepth depth = found.value_or(QueueDepth());
  json.Key(name)
      .BeginObject()
      .Key("waiting")
      .Value(depth.visible)
      .Key("in_flight")
      .Value(depth.in_flight);
  json.Key("dead").Value(depth.dead).EndObject();
}

}  // namespace

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

Result<StatusReport> GatherStatus(const TableSet& tables, Queue* source, Queue* notifications,
                                  Warehouse& warehouse) {
  StatusReport report;
  SLUICE_ASSIGN(report.source, DepthOf(source));
  SLUICE_ASSIGN(report.notifications, DepthOf(notifications));
  SLUICE_ASSIGN(const WarehouseState state, warehouse.Probe());
  report.ledger_exists = state.ledger_exists;
  report.paused = state.paused;
  for (const Table& table : tables.tables) {
    const std::string& schema = table.schema.schema;
    report.tables.push_back({.table = schema.empty() ? table.name() : schema + "." + table.name()});
  }
  if (!state.ledger_exists) return report;

  SLUICE_ASSIGN(report.states, warehouse.States());
  SLUICE_ASSIGN(const auto balance, warehouse.Balance());
  for (const TableBalance& sums : balance) {
    if (sums.table == "*") report.objects = sums;
    for (size_t i = 0; i < tables.tables.size(); ++i) {
      if (sums.table == tables.tables[i].name()) report.tables[i].balance = sums;
    }
  }
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    SLUICE_ASSIGN(report.tables[i].rows, warehouse.CountRows(tables.tables[i]));
  }
  SLUICE_TRY(GatherSample(tables, warehouse, report));
  return report;
}

std::string ToJson(const StatusReport& report) {
  JsonText json;
  json.BeginObject();
  AppendDepth(json, "source", report.source);
  AppendDepth(json, "notifications", report.notifications);
  json.Key("paused");
  report.paused ? json.Value(*report.paused) : json.Null();
  json.Key("balanced").Value(report.Balances());
  json.Key("objects").Value(report.objects.objects).Key("events").Value(report.objects.lines);
  json.Key("no_route").Value(report.objects.no_route).Key("dropped").Value(report.objects.dropped);
  json.Key("accepted").Value(report.accepted()).Key("states").BeginObject();
  for (const StateCount& count : report.states) {
    json.Key(Name(count.state)).BeginObject().Key("objects").Value(count.objects);
    json.Key("events").Value(count.events).EndObject();
  }
  json.EndObject().Key("tables").BeginArray();
  for (const TableStatus& table : report.tables) {
    const TableBalance& b = table.balance;
    json.BeginObject()
        .Key("table")
        .Value(table.table)
        .Key("routed")
        .Value(b.routed)
        .Key("loaded")
        .Value(b.loaded);
    json.Key("duplicates").Value(b.duplicates).Key("differing").Value(b.differing);
    json.Key("quarantined").Value(b.quarantined).Key("rows").Value(table.rows);
    json.Key("rows_missing").Value(table.rows_missing()).EndObject();
  }
  json.EndArray().Key("sample").BeginArray();
  for (const auto& row : report.sample) {
    json.BeginObject();
    for (const auto& [column, value] : row) json.Key(column).Value(value);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.text();
}

}  // namespace sluice
