// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/app/replay.h"
#include "sluice/base/json_text.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/quarantine_flags.h"
#include "sluice/cli/session.h"

namespace sluice {
namespace {

using Reason = ReplayReport::Reason;

struct ReplayFlags {
  QuarantineFlags filter;
  bool dry_run = false;
};

std::string ToText(const Reason& reason) {
  const auto& [table, name, column] = reason;
  return fmt::format("{}{}{} {}", name, column.empty() ? "" : " ", column, TableText(table));
}

std::string ToText(const ReplayReport& report, const StuckEvents& stuck, bool is_dry) {
  if (report.objects == 0) {
    return stuck.events > 0 ? ToText(stuck) : "nothing of that is in quarantine\n";
  }
  std::vector<std::vector<std::string>> rows = {
      {"table", "reason", "column", "events", is_dry ? "would pass" : "passed", "stay"}};
  std::string stay;
  for (const auto& [was, group] : report.groups) {
    const auto& [table, reason, column] = was;
    rows.push_back({TableText(table), reason, column, WithThousands(group.events()),
                    WithThousands(group.passed), WithThousands(group.events() - group.passed)});
    for (const auto& [now, count] : group.stay) {
      if (now == was) continue;
      stay += fmt::format("{} of {} {} now: {}\n", WithThousands(count), ToText(was),
                          is_dry ? "would stay for another reason" : "stay for another reason",
                          ToText(now));
    }
    for (const auto& [obstacle, count] : group.not_tried) {
      stay += fmt::format("{} of {} cannot be tried again: {}\n", WithThousands(count), ToText(was),
                          obstacle);
    }
  }
  std::string text = FormatTable(rows) + stay;
  text += fmt::format(
      "{} of {} events of {} raw objects {}\n", WithThousands(report.passed),
      WithThousands(report.events), WithThousands(report.objects),
      is_dry ? "would become rows; nothing was changed" : "left quarantine; the others stay there");
  if (report.changed > 0) {
    text += fmt::format(
        "{} raw objects were left alone: what is in quarantine of them changed meanwhile\n",
        WithThousands(report.changed));
  }
  return text + ToText(stuck);
}

void AppendReason(JsonText& json, const Reason& reason) {
  const auto& [table, name, column] = reason;
  json.Key("table").Value(table).Key("reason").Value(name).Key("column").Value(column);
}

std::string ToJson(const ReplayReport& report, const StuckEvents& stuck, bool is_dry) {
  JsonText json;
  json.BeginObject().Key("dry_run").Value(is_dry).Key("events").Value(report.events);
  json.Key("passed").Value(report.passed).Key("objects").Value(report.objects);
  json.Key("changed").Value(report.changed).Key("failed").Value(report.failed);
  AppendStuck(json, stuck);
  json.Key("groups").BeginArray();
  for (const auto& [was, group] : report.groups) {
    json.BeginObject();
    AppendReason(json, was);
    json.Key("events").Value(group.events()).Key("passed").Value(group.passed);
    json.Key("stay").BeginArray();
    for (const auto& [now, count] : group.stay) {
      json.BeginObject();
      AppendReason(json, now);
      json.Key("events").Value(count).EndObject();
    }
    json.EndArray().Key("not_tried").BeginArray();
    for (const auto& [obstacle, count] : group.not_tried) {
      json.BeginObject().Key("obstacle").Value(obstacle).Key("events").Value(count).EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return json.text() + "\n";
}

Result<ReplayReport> Try(Session& session, const QuarantineFilter& filter,
                         const std::function<void(uint64_t)>& progress) {
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(config));
  SLUICE_ASSIGN(const auto raw, view->OpenRaw());
  return RunReplay({view->tables(), *raw, nullptr, view->warehouse(), session.clock()},
                   ReplayOptionsOf(config), filter, ThreadCount(config.load.threads),
                   session.stop(), progress);
}

Result<ReplayReport> Load(Session& session, const QuarantineFilter& filter,
                          const std::function<void(uint64_t)>& progress) {
  SLUICE_ASSIGN(const auto pipeline, session.OpenPipeline());
  return pipeline->Replay(filter, progress);
}

Result<int> Replay(Session& session, const ReplayFlags& flags) {
  SLUICE_ASSIGN(const QuarantineFilter filter, FilterOf(session, flags.filter));
  SLUICE_ASSIGN(const StuckEvents stuck, FindStuck(session, filter));
  Progress line(session.clock(), "replay", "events", 0, session.progress_mode());
  const auto progress = [&](uint64_t events) { line.Update(events); };
  SLUICE_ASSIGN(const ReplayReport report,
                flags.dry_run ? Try(session, filter, progress) : Load(session, filter, progress));
  line.Clear();
  const bool is_nothing = report.objects == 0;
  if (is_nothing && stuck.events == 0) SLUICE_TRY(RequireKnownTable(session, flags.filter));
  SLUICE_TRY(Print(session.flags.json ? ToJson(report, stuck, flags.dry_run)
                                      : ToText(report, stuck, flags.dry_run)));
  if (report.failure) return std::unexpected(*report.failure);
  if (!session.stop().stop_requested()) {
    return is_nothing && stuck.events > 0 ? kExitAttention : kExitDone;
  }
  return Fail(
      ErrorKind::kTransient,
      "stopped; what left quarantine is loaded, and the same command goes on with the rest");
}

}  // namespace

void AddQuarantineReplay(CLI::App& quarantine, Session& session, int& exit_code) {
  auto flags = std::make_shared<ReplayFlags>();
  CLI::App* command = quarantine.add_subcommand(
      "replay", "Try events again, after the DDL or the configuration was mended");
  AddFilter(*command, flags->filter);
  command->add_flag("--dry-run", flags->dry_run, "Show what would pass, and change nothing");
  command->footer(
      "What passes now is loaded, from its raw object, and leaves quarantine in the same "
      "transaction; the rest stays.\nMay be stopped and begun again, and run beside everything "
      "else. Events of objects that are held or set aside\nare loaded by sluice backfill: where "
      "there are no others the exit code is 3."
      "\n\nExamples:\n  sluice quarantine replay --reason too_long --dry-run\n  sluice quarantine "
      "replay --reason too_long");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = Replay(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
