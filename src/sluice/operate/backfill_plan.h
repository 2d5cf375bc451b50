// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/operate/hour_range.h"
#include "sluice/operate/on_key.h"
#include "sluice/operate/raw_walk.h"

namespace sluice {

// What a backfill would do with one key.
enum class BackfillStep {
  kLoad,
  kLoadedBefore,  // or replaced: nothing to do, unless it is loaded again
  kGone,          // the ledger knows it, the store does not have it any more
  kForeign,       // a key that the layout does not explain, or a folder's marker
  kStays,         // of kFillTable: another version is loaded than the one that is stored
};

// What is loaded: what is not loaded yet; that, and everything else again; or, into a table that
// was added, what was loaded without it. There a version that waits for a person, that a person
// gave up or that nobody was told of takes no loaded version's place.
enum class BackfillAim { kMissing, kReplace, kFillTable };
// Of `--replace` and `--table`; no table: all of them.
BackfillAim AimOf(bool replaces, std::string_view table);

BackfillStep StepFor(const RawKeyState& state, const std::string& store, const RawLayout& layout,
                     BackfillAim aim = BackfillAim::kMissing);

// How much of what, for a range of hours. Numbers of keys, where nothing else is said.
struct BackfillPlan {
  HourRange hours;
  uint64_t stored = 0;  // in the store: to load, loaded before and foreign
  uint64_t to_load = 0, loaded_before = 0, foreign = 0;
  uint64_t held = 0, set_aside = 0;  // of those to load: the ledger has them so, they get a new try
  uint64_t gone = 0;
  uint64_t stays = 0;  // kStays
  Bytes size_to_load;
  // What is loaded before is loaded again, in place of what it became then.
  bool replaces = false;
  // Not empty: loaded before is what was loaded when this table was there. It stays; what was
  // loaded before that is to load, in place of what it became then.
  std::string table = {};
  uint64_t objects() const { return to_load + (replaces ? loaded_before : 0); }

  void Add(const RawKeyState& state, BackfillStep step);
};

// Walks once through the range. kPermanent where it has keys, and none of them is as the layout
// says; or has none, and any key elsewhere in the store is not (FindForeign): "nothing to do" would
// be a lie then.
Result<BackfillPlan> PlanBackfill(ObjectStore& raw, const LedgerPages& ledger,
                                  const RawLayout& layout, const HourRange& hours, BackfillAim aim,
                                  const OnKey& on_key = {});

}  // namespace sluice
