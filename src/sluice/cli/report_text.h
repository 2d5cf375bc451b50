// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/app/stages.h"
#include "sluice/base/json_text.h"

namespace sluice {

// What a run did, for people and for programs. `was_stopped`: by a signal, so that one that did
// nothing may have had something to do.
std::string ToText(const RunReport& report, const TableSet& tables, bool was_stopped);
std::string ToJson(const RunReport& report, const TableSet& tables);
// What `process` did, as one JSON object.
void AppendProcessed(JsonText& json, const ProcessReport& report, const TableSet& tables);
// A few words for the progress line.
std::string Note(const RunReport& report);

}  // namespace sluice
