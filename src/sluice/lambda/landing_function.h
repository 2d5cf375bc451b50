// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/connect/connector.h"
#include "sluice/lambda/runtime_api.h"
#include "sluice/land/lander.h"
#include "sluice/object/object_store.h"

namespace sluice {

// The function that AWS Lambda calls: each invocation's messages become raw objects. It has a raw
// store and the connections to it, and nothing else, from one invocation to the next. One thread at
// a time.
class LandingFunction {
 public:
  // Asks nobody anything yet. kPermanent where the configuration has no raw store.
  static Result<std::unique_ptr<LandingFunction>> Make(PipelineConfig config,
                                                       PipelineEnvironment environment);

  // The answer for Lambda. An error is about the invocation as a whole: nothing landed, and Lambda
  // keeps all of it. It does so whatever the mapping's settings are, and counts and slows down such
  // invocations, which answers do not make it do.
  Result<std::string> Handle(const Invocation& invocation);

 private:
  LandingFunction(PipelineConfig config, PipelineEnvironment environment);
  Status OpenStore();

  const PipelineConfig config_;
  MovingDeadline store_deadline_;
  const PipelineEnvironment environment_;
  Connector connector_{config_, environment_};
  LanderOptions options_;
  std::unique_ptr<ObjectStore> raw_;
  std::optional<Timestamp> used_;  // when it was last asked; empty where it failed
};

}  // namespace sluice
