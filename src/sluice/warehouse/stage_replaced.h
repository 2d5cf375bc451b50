// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/load_plan.h"
#include "sluice/warehouse/load_sql.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/stage_filler.h"

namespace sluice {

// Brings into the session what a load that replaces takes away, and what may come back for it:
// sluice_was, sluice_read and the tables of replace_sql.h. sluice_plan is there; `facts.replaced`
// is set and `facts.tables` gets the tables that only have old rows.
//
// kBadData, for the objects with these rows: a table has neither a key nor the column
// sluice_object, so nobody can tell which of its rows are old; it is not configured any more, or
// had another key; old Parquet is not there any more, or is not what was loaded.
Status StageReplaced(SqlSession& session, StageFiller& filler, const LedgerNames& names,
                     const TableSet& tables, LoadFacts& facts);

}  // namespace sluice
