// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/base/clock.h"

namespace sluice {

// 26 characters of Crockford's base 32: 48 bits of milliseconds, then 80 random bits (the ULID
// specification), so that ids sort by time and two processes never make the same one. Thread-safe.
std::string MakeUniqueId(Timestamp now);

}  // namespace sluice
