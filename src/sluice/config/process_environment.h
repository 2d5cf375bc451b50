// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/config/secret.h"

namespace sluice {

// The variables of this process, but for FaultPlan's. Read before there are threads that change
// them.
Environment ProcessEnvironment();

}  // namespace sluice
