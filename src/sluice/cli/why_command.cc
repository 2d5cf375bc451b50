// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "sluice/cli/exit_code.h"
#include "sluice/cli/raw_key_of.h"
#include "sluice/cli/session.h"
#include "sluice/cli/zone_hours.h"
#include "sluice/config/units.h"
#include "sluice/operate/status.h"
#include "sluice/operate/why.h"

namespace sluice {
namespace {

struct WhyFlags {
  std::string what, by = "landing", zone = "UTC", grace = "1h";
  bool is_of_hours = false;  // --by or --tz was given
};

// "2026-11-31", "2026-11-2T5": a day as it is spelt, or one and what is behind its T. So
// "2026-11-28-17" may be an event.
bool IsSpeltLikeAnHour(std::string_view what) {
  const std::string_view day = what.substr(0, what.find('T'));
  const bool is_day = day.size() >= 8 && day.size() <= 10 && day.find_first_of('-') == 4 &&
                      std::ranges::count(day, '-') == 2 &&
                      day.find_first_not_of("0123456789-") == day.npos;
  return is_day && what.find_first_not_of("0123456789T:-") == what.npos;
}

// The hours that are asked of; none where it is no hour.
Result<std::optional<HourRange>> HoursOf(Session& session, const WhyFlags& flags) {
  const bool is_hour = ParseHour(flags.what).has_value();
  if (!is_hour && !flags.is_of_hours && !IsSpeltLikeAnHour(flags.what)) return std::nullopt;
  const auto found = ParseHourIn(flags.what, flags.zone);
  if (found) return *found;
  const bool is_flags_fault = !is_hour && flags.is_of_hours;
  return session.WrongUsage((is_flags_fault ? "--by and --tz are about hours: " : "") +
                            found.error().message());
}

std::string ToText(const Story& story) {
  std::string text = story.subject + "\n";
  for (const Story::Line& line : story.lines) {
    text += fmt::format("{:19}  {}\n", line.at, line.text);
  }
  const Style style = Style::ForStdout();
  return text + fmt::format("{}{}{}\n", story.needs_attention ? style.yellow : style.green,
                            story.verdict, style.reset);
}

// The hours of which that is the folder, an hour's or a day's, with a '/' at its end or without.
std::optional<HourRange> HoursOfFolder(const RawLayout& layout, std::string folder) {
  if (!folder.ends_with('/')) folder += '/';
  const std::string any = layout.FolderOf(Timestamp());  // as long as each, and of a first hour
  std::string first = folder;
  if (folder.size() < any.size()) first += any.substr(folder.size());
  const auto from = layout.HourOf({first + "name"});
  if (!from || layout.FolderOf(*from) != first) return std::nullopt;
  const auto has = [&](std::chrono::hours later) {
    return layout.FolderOf(*from + later).starts_with(folder);
  };
  if (has(std::chrono::hours(24))) return std::nullopt;
  return HourRange{*from, *from + std::chrono::hours(has(std::chrono::hours(1)) ? 24 : 1)};
}

// An event's id may have a '/' as a key does, and may be none. Where neither is known it is taken
// for a key, unless it may be an event all the same.
Result<Story> AskOfKeyOrEvent(const Witnesses& witnesses, const std::string& what) {
  std::optional<Story> object;
  if (CheckKey(what)) {
    SLUICE_ASSIGN(object, WhyObject(witnesses, what));
    if (object->state != "not_landed") return *std::move(object);
  }
  SLUICE_ASSIGN(Story event, WhyEvent(witnesses, what));
  if (object && event.state == "not_landed") return *std::move(object);
  if (object) event.Add("", "no raw object has this key, and the ledger knows of none");
  return event;
}

// What is asked of: hours by their form or their folder, an object by its place in the raw store,
// else an event.
Result<Story> Ask(Session& session, const Witnesses& witnesses, const WhyFlags& flags,
                  const std::optional<HourRange>& hours) {
  if (hours) {
    return flags.by == "landing" ? WhyLandingHours(witnesses, *hours)
                                 : WhyEventHours(witnesses, *hours);
  }
  const std::string key = witnesses.raw == nullptr
                              ? flags.what
                              : RawKeyOf(witnesses.raw_uri, witnesses.layout, flags.what);
  if (key.empty()) {
    return session.WrongUsage("why: that is the whole raw store: write a key, a day or an hour");
  }
  if (const auto folder = HoursOfFolder(witnesses.layout, key)) {
    return WhyLandingHours(witnesses, *folder);
  }
  const bool is_object = key != flags.what || witnesses.layout.HourOf({key}).has_value();
  if (is_object) return WhyObject(witnesses, key);
  return key.contains('/') ? AskOfKeyOrEvent(witnesses, key) : WhyEvent(witnesses, key);
}

Result<int> RunWhy(Session& session, const WhyFlags& flags) {
  if (flags.what.empty()) return session.WrongUsage("why: the key is empty");
  SLUICE_ASSIGN(const std::optional<HourRange> hours, HoursOf(session, flags));
  const auto grace = ParseDuration(flags.grace);
  if (!grace) return session.WrongUsage("--grace: " + grace.error().message());
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  const bool has_time = std::ranges::any_of(
      view->tables().tables, [](const Table& table) { return table.time.has_value(); });
  if (hours && flags.by == "event-time" && !has_time) {
    return session.WrongUsage("--by event-time: no table of the configuration has a time");
  }
  SLUICE_ASSIGN(const auto raw, view->OpenIfThere(view->config().raw));
  SLUICE_ASSIGN(const auto parquet, view->OpenIfThere(view->config().parquet));
  SLUICE_ASSIGN(const auto quarantine, view->OpenIfThere(view->config().quarantine));
  SLUICE_ASSIGN(Queue* const source_queue, view->Source());
  SLUICE_ASSIGN(Queue* const notification_queue, view->Notifications());
  const auto source = DepthOf(source_queue);  // the producer's: it need not be known
  SLUICE_ASSIGN(const auto notifications, DepthOf(notification_queue));
  SLUICE_ASSIGN(const WarehouseState state, view->warehouse().Probe());
  const RawLayout layout = view->layout();
  const Witnesses witnesses{.tables = view->tables(),
                            .warehouse = view->warehouse(),
                            .layout = layout,
                            .raw_uri = raw == nullptr ? "" : raw->uri(),
                            .raw = raw.get(),
                            .parquet = parquet.get(),
                            .quarantine = quarantine.get(),
                            .source = source.value_or(std::nullopt),
                            .notifications = notifications,
                            .paused = state.paused,
                            .now = session.clock().Now(),
                            .grace = *grace};
  SLUICE_ASSIGN(Story story, Ask(session, witnesses, flags, hours));
  if (!source && hours) {
    story.Add("", "how much waits in the source is not known: " + source.error().message());
  }
  SLUICE_TRY(Print(session.flags.json ? ToJson(story) + "\n" : ToText(story)));
  return story.needs_attention ? kExitAttention : kExitDone;
}

}  // namespace

void AddWhy(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<WhyFlags>();
  CLI::App* command = app.add_subcommand(
      "why", "What became of a raw object, an event or an hour, and why it is not loaded");
  command
      ->add_option(
          "WHAT", flags->what,
          "Raw object's key, value of an event's unique column, day or hour (2026-11-22T14)")
      ->type_name("KEY|EVENT-ID|HOUR")
      ->required();
  command->add_option("--by", flags->by, "Which time an hour is of")
      ->check(CLI::IsMember({"landing", "event-time"}))
      ->capture_default_str();
  command->add_option("--tz", flags->zone, "Whose clocks show the hour, as in Europe/Berlin")
      ->type_name("ZONE")
      ->capture_default_str();
  command->add_option("--grace", flags->grace, "Younger objects may still be on their way")
      ->type_name("DURATION")
      ->capture_default_str();
  command->footer(
      "Only reads. Exit code 3: it is not loaded, and a person should look.\n\nExamples:\n"
      "  sluice why date=2026-11-22/14/20261122T140501Z-01J.ndjson.zst\n"
      "  sluice why 72d7c2dd-3080-4fbf-87aa-f282e42c555f\n"
      "  sluice why 2026-11-22T14 --by event-time --tz Europe/Berlin");
  command->callback([&session, &exit_code, flags, command] {
    flags->is_of_hours = command->count("--by") + command->count("--tz") > 0;
    const Result<int> code = RunWhy(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
