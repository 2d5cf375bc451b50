// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <stop_token>

#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/lambda/run_lambda.h"

namespace sluice {
namespace {

Status Run(Session& session) {
  SLUICE_ASSIGN(const ConfigOverrides overrides, session.Overrides());
  SLUICE_ASSIGN(const PipelineEnvironment surroundings, session.Surroundings());
  const std::string& file = session.flags.config;
  return RunLambda(file.empty() ? LambdaConfigPath(overrides.environment) : file, overrides,
                   surroundings);
}

}  // namespace

void AddLambda(CLI::App& app, Session& session, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "lambda", "Be the function that AWS Lambda calls: land what each invocation brings");
  command->footer(
      "AWS Lambda sets AWS_LAMBDA_RUNTIME_API for what it starts. The configuration is --config, "
      "SLUICE_CONFIG,\nor /var/task/sluice.yaml. `bootstrap` is the same as a small program of its "
      "own: make lambda.\n\nExample:\n  sluice --config /etc/sluice.yaml lambda");
  command->callback([&session, &exit_code] {
    // It waits for invocations, or lands one: it may end at any moment.
    const std::stop_callback end(session.stop(), [] { ::_exit(kExitDone); });
    exit_code = session.Fail(Run(session).error());
  });
}

}  // namespace sluice
