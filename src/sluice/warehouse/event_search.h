// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// Where the warehouse has an event. Times in UTC, as the warehouse spells them.
struct EventTraces {
  struct Row {
    size_t table = 0;                 // index in the TableSet
    std::optional<std::string> time;  // absent: the table has none
    uint64_t rows = 0;
  };
  struct Place {
    std::string table;  // or "*"
    int64_t object = 0;
    std::string raw_key;  // empty: the ledger does not know the object
    uint64_t line = 0;
    std::string batch, at;  // that wrote it, and when
    std::optional<std::string> time;
    bool differs = false;        // of a duplicate: from the row that stands in its place
    std::string reason, column;  // of quarantine
    std::string accepted;        // of quarantine: why it was given up; mostly empty
    bool is_stuck = false;       // of quarantine: its raw object is held or set aside
  };
  std::vector<Row> rows;
  std::vector<Place> duplicates, quarantined;
};

// Warehouse::FindEvent over a session that has a ledger. `key` is what the unique column holds, or
// several as sluice.duplicates spells them. At most `limit` of each.
Result<EventTraces> FindEvent(SqlSession& session, const LedgerNames& names, const TableSet& tables,
                              const std::string& key, size_t limit);

}  // namespace sluice
