// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/postgres_limits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/schema/ddl_parser.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The unique columns are the first ones.
Table TableOf(const std::string& columns, size_t unique) {
  Table table;
  table.schema = ParseCreateTable(fmt::format("CREATE TABLE t ({})", columns), "t.sql").value();
  for (size_t i = 0; i < unique; ++i) table.unique.push_back(i);
  return table;
}

std::vector<std::string> ProblemsOf(const Table& table) {
  std::vector<std::string> problems;
  for (const TableSetProblem& problem : PostgresProblems(std::vector{Table(), table})) {
    EXPECT_EQ(problem.entry, 1U);
    problems.push_back(problem.field[0] + ": " + problem.message);
  }
  return problems;
}

// PostgreSQL 15 takes a text of 2,692 bytes, and of 2,693 it says "index row size 2712 exceeds
// btree version 4 maximum 2704".
TEST(PostgresLimits, AKeyMustFitIntoTheIndex) {
  EXPECT_THAT(ProblemsOf(TableOf("a VARCHAR(2692) NOT NULL", 1)), IsEmpty());
  EXPECT_THAT(ProblemsOf(TableOf("a VARCHAR(2693) NOT NULL", 1)),
              ElementsAre("unique: a key may have 2712 bytes, and a row of PostgreSQL's index at "
                          "most 2704: write shorter types into the DDL, or name other columns"));
  EXPECT_THAT(ProblemsOf(TableOf("a VARCHAR(2676), b BIGINT, c SMALLINT", 3)), IsEmpty());
  EXPECT_EQ(ProblemsOf(TableOf("a VARCHAR(2677), b BIGINT, c SMALLINT", 3)).size(), 1U);
  EXPECT_EQ(ProblemsOf(TableOf("a CHAR(1500), b CHAR(1500)", 2)).size(), 1U);
  EXPECT_THAT(ProblemsOf(TableOf("a CHAR(36), b VARCHAR(65535)", 1)), IsEmpty());
  EXPECT_THAT(ProblemsOf(TableOf("a VARCHAR(65535)", 0)), IsEmpty());
}

TEST(PostgresLimits, NamesHave63Bytes) {
  const std::string longest(63, 'n'), longer = longest + "n", umlauts = "ää" + longest.substr(3);
  Table table = TableOf(longest + " INT", 1);
  table.schema.schema = table.schema.name = longest;
  EXPECT_THAT(ProblemsOf(table), IsEmpty());
  table.schema.schema = table.schema.name = table.schema.columns[0].name = longer;
  const std::string has =
      fmt::format("'{}' has 64 bytes, and a name in PostgreSQL at most 63", longer);
  EXPECT_THAT(ProblemsOf(table),
              ElementsAre("ddl: schema " + has, "ddl: table " + has, "ddl: column " + has));
  EXPECT_EQ(ProblemsOf(TableOf("\"" + umlauts + "\" INT", 1)).size(), 1U);
}

}  // namespace
}  // namespace sluice
