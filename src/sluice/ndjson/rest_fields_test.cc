// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/rest_fields.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sluice/ndjson/conversion_for_test.h"

namespace sluice {
namespace {

using Words = std::vector<std::string>;
using Counts = std::map<std::string, uint64_t>;

TableSet OneNumber() {
  return OneTable(MakeTable("t", {MakeColumn("n", {.kind = TypeKind::kBigInt})}));
}

TEST(RestFieldsTest, UnknownFieldsAreCountedByTable) {
  TableSet tables{
      .tables = {MakeTable("a", {MakeColumn("v", Varchar(9)), MakeColumn("p", Varchar(9))}),
                 MakeTable("b", {MakeColumn("w", Varchar(9))})}};
  tables.tables[0].sources[1].path = {"ctx", "p"};
  tables.rules = {
      {.conditions = {{.kind = Condition::Kind::kHas, .path = {"is", "a"}}}, .table = 0},
      {.conditions = {}, .table = 1}};
  const Conversion made =
      ConvertText(tables, R"({"is":{"a":1},"v":"1","w":"2","ctx":{"q":1},"n\u0065w":0}
{"is":{"a":1},"new":[],"new":{},"sluice_raw":1}
{"v":"1","w":"2","ctx":null}
)");
  EXPECT_EQ(made.counts.tables[0].unknown_fields,
            (Counts{{"w", 1}, {"ctx.q", 1}, {"new", 2}, {"sluice_raw", 1}}));
  EXPECT_EQ(made.counts.tables[1].unknown_fields, (Counts{{"v", 1}, {"ctx", 1}}));
}

TableSet ThreeUsesOfOneObject() {
  TableSet tables{.tables = {MakeTable("part", {MakeColumn("v", Varchar(99))}),
                             MakeTable("whole", {MakeColumn("v", Varchar(99))}),
                             MakeTable("none", {MakeColumn("v", Varchar(99))})}};
  tables.tables[0].sources[0].path = {"o", "p", "q.r"};
  tables.tables[1].sources[0].path = {"o", "p"};
  const auto has = [](FieldPath path) {
    return Condition{.kind = Condition::Kind::kHas, .path = std::move(path)};
  };
  tables.rules = {{.conditions = {has({"part"})}, .table = 0},
                  {.conditions = {has({"whole"}), has({"o", "n"})}, .table = 1},
                  {.conditions = {has({"gone"})}, .table = std::nullopt},
                  {.conditions = {}, .table = 2}};
  return tables;
}

constexpr const char* kOneObject =
    R"("o":{"n":1,"p":{"q.r":2,"q":{"r":3},"\\":4},"z":{"p":5}},"gone":6})";

TEST(RestFieldsTest, EachTableHasItsOwnUnknownFields) {
  const TableSet tables = ThreeUsesOfOneObject();
  const Conversion made = ConvertText(
      tables,
      std::string("{\"part\":0,") + kOneObject + "\n{\"whole\":0," + kOneObject +
          "\n{\"o\":{\"n\":1},\"part.\":0}\n{\"part\":0,\"o\":[]}\n{\"part\":0,\"o\":{\"p\":" +
          "null}}\n");
  EXPECT_EQ(
      made.counts.tables[0].unknown_fields,
      (Counts{{"o", 1}, {"o.n", 1}, {"o.p.q", 1}, {R"(o.p.\\)", 1}, {"o.z", 1}, {"gone", 1}}));
  EXPECT_EQ(made.counts.tables[1].unknown_fields, (Counts{{"o.z", 1}, {"gone", 1}}));
  EXPECT_EQ(made.counts.tables[2].unknown_fields, (Counts{{"o", 1}, {R"(part\.)", 1}}));
}

TEST(RestFieldsTest, EachTableCollectsWhatItsColumnsDoNotTake) {
  TableSet tables = ThreeUsesOfOneObject();
  for (Table& table : tables.tables) {
    table.on_unknown_field = OnUnknownField::kCollect;
    table.collect = 1;
    table.schema.columns.push_back(MakeColumn("rest", {.kind = TypeKind::kSuper}));
    table.sources.push_back({.path = {"rest"}});
  }
  tables.rules.erase(tables.rules.begin() + 2);
  const Conversion made =
      ConvertText(tables, std::string("{\"part\":0,") + kOneObject + "\n{\"whole\":0," +
                              kOneObject + "\n{" + kOneObject + "\n");
  EXPECT_EQ(
      made.rows[0],
      Words{R"(1: 2 | {"part":0,"o":{"n":1,"p":{"q":{"r":3},"\\":4},"z":{"p":5}},"gone":6})"});
  EXPECT_EQ(
      made.rows[1],
      Words{R"(2: {"q.r":2,"q":{"r":3},"\\":4} | {"whole":0,"o":{"n":1,"z":{"p":5}},"gone":6})"});
  EXPECT_EQ(made.rows[2], Words{std::string("3: NULL | {") + kOneObject});
  EXPECT_EQ(made.counts.tables[1].unknown_fields.count("whole"), 0U);
}

TEST(RestFieldsTest, OnlySoManyUnknownNamesAreKept) {
  std::string line = "{";
  for (int i = 0; i < 300; ++i) line += "\"k" + std::to_string(i) + "\":1,";
  line += "\"" + std::string(1000, 'x') + "\":1}\n";
  const Conversion made = ConvertText(OneNumber(), line);
  EXPECT_EQ(made.counts.tables[0].unknown_fields.size(), 257U);
  EXPECT_EQ(made.counts.tables[0].unknown_fields.at("…"), 45U);
  EXPECT_EQ(made.counts.tables[0].unknown_fields.count("k255"), 1U);
}

TEST(RestFieldsTest, UnknownFieldsGoToQuarantineWhereTheTableSaysSo) {
  TableSet tables = OneNumber();
  tables.tables[0].on_unknown_field = OnUnknownField::kQuarantine;
  const Conversion made =
      ConvertText(tables, "{\"x\":1,\"n\":2}\n{\"x\":1,\"n\":\"y\"}\n{\"n\":3}\n");
  EXPECT_EQ(made.rows[0], Words{"3: 3"});
  EXPECT_EQ(made.faults, (Words{"1 @0+13 unknown_field t", "2 @14+15 bad_integer t.n"}));
  EXPECT_EQ(made.counts.tables[0].unknown_fields.at("x"), 2U);
}

TEST(RestFieldsTest, TheyAreCollectedAsTheyCame) {
  TableSet tables{.tables = {MakeTable("a", {MakeColumn("v", Varchar(9)),
                                             MakeColumn("extra", {.kind = TypeKind::kSuper})}),
                             MakeTable("b", {MakeColumn("w", Varchar(9))})}};
  tables.tables[0].on_unknown_field = OnUnknownField::kCollect;
  tables.tables[0].collect = 1;
  tables.rules = {{.conditions = {}, .table = 0}};
  const Conversion made =
      ConvertText(tables, R"({"z" : [1, 2] ,"v":"1", "\u0061\"": "\n", "w": {"y": 1}, "k":1e5 }
{"v":"2"}
{"x":1,"extra":{},"y":2,"x":3}
)");
  EXPECT_EQ(made.rows[0], (Words{R"(1: 1 | {"z":[1, 2],"\u0061\"":"\n","w":{"y": 1},"k":1e5})",
                                 "2: 2 | NULL", R"(3: NULL | {"extra":{},"y":2,"x":3})"}));
}

}  // namespace
}  // namespace sluice
