// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "sluice/base/json_text.h"
#include "sluice/base/shell_word.h"
#include "sluice/base/utf8.h"
#include "sluice/cli/quarantine_flags.h"
#include "sluice/cli/session.h"

namespace sluice {
namespace {

// How many events its table got to see, in its hour where it has one.
uint64_t SeenBy(const QuarantineSummary& summary, const QuarantineGroup& group) {
  for (const QuarantineSummary::Seen& seen : summary.seen) {
    if (seen.table == group.table && seen.hour == group.hour) return seen.events;
  }
  return 0;
}

double Share(const QuarantineSummary& summary, const QuarantineGroup& group) {
  const uint64_t seen = SeenBy(summary, group);
  return seen == 0 ? 0 : static_cast<double>(group.events) / static_cast<double>(seen);
}

std::string Place(const QuarantinedEvent& event) {
  const std::string key =
      event.raw_key.empty() ? "an object that the ledger does not know" : event.raw_key;
  return event.line == 0 ? key : fmt::format("{} line {}", key, event.line);
}

std::string PayloadText(const QuarantinedEvent& event) {
  return (event.encoding == "utf8" ? "" : event.encoding + ": ") + WithoutControls(event.payload);
}

std::string GivenUp(const QuarantinedEvent& event) {
  return event.accepted.empty() ? "" : fmt::format("  given up: {}\n", event.accepted);
}

// What of an event in quarantine loads as a whole, if at all.
std::string StuckText(const QuarantinedEvent& event) {
  if (event.stuck.empty()) return "";
  return fmt::format("  its raw object is {}: sluice why {}\n",
                     event.stuck == Name(ObjectState::kHeld) ? "held" : "set aside",
                     ShellWord(event.raw_key));
}

std::string ToText(const QuarantineSummary& summary) {
  if (summary.groups.empty()) return "nothing of that is in quarantine\n";
  const bool by_hour = !summary.groups[0].hour.empty();
  // Of a time in an hour that is told, the day and the hour are.
  const auto time = [&](const std::string& at) {
    return by_hour && at.size() > 11 ? at.substr(11, 8) : at.substr(0, 16);
  };
  std::vector<std::vector<std::string>> rows = {
      {"table", "reason", "column", "events", "share", "objects", "first", "last"}};
  for (const QuarantineGroup& group : summary.groups) {
    rows.push_back({TableText(group.table), group.reason, group.column, WithThousands(group.events),
                    fmt::format("{:.3g}%", 100 * Share(summary, group)),
                    WithThousands(group.objects), time(group.first), time(group.last)});
    if (by_hour) rows.back().insert(rows.back().begin() + 3, group.hour.substr(0, 16));
  }
  if (by_hour) rows[0].insert(rows[0].begin() + 3, "hour");
  const std::vector<size_t> tables_and_columns = {0, 2};  // reasons are typed as they stand here
  std::string text = FormatTable(std::move(rows), tables_and_columns, WidthOfStdout());
  for (const QuarantineGroup& group : summary.groups) {
    if (group.stuck == 0) continue;
    text += fmt::format("{} of {}{}{} {} are of raw objects that are held or set aside\n",
                        WithThousands(group.stuck), group.reason, group.column.empty() ? "" : " ",
                        group.column, TableText(group.table));
  }
  for (const QuarantineGroup& group : summary.groups) {
    text += fmt::format("\n{}{}{}: {}\n  {}\n", group.reason, group.column.empty() ? "" : " ",
                        group.column, Place(group.example), PayloadText(group.example));
    text += GivenUp(group.example) + StuckText(group.example);
  }
  return text + "\nall of them: sluice quarantine show --reason REASON\n";
}

void AppendEvent(JsonText& json, const QuarantinedEvent& event) {
  json.BeginObject().Key("table").Value(event.table).Key("reason").Value(event.reason);
  json.Key("column").Value(event.column).Key("raw_key").Value(event.raw_key);
  json.Key("line").Value(event.line).Key("at_byte").Value(event.at_byte);
  json.Key("length").Value(event.length).Key("encoding").Value(event.encoding);
  json.Key("payload").Value(event.payload).Key("at").Value(event.at);
  json.Key("accepted").Value(event.accepted).Key("stuck").Value(event.stuck).EndObject();
}

std::string ToJson(const QuarantineSummary& summary, bool is_cut) {
  JsonText json;
  json.BeginObject().Key("groups").BeginArray();
  for (const QuarantineGroup& group : summary.groups) {
    json.BeginObject().Key("table").Value(group.table).Key("reason").Value(group.reason);
    json.Key("column")
        .Value(group.column)
        .Key("hour")
        .Value(group.hour)
        .Key("events")
        .Value(group.events);
    json.Key("of").Value(SeenBy(summary, group)).Key("objects").Value(group.objects);
    json.Key("stuck").Value(group.stuck);
    json.Key("first").Value(group.first).Key("last").Value(group.last).Key("example");
    AppendEvent(json, group.example);
    json.EndObject();
  }
  json.EndArray().Key("more").Value(is_cut).EndObject();
  return json.text() + "\n";
}

std::string MoreText(bool is_cut, size_t limit) {
  return is_cut ? fmt::format("the first {}: --limit shows more\n", limit) : "";
}

std::string ToText(const std::vector<QuarantinedEvent>& events) {
  if (events.empty()) return "nothing of that is in quarantine\n";
  std::string text;
  for (const QuarantinedEvent& event : events) {
    text += fmt::format("{}: {}{}{} {}\n", Place(event), event.reason,
                        event.column.empty() ? "" : " ", event.column, TableText(event.table));
    text += fmt::format("  {}\n", PayloadText(event));
    text += GivenUp(event) + StuckText(event);
  }
  return text;
}

std::string ToJson(const std::vector<QuarantinedEvent>& events, bool is_cut) {
  JsonText json;
  json.BeginObject().Key("events").BeginArray();
  for (const QuarantinedEvent& event : events) AppendEvent(json, event);
  json.EndArray().Key("more").Value(is_cut).EndObject();
  return json.text() + "\n";
}

// Takes away what is behind the first `limit`; whether there was something.
template <typename T>
bool Cut(std::vector<T>& found, size_t limit) {
  if (found.size() <= limit) return false;
  found.erase(found.begin() + static_cast<std::ptrdiff_t>(limit), found.end());
  return true;
}

Status List(Session& session, const QuarantineFlags& flags) {
  SLUICE_ASSIGN(QuarantineFilter filter, FilterOf(session, flags));
  ++filter.limit;
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(QuarantineSummary summary, view->warehouse().SumQuarantine(filter));
  if (summary.groups.empty()) SLUICE_TRY(RequireKnownTable(session, flags));
  const bool is_cut = Cut(summary.groups, flags.limit);
  return Print(session.flags.json ? ToJson(summary, is_cut)
                                  : ToText(summary) + MoreText(is_cut, flags.limit));
}

Status Show(Session& session, const QuarantineFlags& flags) {
  SLUICE_ASSIGN(QuarantineFilter filter, FilterOf(session, flags));
  ++filter.limit;
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(auto events, view->warehouse().ListQuarantined(filter));
  if (events.empty()) SLUICE_TRY(RequireKnownTable(session, flags));
  const bool is_cut = Cut(events, flags.limit);
  return Print(session.flags.json ? ToJson(events, is_cut)
                                  : ToText(events) + MoreText(is_cut, flags.limit));
}

}  // namespace

void AddQuarantine(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<QuarantineFlags>();
  CLI::App* command = app.add_subcommand(
      "quarantine", "The events that could not become rows: look at them, try them again");
  command->require_subcommand(1);
  command->footer(
      "Exit code 3: replay or accept found only events of objects that are held or set aside.\n\n"
      "Examples:\n  sluice quarantine list --since 1d\n  sluice quarantine show --table events "
      "--reason too_long\n  sluice quarantine replay --dry-run");
  CLI::App* list = command->add_subcommand("list", "How many, by table, reason and column");
  AddFilter(*list, *flags);
  AddLimit(*list, *flags);
  list->add_option("--by", flags->by,
                   "hour: those of each hour, in UTC, in which they came there apart")
      ->type_name("hour")
      ->check(CLI::IsMember({"hour"}));
  list->footer("Only reads.\n\nExample:\n  sluice quarantine list --since 1d");
  list->callback([&session, &exit_code, flags] {
    if (const Status done = List(session, *flags); !done) exit_code = session.Fail(done.error());
  });
  CLI::App* show = command->add_subcommand("show", "The events themselves, the oldest first");
  AddFilter(*show, *flags);
  AddLimit(*show, *flags);
  show->footer("Only reads.\n\nExample:\n  sluice quarantine show --reason too_long --limit 5");
  show->callback([&session, &exit_code, flags] {
    if (const Status done = Show(session, *flags); !done) exit_code = session.Fail(done.error());
  });
  AddQuarantineReplay(*command, session, exit_code);
  AddQuarantineAccept(*command, session, exit_code);
}

}  // namespace sluice
