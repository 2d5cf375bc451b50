// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/reconcile.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/config/location.h"
#include "sluice/event/s3_notification.h"
#include "sluice/operate/backfill_plan.h"
#include "sluice/operate/concerns.h"

namespace sluice {
namespace {

constexpr size_t kExamples = 10;

bool IsKnownAs(const RawKeyState& state, ObjectState wanted) {
  return std::ranges::any_of(state.known,
                             [&](const LedgerObject& one) { return one.state == wanted; });
}

// The hours with one more.
HourRange Around(const std::optional<HourRange>& hours, Timestamp hour) {
  const HourRange all = hours.value_or(HourRange{hour, hour});
  return {std::min(all.from, hour), std::max(all.to, hour + std::chrono::hours(1))};
}

// Of what is stored, of the layout, and not settled.
Status CountUnsettled(const RawKeyState& state, const std::string& store, const RawLayout& layout,
                      const ReconcileOptions& options, ReconcileReport& report) {
  if (const LedgerObject* const stuck = state.FindStuck(store)) {
    const bool is_held = stuck->state == ObjectState::kHeld;
    ++(is_held ? report.held : report.set_aside);
    if (is_held && IsKnownAs(state, ObjectState::kLoaded)) ++report.held_over;
    std::vector<StuckKey>& examples = is_held ? report.held_examples : report.set_aside_examples;
    if (examples.size() < kExamples) examples.push_back({state.key, stuck->reason});
    return {};
  }
  const bool is_young = state.stored->last_modified > options.pending_since;
  const bool is_overwritten = IsKnownAs(state, ObjectState::kLoaded);  // and loads by nobody's hand
  SLUICE_ASSIGN(const Timestamp hour, layout.HourOf({state.key}));
  if (!is_young) {
    // First, since what fails is not counted.
    if (options.on_missing) SLUICE_TRY(options.on_missing(*state.stored));
    ++report.overdue[hour];
  }
  if (is_overwritten) {
    ++report.overwritten;
    report.overwritten_hours = Around(report.overwritten_hours, hour);
    if (report.overwritten_examples.size() < kExamples) {
      report.overwritten_examples.push_back(state.key);
    }
  } else if (is_young) {
    ++report.pending;
    report.oldest_pending = std::min(report.oldest_pending.value_or(state.stored->last_modified),
                                     state.stored->last_modified);
    report.pending_hours = Around(report.pending_hours, hour);
  } else {
    ++report.missing;
    report.missing_size += state.stored->size;
    if (report.examples.size() < kExamples) report.examples.push_back(state.key);
  }
  return {};
}

Status Count(const RawKeyState& state, const std::string& store, const RawLayout& layout,
             const ReconcileOptions& options, ReconcileReport& report) {
  switch (StepFor(state, store, layout)) {
    case BackfillStep::kLoadedBefore:
    case BackfillStep::kStays:  // of no other aim
      ++report.loaded;
      break;
    case BackfillStep::kForeign:
      if (!state.key.ends_with('/')) ++report.foreign;
      break;
    case BackfillStep::kGone:
      if (IsKnownAs(state, ObjectState::kLoaded)) {
        ++report.gone;
      } else if (!IsKnownAs(state, ObjectState::kReplaced)) {
        ++report.vanished;
      }
      break;
    case BackfillStep::kLoad:
      return CountUnsettled(state, store, layout, options, report);
  }
  return {};
}

// To the last key, or until it fails.
Status WalkAll(RawWalk& walk, const std::string& store, const RawLayout& layout,
               const ReconcileOptions& options, ReconcileReport& report) {
  for (uint64_t keys = 1;; ++keys) {
    SLUICE_ASSIGN(const std::optional<RawKeyState> state, walk.Next());
    if (!state) return {};
    if (options.on_key) SLUICE_TRY(options.on_key(keys));
    SLUICE_TRY(Count(*state, store, layout, options, report));
    if (state->stored) ++report.stored;
    report.compared = state->key;
  }
}

}  // namespace

ReconcileReport Reconcile(ObjectStore& raw, const LedgerPages& ledger, const RawLayout& layout,
                          const HourRange& hours, const ReconcileOptions& options) {
  ReconcileReport report{.hours = hours, .compared = options.after};
  RawWalk walk(raw, ledger, FoldersOf(layout, hours), options.after);
  if (const Status done = WalkAll(walk, raw.uri(), layout, options, report); !done) {
    report.failure = done.error();
  }
  const Timestamp young = std::chrono::floor<std::chrono::hours>(options.pending_since);
  if (!report.failure && options.after.empty() && hours.from < young) {
    report.settled = {hours.from, std::min(hours.to, young)};
  }
  // Of the last page also those behind what is compared: one too many rather than one unseen.
  report.stored += walk.without_key();
  report.foreign += walk.without_key();
  return report;
}

namespace {

constexpr std::string_view kFileScheme = "file://";

// As AnnouncingStore names a directory.
std::string BucketOf(std::string_view store) {
  if (!store.starts_with(kFileScheme)) return std::string(S3PlaceOf(store).bucket);
  store.remove_prefix(kFileScheme.size());
  while (store.size() > 1 && store.ends_with('/')) store.remove_suffix(1);
  return std::string(store);
}

}  // namespace

std::string RepairCommand(Timestamp hour, Timestamp now) {
  using std::chrono::days;
  constexpr days kDefault{7};  // of --since
  if (hour >= HoursSince(now, kDefault).from) return "sluice reconcile --repair";
  return fmt::format("sluice reconcile --since {}d --repair",
                     std::chrono::ceil<days>(now - hour).count());
}

std::string FixOfMissing(Timestamp first, Timestamp last, Timestamp now,
                         std::string_view backfill) {
  if (last > now) return std::string(backfill);
  return fmt::format("{}, or {}", RepairCommand(first, now), backfill);
}

std::string PendingText(uint64_t objects, const std::optional<QueueDepth>& notifications,
                        Timestamp missing_from, Timestamp now, std::string_view backfill) {
  const bool is_one = objects == 1;
  const std::string whose = is_one ? "its notification" : "their notifications";
  if (!notifications) return whose + " may be on the way";
  const uint64_t waiting = notifications->undeleted();
  if (waiting > 0) return fmt::format("{} may be among the {} that wait", whose, waiting);
  return fmt::format("no notification waits; {} counts as missing from {} on; {} loads {} now",
                     is_one ? "it" : "the first", MinuteText(missing_from, now), backfill,
                     is_one ? "it" : "them");
}

Announcer::Announcer(std::string store, Queue& notifications, Clock& clock)
    : bucket_(BucketOf(store)),
      prefix_(store.starts_with(kFileScheme) ? "" : S3PlaceOf(store).prefix),
      notifications_(notifications),
      clock_(clock) {}

Status Announcer::Announce(const ObjectInfo& object) {
  const Timestamp now = clock_.Now();
  bodies_.push_back(
      FormatS3Notification({.bucket = bucket_,
                            .key = prefix_ + object.key,
                            .size = object.size,
                            .etag = object.etag,
                            .sequencer = fmt::format("{:016X}", now.time_since_epoch().count()),
                            .event_name = "ObjectCreated:Put"},
                           now));
  return bodies_.size() < Queue::kMaxBatch ? Status() : Flush();
}

Status Announcer::Flush() {
  if (bodies_.empty()) return {};
  SLUICE_ASSIGN(const std::vector<Status> answers, notifications_.Send(bodies_));
  for (const Status& answer : answers) {
    SLUICE_TRY(answer);
    ++sent_;
  }
  bodies_.clear();
  return {};
}

}  // namespace sluice
