// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/quarantine_flags.h"

#include <CLI/CLI.hpp>

#include "sluice/cli/session.h"
#include "sluice/config/units.h"

namespace sluice {

std::string TableText(const std::string& table) {
  return table == "*" ? "(no route)" : table;
}

Result<QuarantineFilter> FilterOf(Session& session, const QuarantineFlags& flags) {
  // With its schema or without.
  QuarantineFilter filter{
      .table = flags.table.substr(flags.table.rfind('.') + 1),
      .reason = flags.reason,
      .column = flags.column,
      .raw_key = flags.object,
      .since = {},
      .limit = flags.limit,
      .kind = flags.accepted ? QuarantineKind::kAccepted : QuarantineKind::kWaiting,
      .by_hour = !flags.by.empty()};
  if (flags.since.empty()) return filter;
  const auto since = ParseDuration(flags.since);
  if (!since) return session.WrongUsage("--since: " + since.error().message());
  filter.since = session.clock().Now() - *since;
  return filter;
}

void AddFilter(CLI::App& command, QuarantineFlags& flags) {
  command.add_option("--table", flags.table, "Only events that were routed to it; '*': no route")
      ->type_name("TABLE");
  command.add_option("--reason", flags.reason, "Only events that are there for this reason")
      ->type_name("REASON");
  command.add_option("--column", flags.column, "Only events that are there because of this column")
      ->type_name("COLUMN");
  command.add_option("--object", flags.object, "Only events of this raw object")->type_name("KEY");
  command.add_option("--since", flags.since, "Only what came there in the last hours or days")
      ->type_name("DURATION");
}

void AddLimit(CLI::App& command, QuarantineFlags& flags) {
  command.add_flag("--accepted", flags.accepted, "What was given up, instead of what waits");
  command.add_option("--limit", flags.limit, "At most so many")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
}

}  // namespace sluice
