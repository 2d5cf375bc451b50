// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/table_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/config_for_test.h"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class TableSectionTest : public ConfigFolderTest {
 protected:
  // `entries` begins on line 3.
  static std::string Tables(const std::string& entries) {
    return "name: test\ntables:\n" + entries;
  }
};

TEST_F(TableSectionTest, ReadsTablesRulesAndOptions) {
  const auto config = Load(Tables(R"(
  - ddl: schema/events.sql
    when: {has: [id, context.page], equals: {type: click, "a\\.b": "2", v: 2, gone: null}}
    unique: [id]
    time: at
    columns: {page_url: {from: context.page.url}, created: {from: ts, epoch: us}}
    on_too_long: truncate
    on_bad_value: null
    on_unknown_field: {collect: extra}
  - {drop: true, when: {has: test}}
  - {ddl: schema/utm.sql, when: any, unique: none, duplicates: allowed, on_unknown_field: quarantine}
)"));
  ASSERT_TRUE(config) << config.error().message();
  const TableSet& set = *config->tables;
  ASSERT_EQ(set.tables.size(), 2u);
  const Table& events = set.tables[0];
  EXPECT_THAT(events.unique, ElementsAre(0u));
  EXPECT_EQ(events.time, 1u);
  EXPECT_THAT(events.sources[2].path, ElementsAre("context", "page", "url"));
  EXPECT_THAT(events.sources[3].path, ElementsAre("ts"));
  EXPECT_EQ(events.sources[3].epoch, EpochUnit::kMicros);
  EXPECT_EQ(events.on_too_long, OnTooLong::kTruncate);
  EXPECT_EQ(events.on_bad_value, OnBadValue::kNull);
  EXPECT_EQ(events.on_unknown_field, OnUnknownField::kCollect);
  EXPECT_EQ(events.collect, 4u);
  EXPECT_EQ(set.tables[1].on_unknown_field, OnUnknownField::kQuarantine);
  EXPECT_TRUE(set.tables[1].unique.empty());
  ASSERT_EQ(set.rules.size(), 3u);
  const auto& conditions = set.rules[0].conditions;
  ASSERT_EQ(conditions.size(), 6u);
  EXPECT_THAT(conditions[1].path, ElementsAre("context", "page"));
  EXPECT_EQ(conditions[2].literal, "\"click\"");
  EXPECT_THAT(conditions[3].path, ElementsAre("a.b"));
  EXPECT_EQ(conditions[3].literal, "\"2\"");
  EXPECT_EQ(conditions[4].literal, "2");
  EXPECT_EQ(conditions[5].literal, "null");
  EXPECT_EQ(set.rules[1].table, std::nullopt);
  EXPECT_EQ(set.rules[2].table, 1u);
  EXPECT_EQ(set.rules[2].conditions[0].kind, Condition::Kind::kAny);
}

TEST_F(TableSectionTest, DdlErrorsKeepTheirOwnPlaceAndDoNotStopOthers) {
  Write("schema/broken.sql", "CREATE TABLE t (\n  a STRNG\n)");
  EXPECT_THAT(ProblemsOf(Tables("  - {ddl: schema/broken.sql, when: any, unique: [a], tme: a}\n"
                                "  - {ddl: schema/gone.sql, when: any, unique: [a]}\n"
                                "  - {ddl: schema/utm.sql, when: {has: x}, unique: [x]}\n")),
              AllOf(HasSubstr("FOLDER/schema/broken.sql:2:5: found 'strng'; wanted a type"),
                    HasSubstr("FOLDER/sluice.yaml:3:54: unknown key 'tables[0].tme'; did you mean "
                              "'time'?"),
                    HasSubstr("FOLDER/sluice.yaml:4:11: tables[1].ddl: cannot open "
                              "FOLDER/schema/gone.sql"),
                    HasSubstr("FOLDER/sluice.yaml:5:52: tables[2].unique: table utm has no column "
                              "'x'")));
}

struct Wrong {
  const char* entry;
  const char* problem;
};

TEST_F(TableSectionTest, NamesEachKindOfMistake) {
  for (const auto& [entry, problem] : std::initializer_list<Wrong>{
           {"{when: any, unique: [id]}", "3:5: 'tables[0].ddl' is missing; name a file"},
           {"{ddl: schema/utm.sql, unique: [id]}", "'tables[0].when' is missing; say which events"},
           {"{ddl: schema/utm.sql, when: all, unique: [id]}",
            "3:33: tables[0].when: wanted any, {has: PATH} or {equals: {PATH: VALUE}}"},
           {"{ddl: schema/utm.sql, when: {}, unique: [id]}", "tables[0].when: wanted any"},
           {"{ddl: schema/utm.sql, when: {had: x}, unique: [id]}",
            "unknown key 'tables[0].when.had'; did you mean 'has'?"},
           {"{ddl: schema/utm.sql, when: {has: a..b}, unique: [id]}",
            "3:39: when.has: 'a..b' has an empty key"},
           {"{ddl: schema/utm.sql, when: {has: {a: b}}, unique: [id]}",
            "when.has: wanted a path or a list of them; found a map"},
           {"{ddl: schema/utm.sql, when: {equals: x}, unique: [id]}",
            "when.equals: wanted a map of paths and values"},
           {"{ddl: schema/utm.sql, when: {equals: {a: yes}}, unique: [id]}",
            "when.equals: 'yes' is not a boolean"},
           {"{ddl: schema/utm.sql, when: {equals: {a: [1]}}, unique: [id]}",
            "when.equals: wanted one value; found a list"},
           {"{ddl: schema/utm.sql, when: any}", "3:5: tables[0].unique: wanted the columns that"},
           {"{ddl: schema/utm.sql, when: any, unique: none}", "'duplicates: allowed'"},
           {"{ddl: schema/utm.sql, when: any, unique: id}",
            "3:46: tables[0].unique: wanted none or a list of columns"},
           {"{ddl: schema/utm.sql, when: any, unique: [[id]]}", "wanted none or a list of columns"},
           {"{ddl: schema/utm.sql, when: any, unique: [id], duplicates: yes}",
            "found 'yes'; wanted one of: allowed"},
           {"{ddl: schema/events.sql, when: any, unique: [page_url]}",
            "column 'page_url' may be NULL"},
           {"{ddl: schema/events.sql, when: any, unique: [id], time: created}",
            "3:61: tables[0].time: column 'created' may be NULL"},
           {"{ddl: schema/events.sql, when: any, unique: [id], columns: [page_url]}",
            "tables[0].columns: wanted a map"},
           {"{ddl: schema/events.sql, when: any, unique: [id], columns: {page_url: a.b}}",
            "tables[0].columns.page_url: wanted a map, like {from: context.page.url}"},
           {"{ddl: schema/events.sql, when: any, unique: [id], columns: {page: {from: a}}}",
            "3:71: tables[0].columns: table events has no column 'page'"},
           {"{ddl: schema/events.sql, when: any, unique: [id], columns: {id: {epoch: ms}}}",
            "3:77: tables[0].columns: column 'id' is CHAR(36); epoch is for TIMESTAMP"},
           {"{ddl: schema/events.sql, when: any, unique: [id], columns: {created: {epoch: ns}}}",
            "found 'ns'; wanted one of: s, ms, us"},
           {"{ddl: schema/events.sql, when: any, unique: [id], columns: {created: {form: a}}}",
            "unknown key 'tables[0].columns.created.form'; did you mean 'from'?"},
           {"{ddl: schema/utm.sql, when: any, unique: [id], on_too_long: cut}",
            "found 'cut'; wanted one of: quarantine, truncate"},
           {"{ddl: schema/utm.sql, when: any, unique: [id], on_bad_value: }",
            "tables[0].on_bad_value: has no value"},
           {"{ddl: schema/utm.sql, when: any, unique: [id], on_unknown_field: drop}",
            "found 'drop'; wanted one of: ignore, quarantine"},
           {"{ddl: schema/utm.sql, when: any, unique: [id], on_unknown_field: {}}",
            "'tables[0].on_unknown_field.collect' is missing"},
           {"{ddl: schema/events.sql, when: any, unique: [id], on_unknown_field: {collect: at}}",
            "column 'at' is TIMESTAMP; wanted SUPER or VARCHAR"},
           {"{drop: yes, when: any}", "3:12: tables[0].drop: wanted true"},
           {"{drop: true, when: any, unique: [id]}", "unknown key 'tables[0].unique'"},
           {"{drop: true}", "'tables[0].when' is missing"},
           {"events.sql", "3:5: tables: wanted a map, like {ddl: events.sql, …}"},
       }) {
    EXPECT_THAT(ProblemsOf(Tables("  - " + std::string(entry) + "\n")), HasSubstr(problem))
        << entry;
  }
}

TEST_F(TableSectionTest, OneMistakeIsOneProblem) {
  for (const char* entry :
       {"{ddl: schema/utm.sql, when: all, unique: [id]}", "{ddl: schema/gone.sql, when: any}",
        "{ddl: schema/utm.sql, when: {has: x}, unique: id}",
        "{ddl: schema/utm.sql, when: {has: a..b}, unique: [id]}", "{drop: yes, when: {has: a}}"}) {
    const std::string next = "  - {ddl: schema/events.sql, when: {has: at}, unique: [id]}\n";
    const std::string problems = ProblemsOf(Tables("  - " + std::string(entry) + "\n" + next));
    EXPECT_THAT(problems, AllOf(Not(""), Not(HasSubstr("\n")))) << entry;
  }
}

TEST_F(TableSectionTest, TablesMustBeAList) {
  for (const char* tables : {"{a: b}", "[]", "x", ""}) {
    EXPECT_THAT(ProblemsOf("name: t\ntables: " + std::string(tables) + "\n"),
                HasSubstr("tables: wanted a list of tables"));
  }
}

TEST_F(TableSectionTest, OrderOfRulesIsChecked) {
  EXPECT_THAT(ProblemsOf(Tables("  - {ddl: schema/utm.sql, when: any, unique: [id]}\n"
                                "  - {ddl: schema/events.sql, when: {has: at}, unique: [id]}\n"
                                "  - {ddl: schema/utm.sql, when: {has: x}, unique: [id]}\n")),
              AllOf(HasSubstr("4:36: tables[1].when: no event gets here"),
                    HasSubstr("5:11: tables[2].ddl: there are two tables 'utm'")));
}

TEST_F(TableSectionTest, APostgresTargetHasItsLimits) {
  Write("schema/wide.sql",
        "CREATE TABLE wide (id VARCHAR(4000) NOT NULL, " + std::string(64, 'c') + " INT)");
  const std::string tables = Tables(
      "  - {drop: true, when: {has: test}}\n"
      "  - {ddl: schema/utm.sql, when: {has: x}, unique: [id]}\n"
      "  - {ddl: schema/wide.sql, when: any, unique: [id]}\n");
  const std::string postgres = "warehouse: {postgres: {host: h, database: d, user: u}";
  EXPECT_THAT(
      ProblemsOf(tables + postgres + "}\n"),
      AllOf(HasSubstr("FOLDER/sluice.yaml:5:11: tables[2].ddl: column 'cccc"),
            HasSubstr("FOLDER/sluice.yaml:5:47: tables[2].unique: a key may have 4016 bytes"),
            Not(HasSubstr("tables[1]"))));
  EXPECT_EQ(ProblemsOf(tables + "warehouse: {duckdb: w}\n"), "");
  const std::string schema = ", schema: " + std::string(64, 's') + "}\n";
  EXPECT_THAT(ProblemsOf(Minimal(postgres + schema)),
              HasSubstr("warehouse.schema: has 64 bytes, and a name in PostgreSQL at most 63"));
  EXPECT_EQ(ProblemsOf(Minimal("warehouse: {duckdb: w" + schema)), "");
}

TEST_F(TableSectionTest, WarnsWithThePlaceOfTheRule) {
  const auto config =
      Load(Tables("  - {ddl: schema/events.sql, when: {has: page_url}, unique: [id]}\n"));
  ASSERT_TRUE(config) << config.error().message();
  ASSERT_EQ(config->warnings.size(), 1u);
  EXPECT_THAT(config->warnings[0],
              StartsWith(folder_ + "/sluice.yaml:3:36: 'page_url' feeds the nullable column "
                                   "events.page_url: "));
}

}  // namespace
}  // namespace sluice
