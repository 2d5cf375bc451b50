// SPDX-License-Identifier: Apache-2.0
// `bootstrap`: what a Lambda function of the runtime provided.al2023 consists of.
#include <cstdio>

#include "sluice/config/process_environment.h"
#include "sluice/lambda/run_lambda.h"

int main() {
  using namespace sluice;
  SystemClock clock;
  const ConfigOverrides overrides{.environment = ProcessEnvironment(), .flags = {}};
  auto faults = FaultPlan::FromEnvironment();
  const Status ended = faults
                           ? RunLambda(LambdaConfigPath(overrides.environment), overrides,
                                       {.clock = clock, .stop = {}, .faults = std::move(*faults)})
                           : std::unexpected(faults.error());
  if (!ended) std::fprintf(stderr, "bootstrap: %s\n", ended.error().message().c_str());
  return 1;
}
