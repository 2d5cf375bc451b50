// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/operate/hour_range.h"

namespace sluice {

// The hours of UTC in which the clocks of `zone` ("Europe/Berlin", of the system's zoneinfo) show
// the day or hour that `text` names. An hour that comes twice is both; kPermanent where it does not
// come at all, or there is no such zone. Sets the process's zone for a moment: for one thread.
Result<HourRange> ParseHourIn(const std::string& text, const std::string& zone);

}  // namespace sluice
