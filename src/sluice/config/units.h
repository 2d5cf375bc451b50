// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// "90s", "1h30m", "500ms", "7d": whole numbers with d, h, m, s or ms, each unit once, the larger
// first; at most ten years. A day is 24 hours.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

// "0.1%" is 0.001; from 0% to 100%. The sign is needed: 0.1 alone could mean either.
Result<double> ParseShare(std::string_view text);

}  // namespace sluice
