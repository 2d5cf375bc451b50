// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/ddl_sql.h"

#include <gmock/gmock.h>

#include "sluice/schema/ddl_parser.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A column of a table with the DDL's column `ddl`, as format_type() spells `live`.
struct Case {
  const char* ddl;
  std::vector<LiveColumn> live;
  const char* difference;
  const char* sql;  // null: a person
  const char* recipe;
  bool prevents_loads = true;
};

LedgerNames Redshift() {
  return {.pipeline = "p", .schema = "sluice", .dialect = SqlDialect(SqlDialect::Kind::kRedshift)};
}

Table TableOf(const std::string& columns) {
  Table table;
  table.schema = *ParseCreateTable("CREATE TABLE s.t (" + columns + ")", "t.sql");
  return table;
}

TEST(ChangesOf, SaysWhatDiffersAndWhatMendsIt) {
  const std::vector<Case> cases = {
      {"a VARCHAR(9)",
       {},
       "column a VARCHAR(9) is not there",
       R"(ALTER TABLE "s"."t" ADD COLUMN "a" VARCHAR(9))",
       ""},
      {"a VARCHAR(9) NOT NULL",
       {},
       "column a VARCHAR(9) is not there",
       nullptr,
       "a table with rows takes a new NOT NULL column only with a DEFAULT: add it by hand, or take "
       "NOT NULL out of the DDL"},
      {"a VARCHAR(9)",
       {{"a", "character varying(5)"}},
       "column a is character varying(5) and not character varying(9)",
       R"(ALTER TABLE "s"."t" ALTER COLUMN "a" TYPE VARCHAR(9))",
       ""},
      {"a VARCHAR(5)",
       {{"a", "character varying(9)"}},
       "column a is character varying(9) and not character varying(5)",
       nullptr,
       "the table takes more than the DDL: write VARCHAR(9) there"},
      {"a BIGINT",
       {{"a", "character varying(9)"}},
       "column a is character varying(9) and not bigint",
       nullptr,
       "a type cannot be changed where it stands: with loading paused, add a column of the new "
       "type, fill it (UPDATE … SET new = CAST(\"a\" AS BIGINT)), drop \"a\" and give the new one "
       "its name; or write the table's type into the DDL"},
      {"a VARCHAR(9)",
       {{"a", "character(5)"}},
       "column a is character(5) and not character varying(9)",
       nullptr,
       "a type cannot be changed where it stands: with loading paused, add a column of the new "
       "type, fill it (UPDATE … SET new = CAST(\"a\" AS VARCHAR(9))), drop \"a\" and give the new "
       "one its name; or write the table's type into the DDL"},
      {"a INTEGER",
       {{"a", "integer", true}},
       "column a is NOT NULL, and not in the DDL: an object with a NULL in it would "
       "not be loaded",
       nullptr,
       "with loading paused, add a column that may be NULL, fill it (UPDATE … SET new = \"a\"), "
       "drop \"a\", which must be no key of order or distribution, and give the new one its name; "
       "or write NOT NULL into the DDL, so that such events are quarantined",
       false},
      {"a INTEGER",
       {{"a", "integer"}, {"b", "integer", true}},
       "column b is NOT NULL, has no DEFAULT, and is not in the DDL: no load can fill it",
       nullptr,
       "add it to the DDL, give it a DEFAULT, or drop its NOT NULL"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(std::string(one.ddl) + ": " + one.difference);
    const auto changes = ChangesOf(Redshift(), TableOf(one.ddl), one.live);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].difference, one.difference);
    EXPECT_EQ(changes[0].sql.value_or("a person"), one.sql == nullptr ? "a person" : one.sql);
    EXPECT_EQ(changes[0].recipe, one.recipe);
    EXPECT_EQ(changes[0].prevents_loads, one.prevents_loads);
    EXPECT_THAT(NotesOf(Redshift(), TableOf(one.ddl), one.live), IsEmpty());
  }
}

TEST(NotesOf, SaysWhatElseDiffersAndIsNoChange) {
  const Table table = TableOf("a INTEGER NOT NULL, b INTEGER");
  const std::vector<LiveColumn> live = {{"a", "integer"},
                                        {"b", "integer"},
                                        {"c", "date"},
                                        {"d", "bigint", false, true},
                                        {"e", "bigint", true, true}};
  EXPECT_THAT(ChangesOf(Redshift(), table, live), IsEmpty());
  EXPECT_THAT(
      NotesOf(Redshift(), table, live),
      ElementsAre("column a is NOT NULL in the DDL only: no load brings a NULL, and others may",
                  "column c date is not in the DDL: loads leave NULL in it",
                  "column d bigint is not in the DDL: loads leave its DEFAULT in it",
                  "column e bigint is not in the DDL: loads leave its DEFAULT in it"));
}

TEST(NotesOf, NothingIsSaidOfATableThatIsAsItsDdlSays) {
  const Table table = TableOf("a INTEGER NOT NULL, b INTEGER");
  const std::vector<LiveColumn> live = {{"a", "integer", true}, {"b", "integer"}};
  EXPECT_THAT(ChangesOf(Redshift(), table, live), IsEmpty());
  EXPECT_THAT(NotesOf(Redshift(), table, live), IsEmpty());
}

}  // namespace
}  // namespace sluice
