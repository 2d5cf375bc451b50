// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "sluice/ndjson/record_fault.h"

namespace sluice {

// A value as its column holds it, or why there is none.
template <typename T>
using Converted = std::expected<T, FaultReason>;

}  // namespace sluice
