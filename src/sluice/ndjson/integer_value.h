// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/ndjson/converted.h"

namespace sluice {

// `text` is -?[0-9]+ ("-0" and "007" included) and within [low, high]; kBadInteger or kOutOfRange
// otherwise.
Converted<int64_t> ParseInteger(std::string_view text, int64_t low, int64_t high);

}  // namespace sluice
