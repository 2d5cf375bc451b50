// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sluice/operate/foreign_keys.h"
#include "sluice/operate/parquet_search.h"
#include "sluice/operate/reconcile.h"
#include "sluice/operate/verify.h"
#include "sluice/operate/why.h"

namespace sluice {
namespace {

// When what was loaded was, and by whom.
struct Loads {
  std::string first, last;  // moments; empty: none
  std::set<std::string> batches;

  void Add(const std::string& at, const std::string& batch) {
    const std::string moment = MomentText(at);
    first = first.empty() ? moment : std::min(first, moment);
    last = std::max(last, moment);
    batches.insert(batch);
  }
  std::string ToText() const {
    if (batches.empty()) return "loaded under other ETags, or from another store";
    const std::string when = first == last ? "on " + first : "from " + first + " to " + last;
    return batches.size() == 1 ? fmt::format("loaded {} by batch {}", when, *batches.begin())
                               : fmt::format("loaded {} by {} batches", when, batches.size());
  }
};

// What the ledger says of the objects of some hours, gathered while they are walked through.
struct LedgerSums {
  Loads loads;
  uint64_t lines = 0, rows = 0, quarantined = 0, accepted = 0;  // rows: duplicates too

  void Add(const LedgerObject& object) {
    if (object.state != ObjectState::kLoaded) return;
    loads.Add(object.loaded_at, object.batch);
    lines += object.lines;
    rows += object.loaded + object.duplicates;
    quarantined += object.quarantined;
    accepted += object.accepted;
  }
  bool AllWaitInQuarantine() const { return rows == 0 && quarantined > accepted; }
  std::string QuarantineText() const {
    std::string text = fmt::format("{} of {} events are in quarantine", quarantined, lines);
    return accepted == 0 ? text : text + fmt::format(", {} of them given up", accepted);
  }
};

// The whole hours that have a part in these: a zone may be half an hour off.
HourRange WholeHours(const HourRange& hours) {
  return {std::chrono::floor<std::chrono::hours>(hours.from),
          std::chrono::ceil<std::chrono::hours>(hours.to)};
}

std::string HoursText(const HourRange& hours) {
  if (WholeHours(hours) != hours) {
    return ToIso8601(hours.from).substr(0, 16) + " to " + ToIso8601(hours.to).substr(0, 16);
  }
  const bool is_one = hours.to - hours.from == std::chrono::hours(1);
  return is_one ? HourText(hours.from) : HourText(hours.from) + " to " + HourText(hours.to);
}

std::string RangeFlags(const HourRange& hours) {
  const HourRange whole = WholeHours(hours);
  return fmt::format("--from {} --to {}", HourText(whole.from), HourText(whole.to));
}

// With one object, "1 object"; with more, "3 objects".
std::string Objects(uint64_t count) {
  return fmt::format("{} raw object{}", count, count == 1 ? "" : "s");
}

std::string Messages(uint64_t count) {
  return fmt::format("{} message{}", count, count == 1 ? "" : "s");
}

void AddCounts(const ReconcileReport& report, const LedgerSums& sums, Story& story) {
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) story.Add("", fmt::format("{} {}", Objects(count), what));
  };
  add(report.stored, "in the raw store");
  add(report.gone, "loaded, and no longer in the raw store");
  add(report.vanished, "no longer in the raw store, and never loaded");
  add(report.loaded, "loaded");
  if (report.loaded + report.gone > 0) {
    story.Add(sums.loads.last, fmt::format("{}: {} events, of which {} in quarantine",
                                           sums.loads.ToText(), sums.lines, sums.quarantined));
  }
  const auto add_stuck = [&](const std::vector<StuckKey>& examples) {
    for (const auto& [key, reason] : examples) {
      story.Add("", fmt::format("for example {}: {}", key, reason));
    }
  };
  add(report.held, "held");
  add_stuck(report.held_examples);
  add(report.set_aside, "set aside");
  add_stuck(report.set_aside_examples);
  add(report.overwritten, "of which another version is loaded");
  add(report.foreign, "not as raw.layout says");
  add(report.elsewhere.count, "elsewhere in the raw store and not as raw.layout says");
  if (report.elsewhere.count > 0) story.Add("", "for example " + report.elsewhere.example);
  add(report.pending, "young and not loaded yet");
  add(report.missing, "of which the ledger knows nothing");
  for (const std::string& key : report.examples) story.Add("", "for example " + key);
}

