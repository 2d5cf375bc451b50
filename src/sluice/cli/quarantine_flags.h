// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "sluice/base/result.h"
#include "sluice/warehouse/quarantine_query.h"

namespace CLI {
class App;
}

namespace sluice {

class Session;

// Which events a command is about.
struct QuarantineFlags {
  std::string table, reason, column, object, since;
  size_t limit = 20;
  bool accepted = false;  // what was given up
  std::string by;
};

void AddFilter(CLI::App& command, QuarantineFlags& flags);
void AddLimit(CLI::App& command, QuarantineFlags& flags);
// "events", "(no table)".
std::string TableText(const std::string& table);
// Wrong usage where --table is none of the configuration's: to be asked where nothing was found.
Status RequireKnownTable(Session& session, const QuarantineFlags& flags);
// Wrong usage where a flag's value cannot be.
Result<QuarantineFilter> FilterOf(Session& session, const QuarantineFlags& flags);

// `replay` and `accept`, below `quarantine`.
void AddQuarantineReplay(CLI::App& quarantine, Session& session, int& exit_code);
void AddQuarantineAccept(CLI::App& quarantine, Session& session, int& exit_code);

}  // namespace sluice
