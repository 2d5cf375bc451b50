// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/operate/concerns.h"

namespace sluice {

// A concern that somebody was told of and that has not ended.
struct ToldConcern {
  std::string type, subject;  // Concern's
  uint64_t count = 0;         // when it was last told
  Timestamp since, told;      // the first time, and the last

  friend bool operator==(const ToldConcern&, const ToldConcern&) = default;
};
using AlertMemory = std::vector<ToldConcern>;

// What is to be told now.
struct Alert {
  enum class State { kFiring, kResolved };
  State state = State::kFiring;
  std::string type, subject;
  Severity severity = Severity::kInfo;  // of one that is resolved: info
  uint64_t count = 0;
  std::string text, next;
  Timestamp since;

  friend bool operator==(const Alert&, const Alert&) = default;
};

// An alert is told when its concern begins and when it ends; in between once a day, and once an
// hour while more raw objects, messages or fields come to it. While the warehouse or another part
// cannot be asked, what only that knows neither begins nor ends. Nobody is told of a pause:
// somebody has typed it.
inline constexpr std::chrono::hours kTellAgain{24}, kTellMore{1};
// While raw objects are overdue (`has_overdue`), missing ones do not end by notifications that
// wait, since these may be of others.
std::vector<Alert> AlertsOf(const std::vector<Concern>& concerns, const AlertMemory& memory,
                            Timestamp now, bool has_overdue);
// What is remembered once `alert` was told.
AlertMemory Remember(AlertMemory memory, const Alert& alert, Timestamp now);

// The body of the request: one JSON object (docs/formats.md, "Alerts").
std::string ToJson(const Alert& alert, std::string_view pipeline, Timestamp now);

// The memory as an object of the quarantine store has it: a line for each concern.
std::string ToText(const AlertMemory& memory);
// kBadData where it is none, or of a later version.
Result<AlertMemory> ParseAlertMemory(std::string_view text);

}  // namespace sluice
