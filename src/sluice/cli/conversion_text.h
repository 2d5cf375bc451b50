// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/base/json_text.h"
#include "sluice/ndjson/event_converter.h"
#include "sluice/schema/table.h"

namespace sluice {

// What was changed on the way from event to row. For people: a line for each table of which
// anything was changed, and one for keys that stood twice; each begins with `indent`. Empty where
// nothing was changed. Of each list the largest counts are shown.
std::string ChangesText(const ConversionCounts& counts, const TableSet& tables,
                        std::string_view indent);

// For programs: appends routed, quarantined, coerced, nulled, truncated and unknown_fields of one
// table to the object that `json` is in. The last four are objects, from column or field to count,
// without zeros.
void AppendTableCounts(JsonText& json, const TableCounts& counts, const Table& table);

// The counts of table `index`; zeros where nothing was converted.
TableCounts CountsOf(const ConversionCounts& counts, size_t index);

}  // namespace sluice
