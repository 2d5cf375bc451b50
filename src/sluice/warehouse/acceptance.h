// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/quarantine_query.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// What a person gives up, for good. `at` tells it from every other call, so that one whose outcome
// is unknown may be repeated as it is.
struct Acceptance {
  std::string why;
  Timestamp at;
};

// Warehouse::AcceptQuarantined and AcceptOverwritten over a session that has a ledger.
Result<uint64_t> AcceptQuarantined(SqlSession& session, const LedgerNames& names,
                                   const QuarantineFilter& filter, const Acceptance& acceptance);
Result<bool> AcceptOverwritten(SqlSession& session, const LedgerNames& names, int64_t object,
                               const Acceptance& acceptance);

}  // namespace sluice