void EndWithoutObjects(const Witnesses& w, const HourRange& hours, const ReconcileReport& report,
                       Story& story) {
  if (hours.from > w.now)
    return story.End("future", "nothing can be there: these hours are to come");
  const uint64_t waiting = w.waiting_messages();
  const bool is_over = hours.to <= w.now;
  const bool may_be_theirs =
      !is_over || (w.source && w.source->oldest && *w.source->oldest < hours.to);
  if (waiting > 0 && may_be_theirs) {
    return story.End("not_landed",
                     fmt::format("not loaded, because nothing has landed; {} wait in the source",
                                 Messages(waiting)),
                     is_over ? "sluice land, into the hour of now" : "sluice land");
  }
  if (report.elsewhere.count > 0) {
    return story.End(
        "foreign",
        fmt::format("not loaded, because nothing landed in these hours as raw.layout says; {}{} in "
                    "the raw store {} not as it says: {}",
                    Objects(report.elsewhere.count), report.elsewhere.is_whole ? "" : " or more",
                    report.elsewhere.count == 1 ? "is" : "are", w.layout.text()),
        "move them, or correct raw.layout");
  }
  if (!is_over) return story.End("nothing_yet", "nothing has landed in these hours yet");
  std::string sentence =
      w.source
          ? "not loaded, because nothing landed, and nothing waits in the source: the producer "
            "sent nothing"
          : "not loaded, because nothing landed: the producer sent nothing, or landing stood "
            "still";
  if (waiting > 0) {
    sentence = fmt::format(
        "not loaded, because nothing landed; {} wait in the source and land in the hour of now",
        Messages(waiting));
  }
  story.End("nothing_sent", std::move(sentence),
            "ask the producer; what comes now lands in the hour in which it comes");
}

void EndUnloaded(const Witnesses& w, const HourRange& hours, const ReconcileReport& report,
                 Story& story) {
  const uint64_t waiting = w.waiting_notifications();
  const std::string what =
      fmt::format("{} of {}", report.missing + report.overwritten, Objects(report.stored));
  if (w.paused) {
    return story.End("paused", "not all loaded, because loading is paused: " + *w.paused,
                     "sluice resume");
  }
  if (report.missing > 0 && waiting > 0) {
    return story.End(
        "waiting",
        fmt::format("{} not loaded yet, because their notifications may be among the {} that wait",
                    what, waiting),
        "sluice process");
  }
  if (report.missing > 0) {
    return story.End(
        "missing",
        what + " not loaded, because nobody was told of them: they landed without a notification",
        "sluice reconcile --repair, or sluice backfill " + RangeFlags(hours));
  }
  story.End("overwritten", what + " not loaded, because other versions of their keys are",
            "sluice backfill " + RangeFlags(hours) + " --replace puts the new ones in their place");
}

// As why_object.cc has it for one.
std::string FixOfStuck(const HourRange& hours, const ReconcileReport& report) {
  const std::string backfill = "sluice backfill " + RangeFlags(hours);
  std::string fix;
  if (report.held + report.set_aside > report.held_over) {
    fix = "mend what the reason says, then " + backfill;
  }
  if (report.held > report.held_over) fix += "; or sluice quarantine accept WHY --object KEY";
  if (report.held_over == 0) return fix;
  return fmt::format(
      "{}{}{} --replace puts what is held in the place of the version that is loaded; sluice "
      "quarantine accept WHY --object KEY gives up the one that is not loaded",
      fix, fix.empty() ? "" : "; ", backfill);
}

void EndHours(const Witnesses& w, const HourRange& hours, const ReconcileReport& report,
              const LedgerSums& sums, Story& story) {
  if (report.stored + report.gone + report.vanished == 0) {
    return EndWithoutObjects(w, hours, report, story);
  }
  if (report.missing + report.overwritten > 0 || (w.paused && report.pending > 0)) {
    return EndUnloaded(w, hours, report, story);
  }
  if (report.held + report.set_aside > 0) {
    const StuckKey& first =
        report.held > 0 ? report.held_examples.front() : report.set_aside_examples.front();
    return story.End(
        report.held > 0 ? "held" : "set_aside",
        fmt::format("{} of {} not loaded, because they are held or set aside: {}",
                    report.held + report.set_aside, Objects(report.stored), first.reason),
        FixOfStuck(hours, report));
  }
  if (report.vanished > 0) {
    return story.End("vanished",
                     fmt::format("{} not loaded, because they are no longer in the raw store",
                                 Objects(report.vanished)),
                     "put them back, then sluice backfill " + RangeFlags(hours));
  }
  if (report.foreign > 0) {
    return story.End("foreign",
                     fmt::format("{} not loaded, because their keys are not as raw.layout says: {}",
                                 Objects(report.foreign), w.layout.text()),
                     "move them, or correct raw.layout");
  }
  if (report.pending > 0) {
    return story.End(
        "waiting",
        fmt::format("{} not loaded yet, because they are young: their notifications are on the way",
                    Objects(report.pending)));
  }
  if (sums.AllWaitInQuarantine()) {
    return story.End("quarantined",
                     "not loaded, because no event became a row: " + sums.QuarantineText(),
                     "sluice quarantine list says why; mend the producer, or the table's DDL or "
                     "options, then sluice quarantine replay");
  }
  std::string sentence = sums.loads.ToText();
  if (sums.quarantined > 0) sentence += "; " + sums.QuarantineText();
  story.End("loaded", std::move(sentence));
}

