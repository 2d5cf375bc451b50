// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/base/utf8.h"
#include "sluice/cli/terminal.h"
#include "sluice/operate/concerns.h"
#include "sluice/operate/hour_range.h"

namespace sluice {
namespace {

constexpr const char* kNothingYet = "nothing there yet";
constexpr const char* kNotKnown = "not known";
constexpr size_t kLabel = 15;        // columns
constexpr size_t kLongestName = 28;  // of a table or a column; bytes

std::string Cut(std::string_view name) {
  if (name.size() <= kLongestName) return std::string(name);
  return std::string(Utf8Prefix(name, kLongestName - 1)) + "…";
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
  if (dead > 0) text += fmt::format(", {} dead letters", WithThousands(dead));
  return text;
}

std::string BacklogText(const StatusReport& report) {
  if (!report.landed || report.landed->waiting == 0) return "";
  const Landed& landed = *report.landed;
  return Line("not loaded", fmt::format("{}{} raw objects, {}, the oldest for {}",
                                        landed.is_estimate ? "about " : "",
                                        WithThousands(landed.waiting), ToText(landed.waiting_size),
                                        AgeText(report.now - *landed.oldest_waiting)));
}

std::string TablesText(const StatusReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"", "events in", "loaded", "duplicates", "quarantined", "rows now"}};
  const bool is_known = report.WhyNotKnown(StatusPart::kTables) == nullptr;
  for (const TableStatus& table : report.tables) {
    const TableBalance& b = table.balance;
    rows.push_back({Cut(table.table), WithThousands(b.routed), WithThousands(b.loaded),
                    WithThousands(b.duplicates), WithThousands(b.quarantined),
                    is_known ? WithThousands(table.rows.value_or(0)) : kNotKnown});
  }
  const std::string no_route = WithThousands(report.objects.no_route);
  rows.push_back({"no route", no_route, "", "", no_route, ""});
  if (report.objects.dropped > 0)
    rows.push_back({"dropped", WithThousands(report.objects.dropped), "", "", "", ""});
  return FormatTable(rows);
}

// Of all duplicates that the ledger has.
std::string DifferingText(const StatusReport& report) {
  std::string text;
  for (const TableStatus& table : report.tables) {
    if (table.balance.differing == 0) continue;
    text += Line("differing", fmt::format("{} duplicates of {} have other values than the row that "
                                          "is there: sluice verify names some",
                                          WithThousands(table.balance.differing), table.table));
  }
  return text.empty() ? text : "\n" + text;
}

std::string Mark(const LandedHour& hour) {
  if (!hour.Balances()) return "UNBALANCED";
  if (hour.stuck > 0) return WithThousands(hour.stuck) + " held";
  if (hour.waiting > 0) return WithThousands(hour.waiting) + " wait";
  return hour.objects == 0 ? "-" : "ok";
}

// By landing hour; those in a row in which nothing landed are one line.
std::string HoursText(const Landed& landed) {
  if (landed.hours.empty()) return "";
  std::vector<std::vector<std::string>> rows = {
      {"landed (UTC)", "objects", "events in", "loaded", "duplicates", "quarantined", ""}};
  for (size_t i = 0; i < landed.hours.size(); ++i) {
    const LandedHour& hour = landed.hours[i];
    std::string label = HourText(hour.hour);
    const size_t first = i;
    while (hour.objects == 0 && i + 1 < landed.hours.size() && landed.hours[i + 1].objects == 0)
      ++i;
    if (i > first) label += " to " + HourText(landed.hours[i].hour).substr(11);
    rows.push_back({label, WithThousands(hour.objects), WithThousands(hour.events),
                    WithThousands(hour.loaded), WithThousands(hour.duplicates),
                    WithThousands(hour.quarantined), Mark(hour)});
  }
  return "\n" + FormatTable(rows);
}

std::string EventHoursText(const std::vector<TableHours>& tables) {
  std::string text;
  for (const TableHours& table : tables) {
    std::vector<std::vector<std::string>> rows = {
        {"events of " + Cut(table.table), "rows now", "duplicates"}};
    for (const EventHour& hour : table.hours) {
      rows.push_back(
          {HourText(hour.hour), WithThousands(hour.rows), WithThousands(hour.duplicates)});
    }
    if (table.hours.empty()) rows.push_back({"none in the last 24 hours", "", ""});
    text += "\n" + FormatTable(rows);
  }
  return text;
}

