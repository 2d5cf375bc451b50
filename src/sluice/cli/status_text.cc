// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "sluice/base/utf8.h"
#include "sluice/cli/hours_text.h"
#include "sluice/cli/terminal.h"
#include "sluice/operate/concerns.h"

namespace sluice {
namespace {

constexpr const char* kNothingYet = "nothing there yet";
constexpr const char* kNotKnown = "not known";
constexpr size_t kLabel = 15;        // columns
constexpr size_t kLongestName = 28;  // of a table or a column; columns

// How many of each are shown.
struct Room {
  size_t hours = 25, tables = 20, tables_by_event_time = 20, groups = 5, fields = 6;
  size_t concerns = 20, steps = 20;

  // Takes one away, of what is missed least. False: there is none left to take.
  bool Shrink() {
    const std::pair<size_t*, size_t> order[] = {
        {&hours, 12}, {&fields, 3},   {&groups, 3},   {&tables, 6}, {&tables_by_event_time, 3},
        {&hours, 6},  {&concerns, 6}, {&hours, 3},    {&fields, 1}, {&tables_by_event_time, 1},
        {&steps, 3},  {&tables, 3},   {&concerns, 3}, {&groups, 1}, {&fields, 0}};
    for (const auto& [shown, least] : order) {
      if (*shown <= least) continue;
      --*shown;
      return true;
    }
    return false;
  }
};

std::string Shown(std::string_view name) {
  return Cut(name, kLongestName);
}

// `given` in lines of kStatusWidth, those behind the first one indented by `indent`. A word that is
// longer than a line is broken.
std::string Wrapped(std::string_view given, size_t indent) {
  const std::string clean = WithoutControls(given);
  std::string_view text = clean;
  std::string lines;
  size_t used = indent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    for (std::string_view rest = word; !rest.empty();) {
      const std::string_view part = Utf8Prefix(rest, kStatusWidth - indent);
      rest.remove_prefix(part.size());
      const bool is_first = used == indent;
      if (!is_first && used + 1 + part.size() > kStatusWidth) {
        lines += "\n" + std::string(indent, ' ');
        used = indent;
      } else if (!is_first) {
        lines += ' ';
        ++used;
      }
      lines += part;
      used += part.size();
    }
  }
  return lines + '\n';
}

std::string Line(std::string_view label, std::string_view text) {
  return fmt::format("{:<{}}{}", label, kLabel, Wrapped(text, kLabel));
}

std::string Waiting(const StatusReport& report, StatusPart part,
                    const std::optional<QueueDepth>& depth) {
  if (report.WhyNotKnown(part) != nullptr) return kNotKnown;
  if (!depth) return kNothingYet;
  const Timestamp now = report.now;
  std::string text = WithThousands(depth->visible) + " waiting";
  if (depth->oldest) text += fmt::format(", the oldest for {}", AgeText(now - *depth->oldest));
  if (depth->in_flight > 0) text += fmt::format(", {} in flight", WithThousands(depth->in_flight));
  const uint64_t dead = depth->dead.value_or(0);
  if (dead > 0) text += ", " + Counted(dead, "dead letter");
  return text;
}

std::string BacklogText(const StatusReport& report) {
  if (!report.landed || report.landed->waiting == 0) return "";
  const Landed& landed = *report.landed;
  return Line("not loaded",
              fmt::format("{}{}, {}, the oldest for {}", landed.is_estimate ? "about " : "",
                          Counted(landed.waiting, "raw object"), ToText(landed.waiting_size),
                          AgeText(report.now - *landed.oldest_waiting)));
}

std::string PerSecond(uint64_t in_an_hour) {
  const double rate = static_cast<double>(in_an_hour) / 3600;
  if (rate >= 10) return WithThousands(in_an_hour / 3600) + "/s";
  return rate < 0.1 ? "less than 0.1/s" : fmt::format("{:.1f}/s", rate);
}

// "last hour      2 raw objects landed, 1.2 MB; 450 rows loaded, 0.1/s".
std::string RatesText(const StatusReport& report) {
  const Landed landed = report.landed.value_or(Landed());
  std::string text;
  if (landed.objects_last_hour > 0) {
    text = fmt::format("{} raw object{} landed, {}", WithThousands(landed.objects_last_hour),
                       landed.objects_last_hour == 1 ? "" : "s", ToText(landed.size_last_hour));
  }
  if (const uint64_t rows = report.rows_last_hour(); rows > 0) {
    text += fmt::format("{}{} rows loaded, {}", text.empty() ? "" : "; ", WithThousands(rows),
                        PerSecond(rows));
  }
  return text.empty() ? text : Line("last hour", text);
}

void AddTable(const std::string& label, const TableBalance& b, const std::string& rows_now,
              std::vector<std::vector<std::string>>& rows) {
  rows.push_back({label, WithThousands(b.routed), WithThousands(b.loaded),
                  WithThousands(b.duplicates), WithThousands(b.quarantined), rows_now});
}

std::string TablesText(const StatusReport& report, size_t room) {
  std::vector<std::vector<std::string>> rows = {
      {"", "events in", "loaded", "duplicates", "quarantined", "rows now"}};
  const bool is_known = report.WhyNotKnown(StatusPart::kTables) == nullptr;
  const auto rows_text = [&](uint64_t now) { return is_known ? WithThousands(now) : kNotKnown; };
  TableBalance others;
  uint64_t rows_of_others = 0;
  for (size_t i = 0; i < report.tables.size(); ++i) {
    const TableStatus& table = report.tables[i];
    const TableBalance& b = table.balance;
    if (i < room) {
      AddTable(Shown(table.table), b, rows_text(table.rows.value_or(0)), rows);
      continue;
    }
    others.routed += b.routed;
    others.loaded += b.loaded;
    others.duplicates += b.duplicates;
    others.quarantined += b.quarantined;
    rows_of_others += table.rows.value_or(0);
  }
  if (report.tables.size() > room) {
    AddTable(fmt::format("and {} more", report.tables.size() - room), others,
             rows_text(rows_of_others), rows);
  }
  const std::string no_route = WithThousands(report.objects.no_route);
  rows.push_back({"no route", no_route, "", "", no_route, ""});
  if (report.objects.dropped > 0)
    rows.push_back({"dropped", WithThousands(report.objects.dropped), "", "", "", ""});
  return FormatTable(rows);
}

// Of all duplicates that the ledger has.
std::string DifferingText(const StatusReport& report) {
  constexpr size_t kShown = 3;
  std::string names;
  size_t tables = 0;
  uint64_t differing = 0;
  for (const TableStatus& table : report.tables) {
    if (table.balance.differing == 0) continue;
    differing += table.balance.differing;
    if (++tables <= kShown) names += (names.empty() ? "" : ", ") + Shown(table.table);
  }
  if (tables == 0) return "";
  return "\n" + Line("differing",
                     fmt::format("{} duplicates of {}{} have other values than the row that is "
                                 "there: sluice verify names some",
                                 WithThousands(differing), names, tables > kShown ? ", …" : ""));
}

std::string EventHoursText(const std::vector<TableHours>& tables, const Room& room) {
  const size_t shown = std::min(room.tables_by_event_time, tables.size());
  std::string text;
  for (const TableHours& table : std::span(tables).first(shown)) {
    text += "\n" + HoursText(table.hours, "events of " + Shown(table.table), room.hours);
  }
  if (tables.size() == shown) return text;
  return text + fmt::format("and {} more tables: --json has them all\n", tables.size() - shown);
}

std::string QuarantineText(const QuarantineSummary& quarantine, size_t room) {
  if (quarantine.groups.empty()) return "";
  std::string text = "\nquarantine, last 24 hours\n";
  for (size_t i = 0; i < std::min(room, quarantine.groups.size()); ++i) {
    const QuarantineGroup& group = quarantine.groups[i];
    std::string place = group.table == "*" ? "no table" : Shown(group.table);
    if (!group.column.empty()) place += "." + Shown(group.column);
    text += fmt::format("{:>13}  {}  {}\n", WithThousands(group.events), group.reason, place);
  }
  if (quarantine.groups.size() > room) {
    text += fmt::format("{:>13}  more kinds: sluice quarantine list\n",
                        quarantine.groups.size() - room);
  }
  return text;
}

std::string More(size_t count) {
  return Line("", fmt::format("and {} more: --json has them all", count));
}

// "unknown  tracking.events context.ip: 12 of 4,000 events (0.3 %), since 14:03", with its ALTER.
std::string FieldsText(const StatusReport& report, size_t room) {
  if (report.fields.empty()) return "";
  std::string text = "\nfields, last 24 hours\n";
  for (size_t i = 0; i < std::min(room, report.fields.size()); ++i) {
    const FieldReport& field = report.fields[i];
    const std::string line = fmt::format("{} {}: {} of {} events ({:.3g} %), since {}",
                                         Shown(field.table), Shown(WithoutControls(field.name)),
                                         WithThousands(field.events), WithThousands(field.seen),
                                         100 * field.share(), MinuteText(field.first, report.now));
    text += Line("  " + std::string(field.change()), line);
    if (!field.alter.empty()) text += Line("", field.alter);
  }
  return report.fields.size() > room ? text + More(report.fields.size() - room) : text;
}

std::string ConcernsText(const std::vector<Concern>& concerns, size_t room, const Style& style) {
  std::string text;
  for (size_t i = 0; i < std::min(room, concerns.size()); ++i) {
    const Severity severity = SeverityOf(concerns[i].kind);
    const std::string_view colour = severity == Severity::kCritical ? style.red : style.yellow;
    const std::string_view word = Name(severity);
    text += fmt::format("{}{}{}{}{}", colour, word, style.reset,
                        std::string(kLabel - word.size(), ' '), Wrapped(concerns[i].text, kLabel));
  }
  if (concerns.size() > room) text += More(concerns.size() - room);
  return text.empty() ? text : "\n" + text;
}

// A step as it must be typed where the configuration was named by flags.
std::string WithFlags(std::string step, const std::string& flags) {
  constexpr std::string_view kProgram = "sluice ";
  if (!flags.empty() && step.starts_with(kProgram)) step.insert(kProgram.size(), flags + " ");
  return step;
}

std::string NextText(const std::vector<std::string>& steps, size_t room) {
  std::string text;
  for (size_t i = 0; i < std::min(room, steps.size()); ++i) {
    // Whole: a key that is broken in the middle cannot be typed.
    text += fmt::format("{:<{}}{}\n", i == 0 ? "next" : "", kLabel, WithoutControls(steps[i]));
  }
  return steps.size() > room ? text + More(steps.size() - room) : text;
}

std::string TextIn(const Room& room, const StatusReport& report,
                   const std::vector<Concern>& concerns, const std::vector<std::string>& steps) {
  const Style style = Style::ForStdout();
  const bool is_well = std::ranges::none_of(
      concerns, [](const Concern& concern) { return SeverityOf(concern.kind) != Severity::kInfo; });
  std::string text = fmt::format("{}{}{}", is_well ? style.green : style.yellow,
                                 Wrapped(FreshnessSentence(report, concerns), 0), style.reset);
  text +=
      Line("source", report.source_is_stream ? "a stream"
                                             : Waiting(report, StatusPart::kSource, report.source));
  text += Line("notifications", Waiting(report, StatusPart::kNotifications, report.notifications));
  if (report.WhyNotKnown(StatusPart::kRawStore) != nullptr) text += Line("raw store", kNotKnown);
  text += BacklogText(report) + RatesText(report);
  if (report.paused) text += Line("paused", *report.paused);
  if (!report.ledger_exists) {
    text += Line("warehouse", report.is_warehouse_down() ? kNotKnown : kNothingYet);
    return text + ConcernsText(concerns, room.concerns, style) + NextText(steps, room.steps);
  }
  text +=
      Line("raw objects", fmt::format("{} loaded, {} events", WithThousands(report.objects.objects),
                                      WithThousands(report.objects.lines)));
  text += "\n" + TablesText(report, room.tables) + DifferingText(report);
  text += EventHoursText(report.event_hours, room);
  const bool by_landing =
      report.event_hours.empty() && report.landed && !report.landed->is_estimate;
  if (by_landing && !report.landed->hours.empty())
    text += "\n" + HoursText(report.landed->hours, room.hours);
  text += QuarantineText(report.quarantine, room.groups);
  if (report.accepted() > 0) {
    text +=
        fmt::format("\naccepted  {} of those in quarantine: sluice quarantine list --accepted\n",
                    WithThousands(report.accepted()));
  }
  text += FieldsText(report, room.fields) + ConcernsText(concerns, room.concerns, style);
  if (report.is_warehouse_down()) return text + NextText(steps, room.steps);
  text += report.Balances()
              ? fmt::format("\n{}balanced{}: events in = loaded + duplicates + quarantined\n",
                            style.green, style.reset)
              : fmt::format("\n{}NOT BALANCED{}: somebody else changed the ledger\n", style.red,
                            style.reset);
  return text + NextText(steps, room.steps);
}

}  // namespace

std::string ToText(const StatusReport& report, const std::string& flags) {
  const std::vector<Concern> concerns = ConcernsOf(report);
  std::vector<std::string> steps = NextSteps(report, concerns);
  for (std::string& step : steps) step = WithFlags(std::move(step), flags);
  Room room;
  std::string text = TextIn(room, report, concerns, steps);
  while (std::ranges::count(text, '\n') > static_cast<std::ptrdiff_t>(kStatusHeight) &&
         room.Shrink()) {
    text = TextIn(room, report, concerns, steps);
  }
  return text;
}

}  // namespace sluice
