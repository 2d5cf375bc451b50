// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/schema/table.h"
#include "sluice/warehouse/event_sql.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/time_intervals.h"

namespace sluice {

// A staged row's place in the plan: plan order, then line. `o` is sluice_todo, `s` the stage.
inline constexpr std::string_view kPlace = "(o.ord * 4294967296 + s.sluice_line)";

// INSERT INTO the table what loads fill of it, SELECT that FROM s, a stage; without the FROM.
std::string InsertStaged(const LedgerNames& names, const Table& table);

// What a load does with one table's rows, as SQL. Reads sluice_todo and sluice_stage_N. All tables'
// rows meet in sluice_fresh (table_index, place), the places of those that become rows, and in
// sluice_spare (table_index, object, line), the others. Narrow tables only: wide rows are read
// once, when they are inserted. A line is of one table: table_index only spares the others' rows a
// look, but where rows are counted.
class TableSql {
 public:
  // `table` is the `index`-th of the TableSet; it and `names` outlive this. `times` covers the
  // times of all staged rows; empty: the duplicate check reads all of the table.
  TableSql(const LedgerNames& names, const Table& table, size_t index,
           std::vector<TimeInterval> times);

  // False where duplicates are allowed.
  bool HasKey() const { return event_.HasKey(); }
  // A query for rows of sluice_fresh: the first of each key, unless the table has that key.
  std::string Fresh() const;
  std::string Insert() const;
  // A query for rows of sluice_spare: what is staged and not fresh. Mostly few or none, so that
  // looking for what they lost against is cheap.
  std::string Spare() const;
  // After Insert: a query for the spare rows as sluice_losers has them (table_name, object, line,
  // event_key, event_time, differs).
  std::string Losers() const;
  // A query for rows of sluice_tally (object, table_name, staged, loaded, 0, 0, 0, earliest,
  // latest), two for each object.
  std::string Tally() const;

 private:
  std::string Equal() const;

  const LedgerNames& names_;
  const Table& table_;
  const std::vector<TimeInterval> times_;
  const EventSql event_;
  const size_t index_;
  const std::string target_, stage_, fresh_, spare_;
};

}  // namespace sluice
