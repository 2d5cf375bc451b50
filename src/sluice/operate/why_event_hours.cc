// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "sluice/base/counted.h"
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
  std::vector<std::string> removed, added;  // hours of tables that do not fit the ledger
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

// "30", "1,000 to 3,000".
std::string Between(uint64_t least, uint64_t most) {
  return least == most ? WithThousands(least)
                       : fmt::format("{} to {}", WithThousands(least), WithThousands(most));
}

// Those that do not fit the ledger; of an hour of which only a part was asked nobody can say it.
void AddHours(const std::string& table, const std::vector<HourCheck>& checked,
              const HourRange& hours, Arrivals& all) {
  for (const HourCheck& check : checked) {
    const auto from = ParseHour(check.hour);
    if (!from || *from < hours.from || *from + std::chrono::hours(1) > hours.to) continue;
    (check.rows < check.at_least ? all.removed : all.added)
        .push_back(fmt::format("{} has {} in {}, and by the ledger {}", table,
                               Counted(check.rows, "row"), HourText(*from),
                               Between(check.at_least, check.at_most)));
  }
}

// Adds what the table has of these hours to both.
Status AddTable(const Witnesses& w, const Table& table, const HourRange& hours, Story& story,
                Arrivals& all) {
  const auto check = w.warehouse.Check(table, {hours.from, hours.to});
  if (check) {
    all.rows += check->rows_in_range;
    story.Add("", fmt::format("{}: {}", FullName(table), Counted(check->rows_in_range, "row")));
    AddHours(FullName(table), check->hours, hours, all);
  } else if (check.error().kind() == ErrorKind::kNotFound) {
    story.Add("", FullName(table) + ": there is no such table");
  } else {
    return std::unexpected(check.error());
  }
  SLUICE_ASSIGN(const Arrivals arrivals, FindArrivals(w, table, hours));
  for (const auto& [hour, count] : arrivals.by_hour) {
    story.Add("", fmt::format("landed in {}: {}, duplicates too", hour, Counted(count, "event")));
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

// Is something that landed there not loaded? What landed later may wait at any time.
bool IsUnloaded(const Story& landing) {
  constexpr std::string_view kOthers[] = {"loaded", "nothing_sent", "not_landed", "nothing_yet",
                                          "future"};
  return std::ranges::find(kOthers, landing.state) == std::end(kOthers);
}

// Of what landed in the day behind these hours, where events come late.
Result<std::optional<Story>> WhyLandedLater(const Witnesses& w, const HourRange& hours) {
  HourRange later{WholeHours(hours).to, WholeHours(hours).to + std::chrono::hours(24)};
  later.to = std::min(later.to, WholeHours({w.now, w.now + std::chrono::hours(1)}).to);
  if (later.from >= later.to) return std::nullopt;
  return WhyLandingHours(w, later);
}

// `is_on_its_way`: what landed later is, and may have such events.
Status EndNothingSent(const Witnesses& w, bool is_on_its_way, Story& story) {
  SLUICE_ASSIGN(std::string waits, WhatWaits(w));
  if (waits.empty() && is_on_its_way) waits = " (young raw objects)";
  story.End("nothing_sent",
            fmt::format("not loaded, because nothing with such a time has landed, but for what is "
                        "in quarantine{}: the producer sent nothing{}",
                        waits.empty() ? "" : " or not loaded yet" + waits,
                        w.source ? "" : ", or landing stood still"),
            "ask the producer; or sluice quarantine list, where that may be of these hours");
  return {};
}

// Of hours of which no row is there, nor any Parquet object that had one.
Status EndWithoutTraces(const Witnesses& w, const HourRange& hours, const Arrivals& all,
                        const Story& landing, Story& story) {
  const auto end_as = [&](const Story& other, const std::string& before) {
    story.state = other.state;
    story.verdict = before + other.verdict;
    story.needs_attention = other.needs_attention;
  };
  if (IsUnloaded(landing)) {
    end_as(landing, "");
    return {};
  }
  SLUICE_ASSIGN(const std::optional<Story> later, WhyLandedLater(w, hours));
  const bool is_on_its_way = later && later->state == "waiting";
  const bool is_elsewhere = later && later->state == "foreign";
  if (later && IsUnloaded(*later) && !is_on_its_way && !is_elsewhere) {
    end_as(*later, "no row is there, and of what landed in the day behind these hours: ");
    return {};
  }
  if (all.unread > 0) {
    story.End(
        "not_known",
        "not known: no row is there, and not all Parquet objects that may tell of these hours "
        "could be looked into",
        "sluice verify tells whether rows are missing");
    return {};
  }
  if (landing.state == "nothing_sent" && w.waiting_messages() > 0) {
    story.End("not_landed",
              fmt::format("not loaded, because nothing with such a time has landed; {} wait in the "
                          "source",
                          Counted(w.waiting_messages(), "message")),
              "sluice land");
    return {};
  }
  if (landing.state != "nothing_sent" && landing.state != "loaded") {
    end_as(landing, "");
    return {};
  }
  return EndNothingSent(w, is_on_its_way, story);
}

Status EndWithoutRows(const Witnesses& w, const HourRange& hours, const Arrivals& all,
                      const Story& landing, Story& story) {
  if (all.by_hour.empty()) return EndWithoutTraces(w, hours, all, landing, story);
  story.End("removed",
            all.loads.ToText() + ", and no row is there: somebody has removed them since",
            "sluice verify, then load these raw objects again: sluice backfill --replace");
  return {};
}

// "the first; and in 3 more hours".
std::string FirstOf(const std::vector<std::string>& hours) {
  const size_t more = hours.size() - 1;
  return more == 0 ? hours[0] : fmt::format("{}; and {}", hours[0], Counted(more, "more hour"));
}

// Rows that somebody else took away or added: false where there are none.
bool EndWithOthersRows(const Arrivals& all, const HourRange& hours, Story& story) {
  const std::string verify = "sluice verify " + RangeFlags(WholeHours(hours));
  if (!all.removed.empty()) {
    story.End("removed", FirstOf(all.removed) + ": somebody has removed rows since",
              verify + ", then load their raw objects again: sluice backfill --replace");
  } else if (!all.added.empty()) {
    story.End("not_ours",
              FirstOf(all.added) + ": somebody else has added rows, or a load came in twice",
              verify + " names keys that are there more than once");
  }
  return !all.removed.empty() || !all.added.empty();
}

void EndWithRows(const Arrivals& all, const HourRange& hours, Story& story) {
  if (all.by_hour.empty() && all.unread == 0) {
    return story.End("not_ours",
                     "in the tables, and not by sluice: no Parquet object has an event with such a "
                     "time",
                     "sluice verify tells how many rows are not ours");
  }
  std::string sentence =
      all.loads.first.empty() ? "no Parquet object tells when its rows came" : all.loads.ToText();
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
    SLUICE_TRY(EndWithoutRows(witnesses, hours, all, landing, story));
  } else if (is_stuck) {
    story.state = landing.state;
    story.verdict = fmt::format("{} {} there, and of what landed in these hours {}",
                                Counted(all.rows, "row"), Are(all.rows), landing.verdict);
    story.needs_attention = true;
  } else if (!EndWithOthersRows(all, hours, story)) {
    EndWithRows(all, hours, story);
  }
  return story;
}

}  // namespace sluice
