// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/config/config_section.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

// `checkpoints:` and `from:` of a source, which only a stream has; a stream must have the first.
void ReadStreamProgress(ConfigSection& source, const std::string& folder, SourceConfig& config);

}  // namespace sluice
