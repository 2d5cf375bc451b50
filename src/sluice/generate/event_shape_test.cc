// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/event_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/generate/generator_for_test.h"

namespace sluice {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(EventShapeTest, NestedKeysAndRoutingLiteralsAreWritten) {
  Table table = Utm();
  table.sources[1].path = {"context", "from", "source"};
  table.sources[2].path = {"context", "from", "medium"};
  table.sources[3].path = {"context", "name"};
  const TableSet tables{.tables = {table},
                        .rules = {Rule(0, {Equals({"kind"}, "\"utm\""), Has({"context"})})}};
  const std::string line = Lines(*Make(tables, Clean(1)))[0];
  EXPECT_THAT(line, HasSubstr("\"context\": {\"from\": {\"medium\": \""));
  EXPECT_THAT(line, HasSubstr("\"kind\": \"utm\"}"));
  EXPECT_THAT(line, HasSubstr("\"}, \"name\": "));
}

TEST(EventShapeTest, AnEarlierRuleIsAvoided) {
  TableSet tables{.tables = {Utm(), Utm()},
                  .rules = {Rule(std::nullopt, {Equals({"medium"}, "\"cpc\"")}),
                            Rule(0, {Has({"device"})}), Rule(1)}};
  tables.tables[1].schema.name = "other";
  for (const std::string& line : Lines(*Make(tables, Clean(2'000)))) {
    EXPECT_THAT(line, HasSubstr("\"medium\": \"other\""));
  }
}

TEST(EventShapeTest, ATableThatNoEventReachesIsAnError) {
  TableSet tables{.tables = {Utm(), Types()}, .rules = {Rule(0), Rule(1)}};
  auto made = EventGenerator::Make(tables, {});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("earlier rule"));
  tables.rules = {Rule(0)};
  made = EventGenerator::Make(tables, {});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("no rule leads to the table: table=types"));
}

TEST(EventShapeTest, AKeyWithTooFewValuesIsAnError) {
  TableSet tables{.tables = {Types()}, .rules = {Rule(0)}};
  tables.tables[0].unique = {1};
  tables.tables[0].schema.columns[1].not_null = true;
  const auto made = EventGenerator::Make(tables, {.events = 40'000});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("table=types values=32767 events=40000"));
}

TEST(EventShapeTest, UnknownFieldsAreSentWhereTheyCanBeCollected) {
  TableSet tables{.tables = {Utm()}, .rules = {Rule(0)}};
  Table& table = tables.tables[0];
  table.on_unknown_field = OnUnknownField::kCollect;
  table.collect = table.schema.columns.size();
  table.schema.columns.push_back(Text("rest", TypeKind::kVarchar, 30));
  table.sources.push_back({.path = {"rest"}, .epoch = {}});
  GeneratorOptions options = Clean(2'000);
  options.share_unusual = 1;
  const auto contains = HasSubstr("sluice_demo_");
  EXPECT_THAT(Lines(*Make(tables, options)), Not(Contains(contains)));
  table.on_too_long = OnTooLong::kTruncate;
  EXPECT_THAT(Lines(*Make(tables, options)), Contains(contains));
  table.on_too_long = OnTooLong::kQuarantine;
  table.schema.columns.back().type.length = 300;
  EXPECT_THAT(Lines(*Make(tables, options)), Contains(contains));
  table.schema.columns.back().type = {.kind = TypeKind::kSuper};
  EXPECT_THAT(Lines(*Make(tables, options)), Contains(contains));
  table.on_unknown_field = OnUnknownField::kQuarantine;
  EXPECT_THAT(Lines(*Make(tables, options)), Not(Contains(contains)));
}

}  // namespace
}  // namespace sluice
