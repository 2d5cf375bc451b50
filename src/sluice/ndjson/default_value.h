// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/ndjson/json_value.h"
#include "sluice/schema/table.h"

namespace sluice {

// The literal of a DEFAULT, unquoted, in the spelling in which an event would send it: SQL also
// writes TRUE, 't' and +1, and a bare date for a timestamp's midnight.
std::string DefaultAsJson(std::string_view literal, const ColumnType& type);

// `text` (from DefaultAsJson, which outlives the value) as the value of an event. Absent where it
// is none: SUPER takes JSON only.
JsonValue DefaultValue(std::string_view text, const ColumnType& type);

}  // namespace sluice
