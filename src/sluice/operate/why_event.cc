// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <ranges>

#include "sluice/base/counted.h"
#include "sluice/base/shell_word.h"
#include "sluice/operate/parquet_search.h"
#include "sluice/operate/verify.h"
#include "sluice/operate/why.h"

namespace sluice {
namespace {

// What of an event is looked at: duplicates, and places in quarantine; and how many of each are
// told.
constexpr size_t kTraces = 1'000, kTold = 20;
// Of how many objects that reach to an event's time the likeliest are chosen: the newest of these.
constexpr size_t kListed = 10'000;

// A line of a raw object that became a row.
struct Origin {
  LedgerPart part;
  int64_t line = 0;
};

// What was looked into, and what could not be.
struct Search {
  std::vector<Origin> origins;
  size_t missing = 0;      // Parquet objects that are gone
  bool is_cut = false;     // there are more than kSearched
  bool is_unread = false;  // others could not be looked into

  bool is_whole() const { return missing == 0 && !is_cut && !is_unread; }
  void Add(const Search& other) {
    origins.insert(origins.end(), other.origins.begin(), other.origins.end());
    missing += other.missing;
    is_cut = is_cut || other.is_cut;
    is_unread = is_unread || other.is_unread;
  }
  // "not all Parquet objects could be looked into: 2 of them are gone".
  std::string WhatIsLeftOut() const {
    std::vector<std::string> parts;
    if (missing > 0) parts.push_back(fmt::format("{} of them are gone", missing));
    if (is_cut) parts.push_back(fmt::format("only {} of a table are read", kSearched));
    if (is_unread) parts.emplace_back("some cannot be searched by key");
    return fmt::format("not all Parquet objects could be looked into: {}", fmt::join(parts, ", "));
  }
};

// Are there more duplicates than are looked at? Then one of those may be taken for the winner.
bool HasMore(const EventTraces& traces) {
  return traces.duplicates.size() > kTraces;
}

bool IsDuplicate(const EventTraces& traces, const LedgerPart& part, int64_t line) {
  return std::ranges::any_of(traces.duplicates, [&](const EventTraces::Place& place) {
    return place.object == part.object && static_cast<int64_t>(place.line) == line &&
           place.table == part.table;
  });
}

// Keeps kSearched, in the order in which they are: those that landed in the event's hour or soonest
// after it, or else the first.
void KeepLikeliest(const RawLayout& layout, const std::optional<TimeInterval>& times,
                   std::vector<LedgerPart>& parts) {
  if (parts.size() <= kSearched) return;
  if (times) {
    // As keys have it: a layout without hours has days.
    const Timestamp hour =
        layout.HourOf({layout.FolderOf(times->from) + "name"}).value_or(times->from);
    const auto distance = [&](const LedgerPart& part) {
      const auto landed = layout.HourOf({part.raw_key});
      const bool is_likely = landed && *landed >= hour;
      return std::pair(!is_likely, is_likely ? *landed - hour : std::chrono::microseconds());
    };
    std::ranges::stable_sort(parts, {}, distance);
  }
  parts.resize(kSearched);
  std::ranges::stable_sort(parts, std::greater(), &LedgerPart::loaded_at);
}

// The lines with that key that are no duplicates, in the table's Parquet objects: those that reach
// to `times`, or the newest.
Result<Search> FindOrigins(const Witnesses& w, const EventTraces& traces, const Table& table,
                           const std::string& key, const std::optional<TimeInterval>& times) {
  Search search;
  SLUICE_ASSIGN(
      std::vector<LedgerPart> parts,
      w.warehouse.ListParts(
          {.table = table.name(), .times = times, .limit = times ? kListed : kSearched + 1}));
  search.is_cut = parts.size() > kSearched;
  KeepLikeliest(w.layout, times, parts);
  search.is_unread = !parts.empty() && (w.parquet == nullptr || !CanSearchKeys(table));
  if (search.is_unread || HasMore(traces)) return search;
  for (const LedgerPart& part : parts) {
    if (part.parquet.empty()) continue;
    const auto lines = LinesWithKey(*w.parquet, part.parquet, table, key);
    if (!lines && lines.error().kind() == ErrorKind::kNotFound) {
      ++search.missing;
      continue;
    }
    if (!lines && lines.error().kind() == ErrorKind::kBadData) {  // as of a table it was before
      search.is_unread = true;
      continue;
    }
    if (!lines) return std::unexpected(lines.error());
    for (const int64_t line : *lines) {
      if (!IsDuplicate(traces, part, line)) search.origins.push_back({part, line});
    }
  }
  return search;
}

// The ledger's times are to the microsecond, and so is the interval.
std::optional<TimeInterval> IntervalOf(const std::optional<std::string>& time) {
  if (!time) return std::nullopt;
  std::string text = *time + "Z";
  std::ranges::replace(text, ' ', 'T');
  const auto moment = FromIso8601(text);
  if (!moment) return std::nullopt;
  return TimeInterval{*moment, *moment};
}

std::string AtTime(const std::optional<std::string>& time) {
  return time ? " at " + *time : "";
}

void AddPlaces(const EventTraces& traces, Story& story) {
  const auto add_more = [&](const std::vector<EventTraces::Place>& places, std::string_view what) {
    if (places.size() <= kTold) return;
    story.Add("", fmt::format("{}{} more {}", places.size() > kTraces ? "at least " : "",
                              std::min(places.size(), kTraces + 1) - kTold, what));
  };
  for (const EventTraces::Place& place : traces.duplicates | std::views::take(kTold)) {
    story.Add(place.at, fmt::format("a duplicate{}, not loaded into {}{}: line {} of {}",
                                    place.differs ? " with other values" : "", place.table,
                                    AtTime(place.time), place.line, place.raw_key));
  }
  add_more(traces.duplicates, "duplicates");
  for (const EventTraces::Place& place : traces.quarantined | std::views::take(kTold)) {
    story.Add(
        place.at,
        fmt::format("mentioned in quarantine, {}{}{}: line {} of {}{}", place.reason,
                    place.column.empty() ? "" : " in column " + place.column,
                    place.table == "*" ? "" : " for " + place.table, place.line, place.raw_key,
                    place.accepted.empty() ? "" : ", given up: " + place.accepted));
  }
  add_more(traces.quarantined, "mentions in quarantine");
}

std::string LoadAgain(const RawLayout& layout, const std::string& raw_key) {
  const auto hour = layout.HourOf({raw_key});
  if (!hour) return "load " + raw_key + " again";
  return fmt::format("sluice backfill --from {} --replace", HourText(*hour));
}

std::string WhyQuarantined(const EventTraces::Place& place) {
  return fmt::format("an event in quarantine has this value somewhere: {}{}", place.reason,
                     place.column.empty() ? "" : " in column " + place.column);
}

// No replay tries an event of an object that is held or set aside: what helps that helps it.
Status EndStuck(const Witnesses& w, const EventTraces::Place& place, Story& story) {
  SLUICE_ASSIGN(const Story object, WhyObject(w, place.raw_key));
  story.state = object.state;
  story.verdict = fmt::format("not loaded, and {}; its raw object {}: {}", WhyQuarantined(place),
                              place.raw_key, object.verdict);
  story.needs_attention = object.needs_attention;
  return {};
}

// Of no trace of it at all. A row of a table without a unique key has no key to be found by.
Status EndNowhere(const Witnesses& w, const Search& search, Story& story) {
  std::vector<std::string> keyless;
  for (const Table& table : w.tables.tables) {
    if (table.unique.empty()) keyless.push_back(FullName(table));
  }
  SLUICE_ASSIGN(const std::string where, WhatWaits(w));
  const std::string removed =
      search.is_whole() ? "" : ", or somebody removed it: " + search.WhatIsLeftOut();
  if (!keyless.empty()) {
    const std::string tables = fmt::format("{}", fmt::join(keyless, ", "));
    story.End("not_known",
              fmt::format("taken for an event's id and not known, because no other table, no "
                          "duplicate and no quarantine has it, and a row of a table without "
                          "`unique` cannot be found by one "
                          "event's key: {}{}{}",
                          tables, removed, where),
              "sluice why HOUR, for the hour in which it was sent, tells whether all that landed "
              "is loaded; if so, SQL finds its row in " +
                  tables);
    return {};
  }
  story.End(
      "not_landed",
      fmt::format("taken for an event's id and not loaded, because no table, no duplicate and no "
                  "quarantine has it: it did not land, or its raw object is not loaded{}{}",
                  removed, where),
      "sluice reconcile, then sluice why HOUR for the hour in which it was sent");
  return {};
}

Status EndAbsent(const Witnesses& w, const EventTraces& traces, const Search& search,
                 Story& story) {
  if (!search.origins.empty()) {
    const LedgerPart& part = search.origins.back().part;
    story.End("removed",
              fmt::format("loaded on {} by batch {}, and removed from {} by somebody else since",
                          MomentText(part.loaded_at), part.batch, part.table),
              "sluice verify, then " + LoadAgain(w.layout, part.raw_key));
    return {};
  }
  if (!traces.quarantined.empty()) {
    // One that waits, if there is one.
    const EventTraces::Place* waits = &traces.quarantined.back();
    for (const EventTraces::Place& one : traces.quarantined) {
      if (one.accepted.empty()) waits = &one;
    }
    const EventTraces::Place& place = *waits;
    if (!place.accepted.empty()) {
      story.End("accepted",
                "not loaded, and the event in quarantine that has this value somewhere was given "
                "up: " +
                    place.accepted);
      return {};
    }
    if (place.is_stuck) return EndStuck(w, place, story);
    story.End("quarantined", "not loaded, and " + WhyQuarantined(place),
              "mend the producer; or the table's DDL or options, then sluice quarantine replay "
              "--object " +
                  ShellWord(place.raw_key));
    return {};
  }
  if (!traces.duplicates.empty()) {
    story.End("removed", "not loaded as a duplicate of a row that somebody else has removed since",
              "sluice verify, then load the row's raw object again");
    return {};
  }
  return EndNowhere(w, search, story);
}

// `tables` has the names of those of traces.rows.
void EndDoubled(const Witnesses& w, const EventTraces& traces,
                const std::vector<std::string>& tables, const Search& search, uint64_t rows,
                Story& story) {
  std::vector<std::string> doubled;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (traces.rows[i].rows > 1) doubled.push_back(tables[i]);
  }
  std::string back = "sluice backfill --replace of the hour in which it landed puts one back";
  if (!search.origins.empty()) {
    back = LoadAgain(w.layout, search.origins.back().part.raw_key) + " puts one back";
  } else if (search.missing > 0) {
    back = "put one back by hand, since Parquet objects that --replace reads are gone";
  }
  story.End("doubled", fmt::format("loaded, and there {} times", rows),
            fmt::format("delete its rows of {}, then {}; sluice verify names what else is there "
                        "twice",
                        fmt::join(doubled, " and "), back));
}

void EndPresent(const Witnesses& w, const EventTraces& traces,
                const std::vector<std::string>& tables, const Search& search, uint64_t rows,
                Story& story) {
  if (rows > tables.size()) return EndDoubled(w, traces, tables, search, rows, story);
  const std::string where = fmt::format("{}", fmt::join(tables, ", "));
  if (!search.origins.empty()) {
    const Origin& origin = search.origins.back();
    return story.End("loaded", fmt::format("loaded on {} by batch {} into {}, from line {} of {}",
                                           MomentText(origin.part.loaded_at), origin.part.batch,
                                           where, origin.line, origin.part.raw_key));
  }
  if (!search.is_whole() || HasMore(traces)) {
    const std::string because =
        HasMore(traces) ? "it has more duplicates than are looked at" : search.WhatIsLeftOut();
    return story.End("loaded", fmt::format("loaded into {}; from which raw object cannot be told: "
                                           "{}",
                                           where, because));
  }
  story.End("not_ours", fmt::format("in {}, and not by sluice: no Parquet object has it", where),
            "sluice verify tells how many rows are not ours");
}

void AddOrigins(const Search& search, Story& story) {
  if (search.missing > 0) {
    story.Add("",
              fmt::format("gone: {} that may have it", Counted(search.missing, "Parquet object")));
  }
  for (const Origin& origin : search.origins) {
    story.Add(origin.part.loaded_at,
              fmt::format("loaded by batch {}: line {} of {}", origin.part.batch, origin.line,
                          origin.part.raw_key));
  }
}

}  // namespace

