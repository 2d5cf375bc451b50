// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/operate/status.h"

namespace sluice {

// One screen: at most kStatusWidth columns wide, but for a step to type next, which is one line
// however long it is; and kStatusHeight lines high unless sentences of others are long. What does
// not fit is summed up, the oldest hours first, or counted. `flags`, in front of what follows
// "sluice" in a step: those that name the configuration; may be empty.
inline constexpr size_t kStatusWidth = 100, kStatusHeight = 50;
std::string ToText(const StatusReport& report, const std::string& flags = "");

}  // namespace sluice
