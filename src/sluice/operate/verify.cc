// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/verify.h"

#include <algorithm>

#include "sluice/base/json_text.h"

namespace sluice {
namespace {

void AppendKeys(JsonText& json, const std::vector<DoubledKey>& keys, std::string_view count) {
  json.BeginArray();
  for (const DoubledKey& key : keys) {
    json.BeginObject().Key("key").Value(key.key).Key("time");
    key.time ? json.Value(*key.time) : json.Null();
    json.Key(count).Value(key.rows).EndObject();
  }
  json.EndArray();
}

void AppendTable(JsonText& json, const VerifiedTable& table) {
  const TableCheck& check = table.check;
  json.BeginObject().Key("table").Value(table.table).Key("exists").Value(table.exists);
  json.Key("rows")
      .Value(check.rows)
      .Key("loaded")
      .Value(check.loaded)
      .Key("not_ours")
      .Value(table.rows_not_ours());
  json.Key("missing").Value(table.rows_missing()).Key("rows_in_range").Value(check.rows_in_range);
  json.Key("missing_in_range").Value(table.rows_missing_in_range());
  json.Key("keys_twice").Value(check.keys_twice).Key("rows_too_many").Value(check.rows_too_many);
  AppendKeys(json.Key("doubled"), check.doubled, "rows");
  json.Key("differing").Value(check.differing);
  AppendKeys(json.Key("differing_keys"), check.differing_keys, "events");
  json.Key("hours").BeginArray();
  for (const HourCheck& hour : check.hours) {
    json.BeginObject().Key("hour").Value(HourText(hour.hour)).Key("rows").Value(hour.rows);
    json.Key("at_least").Value(hour.at_least).Key("at_most").Value(hour.at_most).EndObject();
  }
  json.EndArray().EndObject();
}

}  // namespace

bool VerifyReport::NeedsAttention() const {
  return (!ledger_exists && tables_hold_rows) ||
         std::ranges::any_of(tables,
                             [](const VerifiedTable& table) { return table.NeedsAttention(); });
}

std::string FullName(const Table& table) {
  const std::string& schema = table.schema.schema;
  return schema.empty() ? table.name() : schema + "." + table.name();
}

namespace {

// Of a table that is not there: what was loaded into it is missing.
Result<TableCheck> CheckOfNothing(const Table& table, Warehouse& warehouse) {
  TableCheck check;
  SLUICE_ASSIGN(const auto balance, warehouse.Balance());
  for (const TableBalance& sums : balance) {
    if (sums.table == table.name()) check.loaded = check.loaded_by_us = sums.loaded;
  }
  return check;
}

}  // namespace

Result<VerifyReport> Verify(const TableSet& tables, const std::vector<size_t>& which,
                            Warehouse& warehouse, const HourRange& hours,
                            const std::function<void(uint64_t done)>& on_table) {
  VerifyReport report{.hours = hours};
  SLUICE_ASSIGN(const WarehouseState state, warehouse.Probe());
  report.ledger_exists = state.ledger_exists;
  report.tables_hold_rows = state.tables_hold_rows;
  if (!state.ledger_exists) return report;
  for (const size_t index : which) {
    on_table(report.tables.size());
    const Table& table = tables.tables[index];
    Result<TableCheck> check = warehouse.Check(table, {hours.from, hours.to});
    const bool exists = check || check.error().kind() != ErrorKind::kNotFound;
    if (!exists) check = CheckOfNothing(table, warehouse);
    if (!check) return std::unexpected(check.error());
    report.tables.push_back({.table = FullName(table),
                             .exists = exists,
                             .has_time = table.time.has_value(),
                             .has_key = !table.unique.empty(),
                             .check = std::move(*check)});
  }
  return report;
}

std::string ToJson(const VerifyReport& report) {
  JsonText json;
  json.BeginObject().Key("from").Value(HourText(report.hours.from));
  json.Key("to").Value(HourText(report.hours.to));
  json.Key("ledger_exists").Value(report.ledger_exists);
  json.Key("tables").BeginArray();
  for (const VerifiedTable& table : report.tables) AppendTable(json, table);
  json.EndArray().Key("needs_attention").Value(report.NeedsAttention()).EndObject();
  return json.text();
}

}  // namespace sluice
