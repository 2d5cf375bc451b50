// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/quarantine_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "sluice/base/json_text.h"
#include "sluice/base/shell_word.h"
#include "sluice/cli/raw_key_of.h"
#include "sluice/cli/session.h"
#include "sluice/cli/which_tables.h"
#include "sluice/config/units.h"
#include "sluice/ndjson/record_fault.h"
#include "sluice/operate/hour_range.h"
#include "sluice/operate/verify.h"

namespace sluice {

namespace {

// The name of the table in quarantine, which may hold events of one that is configured no more.
Result<std::string> TableNamed(Session& session, const std::string& table) {
  if (table.empty() || table == "*") return table;
  SLUICE_ASSIGN(const PipelineConfig config, session.Configuration());
  for (const Table& one : config.tables->tables) {
    if (table == one.name() || table == FullName(one)) return one.name();
  }
  return table;
}

Result<std::string> KeyNamed(Session& session, const std::string& object) {
  if (!object.contains('/')) return object;
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(const auto raw, view->OpenIfThere(view->config().raw));
  if (raw == nullptr) return object;
  std::string key = RawKeyOf(raw->uri(), view->layout(), object);
  if (key.empty()) {
    return session.WrongUsage(
        fmt::format("--object {}: that is the whole raw store: write a key", object));
  }
  if (!key.contains("://")) return key;
  return session.WrongUsage(
      fmt::format("--object {}: not in the raw store, which is {}", object, raw->uri()));
}

}  // namespace

std::string TableText(const std::string& table) {
  return table == "*" ? "(no table)" : table;
}

Status RequireKnownTable(Session& session, const QuarantineFlags& flags) {
  if (flags.table.empty() || flags.table == "*") return {};
  SLUICE_ASSIGN(const PipelineConfig config, session.Configuration());
  const auto which = WhichTables(session, *config.tables, flags.table);
  return which ? Status() : std::unexpected(which.error());
}

Result<StuckEvents> FindStuck(Session& session, QuarantineFilter filter) {
  constexpr size_t kEveryGroup = 1'000'000;
  filter.of = QuarantineOf::kStuckObjects;
  filter.limit = kEveryGroup;
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(const QuarantineSummary summary, view->warehouse().SumQuarantine(filter));
  StuckEvents stuck;
  for (const QuarantineGroup& group : summary.groups) {
    stuck.events += group.events;
    stuck.raw_key = group.example.raw_key;
  }
  if (const auto hour = view->layout().HourOf({stuck.raw_key})) stuck.hour = HourText(*hour);
  return stuck;
}

std::string ToText(const StuckEvents& stuck) {
  if (stuck.events == 0) return "";
  return fmt::format(
      "{} events are of raw objects that are held or set aside, as {}: these load as a whole\nmend "
      "what sluice why {} says{}\n",
      WithThousands(stuck.events), stuck.raw_key, ShellWord(stuck.raw_key),
      stuck.hour.empty() ? "" : ", then sluice backfill --from " + stuck.hour);
}

void AppendStuck(JsonText& json, const StuckEvents& stuck) {
  json.Key("stuck").Value(stuck.events).Key("stuck_key").Value(stuck.raw_key);
}

Result<QuarantineFilter> FilterOf(Session& session, const QuarantineFlags& flags) {
  // Quarantine may hold events of a table that is configured no more, but for no other reasons.
  if (!flags.reason.empty() && !FaultReasonNamed(flags.reason)) {
    return session.WrongUsage(fmt::format("--reason {}: there is no such reason; it is one of: {}",
                                          flags.reason, fmt::join(FaultReasonNames(), ", ")));
  }
  SLUICE_ASSIGN(std::string table, TableNamed(session, flags.table));
  SLUICE_ASSIGN(std::string key, KeyNamed(session, flags.object));
  QuarantineFilter filter{
      .table = std::move(table),
      .reason = flags.reason,
      .column = flags.column,
      .raw_key = std::move(key),
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
  command.add_option("--table", flags.table, "Only events that were routed to it; '*': to none")
      ->type_name("TABLE");
  command.add_option("--reason", flags.reason, "Only events that are there for this reason")
      ->type_name("REASON");
  command.add_option("--column", flags.column, "Only events that are there because of this column")
      ->type_name("COLUMN");
  command
      .add_option("--object", flags.object,
                  "Only events of this raw object; its address or path will do too")
      ->type_name("KEY");
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
