// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sluice/ndjson/converted.h"

namespace sluice {

// The double, or float, nearest to the JSON number `text` (round half to even; what is too small
// for a subnormal is zero with its sign). kBadNumber where that is infinite.
Converted<double> ParseDouble(std::string_view text);
Converted<float> ParseFloat(std::string_view text);

}  // namespace sluice
