// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/ddl_parser.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "sluice/base/io.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Sample(const std::string& name) {
  const char* root = std::getenv("SLUICE_SOURCE");
  const auto text =
      ReadFile(fmt::format("{}/examples/tracking/{}.sql", root ? root : ".", name), KiB(64));
  return text ? *text : "";
}

// The canonical columns of CREATE TABLE t (`columns`), or the error.
std::string Columns(const std::string& columns) {
  const auto table = ParseCreateTable("CREATE TABLE t (" + columns + ")", "t.sql");
  if (!table) return table.error().message();
  std::string text = CanonicalDdl(*table);
  text = text.substr(text.find('(') + 1);
  text.pop_back();
  return text;
}

std::string ErrorOf(const std::string& sql) {
  const auto tables = ParseCreateTables(sql, "t.sql");
  if (tables) return "no error";
  EXPECT_EQ(tables.error().kind(), ErrorKind::kPermanent);
  return tables.error().message();
}

TEST(DdlParserTest, ReadsTheSampleOfEvents) {
  const auto table = ParseCreateTable(Sample("events"), "events.sql");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(CanonicalDdl(*table),
            R"(CREATE TABLE "tracking"."events" ("request_id" CHAR(36) NOT NULL, )"
            R"("request_timestamp" TIMESTAMP NOT NULL, "cookie_id" CHAR(36) NOT NULL, )"
            R"("topic" VARCHAR(1024) NOT NULL, "message" VARCHAR(3128), )"
            R"("environment" VARCHAR(30), "website_id" CHAR(36), "user_account_id" CHAR(36), )"
            R"("location" VARCHAR(5000), "user_agent" VARCHAR(1024), "referrer" VARCHAR(500)))");
}

TEST(DdlParserTest, ReadsTheSampleOfUtm) {
  const auto table = ParseCreateTable(Sample("utm"), "utm.sql");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(table->schema, "tracking");
  EXPECT_EQ(table->name, "utm");
  ASSERT_EQ(table->columns.size(), 14u);
  EXPECT_EQ(table->columns[0].type.length, 56);
  EXPECT_TRUE(table->columns[2].not_null);
  EXPECT_FALSE(table->columns[3].not_null);
}

struct Spelling {
  const char* sql;
  const char* canonical;
};