Result<Story> WhyEvent(const Witnesses& witnesses, const std::string& key) {
  Story story{.kind = "event", .subject = key};
  SLUICE_ASSIGN(const EventTraces traces, witnesses.warehouse.FindEvent(key, kTraces + 1));
  Search all;
  std::vector<std::string> tables;
  uint64_t rows = 0;
  for (const EventTraces::Row& row : traces.rows) {
    const Table& table = witnesses.tables.tables[row.table];
    SLUICE_ASSIGN(const Search search,
                  FindOrigins(witnesses, traces, table, key, IntervalOf(row.time)));
    rows += row.rows;
    tables.push_back(FullName(table));
    story.Add("", fmt::format("in {}{}{}", FullName(table), AtTime(row.time),
                              row.rows > 1 ? fmt::format(", {} rows", row.rows) : ""));
    AddOrigins(search, story);
    all.Add(search);
  }
  if (traces.rows.empty()) {
    for (const Table& table : witnesses.tables.tables) {
      if (table.unique.empty()) continue;
      SLUICE_ASSIGN(const Search search, FindOrigins(witnesses, traces, table, key, std::nullopt));
      all.Add(search);
    }
    AddOrigins(all, story);
  }
  AddPlaces(traces, story);
  story.SortLines();
  if (traces.rows.empty()) {
    SLUICE_TRY(EndAbsent(witnesses, traces, all, story));
  } else {
    EndPresent(witnesses, traces, tables, all, rows, story);
  }
  return story;
}

}  // namespace sluice
