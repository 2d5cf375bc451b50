// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sluice/schema/table.h"
#include "sluice/schema/table_set_builder.h"
#include "sluice/warehouse/ledger_sql.h"

namespace sluice {

// Why the Data API would not take a load that has rows for all of `tables`, or a replay for all of
// them: too many statements, or one that is too long (DataApiClient). `entry` of a problem is the
// table's place. By wire there is no such limit. Of a load that replaces nothing is said: it needs
// more statements.
std::vector<TableSetProblem> DataApiProblems(const TableSet& tables, const LedgerNames& names);

}  // namespace sluice
