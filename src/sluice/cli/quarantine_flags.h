// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sluice/base/result.h"
#include "sluice/warehouse/quarantine_query.h"

namespace CLI {
class App;
}

namespace sluice {

class JsonText;
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
// How many events of a filter are of raw objects that are held or set aside, with one of these and
// the hour in which it landed: no `replay` tries them, and they cannot be given up one by one.
struct StuckEvents {
  uint64_t events = 0;
  std::string raw_key, hour;  // the hour is empty where the key is not as raw.layout says
};
Result<StuckEvents> FindStuck(Session& session, QuarantineFilter filter);
// How many, and what loads them; empty where there are none.
std::string ToText(const StuckEvents& stuck);
void AppendStuck(JsonText& json, const StuckEvents& stuck);
// Wrong usage where a flag's value cannot be.
Result<QuarantineFilter> FilterOf(Session& session, const QuarantineFlags& flags);

// `replay` and `accept`, below `quarantine`.
void AddQuarantineReplay(CLI::App& quarantine, Session& session, int& exit_code);
void AddQuarantineAccept(CLI::App& quarantine, Session& session, int& exit_code);

}  // namespace sluice
