// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/operate/landed.h"
#include "sluice/warehouse/table_check.h"

namespace sluice {

// A line for each hour, at most `room` (at least 1) below the title: the oldest that do not fit are
// summed up in the first one. Those in a row in which nothing landed are one line too.
std::string HoursText(const std::vector<LandedHour>& landed, size_t room);
std::string HoursText(const std::vector<EventHour>& hours, const std::string& title, size_t room);

}  // namespace sluice
