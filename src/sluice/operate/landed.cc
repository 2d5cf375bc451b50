// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/landed.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sluice/operate/backfill_plan.h"

namespace sluice {
namespace {

enum class Stands { kIsLoaded, kWaits, kIsStuck };

struct StoredObject {
  std::string key;  // of what is stuck alone: there are many others
  Timestamp landed, hour;
  Bytes size;
  Stands stands = Stands::kIsLoaded;
};

// Gathers what was met on the way.
class Gathering {
 public:
  Gathering(const RawLayout& layout, Timestamp now, const StatusLimits& limits)
      : layout_(layout), now_(now), limits_(limits) {}

  void AddStored(const std::string& key, const ObjectInfo& object, Stands stands) {
    LandedHour* const hour = HourOf(key);
    if (hour == nullptr) return;
    ++hour->objects;
    objects_.push_back({stands == Stands::kIsStuck ? key : "", object.last_modified, hour->hour,
                        object.size, stands});
    if (stands == Stands::kIsStuck) ++hour->stuck;
  }
  void AddGone(const std::string& key) {
    if (LandedHour* const hour = HourOf(key)) ++hour->objects;
  }
  void AddLoaded(const LedgerObject& object) {
    LandedHour* const hour = HourOf(object.raw_key);
    if (hour == nullptr) return;
    hour->events += object.lines;
    hour->loaded += object.loaded;
    hour->duplicates += object.duplicates;
    hour->quarantined += object.quarantined;
    hour->dropped += object.dropped;
    const double most = limits_.warn_above * static_cast<double>(object.lines);
    const uint64_t quarantined = object.quarantined - std::min(object.quarantined, object.accepted);
    if (static_cast<double>(quarantined) <= most) return;
    ++landed_.noisy;
    landed_.noisy_events += object.lines;
    landed_.noisy_quarantined += quarantined;
  }
  void LetNewestWait(uint64_t count) {
    SortObjects();
    const size_t first = objects_.size() - std::min<size_t>(objects_.size(), count);
    for (size_t i = first; i < objects_.size(); ++i) objects_[i].stands = Stands::kWaits;
    landed_.is_estimate = true;
  }

  Landed Finish() {
    SortObjects();
    for (const StoredObject& object : objects_) {
      if (!landed_.oldest_waiting) MeetInOrder(object);
      if (object.landed >= now_ - kRateHour) {
        ++landed_.objects_last_hour;
        landed_.size_last_hour += object.size;
      }
      if (object.stands != Stands::kWaits) continue;
      ++landed_.waiting;
      ++hours_[object.hour].waiting;
      landed_.waiting_size += object.size;
      if (!landed_.oldest_waiting) {
        landed_.oldest_waiting = object.landed;
        landed_.hour_waiting = object.hour;
      }
      if (object.landed >= now_ - limits_.grace) continue;
      ++landed_.overdue;
      ++hours_[object.hour].overdue;
    }
    FillHours();
    return std::move(landed_);
  }

 private:
  LandedHour* HourOf(const std::string& key) {
    const auto hour = layout_.HourOf({key});
    if (!hour) return nullptr;
    LandedHour& found = hours_[*hour];
    found.hour = *hour;
    return &found;
  }
  // Of those that landed before the first that waits.
  void MeetInOrder(const StoredObject& object) {
    if (object.stands == Stands::kIsLoaded) {
      landed_.fresh_to = std::min(object.landed, now_);  // by the clock of the store
      landed_.stuck_since.reset();
      landed_.stuck_key.clear();
    } else if (object.stands == Stands::kIsStuck && !landed_.stuck_since) {
      landed_.stuck_since = object.landed;
      landed_.stuck_key = object.key;
    }
  }
  void SortObjects() { std::ranges::stable_sort(objects_, {}, &StoredObject::landed); }

  // Hours in which nothing landed are told too, between the first and now.
  void FillHours() {
    if (hours_.empty()) return;
    const Timestamp one_o_clock =
        std::chrono::floor<std::chrono::days>(now_) + std::chrono::hours(1);
    const bool has_hours = layout_.HourOf(layout_.KeyFor(one_o_clock, "x")) == one_o_clock;
    const auto step = has_hours ? std::chrono::hours(1) : std::chrono::hours(24);
    for (Timestamp hour = hours_.begin()->first; hour <= now_; hour += step) {
      hours_[hour].hour = hour;
    }
    for (const auto& [start, hour] : hours_) landed_.hours.push_back(hour);
  }

  const RawLayout& layout_;
  const Timestamp now_;
  const StatusLimits& limits_;
  std::map<Timestamp, LandedHour> hours_;
  std::vector<StoredObject> objects_;
  Landed landed_;
};

Stands StandsOf(const RawKeyState& state, BackfillStep step, const std::string& store) {
  if (step == BackfillStep::kLoadedBefore) return Stands::kIsLoaded;
  return state.FindStuck(store) != nullptr ? Stands::kIsStuck : Stands::kWaits;
}

}  // namespace

HourRange LastHours(Timestamp now) {
  return HoursSince(now, kLandedHours - std::chrono::hours(1));
}

Result<Landed> WalkLanded(ObjectStore& raw, const LedgerPages& ledger, const RawLayout& layout,
                          Timestamp now, const StatusLimits& limits) {
  Gathering gathering(layout, now, limits);
  RawWalk walk(raw, ledger, FoldersOf(layout, LastHours(now)));
  while (true) {
    SLUICE_ASSIGN(const std::optional<RawKeyState> state, walk.Next());
    if (!state) return gathering.Finish();
    const BackfillStep step = StepFor(*state, raw.uri(), layout);
    if (step == BackfillStep::kForeign) continue;
    if (step == BackfillStep::kGone) {
      gathering.AddGone(state->key);
    } else {
      gathering.AddStored(state->key, *state->stored, StandsOf(*state, step, raw.uri()));
    }
    for (const LedgerObject& object : state->known) {
      if (object.state == ObjectState::kLoaded) gathering.AddLoaded(object);
    }
  }
}

Result<Landed> EstimateLanded(ObjectStore& raw, const RawLayout& layout, Timestamp now,
                              const StatusLimits& limits, uint64_t notifications) {
  Gathering gathering(layout, now, limits);
  const LedgerPages nothing = [](const LedgerRange&) { return std::vector<LedgerObject>(); };
  RawWalk walk(raw, nothing, FoldersOf(layout, LastHours(now)));
  while (true) {
    SLUICE_ASSIGN(const std::optional<RawKeyState> state, walk.Next());
    if (!state) break;
    gathering.AddStored(state->key, *state->stored, Stands::kIsLoaded);
  }
  gathering.LetNewestWait(notifications);
  return gathering.Finish();
}

}  // namespace sluice
