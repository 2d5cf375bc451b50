// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/table_set_builder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/schema/ddl_parser.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kDdl =
    "CREATE TABLE s.t (id CHAR(36) NOT NULL, at TIMESTAMP NOT NULL, name VARCHAR(10), seen "
    "TIMESTAMPTZ, extra SUPER, doc SUPER NOT NULL, made INT NOT NULL IDENTITY(1,1), n INT NOT "
    "NULL)";

TableOptions Options(const std::string& ddl = kDdl) {
  return {.schema = *ParseCreateTable(ddl, "t.sql"), .unique = {"id"}};
}

TableSetEntry Entry(TableOptions options) {
  return {.when = {{.kind = Condition::Kind::kHas, .path = {"id"}}}, .table = std::move(options)};
}

// "entry field: message", one for each.
std::vector<std::string> TextsOf(const std::vector<TableSetProblem>& problems) {
  std::vector<std::string> texts;
  for (const auto& [entry, field, message] : problems) {
    texts.push_back(fmt::format("{} {}: {}", entry, fmt::join(field, "."), message));
  }
  return texts;
}

std::vector<std::string> ProblemsOf(TableOptions options) {
  const std::vector<TableSetEntry> entries = {Entry(std::move(options))};
  return TextsOf(BuildTableSet(entries).problems);
}

TEST(TableSetBuilderTest, NamesBecomeIndices) {
  TableOptions options = Options();
  options.unique = {"n", "id"};
  options.time = "at";
  options.columns = {{.column = "name", .from = FieldPath{"user", "name"}},
                     {.column = "seen", .epoch = EpochUnit::kMillis}};
  options.on_too_long = OnTooLong::kTruncate;
  options.on_bad_value = OnBadValue::kNull;
  options.on_unknown_field = OnUnknownField::kCollect;
  options.collect = "extra";
  const std::vector<TableSetEntry> entries = {
      {.when = {{.kind = Condition::Kind::kHas, .path = {"skip"}}}}, Entry(options)};
  const BuiltTableSet built = BuildTableSet(entries);
  ASSERT_THAT(TextsOf(built.problems), IsEmpty());
  ASSERT_EQ(built.tables.tables.size(), 1u);
  const Table& table = built.tables.tables[0];
  EXPECT_THAT(table.unique, ElementsAre(7u, 0u));
  EXPECT_EQ(table.time, 1u);
  EXPECT_EQ(table.collect, 4u);
  EXPECT_EQ(table.on_too_long, OnTooLong::kTruncate);
  EXPECT_EQ(table.on_bad_value, OnBadValue::kNull);
  EXPECT_EQ(table.sources.size(), 8u);
  EXPECT_THAT(table.sources[0].path, ElementsAre("id"));
  EXPECT_THAT(table.sources[2].path, ElementsAre("user", "name"));
  EXPECT_EQ(table.sources[3].epoch, EpochUnit::kMillis);
  EXPECT_THAT(table.sources[3].path, ElementsAre("seen"));
  ASSERT_EQ(built.tables.rules.size(), 2u);
  EXPECT_EQ(built.tables.rules[0].table, std::nullopt);
  EXPECT_EQ(built.tables.rules[1].table, 0u);
  EXPECT_THAT(built.tables.rules[1].conditions[0].path, ElementsAre("id"));
}

TEST(TableSetBuilderTest, SaysEverythingThatIsWrongAtOnce) {
  TableOptions options = Options();
  options.unique = {"nope", "name", "made", "doc", "id", "id"};
  options.time = "n";
  options.columns = {{.column = "missing", .from = FieldPath{"a"}},
                     {.column = "name", .from = FieldPath{}},
                     {.column = "n", .epoch = EpochUnit::kSeconds},
                     {.column = "n", .from = FieldPath{"a", ""}}};
  options.on_unknown_field = OnUnknownField::kCollect;
  options.collect = "seen";
  EXPECT_THAT(
      ProblemsOf(options),
      ElementsAre(
          "0 columns.missing: table t has no column 'missing'",
          "0 columns.name.from: an empty key; wanted a path like context.page.url",
          "0 columns.n.epoch: column 'n' is INTEGER; epoch is for TIMESTAMP and TIMESTAMPTZ",
          "0 columns.n: column 'n' is mapped twice",
          "0 columns.n.from: an empty key; wanted a path like context.page.url",
          "0 unique.0: table t has no column 'nope'",
          "0 unique.1: column 'name' may be NULL; wanted a NOT NULL column",
          "0 unique.2: column 'made' is not taken from events, so it cannot tell them apart",
          "0 unique.3: column 'doc' is SUPER, which cannot be compared",
          "0 unique.5: column 'id' is named twice",
          "0 time: column 'n' is INTEGER; wanted TIMESTAMP or TIMESTAMPTZ",
          "0 on_unknown_field.collect: column 'seen' is TIMESTAMPTZ; wanted SUPER or VARCHAR"));
}

