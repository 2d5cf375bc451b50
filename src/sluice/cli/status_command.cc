// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "sluice/app/pipeline_status.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/cli/status_text.h"
#include "sluice/operate/concerns.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kEvery{5};  // of --watch

struct StatusFlags {
  bool watch = false;
  std::string by = "landing";

  StatusDepth depth() const {
    return by == "landing" ? StatusDepth::kTables : StatusDepth::kEventHours;
  }
};

// On a terminal each report of a watch takes the place of the one before.
Status Show(const Session& session, const StatusFlags& flags, const StatusReport& report) {
  std::string text;
  if (flags.watch && !session.flags.json && ::isatty(STDOUT_FILENO) == 1) text = "\033[H\033[2J";
  return Print(
      text + (session.flags.json ? ToJson(report) + "\n" : ToText(report, session.flags.Place())));
}

// Once; each part that cannot be asked is an error behind the report.
Status ShowOnce(Session& session, const StatusFlags& flags, PipelineView& view) {
  const StatusReport report = StatusOf(view, session.clock().Now(), flags.depth());
  SLUICE_TRY(Show(session, flags, report));
  if (report.not_known.empty()) return {};
  for (size_t i = 1; i < report.not_known.size(); ++i) session.Fail(report.not_known[i].error);
  return std::unexpected(report.not_known[0].error);
}

void Wait(Session& session) {
  const Deadline end = Deadline::After(session.clock(), kEvery);
  while (!end.HasPassed(session.clock()) && !session.stop().stop_requested()) {
    session.clock().Sleep(std::chrono::milliseconds(50));
  }
}

// Until it is stopped. What cannot be asked now may be there at the next turn.
Status Watch(Session& session, const StatusFlags& flags, const PipelineConfig& config) {
  std::unique_ptr<PipelineView> view;
  while (!session.stop().stop_requested()) {
    if (view == nullptr || !view->not_there_yet().empty()) {
      SLUICE_ASSIGN(view, session.OpenView(config));
    }
    const StatusReport report = StatusOf(*view, session.clock().Now(), flags.depth());
    if (session.stop().stop_requested()) break;
    SLUICE_TRY(Show(session, flags, report));
    Wait(session);
  }
  return {};
}

Status ShowStatus(Session& session, const StatusFlags& flags) {
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  if (flags.watch) return Watch(session, flags, config);
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  return ShowOnce(session, flags, *view);
}

}  // namespace

void AddStatus(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<StatusFlags>();
  CLI::App* command = app.add_subcommand(
      "status", "How fresh the tables are, what waits, whether it adds up, and what to type next");
  command->add_flag("--watch", flags->watch, "Again every five seconds, until stopped");
  command->add_option("--by", flags->by, "Which time the hours of the last day are of")
      ->check(CLI::IsMember({"landing", "event-time"}))
      ->capture_default_str();
  command->footer(
      "Only reads. While the warehouse or another part cannot be asked, what is known without it, "
      "and exit code 1.\n\nExamples:\n  sluice status --json\n  sluice status --watch\n  sluice "
      "status --by "
      "event-time");
  command->callback([&session, &exit_code, flags] {
    if (const Status done = ShowStatus(session, *flags); !done)
      exit_code = session.Fail(done.error());
  });
}

}  // namespace sluice