// Events of one table and some hours, by the hour in which they landed.
struct Arrivals {
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

Result<Story> TellLanding(const Witnesses& w, const HourRange& hours) {
  Story story{.kind = "hour", .subject = "landed in " + HoursText(hours) + " (UTC)"};
  LedgerSums sums;
  ReconcileReport report{.hours = hours};
  if (w.raw != nullptr) {
    const LedgerPages pages = [&](LedgerRange range) -> Result<std::vector<LedgerObject>> {
      range.with_accepted = true;
      auto page = w.warehouse.ListObjects(range);
      if (page) {
        for (const LedgerObject& object : *page) sums.Add(object);
      }
      return page;
    };
    report = Reconcile(*w.raw, pages, w.layout, hours, {.pending_since = w.now - w.grace});
    if (report.failure) return std::unexpected(*report.failure);
    if (report.stored == 0) {
      SLUICE_ASSIGN(report.elsewhere, FindForeign(*w.raw, w.layout, FoldersOf(w.layout, hours)));
    }
  }
  AddCounts(report, sums, story);
  if (w.waiting_notifications() > 0) {
    story.Add(
        "", fmt::format("{} notifications wait or are being worked on", w.waiting_notifications()));
  }
  EndHours(w, hours, report, sums, story);
  return story;
}

}  // namespace

Result<Story> WhyLandingHours(const Witnesses& witnesses, const HourRange& hours) {
  return TellLanding(witnesses, hours);
}

Result<Story> WhyEventHours(const Witnesses& witnesses, const HourRange& hours) {
  SLUICE_ASSIGN(Story landing, TellLanding(witnesses, hours));
  Story story{.kind = "hour", .subject = "with a time in " + HoursText(hours) + " (UTC)"};
  uint64_t rows = 0;
  Arrivals all;
  for (const Table& table : witnesses.tables.tables) {
    if (!table.time) continue;
    const auto check = witnesses.warehouse.Check(table, {hours.from, hours.to});
    if (check) {
      rows += check->rows_in_range;
      story.Add("", fmt::format("{}: {} rows", FullName(table), check->rows_in_range));
    } else if (check.error().kind() == ErrorKind::kNotFound) {
      story.Add("", FullName(table) + ": there is no such table");
    } else {
      return std::unexpected(check.error());
    }
    SLUICE_ASSIGN(const Arrivals arrivals, FindArrivals(witnesses, table, hours));
    for (const auto& [hour, count] : arrivals.by_hour) {
      story.Add("", fmt::format("landed in {}: {} events, duplicates too", hour, count));
      all.by_hour[hour] += count;
    }
    all.unread += arrivals.unread;
    if (arrivals.unread > 0) {
      story.Add(
          "", fmt::format("{} or more Parquet objects could not be looked into", arrivals.unread));
    }
    if (arrivals.loads.first.empty()) continue;
    all.loads.Add(arrivals.loads.first, "");
    all.loads.Add(arrivals.loads.last, "");
    all.loads.batches.insert(arrivals.loads.batches.begin(), arrivals.loads.batches.end());
  }
  all.loads.batches.erase("");
  if (!landing.lines.empty()) story.Add("", "what landed in these hours:");
  for (Story::Line& line : landing.lines) story.lines.push_back(std::move(line));
  // What is stuck where most of these events would be comes first.
  const bool is_stuck =
      landing.needs_attention && landing.state != "nothing_sent" && landing.state != "not_landed";
  if (rows == 0 || is_stuck) {
    if (rows > 0)
      landing.verdict = fmt::format("{} rows are there, and of what landed in these hours {}", rows,
                                    landing.verdict);
    const bool is_all_there = rows == 0 && landing.state == "loaded";
    if (rows == 0 && !all.by_hour.empty()) {
      story.End("removed",
                all.loads.ToText() + ", and no row is there: somebody has removed them since",
                "sluice verify, then load these raw objects again: sluice backfill --replace");
    } else if (rows == 0 && all.unread > 0 && !is_stuck) {
      story.End("not_known",
                "not known: no row is there, and not all Parquet objects that may tell of these "
                "hours could be looked into",
                "sluice verify tells whether rows are missing");
    } else if (rows == 0 && landing.state == "nothing_sent" && witnesses.waiting_messages() > 0) {
      story.End(
          "not_landed",
          fmt::format("not loaded, because nothing with such a time has landed; {} wait in the "
                      "source",
                      Messages(witnesses.waiting_messages())),
          "sluice land");
    } else if (is_all_there) {
      story.End("nothing_sent",
                "not loaded, because what landed has no event with such a time, but for what is in "
                "quarantine",
                "ask the producer; or sluice quarantine list, where that may be of these hours");
    } else {
      story.state = landing.state;
      story.verdict = landing.verdict;
      story.needs_attention = landing.needs_attention;
    }
    return story;
  }
  std::string sentence =
      all.loads.first.empty()
          ? fmt::format("{} rows are there, and no Parquet object tells when they came", rows)
          : all.loads.ToText();
  const std::string late = LateHours(all.by_hour, hours);
  if (!late.empty())
    sentence +=
        fmt::format(", late from landing hour{} {}", late.contains(" and ") ? "s" : "", late);
  if (all.unread > 0) sentence += "; not all Parquet objects could be looked into";
  story.End(late.empty() ? "loaded" : "loaded_late", std::move(sentence));
  return story;
}

}  // namespace sluice
