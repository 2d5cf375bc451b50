// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/load_plan.h"
#include "sluice/warehouse/load_sql.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// What every warehouse does around the statements of a load, whatever brings the rows in.

// Whether a load of `plan` can be staged at all; kPermanent: its maker is at fault.
Status CheckPlan(const TableSet& tables, const LoadPlan& plan);
// The tables for which the plan brings rows, and these rows' times; the others have no part in a
// load.
std::vector<StagedTable> PlannedTables(const TableSet& tables, const LoadPlan& plan);

// Whether the staged rows of one table are what is planned, by each object's count and times, and
// no NULL is among them in the columns `not_null`, as RequireTables answers them.
// kBadData: they are not.
Status CheckStagedRows(SqlSession& session, const LedgerNames& names, const TableSet& tables,
                       size_t table, std::span<const size_t> not_null,
                       std::span<const PlannedObject* const> objects);
// The same of the quarantine's.
Status CheckStagedQuarantine(SqlSession& session, const LedgerNames& names, const TableSet& tables,
                             std::span<const PlannedObject* const> objects);

// The transaction of a load whose rows are staged. Answers as StagedLoad::Commit.
Result<std::vector<ObjectOutcome>> CommitLoad(SqlSession& session, const LedgerNames& names,
                                              const TableSet& tables, const LoadFacts& facts,
                                              std::span<const int64_t> objects);

}  // namespace sluice
