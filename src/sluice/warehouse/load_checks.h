// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// What must hold in a transaction that writes, as statements that fail where it does not. Pure
// functions; sluice_plan is there, and sluice_todo for the balance.

// Of every load: the lock, the control row and the plan are what they should be. kPermanent.
void AddChecksOfLoad(const LedgerNames& names, std::vector<SqlStatement>& sql);
// And of settlements.
void AddChecksOfSettlements(const LedgerNames& names, std::vector<SqlStatement>& sql);
// What is replaced is still as it was when the load was staged. kTransient.
SqlStatement CheckUnchanged(const LedgerNames& names);
// Invariant 5, of every row that the batch wrote: each (object, table) once, and balanced.
// kBadData.
SqlStatement CheckBalance(const LedgerNames& names, const std::string& batch);

}  // namespace sluice
