// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/config/config_section.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

// Reads every section of sluice.yaml but `tables:` into `config`, whose defaults stand where the
// file says nothing. What is wrong becomes a problem of `root`'s reading.
void ReadSections(ConfigSection& root, const std::string& folder, PipelineConfig& config);

}  // namespace sluice
