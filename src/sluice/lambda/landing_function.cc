// SPDX-License-Identifier: Apache-2.0
#include "sluice/lambda/landing_function.h"

#include "sluice/base/log.h"
#include "sluice/config/required_parts.h"
#include "sluice/lambda/land_invocation.h"

namespace sluice {
namespace {

// A frozen process's connections die, and its monotonic clock, by which they are kept or closed,
// does not show how long that was. The wall clock does.
constexpr std::chrono::seconds kConnectionsLast{5};
// What is under way is given up so long before the invocation's deadline: the answer takes time
// too.
constexpr std::chrono::milliseconds kToAnswer{500};

LanderOptions OptionsOf(const PipelineConfig& config) {
  LanderOptions options{.format = config.raw.compression,
                        .close_size = config.raw.close_size,
                        .receive_wait = std::chrono::milliseconds(0)};
  options.layout = *RawLayout::Parse(config.raw.layout);  // the configuration was checked
  return options;
}

PipelineEnvironment WithDeadline(PipelineEnvironment environment, const MovingDeadline& deadline) {
  environment.store_deadline = &deadline;
  return environment;
}

}  // namespace

LandingFunction::LandingFunction(PipelineConfig config, PipelineEnvironment environment)
    : config_(std::move(config)),
      environment_(WithDeadline(std::move(environment), store_deadline_)),
      options_(OptionsOf(config_)) {}

Result<std::unique_ptr<LandingFunction>> LandingFunction::Make(PipelineConfig config,
                                                               PipelineEnvironment environment) {
  SLUICE_TRY(RequireParts(config, "lambda", {ConfigPart::kRaw}));
  if (config.raw.location.is_folder()) {
    Log(LogLevel::kWarning,
        "raw is a folder, so nobody hears of new objects in it; a bucket tells: path={}",
        config.raw.location.text);
  }
  std::unique_ptr<LandingFunction> function(
      new LandingFunction(std::move(config), std::move(environment)));
  SLUICE_TRY(function->OpenStore());
  return function;
}

Status LandingFunction::OpenStore() {
  const Timestamp now = environment_.clock.Now();
  if (used_ && now >= *used_ && now - *used_ < kConnectionsLast) return {};
  used_.reset();
  SLUICE_ASSIGN(raw_, connector_.OpenStore(config_.raw));
  used_ = now;
  return {};
}

Result<std::string> LandingFunction::Handle(const Invocation& invocation) {
  store_deadline_.Move(DeadlineBefore(invocation, kToAnswer, environment_.clock));
  SLUICE_TRY(OpenStore());
  SLUICE_ASSIGN(const LandedInvocation done,
                LandInvocation(invocation, *raw_, environment_.clock, options_));
  used_ = environment_.clock.Now();
  if (done.failure) {
    used_.reset();  // what was in the way may be gone with its connections
    Log(LogLevel::kError, "cannot land: {}: request={}", done.failure->message(),
        invocation.request_id);
  }
  Log(done.failed.empty() ? LogLevel::kInfo : LogLevel::kWarning,
      "landed: source={} items={} failed={} events={} enveloped={} objects={} stored={} request={}",
      Name(done.source), done.items, done.failed.size(), done.landed.events, done.landed.enveloped,
      done.landed.objects, done.landed.bytes_out.count, invocation.request_id);
  if (done.failure && done.failed.size() == done.items) return std::unexpected(*done.failure);
  return FormatBatchAnswer(done.source, done.failed);
}

}  // namespace sluice
