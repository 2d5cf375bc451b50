// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "sluice/operate/concerns.h"

namespace sluice {

// kStale, where nothing newer came into the tables for longer than the limit: since when, and the
// step that helps. Nothing where that is not known, or where nothing is to be loaded.
std::optional<Concern> StaleConcern(const StatusReport& report);

// Is nothing newer in the tables because a person has not looked? What waits is too young for that.
bool IsHeldTheReason(const StatusReport& report);

}  // namespace sluice
