// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/operate/hour_range.h"
#include "sluice/operate/memory_log.h"
#include "sluice/operate/raw_walk.h"

namespace sluice {

// Landing hours, each with how many of its raw objects were not loaded, nor held or set aside, for
// longer than the grace when somebody last looked. Never zero.
using OverdueHours = std::map<Timestamp, uint64_t>;

// Those that a walk through `hours` does not see.
OverdueHours Outside(OverdueHours overdue, const RawLayout& layout, const HourRange& hours);

// As they are now: hours that follow each other are walked through together, the oldest first,
// until kStillMissing of them miss something, kWalks were made or kWalkedObjects were seen; the
// others are as they were.
inline constexpr size_t kStillMissing = 24, kWalks = 24;
inline constexpr uint64_t kWalkedObjects = 100'000;
Result<OverdueHours> LookAgain(ObjectStore& raw, const LedgerPages& ledger, const RawLayout& layout,
                               const OverdueHours& overdue, Timestamp pending_since);

// As an object of the quarantine store has them: a line for each of the newest 10,000.
std::string ToText(const OverdueHours& overdue);
// kBadData where it is none, or of a later version.
Result<OverdueHours> ParseOverdueHours(std::string_view text);

// What a pipeline remembers of them, so that an object that nobody was told of does not count as
// well once it is older than what status looks at. `store`, the quarantine store, outlives it.
class OverdueMemory {
 public:
  OverdueMemory(ObjectStore& store, std::string_view pipeline) : log_(store, "missing", pipeline) {}

  Result<OverdueHours> Read();
  // Writes where `changed` makes a difference. It is called again where another process was
  // quicker.
  Status Change(const std::function<OverdueHours(const OverdueHours&)>& changed);

 private:
  MemoryLog log_;
};

}  // namespace sluice
