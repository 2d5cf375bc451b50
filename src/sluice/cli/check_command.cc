// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

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
  if (table.time) key += " + " + table.schema.columns[*table.time].name;
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

Result<int> Check(Session& session, const CheckFlags& flags) {
  SLUICE_ASSIGN(const PipelineConfig config, session.Configuration());
  SLUICE_TRY(StreamConverter::Make(*config.tables));
  std::vector<std::string> findings = config.warnings;
  if (flags.connect) {
    SLUICE_ASSIGN(const auto pipeline, session.OpenPipeline());
    SLUICE_TRY(pipeline->source().Depth());
    SLUICE_TRY(pipeline->notifications().Depth());
    SLUICE_ASSIGN(const WarehouseState state, pipeline->warehouse().Probe());
    if (state.paused) findings.push_back("loading is paused: " + *state.paused);
    if (state.ledger_is_empty && state.tables_hold_rows) {
      findings.push_back(
          "the ledger is empty, but the tables hold rows: process will refuse to load without "
          "--init-ledger");
    }
    for (const Table& table : pipeline->tables().tables) {
      SLUICE_TRY(CompareWithWarehouse(pipeline->warehouse(), table, findings));
    }
  }
  if (session.flags.json) {
    JsonText json;
    json.BeginObject().Key("configuration").Value(config.origin).Key("findings").BeginArray();
    for (const std::string& finding : findings) json.Value(finding);
    json.EndArray().EndObject();
    SLUICE_TRY(Print(json.text() + "\n"));
  } else {
    std::string text = fmt::format("{}: pipeline {}\n", config.origin, config.name);
    for (const Table& table : config.tables->tables) {
      text += fmt::format("  table {}: {}\n", table.name(), Describe(table));
    }
    for (const std::string& finding : findings) text += fmt::format("  look: {}\n", finding);
    text += findings.empty() ? "nothing to complain about\n" : "done, but a person should look\n";
    SLUICE_TRY(Print(text));
  }
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
