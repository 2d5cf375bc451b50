// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/operate/status.h"

namespace sluice {

// What a person should know of, in the order in which it is told.
enum class ConcernKind {
  kWarehouseDown,
  kNotKnown,      // another part could not be asked
  kExpiring,      // notifications, within a day
  kNotBalanced,   // the ledger was changed by hand
  kTableDiffers,  // from its DDL, so that nothing loads
  kMissing,       // raw objects that nobody was told of
  kStale,         // nothing newer in the tables for longer than alert.stale_after
  kHeld,          // or set aside: raw objects that load nothing until somebody has looked. Told
                  // before kStale where it is the reason for that
  kDeadLetters,   // of the source, or of the notifications
  kPaused,
  kRowsMissing,  // of a table
  kQuarantine,   // raw objects of a day with a larger share than quarantine.warn_above
  kDiffering,    // of a table's events of a day, so large a share of duplicates with other values
  kTypeChanged,  // of so large a share values were taken as text, made NULL or cut, since a day
  kNewField,     // a table's events have fields that no column takes, since a day
};
std::string_view Name(ConcernKind kind);  // "warehouse_down", …: of JSON

enum class Severity { kInfo, kWarning, kCritical };
std::string_view Name(Severity severity);  // "info", "warning", "critical"
Severity SeverityOf(ConcernKind kind);

struct Concern {
  ConcernKind kind;
  std::string subject;  // a table, a queue; empty where there is one of the kind only
  uint64_t count = 0;   // of objects, messages, rows, events; 0 where nothing is counted
  std::string text;     // a sentence without a full stop
  std::string next;     // a command, or what to do; may be empty

  friend bool operator==(const Concern&, const Concern&) = default;
};

std::vector<Concern> ConcernsOf(const StatusReport& report);

// "fresh to 14:01; nothing lost in the last 24 hours, nothing to do yet; notifications expire in
// 3 d 22 h".
std::string FreshnessSentence(const StatusReport& report, const std::vector<Concern>& concerns);

// What to type, each command once; empty where there is nothing to do.
std::vector<std::string> NextSteps(const StatusReport& report,
                                   const std::vector<Concern>& concerns);

// "3 d 22 h", "2 h 4 min", "12 min", "45 s".
std::string AgeText(std::chrono::microseconds age);
// "14:01" of today in UTC, "2026-11-23 14:01" of another day.
std::string MinuteText(Timestamp time, Timestamp now);

// One JSON object; the keys are stable, and what is not there yet is zeros or null.
std::string ToJson(const StatusReport& report);

}  // namespace sluice
