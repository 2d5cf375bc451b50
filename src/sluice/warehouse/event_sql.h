// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/time_intervals.h"

namespace sluice {

// The identity of an event of one table, its unique columns and its time, as SQL. `of` and the like
// are aliases of tables that have the table's columns.
class EventSql {
 public:
  // Both outlive this.
  EventSql(const LedgerNames& names, const Table& table);

  // Empty where duplicates are allowed.
  const std::vector<size_t>& columns() const { return columns_; }
  bool HasKey() const { return !columns_.empty(); }
  std::string Name(size_t column) const;  // quoted
  // The table's name, as a value that has the ledger's type.
  std::string TableName() const;

  // The event_key and event_time of sluice.duplicates.
  std::string Key(std::string_view of) const;
  std::string Time(std::string_view of) const;
  std::string Matches(std::string_view of, std::string_view with) const;
  // "s.a, s.b"; "s.a AS k0, s.b AS k1, "; and what matches a table that has these k.
  std::string Columns(std::string_view of) const;
  std::string NumberedColumns(std::string_view of, std::string_view k) const;
  std::string MatchesNumbered(std::string_view of, std::string_view with, std::string_view k) const;
  // Keeps the scan of `of` to these times: " AND …", or nothing where there are none.
  std::string Within(std::string_view of, const std::vector<TimeInterval>& times) const;
  // A moment to compare the time column itself with, so that sort keys prune. It has one.
  static std::string TimeLiteral(const Table& table, Timestamp time);

 private:
  const LedgerNames& names_;
  const Table& table_;
  std::vector<size_t> columns_;
};

}  // namespace sluice
