// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/cli/stop_signals.h"
#include "sluice/cli/usage_error.h"
#include "sluice/ndjson/scan_kernels.h"

namespace sluice {
namespace {

constexpr const char* kAbout =
    "sluice moves tracking events from a queue to a warehouse: every event is in its table exactly "
    "once,\n"
    "or in quarantine with a reason.\n\n"
    "Without a configuration everything runs embedded in one folder: directories, SQLite and "
    "DuckDB.";
constexpr const char* kExamples =
    "Examples:\n"
    "  sluice generate --events 1000 --messages --out messages.ndjson   make some events\n"
    "  sluice send messages.ndjson                                      put them into the source "
    "queue\n"
    "  sluice run --once                                                queue to warehouse, then "
    "stop\n"
    "  sluice status                                                    what is where, and the "
    "balance\n"
    "  sluice convert --out parquet events.ndjson.gz                    only NDJSON to Parquet\n"
    "  source <(sluice completion bash)                                 commands and flags by Tab; "
    "zsh and fish too\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done but a person should look "
    "(check, reconcile,\n"
    "verify, why, gc, ddl, quarantine; with --strict: run, land, process, convert, preview), 130 "
    "stopped by a signal\nin the middle.";

constexpr const char* kEveryCommand =
    "\n\nFlags of every command: --config, --dir, --set, --log-level, --json, --quiet; see sluice "
    "--help";

// "sluice 1.2.3 (avx2)". As CLI11 wants it, an instruction set that is none is thrown.
std::string Version() {
  const auto isa = ChosenIsa();
  if (!isa) throw CLI::ValidationError(isa.error().message());
  return fmt::format("sluice {} ({})", SLUICE_VERSION, Name(*isa));
}

void AddGlobalFlags(CLI::App& app, GlobalFlags& flags) {
  app.add_option("--config", flags.config, "Configuration (default: ./sluice.yaml if there is one)")
      ->type_name("FILE");
  app.add_option("--dir", flags.dir,
                 "Folder of the embedded pipeline that runs without a configuration")
      ->type_name("DIR")
      ->default_str("./sluice-data");
  app.add_option("--set", flags.set,
                 "Override one setting, for example load.threads=2; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--log-level", flags.log_level, "What to log on standard error")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
  app.add_flag("--json", flags.json, "Print the result as JSON");
  app.add_flag("--quiet", flags.quiet, "No progress");
  app.fallthrough();
}

// To the help of the commands below `app`, and below these.
void AddFooters(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->footer(command->get_footer() + kEveryCommand);
    AddFooters(*command);
  }
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  StopSignals signals;
  SystemClock clock;
  Session session(clock, signals.token());
  int exit_code = kExitDone;

  CLI::App app(kAbout, "sluice");
  app.footer(kExamples);
  app.set_version_flag("--version", Version);
  app.require_subcommand(1);
  AddGlobalFlags(app, session.flags);
  AddInit(app, session, exit_code);
  AddStages(app, session, exit_code);
  AddBackfill(app, session, exit_code);
  AddReconcile(app, session, exit_code);
  AddVerify(app, session, exit_code);
  AddWhy(app, session, exit_code);
  AddPauses(app, session, exit_code);
  AddQuarantine(app, session, exit_code);
  AddGc(app, session, exit_code);
  AddStatus(app, session, exit_code);
  AddCheck(app, session, exit_code);
  AddDdl(app, session, exit_code);
  AddConvert(app, session, exit_code);
  AddGenerate(app, session, exit_code);
  AddSend(app, session, exit_code);
  AddSample(app, session, exit_code);
  AddPreview(app, session, exit_code);
  AddLambda(app, session, exit_code);
  AddCompletion(app, session, exit_code);
  AddFooters(app);
  app.failure_message(
      [](const CLI::App* parsed, const CLI::Error& error) { return ExplainUsage(*parsed, error); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  return exit_code;
}

}  // namespace sluice
