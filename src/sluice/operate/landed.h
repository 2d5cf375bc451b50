// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/operate/hour_range.h"
#include "sluice/operate/raw_walk.h"

namespace sluice {

// From when on something is worth a word.
struct StatusLimits {
  // So old may what is in the tables be.
  std::chrono::microseconds stale_after = std::chrono::minutes(20);
  // For so long nobody wonders about an object that is not loaded.
  std::chrono::microseconds grace = std::chrono::hours(1);
  double warn_above = 0.001;  // quarantined events of an object
};

// What landed in one hour, and what became of it. Objects are counted as the raw store and the
// ledger have them, events as the ledger has them of what is loaded: events = loaded + duplicates +
// quarantined + dropped.
struct LandedHour {
  Timestamp hour;
  uint64_t objects = 0;  // those that were loaded and are no longer in the store too
  uint64_t waiting = 0;  // of these: stored, and nothing settled
  uint64_t stuck = 0;    // of these: held or set aside
  uint64_t overdue = 0;  // of those that wait: for longer than the grace
  uint64_t events = 0, loaded = 0, duplicates = 0, quarantined = 0, dropped = 0;

  bool Balances() const { return events == loaded + duplicates + quarantined + dropped; }
  friend bool operator==(const LandedHour&, const LandedHour&) = default;
};

// The last kLandedHours hours of landing, the one that runs included.
inline constexpr std::chrono::hours kLandedHours{24};
inline constexpr std::chrono::hours kRateHour{1};  // of which the rates are
HourRange LastHours(Timestamp now);
struct Landed {
  // In order, from the first hour in which anything landed to the one that runs; empty where
  // nothing did. Of a layout without %H each is a day, by its first hour.
  std::vector<LandedHour> hours;
  // Landing time of the newest object that is loaded and before which none waits: all that landed
  // in these hours until then is in the tables, or stuck. Absent where there is none.
  std::optional<Timestamp> fresh_to;
  // Landing time of the oldest that is held or set aside behind `fresh_to` and before the oldest
  // that waits. Absent where there is none: no decision of a person makes anything fresher.
  std::optional<Timestamp> stuck_since;
  std::string stuck_key;     // of that; or empty
  bool is_estimate = false;  // of all of this: nobody could ask the ledger
  uint64_t waiting = 0;
  Bytes waiting_size;
  std::optional<Timestamp> oldest_waiting;
  std::optional<Timestamp> hour_waiting;  // of its key: it landed then or soon after
  uint64_t overdue = 0;                   // of those that wait: for longer than the grace
  // Loaded, with more in quarantine than warn_above allows, but for what was given up: how many,
  // and their events.
  uint64_t noisy = 0, noisy_events = 0, noisy_quarantined = 0;
  // Raw objects that landed in the hour before now, loaded or not, as they are stored.
  uint64_t objects_last_hour = 0;
  Bytes size_last_hour;

  friend bool operator==(const Landed&, const Landed&) = default;
};

// Walks once through the hours; only reads. `ledger` says what was given up.
Result<Landed> WalkLanded(ObjectStore& raw, const LedgerPages& ledger, const RawLayout& layout,
                          Timestamp now, const StatusLimits& limits);

// The same while the ledger cannot be asked: of the objects that are stored, the newest so many
// wait as there are notifications.
Result<Landed> EstimateLanded(ObjectStore& raw, const RawLayout& layout, Timestamp now,
                              const StatusLimits& limits, uint64_t notifications);

}  // namespace sluice
