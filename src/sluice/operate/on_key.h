// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "sluice/base/result.h"

namespace sluice {

// What a walk calls for each key before it makes anything of it, with the number of keys so far,
// that one included. A failure ends the walk and is its own. Empty: nothing is called.
using OnKey = std::function<Status(uint64_t keys)>;

}  // namespace sluice
