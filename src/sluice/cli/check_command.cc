// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>

#include "sluice/app/this_build.h"
#include "sluice/base/json_text.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/transform/stream_converter.h"

namespace sluice {
namespace {

struct CheckFlags {
  bool connect = false;
};

// "2 tables: events (11 columns, unique request_id + request_timestamp), …".
std::string Describe(const Table& table) {
  std::string key;
  for (const size_t column : table.unique)
    key += (key.empty() ? "" : ", ") + table.schema.columns[column].name;
  if (table.time && !key.empty()) key += " + " + table.schema.columns[*table.time].name;
  return fmt::format("{} columns, unique: {}", table.schema.columns.size(),
                     key.empty() ? "none, duplicates allowed" : key);
}

// Compares the DDL with the table that is there; says what differs.
Status CompareWithWarehouse(Warehouse& warehouse, const Table& table,
                            std::vector<std::string>& findings) {
  const auto live = warehouse.Describe(table);
  if (!live && live.error().kind() == ErrorKind::kNotFound) {
    findings.push_back(
        fmt::format("table {}: not there yet; the first load makes it", table.name()));
    return {};
  }
  if (!live) return std::unexpected(live.error());
  for (const Column& column : table.schema.columns) {
    const auto found = std::ranges::find(*live, column.name, &LiveColumn::name);
    if (found == live->end()) {
      findings.push_back(
          fmt::format("table {}: the warehouse lacks column {} {}; next: ALTER TABLE … ADD COLUMN",
                      table.name(), column.name, ToSql(column.type)));
    } else if (found->not_null && !column.not_null) {
      findings.push_back(
          fmt::format("table {}: column {} is NOT NULL in the warehouse and nullable in the DDL: a "
                      "NULL would fail the load",
                      table.name(), column.name));
    }
  }
  return {};
}

// What only a look at queues, stores and warehouse can tell. Makes nothing.
Status Connect(Session& session, const PipelineConfig& config, std::vector<std::string>& findings) {
  SLUICE_ASSIGN(const auto view, session.OpenView(config));
  std::ranges::copy(view->not_there_yet(), std::back_inserter(findings));
  for (Queue* queue : {view->source(), view->notifications()}) {
    if (queue != nullptr) SLUICE_TRY(queue->Depth());
  }
  SLUICE_ASSIGN(const WarehouseState state, view->warehouse().Probe());
  if (state.paused) findings.push_back("loading is paused: " + *state.paused);
  if (state.ledger_is_empty && state.tables_hold_rows) {
    findings.push_back(
        "the ledger is empty, but the tables hold rows: process will refuse to load without "
        "--init-ledger");
  }
  for (const Table& table : view->tables().tables) {
    SLUICE_TRY(CompareWithWarehouse(view->warehouse(), table, findings));
  }
  return {};
}

// What makes every command refuse the configuration; else nothing.
Status FaultsOf(const PipelineConfig& config) {
  SLUICE_TRY(RequireKindsOfThisBuild(config));
  SLUICE_TRY(StreamConverter::Make(*config.tables));
  return {};
}

void AppendLines(JsonText& json, std::string_view key, std::string_view lines) {
  json.Key(key).BeginArray();
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    json.Value(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  json.EndArray();
}

std::string ToJson(std::string_view configuration, const Status& fault,
                   const std::vector<std::string>& findings) {
  JsonText json;
  json.BeginObject().Key("configuration").Value(configuration);
  AppendLines(json, "problems", fault ? "" : fault.error().message());
  json.Key("findings").BeginArray();
  for (const std::string& finding : findings) json.Value(finding);
  json.EndArray().EndObject();
  return json.text() + "\n";
}

std::string ToText(const PipelineConfig& config, const std::vector<std::string>& findings) {
  std::string text = fmt::format("{}: pipeline {}\n", config.origin, config.name);
  for (const Table& table : config.tables->tables) {
    text += fmt::format("  table {}: {}\n", table.name(), Describe(table));
  }
  for (const std::string& finding : findings) text += fmt::format("  look: {}\n", finding);
  text += findings.empty() ? "nothing to complain about\n" : "done, but a person should look\n";
  return text;
}

Result<int> Check(Session& session, const CheckFlags& flags) {
  const auto config = session.Configuration();
  const Status fault = config ? FaultsOf(*config) : std::unexpected(config.error());
  std::vector<std::string> findings;
  if (config) {
    findings = config->warnings;
    std::ranges::copy(KeysWithoutEffect(*config), std::back_inserter(findings));
  }
  if (fault && flags.connect) SLUICE_TRY(Connect(session, *config, findings));
  if (session.flags.json) {
    const std::string& origin = config ? config->origin : session.flags.config;
    SLUICE_TRY(Print(ToJson(origin, fault, findings)));
  } else if (fault) {
    SLUICE_TRY(Print(ToText(*config, findings)));
  }
  if (!fault) return session.WrongUsage(fault.error().message());
  return findings.empty() ? kExitDone : kExitAttention;
}

}  // namespace

void AddCheck(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command =
      app.add_subcommand("check", "Find faults of the configuration, each with file and line");
  command->add_flag("--connect", flags->connect,
                    "Also try queues, stores and warehouse, and compare its tables with the DDL");
  command->footer(
      "Examples:\n  sluice --config sluice.yaml check\n  sluice --config sluice.yaml check "
      "--connect");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = Check(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
