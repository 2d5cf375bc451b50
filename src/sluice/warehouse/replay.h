// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/load_plan.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/stage_filler.h"

namespace sluice {

// What a load of replayed events (ADR 0055) does beside a load.
//
//   sluice_replayed  (part, object, line, was_table, passes, table_name, reason, column_name) of
//   each
//                    event that changes: it passes, or stays in quarantine for another reason

// Brings it into the session; all objects of the plan are parts.
Status StageReplayed(SqlSession& session, StageFiller& filler, const LedgerNames& names,
                     const LoadPlan& plan);

// sluice_verdict of the planned parts: 'known'; 'todo' where the raw object is loaded and each of
// the events is in quarantine as it was; else 'changed', which loads nothing.
std::string ReplayVerdictSql(const LedgerNames& names);
// Counts in sluice_tally what leaves quarantine, and marks it there; what stays gets its reason of
// today.
void MarkReplayed(const LedgerNames& names, Timestamp now, std::vector<SqlStatement>& sql);

}  // namespace sluice
