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

// Which events in quarantine; all that is said must hold.
struct QuarantineFilter {
  std::string table = {};  // "*": no route
  std::string reason = {}, column = {};
  std::string raw_key = {};
  std::optional<Timestamp> since = {};  // when the ledger says that they came there
  size_t limit = 100;
};

// An event in quarantine. Times in UTC, as the warehouse spells them.
struct QuarantinedEvent {
  std::string table, reason, column;  // the column may be empty
  std::string raw_key;                // empty: the ledger does not know the object any more
  uint64_t line = 0;                  // 0: the whole object
  uint64_t at_byte = 0, length = 0;
  std::string encoding, payload;  // docs/formats.md
  std::string at;
};

// Those of one table, reason and column.
struct QuarantineGroup {
  std::string table, reason, column;
  uint64_t events = 0, objects = 0;
  std::string first, last;
  QuarantinedEvent example;  // the first; at most 200 bytes of its payload
};

struct QuarantineSummary {
  std::vector<QuarantineGroup> groups;  // the largest first
  // How many events each table got to see in that time, by the ledger; "*": all lines.
  std::vector<std::pair<std::string, uint64_t>> seen;
};

// Over a session that has a ledger.
Result<QuarantineSummary> SumQuarantine(SqlSession& session, const LedgerNames& names,
                                        const QuarantineFilter& filter);
Result<std::vector<QuarantinedEvent>> ListQuarantined(SqlSession& session, const LedgerNames& names,
                                                      const QuarantineFilter& filter);

}  // namespace sluice
