// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/ndjson/event_converter.h"

namespace sluice {

// Adds up what became of events of the same tables, in bounded memory: at most 256 unknown fields a
// table are told apart, the rest counts under "…". One of both may be empty, without any table.
ConversionCounts& operator+=(ConversionCounts& sum, const ConversionCounts& more);

}  // namespace sluice
