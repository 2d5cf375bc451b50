// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/live_tables.h"

#include <string>
#include <vector>

#include "sluice/warehouse/ddl_sql.h"

namespace sluice {

Result<std::vector<std::vector<size_t>>> RequireTables(SqlSession& session,
                                                       const LedgerNames& names,
                                                       const TableSet& tables) {
  std::vector<std::vector<size_t>> not_null;
  if (tables.tables.empty()) return not_null;
  SLUICE_ASSIGN(const std::vector<TextRow> rows,
                session.Query("describe tables", DescribeSql(names, tables.tables)));
  std::vector<std::vector<LiveColumn>> live(tables.tables.size());
  for (const TextRow& row : rows) {
    live[std::stoul(row[0].value_or("0"))].push_back(LiveColumnOf(row));
  }
  for (size_t i = 0; i < live.size(); ++i) {
    for (const TableChange& change : ChangesOf(names, tables.tables[i], live[i])) {
      if (!change.prevents_loads) continue;
      return Fail(ErrorKind::kPermanent,
                  "the table is not as its DDL says: {}: {}; to mend it: {}; then run again "
                  "(sluice ddl --diff shows all there is)",
                  names.Target(tables.tables[i].schema), change.difference,
                  change.sql.value_or(change.recipe));
    }
    not_null.push_back(UnexpectedNotNull(names, tables.tables[i], live[i]));
  }
  return not_null;
}

}  // namespace sluice
