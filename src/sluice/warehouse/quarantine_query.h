// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

enum class QuarantineKind {
  kWaiting,   // to be mended and replayed, or given up
  kAccepted,  // given up
};

// Of which raw objects. What is held or set aside loads nothing: a replay tries none of its events,
// and they cannot be given up.
enum class QuarantineOf { kAnyObject, kStuckObjects };

// Which events in quarantine; all that is said must hold.
struct QuarantineFilter {
  std::string table = {};  // "*": those without a table
  std::string reason = {}, column = {};
  std::string raw_key = {};
  std::optional<Timestamp> since = {};  // when the ledger says that they came there
  size_t limit = 100;
  QuarantineKind kind = QuarantineKind::kWaiting;
  bool by_hour = false;  // sums: those of each hour in which they came there apart
  QuarantineOf of = QuarantineOf::kAnyObject;
};

// An event in quarantine. Times in UTC, as the warehouse spells them.
struct QuarantinedEvent {
  std::string table, reason, column;  // the column may be empty
  std::string raw_key;                // empty: the ledger does not know the object any more
  uint64_t line = 0;                  // 0: the whole object
  uint64_t at_byte = 0, length = 0;
  std::string encoding, payload;  // docs/formats.md
  std::string at;
  std::string accepted;  // why it was given up; empty where it was not
  std::string stuck;     // "held" or "set_aside", as its raw object is; else empty
};

// One of a raw object that is loaded, to be tried again.
struct QuarantinedLine {
  int64_t object = 0;
  std::string identity, store, raw_key, content;
  int64_t version = 0;
  uint64_t line = 0;
  std::string table, reason, column;  // the column may be empty
};

// Those of one table, reason and column, and of one hour where that is asked for.
struct QuarantineGroup {
  std::string table, reason, column;
  std::string hour;  // its beginning, or empty
  uint64_t events = 0, objects = 0;
  uint64_t stuck = 0;  // of the events: those of raw objects that are held or set aside
  std::string first, last;
  QuarantinedEvent example;  // the first; at most 200 characters of its payload
};

struct QuarantineSummary {
  std::vector<QuarantineGroup> groups;  // the largest first
  // How many events each table got to see in that time, or in that hour, by the ledger; "*": all
  // lines. And how many of these are duplicates with other values than the row with their key.
  struct Seen {
    std::string table, hour;
    uint64_t events = 0, differing = 0;
    bool operator==(const Seen&) const = default;
  };
  std::vector<Seen> seen;
};

// What a filter asks of sluice.quarantine, whose columns `of` stands before ("q."), and of its
// object's row of the ledger, l: " AND …", or nothing.
std::string OfEvents(const LedgerNames& names, const QuarantineFilter& filter, std::string_view of);
std::string OfObjects(const LedgerNames& names, const QuarantineFilter& filter);

// Over a session that has a ledger.
Result<QuarantineSummary> SumQuarantine(SqlSession& session, const LedgerNames& names,
                                        const QuarantineFilter& filter);
Result<std::vector<QuarantinedEvent>> ListQuarantined(SqlSession& session, const LedgerNames& names,
                                                      const QuarantineFilter& filter);
// In the order of raw key (its bytes), object and line; behind `after`, where one is given.
Result<std::vector<QuarantinedLine>> ListReplayable(SqlSession& session, const LedgerNames& names,
                                                    const QuarantineFilter& filter,
                                                    const std::optional<QuarantinedLine>& after);

}  // namespace sluice
