// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/field_changes.h"
#include "sluice/warehouse/ledger_part.h"
#include "sluice/warehouse/ledger_sql.h"

namespace sluice {

// A field of which something was changed on the way from event to row in the last day: its value
// was of another type, made NULL or cut, or no column takes it.
struct FieldReport {
  FieldChangeKind kind = FieldChangeKind::kCoerced;
  std::string table;              // "tracking.events"
  std::string name;               // of the column, or the path
  uint64_t events = 0, seen = 0;  // how many of the table's events had it
  Timestamp first;                // loaded the first time, in the last kFieldMemory
  std::string newest;             // key of the raw object that had it the last time
  // Of an unknown field: that was in the last day, and no column takes it by now. Of another: in
  // the last day its share was larger than warn_above, and of no raw object's events before.
  bool is_new = false;
  std::string alter;          // the SQL that adds the column; of an unknown field only
  bool is_collected = false;  // an unknown field that a column of the table collects: no news

  std::string_view change() const { return is_collected ? "collected" : Name(kind); }
  double share() const {
    return seen == 0 ? 0 : static_cast<double>(events) / static_cast<double>(seen);
  }
  friend bool operator==(const FieldReport&, const FieldReport&) = default;
};

inline constexpr std::chrono::hours kFieldDay{24};
inline constexpr std::chrono::days kFieldMemory{7};

struct FieldQuestion {
  const TableSet& tables;
  const LedgerNames& names;
  // How many events each table got in the last day, by its name.
  const std::map<std::string, uint64_t>& seen;
  Timestamp now;
  double warn_above = 0;  // share of events
};

// What parts say, the newest first, that were loaded in the last kFieldMemory, by table, kind and
// name, the most events first, what is collected behind all others. Parts of tables that are
// configured no more are left out, and those of replays, whose events came before. kBadData where
// the ledger holds something else.
Result<std::vector<FieldReport>> FieldsOf(const std::vector<LedgerPart>& parts,
                                          const FieldQuestion& question);

}  // namespace sluice
