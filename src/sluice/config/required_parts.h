// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

// What a command may need beside tables. A configuration may leave out what its commands do not
// use: a pipeline that only lands has no warehouse.
enum class ConfigPart { kSource, kRaw, kNotifications, kParquet, kQuarantine, kWarehouse };

// Fails with every one of `parts` that is not configured; `command` names who asks.
Status RequireParts(const PipelineConfig& config, std::string_view command,
                    std::initializer_list<ConfigPart> parts);

}  // namespace sluice
