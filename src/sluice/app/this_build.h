// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

// Which part of what a configuration may say can be run, by this build and by the services that it
// names: the one list of it. Configurations may say more, so that one is checked and kept before
// the build that runs it is there.

// Fails with every configured part that cannot be run, one a line, each with its place.
Status RequireKindsOfThisBuild(const PipelineConfig& config);

// One sentence, with its place, for each key that was given and does nothing in this build.
std::vector<std::string> KeysWithoutEffect(const PipelineConfig& config);

}  // namespace sluice
