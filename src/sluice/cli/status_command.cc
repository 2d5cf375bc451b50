// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>

#include "sluice/cli/exit_code.h"
#include "sluice/cli/report_text.h"
#include "sluice/cli/session.h"
#include "sluice/operate/status.h"

namespace sluice {
namespace {

Status ShowStatus(Session& session) {
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(StatusReport report, GatherStatus(view->tables(), view->source(),
                                                  view->notifications(), view->warehouse()));
  report.source_is_stream = view->config().source.location.kind == Location::Kind::kKinesis;
  return Print(session.flags.json ? ToJson(report) + "\n" : ToText(report));
}

}  // namespace

void AddStatus(CLI::App& app, Session& session, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("status", "What waits, what was loaded, and whether it adds up");
  command->footer("Example:\n  sluice status --json");
  command->callback([&session, &exit_code] {
    if (const Status done = ShowStatus(session); !done) exit_code = session.Fail(done.error());
  });
}

}  // namespace sluice
