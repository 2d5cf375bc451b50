// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sluice/schema/table.h"
#include "sluice/warehouse/event_sql.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/stage_sql.h"
#include "sluice/warehouse/time_intervals.h"

namespace sluice {

// What a load that replaces (docs/architecture.md, "Replacing") does beside a load, as SQL. Pure
// functions.
//
//   sluice_was      (object, table_name, batch) of what is loaded of the plan's keys
//   sluice_old_N    the rows of its Parquet for the N-th table
//   sluice_read     (object, table_name, batch) of others that lost against one of these rows
//   sluice_other_N  the rows of their Parquet
//   sluice_gone_N   the identities whose row in the table came from sluice_old_N
//   sluice_gone     the same of all tables, as sluice.duplicates has them
//   sluice_back     the rows of others that come into the table in place of one that is gone

std::vector<StagedColumn> LoadedPartColumns();  // of sluice_was and sluice_read
std::string OldTable(size_t index);             // "sluice_old_1" of table 0
std::string OtherTable(size_t index);

// Rows (object, table, batch, Parquet key, staged, earliest, latest), numbers and times as text: of
// what is loaded, by whatever version, of the keys in sluice_plan.
std::string ListReplacedSql(const LedgerNames& names);
// Rows (object, table, batch, Parquet key, staged): the others whose events lost against one in
// sluice_old_N.
std::string ListOthersSql(const LedgerNames& names, const Table& table, size_t index);

// A table that has rows of the plan's keys.
struct ReplacedTable {
  size_t table = 0;                 // index in the TableSet
  bool has_others = false;          // sluice_other_N is there
  std::vector<TimeInterval> times;  // of sluice_old_N; empty: anywhere
};

// What must still be as it was when it was staged, under the lock.
std::string UnchangedCondition(const LedgerNames& names);
// After the lock: takes the old rows away, with what the ledger and its companions say of them.
void TakeAway(const TableSet& tables, const LedgerNames& names,
              const std::vector<ReplacedTable>& replaced, std::vector<SqlStatement>& sql);
// After the new rows are in: one row comes back for each identity that is gone and that another
// object still holds; fails where none of these was staged.
void BringBack(const TableSet& tables, const LedgerNames& names, const std::string& batch,
               const std::vector<ReplacedTable>& replaced, std::vector<SqlStatement>& sql);

}  // namespace sluice
