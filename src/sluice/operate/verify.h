// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/operate/hour_range.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// One table beside the ledger.
struct VerifiedTable {
  std::string table;   // "tracking.events"
  bool exists = true;  // false: no load has made it yet, or somebody took it away
  bool has_time = false, has_key = false;
  TableCheck check;

  // At least: what somebody took away hides some of what somebody added, and the reverse.
  uint64_t rows_not_ours() const {
    return check.rows > check.loaded ? check.rows - check.loaded : 0;
  }
  uint64_t rows_missing() const {
    return check.loaded_by_us > check.rows ? check.loaded_by_us - check.rows : 0;
  }
  // Of the range, at least: no hour of it may tell, where objects reach over several.
  uint64_t rows_missing_in_range() const {
    if (!has_time || !exists) return rows_missing();
    return check.at_least_in_range > check.rows_in_range
               ? check.at_least_in_range - check.rows_in_range
               : 0;
  }
  // Old rows may have been taken away for good: with a time only those of the range count.
  bool NeedsAttention() const {
    return check.keys_twice > 0 || rows_not_ours() > 0 || !check.hours.empty() ||
           rows_missing_in_range() > 0;
  }
};

struct VerifyReport {
  HourRange hours;  // of event time
  bool ledger_exists = false;
  bool tables_hold_rows = false;  // asked where there is no ledger
  std::vector<VerifiedTable> tables;

  bool NeedsAttention() const;
};

// Compares the target tables named by `which`, indexes in `tables`, with the ledger. Only reads.
// `on_table` is called before each of them, with the number of those that are done.
Result<VerifyReport> Verify(const TableSet& tables, const std::vector<size_t>& which,
                            Warehouse& warehouse, const HourRange& hours,
                            const std::function<void(uint64_t done)>& on_table);

// "tracking.events", or "events" where its DDL names no schema.
std::string FullName(const Table& table);

std::string ToJson(const VerifyReport& report);

}  // namespace sluice
