// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/data_api_limits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kNameBytes = 32;

Table WideTable(size_t number, size_t columns) {
  Table table;
  table.schema.schema = "tracking";
  table.schema.name = fmt::format("t{}", number);
  table.schema.columns = {{"id", {TypeKind::kChar, 36}, true},
                          {"at", {TypeKind::kTimestamp}, true}};
  for (size_t i = 0; i < columns; ++i) {
    table.schema.columns.push_back(
        {fmt::format("{:c>{}}", i, kNameBytes), {TypeKind::kVarchar, 1'000}});
  }
  table.unique = {0};
  table.time = 1;
  return table;
}

std::vector<TableSetProblem> ProblemsOf(std::vector<Table> tables) {
  return DataApiProblems({.tables = std::move(tables)},
                         {.pipeline = "tracking",
                          .schema = "sluice",
                          .dialect = SqlDialect(SqlDialect::Kind::kRedshift)});
}

// Of small tables, and of wide ones, of which one statement compares but one or two.
TEST(DataApiLimits, ALoadForAllTablesIsOneBatch) {
  for (const auto& [columns, most] :
       {std::pair(2, 20), std::pair(40, 18), std::pair(200, 14), std::pair(400, 10)}) {
    std::vector<Table> tables;
    for (int i = 0; i < most; ++i) {
      tables.push_back(WideTable(static_cast<size_t>(i), static_cast<size_t>(columns)));
    }
    EXPECT_THAT(ProblemsOf(tables), IsEmpty()) << columns;
    for (int more = 1; more < 3; ++more) {
      tables.push_back(WideTable(tables.size(), static_cast<size_t>(columns)));
      const auto problems = ProblemsOf(tables);
      ASSERT_EQ(problems.size(), 1U) << columns;
      EXPECT_EQ(problems[0].entry, static_cast<size_t>(most));
      EXPECT_THAT(
          problems[0].message,
          AllOf(HasSubstr("the Data API takes at most 40 in one transaction"),
                HasSubstr(fmt::format("have {} tables", most)), HasSubstr("warehouse.redshift")));
    }
  }
}

// A load compares the values of duplicates, column by column, in one statement.
TEST(DataApiLimits, NoStatementAboutATableIsTooLong) {
  EXPECT_THAT(ProblemsOf({WideTable(0, 500)}), IsEmpty());
  Table keyless = WideTable(0, 560);
  keyless.unique.clear();
  EXPECT_THAT(ProblemsOf({keyless}), IsEmpty());
  const auto problems = ProblemsOf({WideTable(0, 2), WideTable(1, 560), keyless});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].entry, 1U);
  EXPECT_THAT(problems[0].message, AllOf(HasSubstr("the Data API takes at most 100000"),
                                         HasSubstr("warehouse.redshift")));
}

}  // namespace
}  // namespace sluice
