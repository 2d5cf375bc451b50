// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// Of event time, from the first until before the last; whole hours in UTC.
struct EventHours {
  Timestamp from, to;
};

// An event that a table holds more than once.
struct DoubledKey {
  std::string key;                  // as sluice.duplicates spells it
  std::optional<std::string> time;  // in UTC, as the warehouse spells it
  uint64_t rows = 0;
};

// An hour of event time whose rows cannot all be what the ledger says. The ledger knows of each raw
// object how many rows it brought, and their first and last time: so many rows the hour has at
// least, by this pipeline's objects that lie in it whole, and at most, by all that reach into it
// and those without a time.
struct HourCheck {
  std::string hour;  // "2026-11-23 14:00:00", UTC
  uint64_t rows = 0, at_least = 0, at_most = 0;
};

// A target table beside the ledger.
struct TableCheck {
  static constexpr size_t kMostExamples = 10, kMostHours = 1'000;

  // All of the table, whatever the hours; `loaded` by every pipeline of this ledger that has a
  // table of that name. Counted in one snapshot.
  uint64_t rows = 0, loaded = 0;
  uint64_t loaded_by_us = 0;       // of these by this pipeline
  uint64_t rows_in_range = 0;      // as `rows` where the table has no time
  uint64_t at_least_in_range = 0;  // by this pipeline's objects that lie in it whole; else 0
  // In the range; of a table without a time everywhere; 0 where duplicates are allowed.
  uint64_t keys_twice = 0, rows_too_many = 0;
  std::vector<DoubledKey> doubled;  // the first kMostExamples, most rows first
  // Events of this pipeline that were dropped as duplicates of a row with other values; of the
  // range as far as the table has a time. `rows` of their keys are events.
  uint64_t differing = 0;
  std::vector<DoubledKey> differing_keys;  // the first kMostExamples, most events first
  std::vector<HourCheck> hours;            // those that do not fit, at most kMostHours, in order
};

// Events of one hour: rows of the target table, by whoever, and this pipeline's duplicates.
struct EventHour {
  std::string hour;  // "2026-11-23 14:00:00", UTC
  uint64_t rows = 0, duplicates = 0;
};

// Warehouse::CountHours over a session that has a ledger and the table, which has a time.
Result<std::vector<EventHour>> CountEventHours(SqlSession& session, const LedgerNames& names,
                                               const Table& table, const EventHours& hours);
// Warehouse::Check over a session. kNotFound where the table is not there; the ledger is.
Result<TableCheck> CheckTable(SqlSession& session, const LedgerNames& names, const Table& table,
                              const EventHours& hours);

}  // namespace sluice