std::string QuarantineText(const QuarantineSummary& quarantine) {
  constexpr size_t kShown = 5;
  if (quarantine.groups.empty()) return "";
  std::string text = "\nquarantine, last 24 hours\n";
  for (size_t i = 0; i < std::min(kShown, quarantine.groups.size()); ++i) {
    const QuarantineGroup& group = quarantine.groups[i];
    std::string place = group.table == "*" ? "no table" : Cut(group.table);
    if (!group.column.empty()) place += "." + Cut(group.column);
    text += fmt::format("{:>13}  {}  {}\n", WithThousands(group.events), group.reason, place);
  }
  if (quarantine.groups.size() > kShown) {
    text += fmt::format("{:>13}  more kinds: sluice quarantine list\n",
                        quarantine.groups.size() - kShown);
  }
  return text;
}

// "unknown  tracking.events context.ip: 12 of 4,000 events (0.3 %), since 14:03", with its ALTER.
std::string FieldsText(const StatusReport& report) {
  constexpr size_t kShown = 6;
  if (report.fields.empty()) return "";
  const Timestamp day = report.now - kFieldDay;
  std::string text = "\nfields, last 24 hours\n";
  for (size_t i = 0; i < std::min(kShown, report.fields.size()); ++i) {
    const FieldReport& field = report.fields[i];
    const std::string line = fmt::format(
        "{} {}: {} of {} events ({:.3g} %), {} {}", Cut(field.table),
        Cut(WithoutControls(field.name)), WithThousands(field.events), WithThousands(field.seen),
        100 * field.share(), field.first > day ? "since" : "also before",
        MinuteText(std::max(field.first, day), report.now));
    text += Line("  " + std::string(Name(field.kind)), line);
    if (!field.alter.empty()) text += Line("", field.alter);
  }
  if (report.fields.size() > kShown) {
    text +=
        Line("", fmt::format("and {} more: --json has them all", report.fields.size() - kShown));
  }
  return text;
}

std::string ConcernsText(const std::vector<Concern>& concerns, const Style& style) {
  std::string text;
  for (const Concern& concern : concerns) {
    const Severity severity = SeverityOf(concern.kind);
    const std::string_view colour = severity == Severity::kCritical ? style.red : style.yellow;
    const std::string_view word = Name(severity);
    text += fmt::format("{}{}{}{}{}", colour, word, style.reset,
                        std::string(kLabel - word.size(), ' '), Wrapped(concern.text, kLabel));
  }
  return text.empty() ? text : "\n" + text;
}

std::string NextText(const StatusReport& report, const std::vector<Concern>& concerns) {
  std::string text;
  for (const std::string& step : NextSteps(report, concerns)) {
    text += Line(text.empty() ? "next" : "", step);
  }
  return text;
}

}  // namespace

std::string ToText(const StatusReport& report) {
  const Style style = Style::ForStdout();
  const std::vector<Concern> concerns = ConcernsOf(report);
  const bool is_well = std::ranges::none_of(
      concerns, [](const Concern& concern) { return SeverityOf(concern.kind) != Severity::kInfo; });
  std::string text = fmt::format("{}{}{}", is_well ? style.green : style.yellow,
                                 Wrapped(FreshnessSentence(report, concerns), 0), style.reset);
  text +=
      Line("source", report.source_is_stream ? "a stream"
                                             : Waiting(report, StatusPart::kSource, report.source));
  text += Line("notifications", Waiting(report, StatusPart::kNotifications, report.notifications));
  if (report.WhyNotKnown(StatusPart::kRawStore) != nullptr) text += Line("raw store", kNotKnown);
  text += BacklogText(report);
  if (report.paused) text += Line("paused", *report.paused);
  if (!report.ledger_exists) {
    text += Line("warehouse", report.is_warehouse_down() ? kNotKnown : kNothingYet);
    return text + ConcernsText(concerns, style) + NextText(report, concerns);
  }
  text += Line("raw objects", fmt::format("{} known to the ledger, {} events",
                                          WithThousands(report.objects.objects),
                                          WithThousands(report.objects.lines)));
  if (report.landed && report.landed->events_last_hour > 0) {
    const uint64_t events = report.landed->events_last_hour;
    text += Line("rate", fmt::format("{} events loaded in the last hour, {}/s",
                                     WithThousands(events), WithThousands(events / 3600)));
  }
  text += "\n" + TablesText(report) + DifferingText(report);
  text += EventHoursText(report.event_hours);
  if (report.landed && report.event_hours.empty()) text += HoursText(*report.landed);
  text += QuarantineText(report.quarantine);
  if (report.accepted() > 0) {
    text +=
        fmt::format("\naccepted  {} of those in quarantine: sluice quarantine list --accepted\n",
                    WithThousands(report.accepted()));
  }
  text += FieldsText(report) + ConcernsText(concerns, style);
  text += report.Balances()
              ? fmt::format("\n{}balanced{}: events in = loaded + duplicates + quarantined\n",
                            style.green, style.reset)
              : fmt::format("\n{}NOT BALANCED{}: somebody else changed the ledger\n", style.red,
                            style.reset);
  return text + NextText(report, concerns);
}

}  // namespace sluice
