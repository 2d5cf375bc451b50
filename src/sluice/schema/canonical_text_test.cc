// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "sluice/schema/table.h"

namespace sluice {
namespace {

TableSet Sample() {
  TableSet set;
  Table table;
  table.schema = {.schema = "s",
                  .name = "t",
                  .columns = {{.name = "id", .type = {TypeKind::kChar, 36}, .not_null = true},
                              {.name = "at", .type = {TypeKind::kTimestamp}},
                              {.name = "rest", .type = {TypeKind::kSuper, 65'535}}}};
  table.sources = {{.path = {"id"}}, {.path = {"at"}}, {.path = {"rest"}}};
  table.unique = {0};
  set.tables = {table};
  set.rules = {{.conditions = {{.kind = Condition::Kind::kHas, .path = {"id"}}}, .table = 0}};
  return set;
}

TEST(CanonicalTextTest, IsJsonThatNamesEverything) {
  EXPECT_EQ(CanonicalText(Sample()),
            R"j({"tables":[{"ddl":"CREATE TABLE \"s\".\"t\" (\"id\" CHAR(36) NOT NULL, )j"
            R"j(\"at\" TIMESTAMP, \"rest\" SUPER)",)j"
            R"j("sources":[{"path":["id"]},{"path":["at"]},{"path":["rest"]}],"unique":[0],)j"
            R"j("time":null,"on_too_long":"quarantine","on_bad_value":"quarantine",)j"
            R"j("on_unknown_field":"ignore","collect":null}],)j"
            R"j("rules":[{"when":[{"has":["id"]}],"table":0}]})j");
}

TEST(KeyTextTest, NamesWhatMakesTwoEventsTheSame) {
  Table table = Sample().tables[0];
  EXPECT_EQ(KeyText(table), R"("id")");
  table.schema.columns[0].name = "a, \"b";
  table.time = 1;
  EXPECT_EQ(KeyText(table), R"("a, ""b", "at")");
  table.unique.clear();
  EXPECT_EQ(KeyText(table), "");
}

TEST(CanonicalTextTest, EveryOptionThatChangesARowChangesIt) {
  using Change = std::function<void(TableSet&)>;
  const std::vector<Change> changes = {
      [](TableSet&) {},
      [](TableSet& set) { set.tables[0].schema.schema = "other"; },
      [](TableSet& set) { set.tables[0].schema.name = "other"; },
      [](TableSet& set) { set.tables[0].schema.columns[0].name = "other"; },
      [](TableSet& set) { set.tables[0].schema.columns[0].name = "i\" d"; },
      [](TableSet& set) { set.tables[0].schema.columns[0].type.length = 37; },
      [](TableSet& set) { set.tables[0].schema.columns[0].type.kind = TypeKind::kVarchar; },
      [](TableSet& set) { set.tables[0].schema.columns[0].not_null = false; },
      [](TableSet& set) { set.tables[0].schema.columns[0].generated = true; },
      [](TableSet& set) { set.tables[0].schema.columns[0].default_text = ""; },
      [](TableSet& set) { set.tables[0].schema.columns[0].default_text = "x"; },
      [](TableSet& set) { set.tables[0].schema.columns[0].default_text = "x' GENERATED"; },
      [](TableSet& set) { set.tables[0].schema.columns.pop_back(); },
      [](TableSet& set) {
        std::swap(set.tables[0].schema.columns[0], set.tables[0].schema.columns[1]);
      },
      [](TableSet& set) { set.tables[0].sources[0].path = {"id", "x"}; },
      [](TableSet& set) { set.tables[0].sources[0].path = {"id.x"}; },
      [](TableSet& set) { set.tables[0].sources[1].epoch = EpochUnit::kSeconds; },
      [](TableSet& set) { set.tables[0].sources[1].epoch = EpochUnit::kMillis; },
      [](TableSet& set) { set.tables[0].sources[1].epoch = EpochUnit::kMicros; },
      [](TableSet& set) { set.tables[0].unique = {}; },
      [](TableSet& set) { set.tables[0].unique = {0, 1}; },
      [](TableSet& set) { set.tables[0].unique = {1, 0}; },
      [](TableSet& set) { set.tables[0].time = 1; },
      [](TableSet& set) { set.tables[0].on_too_long = OnTooLong::kTruncate; },
      [](TableSet& set) { set.tables[0].on_bad_value = OnBadValue::kNull; },
      [](TableSet& set) { set.tables[0].on_unknown_field = OnUnknownField::kQuarantine; },
      [](TableSet& set) { set.tables[0].on_unknown_field = OnUnknownField::kCollect; },
      [](TableSet& set) { set.tables[0].collect = 2; },
      [](TableSet& set) { set.tables.push_back(set.tables[0]); },
      [](TableSet& set) { set.rules.clear(); },
      [](TableSet& set) { set.rules.push_back(set.rules[0]); },
      [](TableSet& set) { set.rules[0].table.reset(); },
      [](TableSet& set) { set.rules[0].conditions.clear(); },
      [](TableSet& set) { set.rules[0].conditions[0].kind = Condition::Kind::kAny; },
      [](TableSet& set) { set.rules[0].conditions[0].path = {"at"}; },
      [](TableSet& set) { set.rules[0].conditions[0].kind = Condition::Kind::kEquals; },
      [](TableSet& set) {
        set.rules[0].conditions[0].kind = Condition::Kind::kEquals;
        set.rules[0].conditions[0].literal = "1";
      },
      [](TableSet& set) {
        set.rules[0].conditions[0].kind = Condition::Kind::kEquals;
        set.rules[0].conditions[0].literal = "\"1\"";
      },
  };
  std::set<std::string> texts;
  for (size_t i = 0; i < changes.size(); ++i) {
    TableSet set = Sample();
    changes[i](set);
    EXPECT_TRUE(texts.insert(CanonicalText(set)).second) << "change " << i;
    EXPECT_EQ(CanonicalText(set), CanonicalText(TableSet(set)));
  }
}

}  // namespace
}  // namespace sluice