TEST(DdlParserTest, KnowsEverySpellingOfEveryType) {
  for (const auto& [sql, canonical] : std::initializer_list<Spelling>{
           {"SMALLINT", "SMALLINT"},
           {"int2", "SMALLINT"},
           {"INTEGER", "INTEGER"},
           {"Int", "INTEGER"},
           {"int4", "INTEGER"},
           {"BIGINT", "BIGINT"},
           {"INT8", "BIGINT"},
           {"DECIMAL", "DECIMAL(18,0)"},
           {"numeric(38)", "DECIMAL(38,0)"},
           {"DECIMAL(10 , 10)", "DECIMAL(10,10)"},
           {"REAL", "REAL"},
           {"FLOAT4", "REAL"},
           {"DOUBLE PRECISION", "DOUBLE PRECISION"},
           {"FLOAT8", "DOUBLE PRECISION"},
           {"FLOAT", "DOUBLE PRECISION"},
           {"BOOLEAN", "BOOLEAN"},
           {"BOOL", "BOOLEAN"},
           {"CHAR", "CHAR(1)"},
           {"CHARACTER(4096)", "CHAR(4096)"},
           {"NCHAR(7)", "CHAR(7)"},
           {"BPCHAR", "CHAR(256)"},
           {"VARCHAR", "VARCHAR(256)"},
           {"VARCHAR(65535)", "VARCHAR(65535)"},
           {"VARCHAR(max)", "VARCHAR(65535)"},
           {"CHARACTER VARYING(12)", "VARCHAR(12)"},
           {"NVARCHAR(9)", "VARCHAR(9)"},
           {"TEXT", "VARCHAR(256)"},
           {"DATE", "DATE"},
           {"TIMESTAMP", "TIMESTAMP"},
           {"TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP"},
           {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"},
           {"TIMESTAMPTZ", "TIMESTAMPTZ"},
           {"SUPER", "SUPER"},
       }) {
    EXPECT_EQ(Columns(fmt::format("a {}", sql)), fmt::format("\"a\" {}", canonical)) << sql;
  }
}

TEST(DdlParserTest, SuperHoldsWhatOneStringOfItMayHold) {
  EXPECT_EQ(ParseCreateTable("CREATE TABLE t (a SUPER)", "")->columns[0].type.length, 65'535);
}

TEST(DdlParserTest, RefusesTypesThatCannotBe) {
  for (const auto& [sql, error] : std::initializer_list<Spelling>{
           {"VARCHAR(0)", "t.sql:1:27: found '0'; wanted MAX or a length in bytes from 1 to 65535"},
           {"VARCHAR(65536)", "found '65536'"},
           {"CHAR(4097)", "found '4097'; wanted a length in bytes from 1 to 4096"},
           {"CHAR(99999999999999999999)", "found '99999999999999999999'"},
           {"CHAR(1.5)", "found '1.5'"},
           {"DECIMAL(39,0)", "found '39'; wanted a precision from 1 to 38"},
           {"DECIMAL(5,6)", "found '6'; wanted a scale from 0 to 5"},
           {"DECIMAL(5,-1)", "found '-'"},
           {"DOUBLE", "found ')'; wanted PRECISION"},
           {"TIMESTAMP WITH ZONE", "found 'zone'; wanted TIME"},
           {"TIMESTAMP(6)", "t.sql:1:28: found '('"},
           {"TEXT(10)", "found '('"},
           {"STRNG", "t.sql:1:19: found 'strng'; wanted a type: SMALLINT, INTEGER"},
           {"TIMETZ", "found 'timetz'; wanted a type"},
           {"", "found ')'; wanted a type"},
       }) {
    EXPECT_THAT(Columns(fmt::format("a {}", sql)), HasSubstr(error)) << sql;
  }
}

TEST(DdlParserTest, KeepsLiteralDefaultsUnquoted) {
  for (const auto& [sql, canonical] : std::initializer_list<Spelling>{
           {"INT DEFAULT 5", "INTEGER DEFAULT '5'"},
           {"INT DEFAULT -5 NOT NULL", "INTEGER NOT NULL DEFAULT '-5'"},
           {"INT DEFAULT +007", "INTEGER DEFAULT '7'"},
           {"REAL DEFAULT -.5e-3", "REAL DEFAULT '-0.5e-3'"},
           {"BOOL DEFAULT TRUE", "BOOLEAN DEFAULT 'true'"},
           {"BOOL DEFAULT false ENCODE raw", "BOOLEAN DEFAULT 'false'"},
           {"TEXT DEFAULT 'it''s'", "VARCHAR(256) DEFAULT 'it''s'"},
           {"TEXT DEFAULT ''", "VARCHAR(256) DEFAULT ''"},
           {"TEXT DEFAULT NULL", "VARCHAR(256)"},
           {"TEXT DEFAULT null::varchar", "VARCHAR(256)"},
           {"INT DEFAULT ((0))", "INTEGER DEFAULT '0'"},
           {"VARCHAR(9) DEFAULT 'x'::character varying", "VARCHAR(9) DEFAULT 'x'"},
           {"VARCHAR(9) DEFAULT ('x')::varchar(1)", "VARCHAR(9) DEFAULT 'x'"},
           {"DECIMAL(5,2) DEFAULT 1.5::numeric(5,2)", "DECIMAL(5,2) DEFAULT '1.5'"},
       }) {
    EXPECT_EQ(Columns(fmt::format("a {}", sql)), fmt::format("\"a\" {}", canonical)) << sql;
  }
}

TEST(DdlParserTest, ColumnsThatTheWarehouseFillsAreGenerated) {
  for (const char* sql :
       {"DEFAULT getdate()", "DEFAULT sysdate NOT NULL", "DEFAULT current_timestamp",
        "DEFAULT (1 + 2)", "DEFAULT 1 + 2", "DEFAULT 'abc'::char(2)", "DEFAULT 1.5::numeric",
        "DEFAULT convert_timezone('UTC', getdate()) ENCODE az64", "DEFAULT 'a' || current_user",
        "DEFAULT current_timestamp AT TIME ZONE 'UTC'", "DEFAULT interval '1 day' + sysdate",
        "DEFAULT pg_catalog.now()", "DEFAULT (CASE WHEN 1 = 1 THEN NULL ELSE 2 END)",
        "IDENTITY(1,1)", "IDENTITY(0, -1) NOT NULL", "GENERATED BY DEFAULT AS IDENTITY(1,1)",
        "GENERATED ALWAYS AS IDENTITY(1,1)"}) {
    const auto table = ParseCreateTable(fmt::format("CREATE TABLE t (a VARCHAR(9) {})", sql), "t");
    ASSERT_TRUE(table) << sql << ": " << table.error().message();
    EXPECT_TRUE(table->columns[0].generated) << sql;
    EXPECT_EQ(table->columns[0].default_text, std::nullopt) << sql;
  }
}

TEST(DdlParserTest, ACastThatChangesTheValueMakesAnExpression) {
  EXPECT_EQ(Columns("a VARCHAR(9) DEFAULT 'abc'::varchar(2)"), "\"a\" VARCHAR(9) GENERATED");
  EXPECT_EQ(Columns("a VARCHAR(9) DEFAULT 'abc'::varchar(3)"), "\"a\" VARCHAR(9) DEFAULT 'abc'");
  EXPECT_EQ(Columns("a DECIMAL(5,2) DEFAULT 1.5::numeric"), "\"a\" DECIMAL(5,2) GENERATED");
  EXPECT_EQ(Columns("a DATE DEFAULT '2020-01-01'::timestamp"), "\"a\" DATE GENERATED");
}

TEST(DdlParserTest, ATypingErrorBehindADefaultIsNoExpression) {
  EXPECT_THAT(Columns("a INT DEFAULT 0 ENCDOE zstd"),
              StartsWith("t.sql:1:33: found 'encdoe'; wanted ',', ')' or a column attribute"));
  EXPECT_THAT(Columns("a INT DEFAULT"), HasSubstr("found ')'; wanted a default value"));
  EXPECT_THAT(Columns("a INT DEFAULT NOT NULL"), HasSubstr("found 'not'; wanted a default value"));
  EXPECT_THAT(Columns("a INT DEFAULT f((1"), HasSubstr("found the end; wanted ')'"));
  EXPECT_THAT(Columns("a INT DEFAULT 1 +"), HasSubstr("found ')'; wanted a default value"));
  EXPECT_THAT(Columns("a INT DEFAULT 0 DEFAULT 1"), HasSubstr("DEFAULT is given twice"));
}

TEST(DdlParserTest, AcceptsKeysEncodingsAndTableAttributes) {
  const auto table = ParseCreateTable(R"(
      create table S.T (
        a bigint not null encode az64 distkey,
        b int unique references other (id),
        c int primary key,
        d char(3) null references s.other,
        constraint k unique (a, b),
        unique (b),
        primary key (d),
        foreign key (a) references other
      ) diststyle key distkey (a) interleaved sortkey (a, "b") encode auto backup no;)",
                                      "t.sql");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(CanonicalDdl(*table),
            R"(CREATE TABLE "s"."t" ("a" BIGINT NOT NULL, "b" INTEGER, "c" INTEGER NOT NULL, )"
            R"("d" CHAR(3) NOT NULL))");
  for (const char* attributes :
       {"DISTSTYLE EVEN SORTKEY AUTO", "COMPOUND SORTKEY (a)", "DISTSTYLE ALL", "BACKUP YES"}) {
    EXPECT_TRUE(ParseCreateTable(fmt::format("CREATE TABLE t (a INT) {}", attributes), "t"));
  }
}

TEST(DdlParserTest, KeepsWhereRedshiftPutsRows) {
  using Distribution = TableLayout::Distribution;
  using SortOrder = TableLayout::SortOrder;
  const auto of = [](const std::string& sql) {
    const auto table = ParseCreateTable("CREATE TABLE t " + sql, "t.sql");
    EXPECT_TRUE(table) << table.error().message();
    return table.value_or(TableSchema{});
  };
  const TableSchema by_columns =
      of("(a INT ENCODE AZ64 SORTKEY, b TEXT ENCODE zstd DISTKEY, c INT ENCODE AUTO SORTKEY)");
  EXPECT_EQ(by_columns.columns[0].encoding, "az64");
  EXPECT_EQ(by_columns.columns[1].encoding, "zstd");
  EXPECT_EQ(by_columns.columns[2].encoding, "");
  EXPECT_EQ(by_columns.layout.distribution, Distribution::kKey);
  EXPECT_EQ(by_columns.layout.distribution_key, 1);
  EXPECT_EQ(by_columns.layout.sort_order, SortOrder::kCompound);
  EXPECT_THAT(by_columns.layout.sort_key, ElementsAre(0, 2));
  EXPECT_FALSE(by_columns.layout.encode_auto);

  const TableSchema of_table =
      of("(a INT, b INT) DISTKEY (a) DISTSTYLE KEY INTERLEAVED SORTKEY (b, a) ENCODE AUTO");
  EXPECT_EQ(of_table.layout.distribution_key, 0);
  EXPECT_EQ(of_table.layout.sort_order, SortOrder::kInterleaved);
  EXPECT_THAT(of_table.layout.sort_key, ElementsAre(1, 0));
  EXPECT_TRUE(of_table.layout.encode_auto);

  EXPECT_EQ(of("(a INT) DISTSTYLE EVEN").layout.distribution, Distribution::kEven);
  EXPECT_EQ(of("(a INT) DISTSTYLE ALL").layout.distribution, Distribution::kAll);
  EXPECT_EQ(of("(a INT) DISTSTYLE AUTO").layout.distribution, Distribution::kAuto);
  EXPECT_EQ(of("(a INT) SORTKEY AUTO").layout.sort_order, SortOrder::kAuto);
  EXPECT_EQ(of("(a INT) SORTKEY (a)").layout.sort_order, SortOrder::kCompound);
  EXPECT_EQ(of("(a INT)").layout.distribution, Distribution::kUnsaid);
  EXPECT_EQ(of("(a INT)").layout.sort_order, SortOrder::kUnsaid);
}

TEST(DdlParserTest, RefusesWhatItDoesNotUnderstand) {
  for (const auto& [sql, error] : std::initializer_list<Spelling>{
           {"", "t.sql:1:1: found the end; wanted CREATE"},
           {"DROP TABLE t", "t.sql:1:1: found 'drop'; wanted CREATE"},
           {"CREATE TEMP TABLE t (a INT)", "t.sql:1:8: found 'temp'; wanted TABLE"},
           {"CREATE TABLE a.b.c (a INT)", "found '.'; wanted '('"},
           {"CREATE TABLE t AS SELECT 1", "found 'as'; wanted '('"},
           {"CREATE TABLE t (LIKE u)", "found 'u'; wanted a type"},
           {"CREATE TABLE t ()", "found ')'; wanted a column name"},
           {"CREATE TABLE t (a INT,)", "found ')'; wanted a column name"},
           {"CREATE TABLE t (a INT b INT)", "found 'b'; wanted ',', ')' or a column attribute"},
           {"CREATE TABLE t (a INT", "found the end; wanted ',', ')'"},
           {"CREATE TABLE t (a INT) CREATE TABLE u (a INT)", "found 'create'; wanted ';'"},
           {"CREATE TABLE t (a INT NOT)", "found ')'; wanted NULL"},
           {"CREATE TABLE t (a INT NULL NOT NULL)", "NULL or NOT NULL is given twice"},
           {"CREATE TABLE t (a INT ENCODE zip)", "found 'zip'; wanted an encoding: RAW"},
           {"CREATE TABLE t (a TEXT COLLATE CI)", "found 'collate'"},
           {"CREATE TABLE t (a INT IDENTITY)", "found ')'; wanted '('"},
           {"CREATE TABLE t (a INT) DISTKEY (b)", "t.sql:1:33: there is no column 'b'"},
           {"CREATE TABLE t (a INT, PRIMARY KEY (a, x))", "there is no column 'x'"},
           {"CREATE TABLE t (a INT, CONSTRAINT c CHECK (a))", "found 'check'; wanted PRIMARY KEY"},
           {"CREATE TABLE t (a INT) DISTSTYLE ODD", "found 'odd'; wanted AUTO, EVEN, KEY or ALL"},
           {"CREATE TABLE t (a INT) COMPOUND (a)", "found '('; wanted SORTKEY"},
           {"CREATE TABLE t (a INT) BACKUP", "found the end; wanted YES or NO"},
           {"CREATE TABLE t (a INT DISTKEY, b INT DISTKEY)", "t.sql:1:38: a table has one DISTKEY"},
           {"CREATE TABLE t (a INT) DISTKEY (a) DISTSTYLE ALL",
            "t.sql:1:33: a DISTKEY goes with DISTSTYLE KEY and no other"},
           {"CREATE TABLE t (a INT) DISTSTYLE KEY", "t.sql:1:24: DISTSTYLE KEY needs a DISTKEY"},
           {"CREATE TABLE t (a INT) DISTSTYLE ALL DISTSTYLE ALL", "DISTSTYLE is given twice"},
           {"CREATE TABLE t (a INT SORTKEY) SORTKEY AUTO", "t.sql:1:32: SORTKEY is given twice"},
           {"CREATE TABLE t (a INT) SORTKEY (a, a)", "a SORTKEY names a column once"},
           {"CREATE TABLE t (a INT) SORTKEY (b)", "t.sql:1:33: there is no column 'b'"},
           {"CREATE TABLE t (a SUPER SORTKEY)", "t.sql:1:25: a SUPER can be neither"},
           {"CREATE TABLE t (a SUPER) DISTKEY (a)", "t.sql:1:35: a SUPER can be neither"},
       }) {
    EXPECT_THAT(ErrorOf(sql), HasSubstr(error)) << sql;
  }
}

TEST(DdlParserTest, T19_TwoColumnsOfOneNameAreAnError) {
  EXPECT_THAT(Columns("id INT,\n \"ID\" INT"), StartsWith("t.sql:2:2: there are two columns 'ID'"));
  EXPECT_THAT(Columns("id INT, Id INT"), HasSubstr("there are two columns 'id'"));
}

TEST(DdlParserTest, IdentifiersFoldUnlessQuoted) {
  EXPECT_EQ(Columns(R"(ReqId INT, "Say ""hi""" INT, Größe_$1 INT)"),
            R"("reqid" INTEGER, "Say ""hi""" INTEGER, "größe_$1" INTEGER)");
}

TEST(DdlParserTest, T18_LimitsHold) {
  std::string columns;
  for (int i = 0; i < 1600; ++i) columns += fmt::format("c{} INT,", i);
  EXPECT_TRUE(ParseCreateTable("CREATE TABLE t (" + columns + "PRIMARY KEY (c0))", "t"));
  EXPECT_THAT(Columns(columns + "last INT"), HasSubstr("a table has at most 1600 columns"));
  EXPECT_THAT(Columns(std::string(128, 'a') + " INT"), HasSubstr("longer than 127 bytes"));
  EXPECT_THAT(Columns('"' + std::string(128, 'a') + "\" INT"), HasSubstr("1 to 127 bytes"));
  EXPECT_THAT(Columns("\"\" INT"), HasSubstr("1 to 127 bytes"));
  EXPECT_THAT(ErrorOf(std::string(1'048'577, ' ')), HasSubstr("longer than 1 MiB"));
  std::string key = "a";
  for (int i = 1; i < 1600; ++i) key += ",a";
  EXPECT_EQ(Columns("a INT, PRIMARY KEY (" + key + ")"), Columns("a INT NOT NULL"));
  EXPECT_THAT(Columns("a INT, UNIQUE (a), PRIMARY KEY (" + key + ")"),
              HasSubstr("the keys of a table name at most 1600 columns"));
}

TEST(DdlParserTest, DeepNestingIsNoDanger) {
  const std::string open(400'000, '('), close(400'000, ')');
  EXPECT_EQ(Columns("a INT DEFAULT " + open + "1" + close), "\"a\" INTEGER DEFAULT '1'");
  EXPECT_EQ(Columns("a INT DEFAULT f" + open + "1" + close), "\"a\" INTEGER GENERATED");
  std::string comments;
  for (int i = 0; i < 200'000; ++i) comments += "/*";
  EXPECT_THAT(ErrorOf(comments), StartsWith("t.sql:1:1: this comment does not end"));
}

TEST(DdlParserTest, SkipsCommentsAndReadsSeveralStatements) {
  const auto tables = ParseCreateTables(
      "\xEF\xBB\xBF-- first\r\nCREATE TABLE a (x INT /* a /* nested */ comment */);;\n"
      "CREATE TABLE b (y INT -- last, no line end behind it\n)--",
      "t.sql");
  ASSERT_TRUE(tables) << tables.error().message();
  ASSERT_EQ(tables->size(), 2u);
  EXPECT_EQ((*tables)[1].name, "b");
}

TEST(DdlParserTest, OneStatementMeansOne) {
  const auto table = ParseCreateTable("CREATE TABLE a (x INT);\nCREATE TABLE b (x INT)", "t.sql");
  EXPECT_THAT(table.error().message(), StartsWith("t.sql:2:1: found 'create'; wanted the end"));
}

TEST(DdlParserTest, TextThatIsNotSqlIsNamed) {
  EXPECT_THAT(Columns("a INT DEFAULT 'x"), HasSubstr("this text does not end"));
  EXPECT_THAT(Columns("\"a INT"), HasSubstr("this name does not end"));
  EXPECT_THAT(Columns("a\x01 INT"), HasSubstr("t.sql:1:18: found a control character (0x01)"));
  EXPECT_THAT(Columns("\"a\nb\" INT"), HasSubstr("a control character in a name"));
  EXPECT_THAT(Columns("a INT DEFAULT 'a\\n'"), HasSubstr("a backslash"));
  EXPECT_THAT(Columns("é INT, \xFF INT"), StartsWith("t.sql:1:24: this byte is not UTF-8"));
  EXPECT_THAT(Columns("a INT DEFAULT 12ab"), HasSubstr("this is not a number"));
  EXPECT_THAT(Columns("a INT ?"), HasSubstr("found '?'"));
  EXPECT_THAT(ErrorOf(std::string("CREATE TABLE t (a TEXT DEFAULT '\0')", 35)),
              HasSubstr("a NUL character"));
}

TEST(DdlParserTest, TechnicalColumnsAreFilledBySluice) {
  const auto table = ParseCreateTable(
      "CREATE TABLE t (a INT, sluice_object BIGINT NOT NULL, sluice_line INT)", "t.sql");
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_FALSE(table->columns[0].generated);
  EXPECT_TRUE(table->columns[1].generated);
  EXPECT_TRUE(table->columns[2].generated);
  for (const char* wrong : {"sluice_object INT", "sluice_line BIGINT", "sluice_line INT DEFAULT 1",
                            "sluice_object BIGINT IDENTITY(1,1)", "\"Sluice_Line\" INT"}) {
    EXPECT_THAT(Columns(wrong), HasSubstr("t.sql:1:17: sluice fills sluice_")) << wrong;
  }
}

// Cuts, doubles, swaps and overwrites pieces of real DDL: every answer will do, a crash will not.
TEST(DdlParserTest, SurvivesMutatedSamples) {
  const std::vector<std::string> seeds = {
      Sample("events"), Sample("utm"),
      "CREATE TABLE s.t (a INT DEFAULT ((-1.5e3)) IDENTITY(1,1) /* x */, \"b\"\"\" TEXT DEFAULT "
      "'it''s'::varchar(3) || f(a, (b)), sluice_line INT, UNIQUE (a)) COMPOUND SORTKEY (a); --"};
  ASSERT_FALSE(seeds[0].empty());
  std::minstd_rand random(20'260'801);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string sql = seeds[static_cast<size_t>(round) % seeds.size()];
    for (auto edits = 1 + random() % 4; edits > 0 && !sql.empty(); --edits) {
      const size_t at = random() % sql.size(), length = random() % 12;
      const std::string piece = sql.substr(random() % sql.size(), length);
      switch (random() % 5) {
        case 0:
          sql.erase(at, length);
          break;
        case 1:
          sql.insert(at, piece);
          break;
        case 2:
          sql.resize(at);
          break;
        case 3:
          sql[at] = static_cast<char>(random() % 256);
          break;
        default:
          sql[at] = "()'\",;:.-*/ \n\\0e"[random() % 16];
      }
    }
    const auto tables = ParseCreateTables(sql, "t.sql");
    accepted += tables ? 1 : 0;
    if (!tables) {
      ASSERT_THAT(tables.error().message(), StartsWith("t.sql:"));
    }
  }
  EXPECT_GT(accepted, 300);
  EXPECT_LT(accepted, 15'000);
}

}  // namespace
}  // namespace sluice
