// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/load_sql.h"

#include <gmock/gmock.h>

#include "sluice/schema/postgres_limits.h"
#include "sluice/warehouse/duckdb_parquet_sql.h"
#include "sluice/warehouse/sql_text.h"
#include "sluice/warehouse/stage_sql.h"
#include "sluice/warehouse/table_sql.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Table MakeTable() {
  Table table;
  table.schema.schema = "tra\"cking";
  table.schema.name = "events";
  table.schema.columns = {{"request_id", {TypeKind::kChar, 36}, true},
                          {"at", {TypeKind::kTimestamp}, true},
                          {"made", {TypeKind::kBigInt}, true, true},
                          {"location", {TypeKind::kVarchar, 10}},
                          {"sluice_object", {TypeKind::kBigInt}, false, true}};
  table.unique = {0};
  table.time = 1;
  return table;
}

TimeInterval Day(int day) {
  const Timestamp from = Timestamp(std::chrono::days(day));
  return {from, from + std::chrono::hours(1)};
}

LedgerNames Names() {
  return {.pipeline = "it's", .schema = "sluice", .dialect = SqlDialect(SqlDialect::Kind::kDuckDb)};
}

TEST(SqlText, QuotesAreDoubled) {
  EXPECT_EQ(QuoteIdentifier("a\"b;--"), "\"a\"\"b;--\"");
  EXPECT_EQ(QuoteLiteral("it's \\ \"x\""), "'it''s \\ \"x\"'");
  EXPECT_EQ(TimestampLiteral(Timestamp(std::chrono::microseconds(1))),
            "TIMESTAMP '1970-01-01 00:00:00.000001'");
}

TEST(StageSql, FilesHoldFilledColumnsThenTheTechnicalOnes) {
  std::vector<std::string> names;
  for (const StagedColumn& column : StagedColumns(MakeTable())) names.push_back(column.name);
  EXPECT_THAT(names, ElementsAre("request_id", "at", "location", "sluice_object", "sluice_line"));
}

TEST(StageSql, PathsAreLiteralsNotPatterns) {
  const std::string sql = FillStageSql("t", StagedColumns(MakeTable()), {"/d/it's [1]*?.parquet"});
  EXPECT_THAT(sql, HasSubstr("read_parquet(['/d/it''s [[]1][*][?].parquet'], hive_partitioning"));
  EXPECT_THAT(sql, HasSubstr("make_timestamp(epoch_us(\"at\"))"));
}

TEST(StageSql, PlanRowsHoldEachTableAndTheObject) {
  TableSet tables;
  tables.tables = {MakeTable()};
  PlannedObject object;
  object.tables = {{.table = 0, .parquet = "p", .routed = 5, .quarantined = 2}};
  object.lines = 6;
  std::vector<SqlRow> rows;
  AddPlanRows(tables, 3, object, "", "", rows);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][5], SqlValue(std::string("events")));
  EXPECT_EQ(rows[1][5], SqlValue(std::string("*")));
  EXPECT_EQ(rows[1][12], SqlValue(int64_t{6}));
  EXPECT_EQ(rows[1][15], SqlValue(int64_t{5}));
}

// PostgreSQL would cut them, and two might become one.
TEST(LedgerSql, TheNamesThatSluiceMakesFitIntoPostgres) {
  const LedgerNames names = {.pipeline = "p",
                             .schema = "sluice",
                             .dialect = SqlDialect(SqlDialect::Kind::kPostgres),
                             .prefix = "sluice_probe_01jd0000000000000000000000_"};
  TableSet tables;
  Table& table = tables.tables.emplace_back();
  table.schema.name = std::string(kLongestPostgresName, 't');
  table.schema.columns = {{"id", {.kind = TypeKind::kBigInt}, true}};
  table.unique = {0};
  for (const std::string& sql : PrepareTablesSql(tables, names)) {
    for (size_t begin = sql.find('"'); begin != std::string::npos;) {
      const size_t end = sql.find('"', begin + 1);
      EXPECT_LE(end - begin - 1, kLongestPostgresName) << sql;
      begin = sql.find('"', end + 1);
    }
  }
}

