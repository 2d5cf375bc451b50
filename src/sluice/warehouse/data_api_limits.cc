// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/data_api_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "sluice/base/unique_id.h"
#include "sluice/warehouse/data_api_client.h"
#include "sluice/warehouse/load_sql.h"
#include "sluice/warehouse/time_intervals.h"

namespace sluice {
namespace {

constexpr const char* kByWire =
    "or connect to the cluster (warehouse.redshift), which has no such limit";

// The longest that a load says of the table's rows.
StagedTable LongestOf(size_t table) {
  StagedTable staged{.table = table, .times = {}};
  for (size_t i = 0; i < kMostIntervals; ++i) {
    const Timestamp time = Timestamp(std::chrono::days(20'000 + i)) + std::chrono::microseconds(1);
    staged.times.push_back({time, time});
  }
  return staged;
}

std::vector<SqlStatement> LoadOf(const TableSet& tables, const LedgerNames& names,
                                 std::vector<StagedTable> staged, bool replays) {
  const Timestamp now(std::chrono::microseconds(1));
  return CommitSql(tables, names,
                   {.batch = MakeUniqueId(now),
                    .loaded_at = now,
                    .tables = std::move(staged),
                    .replays = replays});
}

// With the question that goes along, what became of each object.
size_t CountStatements(const TableSet& tables, const LedgerNames& names, size_t loaded) {
  std::vector<StagedTable> staged;
  for (size_t i = 0; i < loaded; ++i) staged.push_back(LongestOf(i));
  return 1 + std::max(LoadOf(tables, names, staged, false).size(),
                      LoadOf(tables, names, staged, true).size());
}

}  // namespace

std::vector<TableSetProblem> DataApiProblems(const TableSet& tables, const LedgerNames& names) {
  constexpr size_t kMostStatements = DataApiClient::kMostStatements,
                   kMostBytes = DataApiClient::kMostBytes;
  std::vector<TableSetProblem> problems;
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    size_t longest = 0;
    for (const SqlStatement& statement : LoadOf(tables, names, {LongestOf(i)}, false)) {
      longest = std::max(longest, statement.sql.size());
    }
    if (longest <= kMostBytes) continue;
    problems.push_back(
        {i,
         {"ddl"},
         fmt::format(
             "a load names all columns in one statement of {} bytes, and the Data API takes "
             "at most {}: {}",
             longest, kMostBytes, "have fewer columns or shorter names, " + std::string(kByWire))});
  }
  if (!problems.empty()) return problems;
  for (size_t loaded = 1; loaded <= tables.tables.size(); ++loaded) {
    const size_t statements = CountStatements(tables, names, loaded);
    if (statements <= kMostStatements) continue;
    return {
        {loaded - 1,
         {"ddl"},
         fmt::format("a load with rows for {} tables is {} statements, and the Data API takes at "
                     "most {} in one transaction: have {} tables, {}",
                     loaded, statements, kMostStatements, loaded - 1, kByWire)}};
  }
  return {};
}

}  // namespace sluice
