// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "sluice/base/counted.h"
#include "sluice/operate/foreign_keys.h"
#include "sluice/operate/loads.h"
#include "sluice/operate/reconcile.h"
#include "sluice/operate/why.h"

namespace sluice {
namespace {

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
    std::string text = fmt::format("{} of {} {} in quarantine", WithThousands(quarantined),
                                   Counted(lines, "event"), Are(quarantined));
    return accepted == 0 ? text : text + fmt::format(", {} of them given up", accepted);
  }
};

void AddCounts(const ReconcileReport& report, const LedgerSums& sums, Story& story) {
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) story.Add("", fmt::format("{} {}", Counted(count, "raw object"), what));
  };
  add(report.stored, "in the raw store");
  add(report.gone, "loaded, and no longer in the raw store");
  add(report.vanished, "no longer in the raw store, and never loaded");
  add(report.loaded, "loaded");
  if (report.loaded + report.gone > 0) {
    story.Add(sums.loads.last,
              fmt::format("{}: {}, of which {} in quarantine", sums.loads.ToText(),
                          Counted(sums.lines, "event"), WithThousands(sums.quarantined)));
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
                                 Counted(waiting, "message")),
                     is_over ? "sluice land, into the hour of now" : "sluice land");
  }
  if (report.elsewhere.count > 0) {
    return story.End(
        "foreign",
        fmt::format("not loaded, because nothing landed in these hours as raw.layout says; {}{} in "
                    "the raw store {} not as it says: {}",
                    Counted(report.elsewhere.count, "raw object"),
                    report.elsewhere.is_whole ? "" : " or more",
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
        Counted(waiting, "message"));
  }
  story.End("nothing_sent", std::move(sentence),
            "ask the producer; what comes now lands in the hour in which it comes");
}

void EndUnloaded(const Witnesses& w, const HourRange& hours, const ReconcileReport& report,
                 Story& story) {
  const uint64_t waiting = w.waiting_notifications();
  const std::string what =
      fmt::format("{} of {}", WithThousands(report.missing + report.overwritten),
                  Counted(report.stored, "raw object"));
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
        what + " not loaded, because nobody was told of what landed without a notification",
        FixOfMissing(report.overdue.begin()->first, report.overdue.rbegin()->first, w.now,
                     "sluice backfill " + RangeFlags(hours)));
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
    return story.End(report.held > 0 ? "held" : "set_aside",
                     fmt::format("{} of {} not loaded, but held or set aside: {}",
                                 WithThousands(report.held + report.set_aside),
                                 Counted(report.stored, "raw object"), first.reason),
                     FixOfStuck(hours, report));
  }
  if (report.vanished > 0) {
    return story.End("vanished",
                     fmt::format("{} not loaded, and no longer in the raw store",
                                 Counted(report.vanished, "raw object")),
                     "put them back, then sluice backfill " + RangeFlags(hours));
  }
  if (report.foreign > 0) {
    return story.End(
        "foreign",
        fmt::format("{} not loaded, because of keys that are not as raw.layout says: {}",
                    Counted(report.foreign, "raw object"), w.layout.text()),
        "move them, or correct raw.layout");
  }
  if (report.pending > 0) {
    return story.End(
        "waiting",
        fmt::format("{} not loaded yet, and young: {}", Counted(report.pending, "raw object"),
                    PendingText(report.pending, w.notifications, *report.oldest_pending + w.grace,
                                w.now, "sluice backfill " + RangeFlags(hours))));
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

}  // namespace

Result<Story> WhyLandingHours(const Witnesses& w, const HourRange& hours) {
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
  AddNotifications(w, story);
  EndHours(w, hours, report, sums, story);
  return story;
}

}  // namespace sluice
