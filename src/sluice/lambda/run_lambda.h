// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/config/overrides.h"
#include "sluice/connect/connector.h"

namespace sluice {

// Where the configuration stands: SLUICE_CONFIG, or the function's own folder.
std::string LambdaConfigPath(const Environment& environment);

// Is the function that AWS Lambda started this process for: tells it of a configuration that cannot
// run, else lands one invocation after the other. Returns only when it cannot go on, with why; the
// process has to end, and Lambda starts another. It may be killed at any moment.
Status RunLambda(const std::string& config_path, const ConfigOverrides& overrides,
                 const PipelineEnvironment& environment);

}  // namespace sluice