TEST(TableSetBuilderTest, UniqueIsRequiredUnlessDuplicatesAreAllowed) {
  TableOptions options = Options();
  options.unique = {};
  EXPECT_THAT(ProblemsOf(options),
              ElementsAre(HasSubstr("0 unique: wanted the columns that tell")));
  options.duplicates = DuplicatePolicy::kAllowed;
  EXPECT_THAT(ProblemsOf(options), IsEmpty());
  options.unique = {"id"};
  EXPECT_THAT(ProblemsOf(options), ElementsAre(HasSubstr("0 duplicates: duplicates cannot be")));
}

TEST(TableSetBuilderTest, TimeMustBeThereAndNotNull) {
  TableOptions options = Options();
  options.time = "seen";
  EXPECT_THAT(ProblemsOf(options), ElementsAre(HasSubstr("0 time: column 'seen' may be NULL")));
  options.time = "when";
  EXPECT_THAT(ProblemsOf(options), ElementsAre("0 time: table t has no column 'when'"));
}

TEST(TableSetBuilderTest, CollectNeedsAFreeNullableTextColumn) {
  TableOptions options = Options();
  options.on_unknown_field = OnUnknownField::kCollect;
  EXPECT_THAT(ProblemsOf(options), ElementsAre(HasSubstr("wanted the column that collects")));
  options.collect = "doc";
  EXPECT_THAT(ProblemsOf(options), ElementsAre(HasSubstr("must be nullable")));
  options.collect = "other";
  EXPECT_THAT(ProblemsOf(options), ElementsAre(HasSubstr("no column 'other'")));
  options.collect = "extra";
  options.columns = {{.column = "extra", .from = FieldPath{"a"}}};
  EXPECT_THAT(ProblemsOf(options), ElementsAre(HasSubstr("is mapped, so it cannot collect")));
}

TEST(TableSetBuilderTest, PathsMayRunThroughEachOther) {
  TableOptions options = Options();
  options.columns = {{.column = "extra", .from = FieldPath{"a"}},
                     {.column = "name", .from = FieldPath{"a", "b"}}};
  EXPECT_THAT(ProblemsOf(options), IsEmpty());
}

TEST(TableSetBuilderTest, T18_TablesHaveNamesOfTheirOwnThatCanBePartOfAKey) {
  const std::vector<TableSetEntry> entries = {
      Entry(Options("CREATE TABLE a.t (id INT NOT NULL)")),
      Entry(Options("CREATE TABLE b.\"T\" (id INT NOT NULL)")),
      Entry(Options("CREATE TABLE \"a/b\" (id INT NOT NULL)")),
      Entry(Options("CREATE TABLE \"..\" (id INT NOT NULL)")),
      Entry(Options("CREATE TABLE \"*\" (id INT NOT NULL)"))};
  EXPECT_THAT(TextsOf(BuildTableSet(entries).problems),
              ElementsAre("1 ddl: there are two tables 'T'", HasSubstr("2 ddl: the table name"),
                          HasSubstr("3 ddl: the table name"), HasSubstr("4 ddl: the table name")));
}

TEST(TableSetBuilderTest, ATableWithNothingToFillIsAnError) {
  TableOptions options = Options("CREATE TABLE t (id INT NOT NULL IDENTITY(1,1))");
  options.unique = {};
  options.duplicates = DuplicatePolicy::kAllowed;
  EXPECT_THAT(ProblemsOf(options), ElementsAre("0 ddl: no column is taken from events"));
}

TEST(TableSetBuilderTest, RulesBehindOneThatTakesAllAreAnError) {
  const std::vector<TableSetEntry> entries = {{.when = {{.kind = Condition::Kind::kAny}}},
                                              Entry(Options())};
  EXPECT_THAT(TextsOf(BuildTableSet(entries).problems),
              ElementsAre("1 when: no event gets here: a rule above takes all of them"));
}

TEST(TableSetBuilderTest, WarnsOfRoutingByAFieldThatMayBeAbsent) {
  TableSetEntry entry = Entry(Options());
  entry.when = {{.kind = Condition::Kind::kHas, .path = {"name"}},
                {.kind = Condition::Kind::kHas, .path = {"id"}},
                {.kind = Condition::Kind::kHas, .path = {"not_a_column"}}};
  const std::vector<TableSetEntry> entries = {entry};
  const BuiltTableSet built = BuildTableSet(entries);
  EXPECT_THAT(TextsOf(built.problems), IsEmpty());
  EXPECT_THAT(TextsOf(built.warnings),
              ElementsAre("0 when: 'name' feeds the nullable column t.name: an event that lacks it "
                          "goes elsewhere; ask for a key that every event of t has"));
}

}  // namespace
}  // namespace sluice