TEST(TableSql, InsertNamesFilledColumnsOnly) {
  const LedgerNames names = Names();
  const Table table = MakeTable();
  EXPECT_THAT(TableSql(names, table, 0, {}).Insert(),
              HasSubstr("INSERT INTO wh.\"tra\"\"cking\".\"events\" (\"request_id\", \"at\", "
                        "\"location\", \"sluice_object\") SELECT"));
}

TEST(TableSql, TimesLimitWhatIsReadOfTheTable) {
  const LedgerNames names = Names();
  const Table table = MakeTable();
  EXPECT_THAT(TableSql(names, table, 0, {}).Fresh(), Not(HasSubstr("BETWEEN")));
  EXPECT_THAT(TableSql(names, table, 0, {Day(1), Day(5)}).Fresh(),
              HasSubstr("t.\"at\" BETWEEN TIMESTAMP '1970-01-02 00:00:00.000000' AND TIMESTAMP "
                        "'1970-01-06 01:00:00.000000' AND (t.\"at\" BETWEEN TIMESTAMP "
                        "'1970-01-02 00:00:00.000000' AND TIMESTAMP '1970-01-02 01:00:00.000000' "
                        "OR t.\"at\" BETWEEN"));
}

TEST(TableSql, TimeWithZoneIsComparedWithTimesWithZone) {
  const LedgerNames names = Names();
  Table table = MakeTable();
  table.schema.columns[1].type.kind = TypeKind::kTimestampTz;
  EXPECT_THAT(TableSql(names, table, 0, {Day(1)}).Fresh(),
              HasSubstr("BETWEEN CAST('1970-01-02 00:00:00.000000+00' AS TIMESTAMPTZ)"));
}

TEST(TableSql, DiffersComparesWhatWasSentAndIsNotTheKey) {
  const LedgerNames names = Names();
  const Table table = MakeTable();
  EXPECT_THAT(TableSql(names, table, 0, {}).Losers(),
              HasSubstr("MIN(CASE WHEN COALESCE(s.\"location\" = t.\"location\", s.\"location\" IS "
                        "NULL AND t.\"location\" IS NULL) THEN 0 ELSE 1 END)"));
}

TEST(TableSql, KeyOfSeveralColumnsBecomesOneText) {
  const LedgerNames names = Names();
  Table table = MakeTable();
  table.unique = {0, 3};
  EXPECT_THAT(TableSql(names, table, 0, {}).Losers(),
              HasSubstr("REPLACE(REPLACE(CAST(s.\"request_id\" AS VARCHAR), '~', '~0'), '|', '~1') "
                        "|| '|' || REPLACE("));
}

TEST(LoadSql, TheLockComesFirstAndTheBalanceLast) {
  TableSet tables;
  tables.tables = {MakeTable()};
  const auto sql = CommitSql(tables, Names(), {.batch = "b", .loaded_at = {}, .tables = {{}}});
  EXPECT_EQ(sql.front().sql, "UPDATE wh.\"sluice\".\"lock\" SET n = n + 1");
  EXPECT_EQ(sql.back().name, "check balance");
  EXPECT_EQ(sql.back().assertion->failure, ErrorKind::kBadData);
}

TEST(LoadSql, TheNumberOfStatementsDependsOnTheNumberOfStagedTablesOnly) {
  TableSet tables;
  LoadFacts facts = {.batch = "b", .loaded_at = {}, .tables = {}};
  const size_t none = CommitSql(tables, Names(), facts).size();
  tables.tables.assign(100, MakeTable());
  EXPECT_EQ(CommitSql(tables, Names(), facts).size(), none);
  facts.tables = {{.table = 7, .times = {Day(1), Day(9)}}, {.table = 99, .times = {}}};
  EXPECT_EQ(CommitSql(tables, Names(), facts).size(), none + 10);
}

TEST(LoadSql, NoStatementReadsTwoOfTheTables) {
  TableSet tables;
  tables.tables.assign(2, MakeTable());
  for (const SqlStatement& statement :
       CommitSql(tables, Names(), {.batch = "b", .loaded_at = {}, .tables = {{0, {}}, {1, {}}}})) {
    EXPECT_FALSE(statement.sql.find("sluice_stage_1") != std::string::npos &&
                 statement.sql.find("sluice_stage_2") != std::string::npos)
        << statement.sql;
  }
}

}  // namespace
}  // namespace sluice
