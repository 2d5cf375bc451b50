// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "sluice/app/notification_inbox.h"
#include "sluice/app/server_warehouses.h"
#include "sluice/app/this_build.h"
#include "sluice/base/json_text.h"
#include "sluice/base/utf8.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/config/units.h"
#include "sluice/config/warehouse_section.h"
#include "sluice/connect/access_check.h"
#include "sluice/connect/queue_check.h"
#include "sluice/connect/webhook.h"
#include "sluice/operate/store_owner.h"
#include "sluice/transform/stream_converter.h"
#include "sluice/warehouse/ddl_sql.h"
#include "sluice/warehouse/probe.h"

namespace sluice {
namespace {

struct CheckFlags {
  bool connect = false;
  bool probe = false;
  std::string lambda_timeout;  // a duration, or empty
};

struct Probed {
  std::vector<std::string> made;
  ProbeReport report;
};

// What there is to say beside faults.
struct Findings {
  std::vector<std::string> refusals;   // what cannot work
  std::vector<std::string> sentences;  // what a person should look at
  std::vector<TriedAction> tried;      // at AWS
  std::optional<Probed> probed;
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
Status CompareWithWarehouse(Warehouse& warehouse, const LedgerNames& names, const Table& table,
                            std::vector<std::string>& findings) {
  const auto live = warehouse.Describe(table);
  if (!live && live.error().kind() == ErrorKind::kNotFound) {
    findings.push_back(
        fmt::format("table {}: not there yet; the first load makes it", table.name()));
    return {};
  }
  if (!live) return std::unexpected(live.error());
  for (const TableChange& change : ChangesOf(names, table, *live)) {
    findings.push_back(fmt::format("table {}: {}; to mend it: {}", table.name(), change.difference,
                                   change.sql.value_or(change.recipe)));
  }
  return {};
}

// What was tried at AWS and may not be done, or cannot.
void AddFailures(const std::vector<TriedAction>& tried, std::vector<std::string>& findings) {
  for (const TriedAction& action : tried) {
    if (action.result) continue;
    std::string finding = action.part + ": ";
    if (!action.action.empty()) finding += action.action + ": ";
    finding += action.result.error().message() + action.Advice();
    findings.push_back(std::move(finding));
  }
}

// Without its password the warehouse cannot be asked; why it is not there is found already.
bool LacksPassword(const PipelineConfig& config, const std::vector<TriedAction>& tried) {
  const auto password = KeptPasswordOf(config.warehouse);
  return password && std::ranges::none_of(tried, [&](const TriedAction& action) {
           return action.part == password->key && action.result;
         });
}

// Tries on the warehouse what loads rest on, in tables of its own.
Status RunProbe(Session& session, PipelineView& view, Findings& found) {
  SLUICE_ASSIGN(const PipelineEnvironment environment, session.Surroundings());
  SLUICE_ASSIGN(const auto store, view.connector().OpenStore(view.config().parquet));
  NotedStore parquet(*store);
  SLUICE_ASSIGN(ProbeTarget target, OpenProbe(view.config(), environment, parquet));
  SLUICE_ASSIGN(const auto probe, Probe::Open(std::move(target)));
  Probed probed{.made = probe->makes(), .report = {}};
  if (!session.flags.quiet) {
    std::string text =
        "the probe makes, and removes at the end; it begins no question after ten minutes:\n";
    for (const std::string& made : probed.made) text += fmt::format("  {}\n", made);
    std::fputs(text.c_str(), stderr);
  }
  {
    Progress progress(session.clock(), "probing", "questions", probe->questions(),
                      session.progress_mode());
    SLUICE_ASSIGN(probed.report,
                  probe->Run(session.stop(), [&](size_t place, std::string_view name) {
                    progress.Update(place, name);
                  }));
  }
  for (const ProbeAnswer& answer : probed.report.answers) {
    if (answer.verdict == ProbeVerdict::kAsExpected) continue;
    if (answer.verdict == ProbeVerdict::kLeftOut) continue;
    found.sentences.push_back(fmt::format("probe: {}: {}, because {}", answer.name,
                                          Name(answer.verdict), answer.because));
  }
  for (const std::string& left : probed.report.left_behind) {
    found.sentences.push_back("probe: left behind, to be removed by hand: " + left);
  }
  found.probed = std::move(probed);
  return {};
}

// What only a look at queues, stores and warehouse can tell. Makes nothing but for the probe.
Status Connect(Session& session, const PipelineConfig& config, const CheckFlags& flags,
               std::optional<std::chrono::seconds> lambda_timeout, Findings& found) {
  SLUICE_ASSIGN(const auto view, session.OpenView(config));
  std::vector<std::string>& findings = found.sentences;
  std::ranges::copy(view->not_there_yet(), std::back_inserter(findings));
  found.tried = TryAccess(view->connector(), view->config());
  AddFailures(found.tried, findings);
  const auto hidden = InboxOptions().visibility_timeout;
  for (const QueueConcern& concern :
       CheckQueues(view->connector(), view->config(), hidden, lambda_timeout)) {
    const bool is_refused = concern.finding.weight == QueueFinding::Weight::kRefused;
    (is_refused ? found.refusals : findings).push_back(concern.part + ": " + concern.finding.text);
  }
  const auto look_at = [&](Result<Queue*> queue, const Location& location) -> Status {
    SLUICE_TRY(queue);
    if (*queue == nullptr || !location.is_folder()) return {};
    SLUICE_TRY((*queue)->Depth());
    return {};
  };
  SLUICE_TRY(look_at(view->Source(), config.source.location));
  SLUICE_TRY(look_at(view->Notifications(), config.raw.notifications));
  if (LacksPassword(config, found.tried)) return {};
  SLUICE_ASSIGN(const WarehouseState state, view->warehouse().Probe());
  if (state.paused) findings.push_back("loading is paused: " + *state.paused);
  if (state.ledger_is_empty && state.tables_hold_rows) {
    findings.push_back(
        "the ledger knows nothing of this pipeline, but the tables hold rows: process will refuse "
        "to load without "
        "--init-ledger");
  }
  // What may not be read there was found above.
  if (const auto parquet = view->OpenIfThere(config.parquet); parquet && *parquet != nullptr) {
    const auto claimed = OwnerOf(**parquet);
    const std::string claim =
        OthersClaim(claimed.value_or(std::nullopt), OwnerLine(config.name, state.ledger_id));
    if (!claim.empty()) {
      findings.push_back("parquet: " + claim + ": its gc removes what is loaded here");
    }
  }
  const LedgerNames names = NamesOf(view->config());
  for (const Table& table : view->tables().tables) {
    SLUICE_TRY(CompareWithWarehouse(view->warehouse(), names, table, findings));
  }
  return flags.probe ? RunProbe(session, *view, found) : Status();
}

// A probe asks a server.
Status RequireServer(const PipelineConfig& config) {
  const auto& target = config.warehouse.target;
  if (!std::holds_alternative<DuckDbTarget>(target)) return {};
  return Fail(ErrorKind::kPermanent,
              "--probe is for PostgreSQL and Redshift; the warehouse is a DuckDB file");
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

void AppendList(JsonText& json, std::string_view key, const std::vector<std::string>& texts) {
  json.Key(key).BeginArray();
  for (const std::string& text : texts) json.Value(text);
  json.EndArray();
}

void AppendProbe(JsonText& json, const Probed& probed) {
  json.Key("probe").BeginObject();
  AppendList(json, "made", probed.made);
  AppendList(json, "left_behind", probed.report.left_behind);
  json.Key("answers").BeginArray();
  for (const ProbeAnswer& answer : probed.report.answers) {
    json.BeginObject().Key("name").Value(answer.name).Key("question").Value(answer.question);
    AppendList(json, "statements", answer.statements);
    json.Key("expected").Value(answer.expected).Key("found").Value(answer.found);
    json.Key("verdict").Value(Name(answer.verdict)).Key("because").Value(answer.because);
    json.EndObject();
  }
  json.EndArray().EndObject();
}

// `connected`: whether all that is asked of queues, stores and warehouse was.
std::string ToJson(std::string_view configuration, const Status& fault, const Status& connected,
                   const Findings& findings) {
  JsonText json;
  json.BeginObject().Key("configuration").Value(configuration);
  AppendLines(json, "problems", fault ? "" : fault.error().message());
  json.Key("failure");
  connected ? json.Null() : json.Value(connected.error().message());
  json.Key("findings").BeginArray();
  for (const std::string& finding : findings.sentences) json.Value(finding);
  json.EndArray().Key("tried").BeginArray();
  for (const TriedAction& action : findings.tried) {
    json.BeginObject().Key("part").Value(action.part).Key("action").Value(action.action);
    json.Key("resource").Value(action.resource).Key("works").Value(action.result.has_value());
    json.EndObject();
  }
  json.EndArray();
  if (findings.probed) AppendProbe(json, *findings.probed);
  json.EndObject();
  return json.text() + "\n";
}

// "  raw: may s3:ListBucket, s3:GetObject", a line for each part.
std::string WhatWorks(const std::vector<TriedAction>& tried) {
  std::string text;
  std::string_view part;
  for (const TriedAction& action : tried) {
    if (!action.result) continue;
    text += part == action.part
                ? ", "
                : fmt::format("{}  {}: may ", part.empty() ? "" : "\n", action.part);
    text += action.action;
    part = action.part;
  }
  return text.empty() ? text : text + "\n";
}

// A paragraph for each question.
std::string ToText(const Probed& probed) {
  constexpr size_t kMostStatements = 8, kMostBytes = 400;
  std::string text;
  for (const ProbeAnswer& answer : probed.report.answers) {
    text += fmt::format("  probe {}: {}\n", answer.name, answer.question);
    const auto add = [&](std::string_view what, std::string_view value) {
      if (!value.empty()) text += fmt::format("    {:<10} {}\n", what, WithoutControls(value));
    };
    for (size_t i = 0; i < std::min(answer.statements.size(), kMostStatements); ++i) {
      const std::string& sql = answer.statements[i];
      add("statement",
          fmt::format("{}{}", Utf8Prefix(sql, kMostBytes), sql.size() > kMostBytes ? "…" : ""));
    }
    if (answer.statements.size() > kMostStatements) {
      add("statement", fmt::format("… and {} more; --json has them all",
                                   answer.statements.size() - kMostStatements));
    }
    add("expected", answer.expected);
    add("found", answer.found);
    add("verdict", answer.because.empty()
                       ? std::string(Name(answer.verdict))
                       : fmt::format("{}, because {}", Name(answer.verdict), answer.because));
  }
  return text;
}

std::string ToText(const PipelineConfig& config, const Status& connected,
                   const Findings& findings) {
  std::string text = fmt::format("{}: pipeline {}\n", config.origin, config.name);
  for (const Table& table : config.tables->tables) {
    text += fmt::format("  table {}: {}\n", table.name(), Describe(table));
  }
  text += WhatWorks(findings.tried);
  if (findings.probed) text += ToText(*findings.probed);
  for (const std::string& finding : findings.sentences)
    text += fmt::format("  look: {}\n", finding);
  if (!findings.refusals.empty() || !connected) return text;
  text += findings.sentences.empty() ? "nothing to complain about\n"
                                     : "done, but a person should look\n";
  return text;
}

// How long an invocation of Lambda may take, which is at most its timeout and its batching window.
Result<std::optional<std::chrono::seconds>> LambdaTimeout(const std::string& text) {
  using std::chrono::minutes, std::chrono::seconds;
  if (text.empty()) return std::nullopt;
  SLUICE_ASSIGN(const auto timeout, ParseDuration(text));
  const auto whole = std::chrono::ceil<seconds>(timeout);
  if (whole >= seconds(1) && whole <= minutes(15) + minutes(5)) return whole;
  return Fail(ErrorKind::kPermanent, "from 1s to 20m, which are Lambda's limits");
}

Result<int> Check(Session& session, const CheckFlags& flags) {
  const auto lambda_timeout = LambdaTimeout(flags.lambda_timeout);
  if (!lambda_timeout) {
    return session.WrongUsage("--lambda-timeout: " + lambda_timeout.error().message());
  }
  const auto config = session.Configuration();
  Status fault = config ? FaultsOf(*config) : std::unexpected(config.error());
  Findings findings;
  if (config) {
    findings.sentences = config->warnings;
    std::ranges::copy(KeysWithoutEffect(*config), std::back_inserter(findings.sentences));
    const auto* webhook = std::get_if<Secret>(&config->alert.webhook);
    if (webhook != nullptr && !webhook->empty()) {
      const auto address = Webhook::At(*webhook);
      if (!address) findings.sentences.push_back("alert.webhook: " + address.error().message());
    }
  }
  if (fault && *lambda_timeout && config->source.location.kind != Location::Kind::kSqs) {
    return session.WrongUsage("--lambda-timeout: the source is no queue of SQS");
  }
  if (fault && flags.probe) fault = RequireServer(*config);
  Status connected;
  if (fault && flags.connect) {
    connected = Connect(session, *config, flags, *lambda_timeout, findings);
    if (!findings.refusals.empty()) {
      fault = Fail(ErrorKind::kPermanent, "{}", fmt::join(findings.refusals, "\n"));
    }
  }
  if (session.flags.json) {
    const std::string& origin = config ? config->origin : session.flags.config;
    SLUICE_TRY(Print(ToJson(origin, fault, connected, findings)));
  } else if (fault || !findings.refusals.empty()) {
    SLUICE_TRY(Print(ToText(*config, connected, findings)));
  }
  if (!fault) return session.WrongUsage(fault.error().message());
  SLUICE_TRY(connected);
  return findings.sentences.empty() ? kExitDone : kExitAttention;
}

}  // namespace

void AddCheck(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command =
      app.add_subcommand("check", "Find faults of the configuration, each with file and line");
  CLI::Option* const connect = command->add_flag(
      "--connect", flags->connect,
      "Also try queues, stores and warehouse, and compare its tables with the DDL");
  command
      ->add_flag("--probe", flags->probe,
                 "Also try on the warehouse what loads rest on: ten minutes, in tables of its own")
      ->needs(connect);
  command
      ->add_option(
          "--lambda-timeout", flags->lambda_timeout,
          "A Lambda function lands: judge the source queue for its timeout and batch window")
      ->needs(connect)
      ->type_name("DURATION");
  command->footer(
      "Exit code 2: it cannot run so; 3: it can, and a person should look.\n\n"
      "Examples:\n  sluice --config sluice.yaml check\n  sluice --config sluice.yaml check "
      "--connect\n  sluice --config sluice.yaml check --connect --lambda-timeout 1m\n  sluice "
      "--config sluice.yaml check --connect --probe");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = Check(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
