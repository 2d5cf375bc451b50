// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/app/stages.h"
#include "sluice/base/json_text.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/report_text.h"
#include "sluice/cli/session.h"
#include "sluice/cli/walk_progress.h"
#include "sluice/cli/which_tables.h"
#include "sluice/operate/backfill_plan.h"

namespace sluice {
namespace {

struct BackfillFlags {
  std::string from, to, table;
  bool dry_run = false, init_ledger = false, replace = false;
  int parallel = 0;
};

std::string HowLoadedBefore(const BackfillPlan& plan) {
  if (!plan.table.empty()) return " with " + plan.table;
  return plan.replaces ? " and to be replaced" : "";
}

std::string ToText(const BackfillPlan& plan) {
  std::string text = fmt::format(
      "plan       hours {} to {} (UTC, the last one not included)\n"
      "           {} objects in the raw store: {} loaded before{}, {} to load{}, {}\n",
      HourText(plan.hours.from), HourText(plan.hours.to), WithThousands(plan.stored),
      WithThousands(plan.loaded_before), HowLoadedBefore(plan), WithThousands(plan.to_load),
      plan.table.empty() ? "" : ", again if they are loaded without " + plan.table,
      ToText(plan.size_to_load));
  if (plan.held + plan.set_aside > 0) {
    text += fmt::format("           {} of them were held and {} set aside, and are tried again\n",
                        WithThousands(plan.held), WithThousands(plan.set_aside));
  }
  if (plan.stays > 0) {
    text += fmt::format(
        "           {} more stay as they are: another version is stored than the one that is "
        "loaded\n",
        WithThousands(plan.stays));
  }
  if (plan.foreign > 0) {
    text += fmt::format("           {} more do not match raw.layout and are left alone\n",
                        WithThousands(plan.foreign));
  }
  if (plan.gone > 0) {
    text += fmt::format("           {} more are in the ledger, and no longer in the store\n",
                        WithThousands(plan.gone));
  }
  return text;
}

void AppendPlan(JsonText& json, const BackfillPlan& plan) {
  json.BeginObject().Key("from").Value(HourText(plan.hours.from));
  json.Key("to").Value(HourText(plan.hours.to)).Key("stored").Value(plan.stored);
  json.Key("to_load").Value(plan.to_load).Key("bytes_to_load").Value(plan.size_to_load.count);
  json.Key("loaded_before").Value(plan.loaded_before).Key("replaces").Value(plan.replaces);
  json.Key("table");
  plan.table.empty() ? json.Null() : json.Value(plan.table);
  json.Key("held").Value(plan.held);
  json.Key("set_aside").Value(plan.set_aside).Key("foreign").Value(plan.foreign);
  json.Key("gone").Value(plan.gone).Key("stays").Value(plan.stays).EndObject();
}

std::string ToJson(const BackfillPlan& plan, const RunReport* report, const TableSet& tables) {
  JsonText json;
  json.BeginObject().Key("plan");
  AppendPlan(json, plan);
  json.Key("processed");
  if (report == nullptr) {
    json.Null();
  } else {
    AppendProcessed(json, report->processed, tables);
  }
  json.EndObject();
  return json.text() + "\n";
}

// Where something failed that was to be replaced: how much was.
std::string ReplacedText(const BackfillPlan& plan, const ProcessReport& report) {
  const bool replaces = plan.replaces || !plan.table.empty();
  if (!replaces || report.failed == 0) return "";
  return fmt::format("           {} of {} {}replaced; what failed is as it was\n",
                     WithThousands(report.loaded), WithThousands(plan.objects()),
                     plan.to_load > 0 ? "loaded or " : "");
}

Status Load(Session& session, const BackfillFlags& flags, PipelineConfig config,
            const BackfillPlan& plan) {
  if (flags.parallel > 0) config.load.threads = flags.parallel;
  SLUICE_ASSIGN(PipelineEnvironment surroundings, session.Surroundings());
  SLUICE_ASSIGN(const auto pipeline, Pipeline::Open(std::move(config), std::move(surroundings)));
  StageRequest request;
  if (flags.init_ledger) request.empty_ledger = EmptyLedger::kAccept;
  request.replaces = plan.replaces || !plan.table.empty();
  request.since_table = plan.table;
  Progress progress(session.clock(), "backfill", "objects", plan.objects(),
                    session.progress_mode());
  SLUICE_ASSIGN(const RunReport report,
                RunBackfill(*pipeline, plan.hours, request, session.clock(), session.stop(),
                            [&](const RunReport& now) {
                              progress.Update(now.processed.objects,
                                              WithThousands(now.processed.events()) + " events");
                            }));
  progress.Clear();
  SLUICE_TRY(Print(session.flags.json
                       ? ToJson(plan, &report, pipeline->tables())
                       : ToText(report, pipeline->tables(), session.stop().stop_requested()) +
                             ReplacedText(plan, report.processed)));
  if (const Error* const failed = report.Failed()) return std::unexpected(*failed);
  if (!session.stop().stop_requested()) return {};
  return Fail(ErrorKind::kTransient, "{}",
              plan.replaces
                  ? "stopped; each object is replaced or is as it was; the same command begins anew"
                  : "stopped; what is loaded stays, and the same command goes on with the rest");
}

std::string_view NothingToDo(const HourRange& hours, Timestamp now) {
  return hours.from > now ? "nothing to do: these hours are to come\n" : "nothing to do\n";
}

Status Backfill(Session& session, const BackfillFlags& flags) {
  const auto hours = ParseHourRange(flags.from, flags.to);
  if (!hours) return session.WrongUsage(hours.error().message());
  if (!flags.table.empty() && !flags.replace) {
    return session.WrongUsage(
        "--table needs --replace: what was loaded before the table was there is loaded again");
  }
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  std::string table;
  if (!flags.table.empty()) {
    SLUICE_ASSIGN(const std::vector<size_t> which,
                  WhichTables(session, *config.tables, flags.table));
    table = config.tables->tables[which.front()].name();
  }
  SLUICE_ASSIGN(const auto view, session.OpenView(config));
  SLUICE_ASSIGN(const auto raw, view->OpenRaw());
  WalkProgress progress(session, "plan");
  SLUICE_ASSIGN(BackfillPlan plan,
                PlanBackfill(*raw, LedgerPagesOf(view->warehouse(), table), view->layout(), *hours,
                             AimOf(flags.replace, table), progress.on_key()));
  progress.Clear();
  plan.table = table;
  if (!session.flags.json) SLUICE_TRY(Print(ToText(plan)));
  if (flags.dry_run || plan.objects() == 0) {
    return Print(session.flags.json    ? ToJson(plan, nullptr, view->tables())
                 : plan.objects() == 0 ? NothingToDo(*hours, session.clock().Now())
                                       : "");
  }
  return Load(session, flags, std::move(config), plan);
}

}  // namespace

void AddBackfill(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<BackfillFlags>();
  CLI::App* command = app.add_subcommand(
      "backfill", "Load raw objects of a range of landing hours that are not loaded yet");
  command
      ->add_option("--from", flags->from, "First day or hour, in UTC: 2026-11-20 or 2026-11-20T10")
      ->type_name("HOUR")
      ->required();
  command
      ->add_option("--to", flags->to,
                   "First day or hour that is left out; default: the end of that of --from")
      ->type_name("HOUR");
  command->add_flag("--dry-run", flags->dry_run, "Show the plan, and load nothing");
  command->add_flag("--replace", flags->replace,
                    "Load again what is loaded, in place of the rows that it became then");
  command
      ->add_option("--table", flags->table,
                   "With --replace: only what was loaded before this table was configured")
      ->type_name("TABLE");
  command->add_option("--parallel", flags->parallel, "Threads; default: load.threads")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--init-ledger", flags->init_ledger,
                    "Accept an empty ledger over tables that hold rows");
  command->footer(
      "Can be stopped and begun again at any time, and may run beside process: what is loaded "
      "loads no second time.\nWith --replace an object's old rows go and its new ones come in one "
      "transaction: no reader misses them.\n\nExamples:\n  sluice backfill --from 2026-11-20T10 "
      "--dry-run\n  sluice backfill --from 2026-11-01 --to 2026-11-21 --parallel 2\n  sluice "
      "backfill --from 2026-11-20T10 --replace\n  sluice backfill --from 2026-01-01 --to "
      "2026-11-01 "
      "--replace --table clicks");
  command->callback([&session, &exit_code, flags] {
    if (const Status done = Backfill(session, *flags); !done) {
      exit_code = session.Fail(done.error());
    }
  });
}

}  // namespace sluice
