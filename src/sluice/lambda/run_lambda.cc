// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/run_lambda.h"

#include "sluice/base/log.h"
#include "sluice/config/load_config.h"
#include "sluice/lambda/landing_function.h"
#include "sluice/lambda/runtime_api.h"

namespace sluice {
namespace {

std::string_view ValueOf(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view() : std::string_view(found->second);
}

Result<std::unique_ptr<LandingFunction>> MakeFunction(const std::string& config_path,
                                                      const ConfigOverrides& overrides,
                                                      const PipelineEnvironment& environment) {
  SLUICE_ASSIGN(PipelineConfig config, LoadLandingConfig(config_path, overrides));
  ConfigureLog(config.log.level, config.log.format);
  return LandingFunction::Make(std::move(config), environment);
}

// One invocation from `next` to its answer.
Status Serve(RuntimeApi& api, LandingFunction& function) {
  SLUICE_ASSIGN(const Invocation invocation, api.Next());
  const Result<std::string> answer = function.Handle(invocation);
  if (!answer) {
    Log(LogLevel::kError, "refused: {}: request={}", answer.error().message(),
        invocation.request_id);
  }
  const Status told =
      answer ? api.Respond(invocation.request_id, *answer)
             : api.Fail(invocation.request_id,
                        {answer.error().kind() == ErrorKind::kBadData ? "Runtime.UnknownEvent"
                                                                      : "Runtime.CannotLand",
                         answer.error().message()});
  if (told || told.error().kind() != ErrorKind::kNotFound) return told;
  Log(LogLevel::kWarning, "{}: it came too late, and all of it will come again: request={}",
      told.error().message(), invocation.request_id);
  return {};
}

}  // namespace

std::string LambdaConfigPath(const Environment& environment) {
  const std::string_view path = ValueOf(environment, "SLUICE_CONFIG");
  return path.empty() ? "/var/task/sluice.yaml" : std::string(path);
}

Status RunLambda(const std::string& config_path, const ConfigOverrides& overrides,
                 const PipelineEnvironment& environment) {
  SLUICE_ASSIGN(const auto api,
                RuntimeApi::Open(ValueOf(overrides.environment, "AWS_LAMBDA_RUNTIME_API"),
                                 environment.clock));
  const auto function = MakeFunction(config_path, overrides, environment);
  if (!function) {
    const Status told = api->FailInit({"Runtime.ConfigInvalid", function.error().message()});
    if (!told) Log(LogLevel::kError, "{}", told.error().message());
    return std::unexpected(function.error());
  }
  for (;;) SLUICE_TRY(Serve(*api, **function));
}

}  // namespace sluice
