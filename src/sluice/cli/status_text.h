// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/operate/status.h"

namespace sluice {

// One screen: at most kStatusWidth columns wide, and all of it without colour.
inline constexpr size_t kStatusWidth = 100;
std::string ToText(const StatusReport& report);

}  // namespace sluice
