// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sluice/operate/counted.h"
#include "sluice/operate/loads.h"
#include "sluice/operate/parquet_search.h"
#include "sluice/operate/verify.h"
#include "sluice/operate/why.h"

namespace sluice {
namespace {

// Events of some hours, by the hour in which they landed.
struct Arrivals {
  uint64_t rows = 0;  // with a time in them, by whoever
  Loads loads;
  std::map<std::string, uint64_t> by_hour;  // "2026-11-23T15"
  size_t unread = 0;                        // objects that could not be looked into
};

Result<Arrivals> FindArrivals(const Witnesses& w, const Table& table, const HourRange& hours) {
  Arrivals arrivals;
  const TimeInterval times{hours.from, hours.to - std::chrono::microseconds(1)};
  SLUICE_ASSIGN(
      const std::vector<LedgerPart> parts,
      w.warehouse.ListParts({.table = table.name(), .times = times, .limit = kSearched + 1}));
  if (parts.size() > kSearched) ++arrivals.unread;
  for (size_t i = 0; i < std::min(parts.size(), kSearched); ++i) {
    const LedgerPart& part = parts[i];
    Result<uint64_t> count = 0;
    if (w.parquet != nullptr) {
      count = CountInHours(*w.parquet, part.parquet, table, {hours.from, hours.to});
      const bool is_unread =
          !count && (count.error().kind() == ErrorKind::kNotFound ||
                     count.error().kind() == ErrorKind::kBadData);  // as of a table it was before
      if (!count && !is_unread) return std::unexpected(count.error());
    }
    if (w.parquet == nullptr || !count) {
      ++arrivals.unread;
      continue;
    }
    if (*count == 0) continue;
    const auto hour = w.layout.HourOf({part.raw_key});
    arrivals.by_hour[hour ? HourText(*hour) : "elsewhere"] += *count;
    arrivals.loads.Add(part.loaded_at, part.batch);
  }
  return arrivals;
}

// "15 and 16", of those behind the hours themselves and the next one: what is sent in the last
// minutes of an hour lands there.
std::string LateHours(const std::map<std::string, uint64_t>& by_hour, const HourRange& hours) {
  std::vector<std::string> late;
  const std::string end = HourText(WholeHours(hours).to);
  for (const auto& [hour, count] : by_hour) {
    if (hour <= end || hour == "elsewhere") continue;
    const bool is_same_day = hour.substr(0, 10) == HourText(hours.from).substr(0, 10);
    late.push_back(is_same_day ? hour.substr(11) : hour);
  }
  std::string text;
  for (size_t i = 0; i < late.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == late.size() ? " and " : ", ") + late[i];
  }
  return text;
}

// Adds what the table has of these hours to both.
Status AddTable(const Witnesses& w, const Table& table, const HourRange& hours, Story& story,
                Arrivals& all) {
  const auto check = w.warehouse.Check(table, {hours.from, hours.to});
  if (check) {
    all.rows += check->rows_in_range;
    story.Add("", fmt::format("{}: {} rows", FullName(table), check->rows_in_range));
  } else if (check.error().kind() == ErrorKind::kNotFound) {
    story.Add("", FullName(table) + ": there is no such table");
  } else {
    return std::unexpected(check.error());
  }
  SLUICE_ASSIGN(const Arrivals arrivals, FindArrivals(w, table, hours));
  for (const auto& [hour, count] : arrivals.by_hour) {
    story.Add("", fmt::format("landed in {}: {} events, duplicates too", hour, count));
    all.by_hour[hour] += count;
  }
  all.unread += arrivals.unread;
  if (arrivals.unread > 0) {
    story.Add("",
              fmt::format("{} or more Parquet objects could not be looked into", arrivals.unread));
  }
  all.loads.Add(arrivals.loads);
  return {};
}

void EndWithoutRows(const Witnesses& w, const Arrivals& all, const Story& landing, bool is_stuck,
                    Story& story) {
  if (!all.by_hour.empty()) {
    return story.End("removed",
                     all.loads.ToText() + ", and no row is there: somebody has removed them since",
                     "sluice verify, then load these raw objects again: sluice backfill --replace");
  }
  if (all.unread > 0 && !is_stuck) {
    return story.End("not_known",
                     "not known: no row is there, and not all Parquet objects that may tell of "
                     "these hours could be looked into",
                     "sluice verify tells whether rows are missing");
  }
  if (landing.state == "nothing_sent" && w.waiting_messages() > 0) {
    return story.End(
        "not_landed",
        fmt::format("not loaded, because nothing with such a time has landed; {} wait in the "
                    "source",
                    Counted(w.waiting_messages(), "message")),
        "sluice land");
  }
  if (landing.state == "loaded") {
    return story.End(
        "nothing_sent",
        "not loaded, because what landed has no event with such a time, but for what "
        "is in quarantine",
        "ask the producer; or sluice quarantine list, where that may be of these hours");
  }
  story.state = landing.state;
  story.verdict = landing.verdict;
  story.needs_attention = landing.needs_attention;
}

void EndWithRows(const Arrivals& all, const HourRange& hours, Story& story) {
  std::string sentence =
      all.loads.first.empty()
          ? fmt::format("{} rows are there, and no Parquet object tells when they came", all.rows)
          : all.loads.ToText();
  const std::string late = LateHours(all.by_hour, hours);
  if (!late.empty())
    sentence +=
        fmt::format(", late from landing hour{} {}", late.contains(" and ") ? "s" : "", late);
  if (all.unread > 0) sentence += "; not all Parquet objects could be looked into";
  story.End(late.empty() ? "loaded" : "loaded_late", std::move(sentence));
}

}  // namespace

Result<Story> WhyEventHours(const Witnesses& witnesses, const HourRange& hours) {
  SLUICE_ASSIGN(Story landing, WhyLandingHours(witnesses, hours));
  Story story{.kind = "hour", .subject = "with a time in " + HoursText(hours) + " (UTC)"};
  Arrivals all;
  for (const Table& table : witnesses.tables.tables) {
    if (table.time) SLUICE_TRY(AddTable(witnesses, table, hours, story, all));
  }

  if (!landing.lines.empty()) story.Add("", "what landed in these hours:");
  for (Story::Line& line : landing.lines) story.lines.push_back(std::move(line));
  // What is stuck where most of these events would be comes first.
  const bool is_stuck =
      landing.needs_attention && landing.state != "nothing_sent" && landing.state != "not_landed";
  if (all.rows == 0) {
    EndWithoutRows(witnesses, all, landing, is_stuck, story);
  } else if (is_stuck) {
    story.state = landing.state;
    story.verdict = fmt::format("{} rows are there, and of what landed in these hours {}", all.rows,
                                landing.verdict);
    story.needs_attention = true;
  } else {
    EndWithRows(all, hours, story);
  }
  return story;
}

}  // namespace sluice
