// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "sluice/base/json_text.h"
#include "sluice/base/utf8.h"
#include "sluice/cli/session.h"
#include "sluice/config/units.h"

namespace sluice {
namespace {

struct QuarantineFlags {
  std::string table, reason, column, object, since;
  size_t limit = 20;
};

uint64_t SeenBy(const QuarantineSummary& summary, const std::string& table) {
  const auto found =
      std::ranges::find(summary.seen, table, &std::pair<std::string, uint64_t>::first);
  return found == summary.seen.end() ? 0 : found->second;
}

double Share(const QuarantineSummary& summary, const QuarantineGroup& group) {
  const uint64_t seen = SeenBy(summary, group.table);
  return seen == 0 ? 0 : static_cast<double>(group.events) / static_cast<double>(seen);
}

std::string Place(const QuarantinedEvent& event) {
  const std::string key =
      event.raw_key.empty() ? "an object that the ledger does not know" : event.raw_key;
  return event.line == 0 ? key : fmt::format("{} line {}", key, event.line);
}

std::string ToText(const QuarantineSummary& summary) {
  if (summary.groups.empty()) return "nothing of that is in quarantine\n";
  std::vector<std::vector<std::string>> rows = {
      {"table", "reason", "column", "events", "share", "objects", "first", "last"}};
  for (const QuarantineGroup& group : summary.groups) {
    rows.push_back(
        {group.table == "*" ? "(no route)" : group.table, group.reason, group.column,
         WithThousands(group.events), fmt::format("{:.3g}%", 100 * Share(summary, group)),
         WithThousands(group.objects), group.first.substr(0, 19), group.last.substr(0, 19)});
  }
  std::string text = FormatTable(rows);
  for (const QuarantineGroup& group : summary.groups) {
    text += fmt::format("\n{}{}{}: {}\n  {}\n", group.reason, group.column.empty() ? "" : " ",
                        group.column, Place(group.example), WithoutControls(group.example.payload));
  }
  return text + "\nall of them: sluice quarantine show --reason REASON\n";
}

void AppendEvent(JsonText& json, const QuarantinedEvent& event) {
  json.BeginObject().Key("table").Value(event.table).Key("reason").Value(event.reason);
  json.Key("column").Value(event.column).Key("raw_key").Value(event.raw_key);
  json.Key("line").Value(event.line).Key("at_byte").Value(event.at_byte);
  json.Key("length").Value(event.length).Key("encoding").Value(event.encoding);
  json.Key("payload").Value(event.payload).Key("at").Value(event.at).EndObject();
}

std::string ToJson(const QuarantineSummary& summary) {
  JsonText json;
  json.BeginObject().Key("groups").BeginArray();
  for (const QuarantineGroup& group : summary.groups) {
    json.BeginObject().Key("table").Value(group.table).Key("reason").Value(group.reason);
    json.Key("column").Value(group.column).Key("events").Value(group.events);
    json.Key("of").Value(SeenBy(summary, group.table)).Key("objects").Value(group.objects);
    json.Key("first").Value(group.first).Key("last").Value(group.last).Key("example");
    AppendEvent(json, group.example);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.text() + "\n";
}

std::string ToText(const std::vector<QuarantinedEvent>& events, size_t limit) {
  if (events.empty()) return "nothing of that is in quarantine\n";
  std::string text;
  for (const QuarantinedEvent& event : events) {
    text +=
        fmt::format("{}: {}{}{} {}\n", Place(event), event.reason, event.column.empty() ? "" : " ",
                    event.column, event.table == "*" ? "(no route)" : event.table);
    text += fmt::format("  {}{}\n", event.encoding == "utf8" ? "" : event.encoding + ": ",
                        WithoutControls(event.payload));
  }
  if (events.size() == limit) text += fmt::format("the first {}: --limit shows more\n", limit);
  return text;
}

std::string ToJson(const std::vector<QuarantinedEvent>& events) {
  JsonText json;
  json.BeginObject().Key("events").BeginArray();
  for (const QuarantinedEvent& event : events) AppendEvent(json, event);
  json.EndArray().EndObject();
  return json.text() + "\n";
}

Result<QuarantineFilter> FilterOf(Session& session, const QuarantineFlags& flags) {
  // With its schema or without.
  QuarantineFilter filter{.table = flags.table.substr(flags.table.rfind('.') + 1),
                          .reason = flags.reason,
                          .column = flags.column,
                          .raw_key = flags.object,
                          .since = {},
                          .limit = flags.limit};
  if (flags.since.empty()) return filter;
  const auto since = ParseDuration(flags.since);
  if (!since) return session.WrongUsage("--since: " + since.error().message());
  filter.since = session.clock().Now() - *since;
  return filter;
}

Status List(Session& session, const QuarantineFlags& flags) {
  SLUICE_ASSIGN(const QuarantineFilter filter, FilterOf(session, flags));
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(const QuarantineSummary summary, view->warehouse().SumQuarantine(filter));
  return Print(session.flags.json ? ToJson(summary) : ToText(summary));
}

Status Show(Session& session, const QuarantineFlags& flags) {
  SLUICE_ASSIGN(const QuarantineFilter filter, FilterOf(session, flags));
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(const auto events, view->warehouse().ListQuarantined(filter));
  return Print(session.flags.json ? ToJson(events) : ToText(events, filter.limit));
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
  command.add_option("--limit", flags.limit, "At most so many")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
}

}  // namespace

void AddQuarantine(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<QuarantineFlags>();
  CLI::App* command =
      app.add_subcommand("quarantine", "Look at the events that could not become rows");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  sluice quarantine list --since 1d\n  sluice quarantine show --table events "
      "--reason bad_value");
  CLI::App* list = command->add_subcommand("list", "How many, by table, reason and column");
  AddFilter(*list, *flags);
  list->footer("Only reads.\n\nExample:\n  sluice quarantine list --since 1d");
  list->callback([&session, &exit_code, flags] {
    if (const Status done = List(session, *flags); !done) exit_code = session.Fail(done.error());
  });
  CLI::App* show = command->add_subcommand("show", "The events themselves, the oldest first");
  AddFilter(*show, *flags);
  show->footer("Only reads.\n\nExample:\n  sluice quarantine show --reason too_long --limit 5");
  show->callback([&session, &exit_code, flags] {
    if (const Status done = Show(session, *flags); !done) exit_code = session.Fail(done.error());
  });
}

}  // namespace sluice
