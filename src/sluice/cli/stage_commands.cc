// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <optional>

#include "sluice/app/stages.h"
#include "sluice/cli/afterwards.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/report_text.h"
#include "sluice/cli/session.h"

namespace sluice {
namespace {

using Stage = Result<RunReport> (*)(Pipeline&, const StageRequest&, Clock&, std::stop_token,
                                    const RunProgress&);

struct StageFlags {
  bool once = false, follow = false, keep = false, init_ledger = false, strict = false;
  double seconds = 0;
  std::optional<size_t> limit;
};

StageRequest RequestOf(const StageFlags& flags, Clock& clock) {
  StageRequest request;
  if (flags.follow) request.mode = RunMode::kFollow;
  if (flags.keep) request.keep = Keep::kMessages;
  if (flags.init_ledger) request.empty_ledger = EmptyLedger::kAccept;
  request.messages = flags.limit;
  constexpr double kForever = 1e9;
  if (flags.seconds >= kForever) {
    request.deadline = Deadline::Never();
  } else if (flags.seconds > 0) {
    request.deadline = Deadline::After(
        clock, std::chrono::microseconds(static_cast<int64_t>(flags.seconds * 1e6)));
  }
  return request;
}

int RunStage(Session& session, Pipeline& pipeline, const StageFlags& flags, const char* verb,
             Stage stage, Afterwards& afterwards) {
  Progress progress(session.clock(), verb, "events", 0, session.progress_mode());
  StageRequest request = RequestOf(flags, session.clock());
  if (flags.follow) request.after_batch = [&afterwards] { afterwards.NowAndThen(); };
  const auto report =
      stage(pipeline, request, session.clock(), session.stop(), [&](const RunReport& now) {
        progress.Update(now.landed.events + now.processed.events(), Note(now));
      });
  progress.Clear();
  if (!report) return session.Fail(report.error());
  const std::string text =
      session.flags.json ? ToJson(*report, pipeline.tables()) + "\n"
                         : ToText(*report, pipeline.tables(), session.stop().stop_requested());
  if (const Status printed = Print(text); !printed) return session.Fail(printed.error());
  if (const Error* const failed = report->Failed()) return session.Fail(*failed);
  return flags.strict && report->NeedsAttention() ? kExitAttention : kExitDone;
}

int Run(Session& session, const StageFlags& flags, const char* verb, Stage stage) {
  const auto config = session.Configuration();
  if (!config) return session.Fail(config.error());
  const bool reads_stream =
      stage != &RunProcess && config->source.location.kind == Location::Kind::kKinesis;
  if (reads_stream && (flags.keep || flags.limit)) {
    const auto wrong = session.WrongUsage(
        "--keep and --limit are for a queue: landing takes nothing out of a stream, and goes on "
        "from where it was");
    return session.Fail(wrong.error());
  }
  // Who only lands need not see the warehouse; who keeps everything sends nothing.
  using Looking = Afterwards::Looking;
  Afterwards afterwards(session, *config,
                        stage == &RunLand || flags.keep ? Looking::kNot : Looking::kAllowed);
  const auto pipeline = session.OpenPipeline(*config);
  if (pipeline) afterwards.Begin(**pipeline);
  const int code = pipeline ? RunStage(session, **pipeline, flags, verb, stage, afterwards)
                            : session.Fail(pipeline.error());
  if (stage == &RunLand || code == kExitUsage) return code;
  if (code != kExitFailed) afterwards.Reconcile();
  afterwards.Tell();
  return code;
}

void AddStage(CLI::App& app, Session& session, int& exit_code, const char* name, const char* what,
              const char* footer, Stage stage) {
  auto flags = std::make_shared<StageFlags>();
  CLI::App* command = app.add_subcommand(name, what);
  auto* once =
      command->add_flag("--once", flags->once, "Stop when the queue is empty (the default)");
  auto* follow =
      command->add_flag("--follow", flags->follow, "Go on until stopped")->excludes(once);
  command->add_flag("--keep", flags->keep,
                    "Delete no message, to try it on a queue that others use");
  if (stage != &RunProcess) {
    command
        ->add_option("--limit", flags->limit,
                     "Land at most so many messages of the source queue, as one raw object")
        ->type_name("N")
        ->check(CLI::Range(1, 100'000))
        ->excludes(follow);
  }
  command
      ->add_option(
          "--deadline", flags->seconds,
          "Begin nothing new after so many seconds; run, process: by default load.deadline")
      ->type_name("SECONDS")
      ->check([](const std::string& text) {
        double seconds = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        const bool is_number = error == std::errc() && end == text.data() + text.size();
        return is_number && seconds > 0 ? std::string()
                                        : "not a number of seconds above 0: " + text;
      });
  if (stage != &RunLand) {
    command->add_flag("--init-ledger", flags->init_ledger,
                      "Accept an empty ledger over tables that hold rows");
  }
  command->add_flag("--strict", flags->strict,
                    "Exit 3 when something was held, set aside, gone or not ours");
  command->footer(footer);
  command->callback([&session, &exit_code, flags, name, stage] {
    exit_code = Run(session, *flags, name, stage);
  });
}

}  // namespace

void AddStages(CLI::App& app, Session& session, int& exit_code) {
  AddStage(app, session, exit_code, "run",
           "Land and process: from the source queue to the warehouse",
           "Examples:\n  sluice run --once\n  sluice run --keep --limit 100\n  sluice --config "
           "sluice.yaml run --follow",
           &RunBoth);
  AddStage(app, session, exit_code, "land", "Turn messages of the source queue into raw objects",
           "Example:\n  sluice --config sluice.yaml land --follow", &RunLand);
  AddStage(app, session, exit_code, "process",
           "Turn announced raw objects into Parquet and load it",
           "Example:\n  sluice --config sluice.yaml process --deadline 270", &RunProcess);
}

}  // namespace sluice
