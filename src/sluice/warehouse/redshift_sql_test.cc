// SPDX-License-Identifier: Apache-2.0
// What the SQL for Redshift must keep to, and what its errors mean.
#include <gmock/gmock.h>

#include "sluice/schema/ddl_parser.h"
#include "sluice/warehouse/data_api_client.h"
#include "sluice/warehouse/ledger_reader.h"
#include "sluice/warehouse/load_sql.h"
#include "sluice/warehouse/pg_connection.h"
#include "sluice/warehouse/redshift_login.h"
#include "sluice/warehouse/redshift_words.h"

namespace sluice {
namespace {

using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TableSet ManyTables(size_t count, int wide = 200) {
  TableSet tables;
  for (size_t i = 0; i < count; ++i) {
    Table& table = tables.tables.emplace_back();
    table.schema.schema = "tracking";
    table.schema.name = fmt::format("t{}", i);
    table.schema.columns = {{"id", {TypeKind::kChar, 36}, true},
                            {"at", {TypeKind::kTimestamp}, true},
                            {"extra", {TypeKind::kSuper, 65'535}}};
    for (int column = 0; column < wide; ++column) {
      table.schema.columns.push_back(
          {fmt::format("a_rather_long_name_of_a_column_{}", column), {TypeKind::kVarchar, 1'000}});
    }
    table.unique = {0};
    table.time = 1;
  }
  return tables;
}

LedgerNames Redshift() {
  return {.pipeline = "it's \\ a name",
          .schema = "sluice",
          .dialect = SqlDialect(SqlDialect::Kind::kRedshift)};
}

LoadFacts FactsOf(size_t tables) {
  LoadFacts facts = {.batch = "b", .loaded_at = {}, .tables = {}};
  for (size_t i = 0; i < tables; ++i) {
    std::vector<TimeInterval> times;
    for (int day = 0; day < 24; ++day) {
      times.push_back({Timestamp(std::chrono::days(day)), Timestamp(std::chrono::days(day))});
    }
    facts.tables.push_back({i, times});
  }
  return facts;
}

// With the one that asks what was done.
size_t StatementsOf(const std::vector<SqlStatement>& sql) {
  for (const SqlStatement& statement : sql) {
    EXPECT_LE(statement.sql.size(), DataApiClient::kMostBytes) << statement.name;
  }
  return sql.size() + 1;
}

TEST(RedshiftSql, ALoadOfEighteenTablesFitsIntoABatchOfTheDataApi) {
  const TableSet tables = ManyTables(19, 40);
  EXPECT_LE(StatementsOf(CommitSql(tables, Redshift(), FactsOf(18))),
            DataApiClient::kMostStatements);
  EXPECT_GT(StatementsOf(CommitSql(tables, Redshift(), FactsOf(19))),
            DataApiClient::kMostStatements);
}

// Of which one statement compares two tables at most.
TEST(RedshiftSql, ALoadOfTwelveWideTablesFitsIntoABatchOfTheDataApi) {
  const TableSet tables = ManyTables(12);
  EXPECT_LE(StatementsOf(CommitSql(tables, Redshift(), FactsOf(12))),
            DataApiClient::kMostStatements);
}

// A ledger is there, and whatever is asked of it has an answer of one row.
class NotingSession : public SqlSession {
 public:
  std::vector<SqlStatement> in_transactions;
  std::vector<std::string> queries;

  Status Run(std::string_view, const std::string&) override { return {}; }
  Result<std::vector<TextRow>> Query(std::string_view name, const std::string& sql) override {
    if (name == "look for table" || name == "read version") {
      return std::vector<TextRow>{{std::to_string(kLedgerVersion)}};
    }
    queries.push_back(sql);
    return std::vector<TextRow>();
  }
  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                        const std::optional<std::string>& last) override {
    in_transactions.insert(in_transactions.end(), statements.begin(), statements.end());
    if (last) in_transactions.push_back({"outcome", *last});
    return std::vector<TextRow>{{"1", "loaded", "batch", ""}};
  }
};

// Of a load of two tables, one that replaces and one that replays.
std::vector<LoadFacts> FactsOfEachKind() {
  LoadFacts replace = FactsOf(2), replay = FactsOf(2);
  replace.replaced = {{.table = 0, .has_others = true, .times = replace.tables[0].times},
                      {.table = 1, .has_others = false, .times = {}}};
  replay.replays = true;
  return {FactsOf(2), replace, replay};
}

// Of these, and of all that people decide.
std::vector<SqlStatement> AllThatStandsInTransactions() {
  const TableSet tables = ManyTables(2);
  const LedgerNames names = Redshift();
  std::vector<SqlStatement> sql;
  const auto add = [&](const std::vector<SqlStatement>& more) {
    sql.insert(sql.end(), more.begin(), more.end());
  };
  for (const LoadFacts& facts : FactsOfEachKind()) add(CommitSql(tables, names, facts));
  add(SettleSql(names, "b", {}));
  for (std::string& text : PrepareRowsSql(names)) sql.push_back({"prepare", std::move(text)});
  sql.push_back({"outcome", LoadOutcomeSql(names)});
  NotingSession session;
  LedgerReader reader(session, names, tables);
  const std::vector<int64_t> objects = {4'711};
  EXPECT_TRUE(reader.Pause("why") && reader.OutcomesUnderLock(objects));
  EXPECT_TRUE(reader.AcceptQuarantined({.raw_key = "key"}, {.why = "why", .at = {}}));
  EXPECT_TRUE(reader.AcceptOverwritten(4'711, {.why = "why", .at = {}}));
  add(session.in_transactions);
  return sql;
}

TEST(RedshiftSql, TheLockComesFirstThenTheUpdate) {
  for (const LoadFacts& facts : FactsOfEachKind()) {
    const auto sql = CommitSql(ManyTables(2), Redshift(), facts);
    EXPECT_EQ(sql[0].sql, "LOCK \"sluice\".\"lock\"");
    EXPECT_EQ(sql[1].sql, "UPDATE \"sluice\".\"lock\" SET n = n + 1");
  }
}

TEST(RedshiftSql, NothingThatItDoesNotKnowIsSaid) {
  const TableSet tables = ManyTables(2);
  auto sql = AllThatStandsInTransactions();
  for (std::string& text : PrepareTablesSql(tables, Redshift())) sql.push_back({"prepare", text});
  sql.push_back({"describe", DescribeSql(Redshift(), tables.tables)});
  for (const SqlStatement& statement : sql) {
    for (const char* word : {"FILTER", "DISTINCT FROM", "error(", "wh.", "temp.main", "VALUES",
                             "GROUP BY ALL", "epoch_us", " // ", "RETURNING", "INDEX", "ANALYZE"}) {
      EXPECT_THAT(statement.sql, Not(HasSubstr(word)));
    }
    EXPECT_LE(statement.sql.size(), DataApiClient::kMostBytes) << statement.name;
  }
}

// TRUNCATE and VACUUM commit what is open, and changing a type may not stand in a transaction.
TEST(RedshiftSql, C17_NothingInATransactionEndsIt) {
  const auto sql = AllThatStandsInTransactions();
  for (const SqlStatement& statement : sql) {
    const std::string word = statement.sql.substr(0, statement.sql.find(' '));
    EXPECT_THAT(word, AnyOf("LOCK", "UPDATE", "CREATE", "INSERT", "DELETE", "SELECT"));
    EXPECT_TRUE(word != "CREATE" || statement.sql.starts_with("CREATE TEMP TABLE "));
    for (const char* ending :
         {"TRUNCATE", "VACUUM", "ALTER ", "COMMIT", "ROLLBACK", "BEGIN", ";"}) {
      EXPECT_THAT(statement.sql, Not(HasSubstr(ending)));
    }
  }
}

// Redshift takes 'a' and 'a ' for the same; S3 does not, and redshim does not either.
TEST(RedshiftSql, KeysAreComparedWithTheirTrailingBlanks) {
  const TableSet tables;
  const LedgerNames names = Redshift();
  NotingSession session;
  LedgerReader reader(session, names, tables);
  const std::vector<std::string> keys = {"a ", "a"};
  EXPECT_TRUE(reader.ListParts({.raw_key = "a "}) && reader.NamedAmong(keys));
  EXPECT_TRUE(reader.SumQuarantine({.raw_key = "a "}) && reader.ListQuarantined({.raw_key = "a "}));
  EXPECT_TRUE(reader.ListReplayable({.raw_key = "a "}, QuarantinedLine{.raw_key = "a"}));
  EXPECT_TRUE(reader.ListObjects({.after_key = "a", .limit = 1}));
  std::vector<std::string> said = session.queries;
  said.push_back(ListReplacedSql(names));
  for (const SqlStatement& statement : AllThatStandsInTransactions()) said.push_back(statement.sql);
  // But for what is compared with ''.
  constexpr const char* kBare =
      "(raw_key|parquet) (=|<>|IN|NOT IN) ([^']|'[^'])|(=|<>) [a-z]+[.](raw_key|parquet)|DISTINCT "
      "store, raw_key";
  int exact = 0, pages = 0;
  for (const std::string& sql : said) {
    if (sql.contains("LENGTH(")) ++pages;
    EXPECT_THAT(sql, Not(ContainsRegex(kBare)));
    if (sql.contains("raw_key || '.')") || sql.contains("parquet || '.')")) ++exact;
  }
  EXPECT_GT(exact, 10);
  EXPECT_EQ(pages, 2);
}

TEST(RedshiftSql, FilesOfLongNamesAreAskedForInSeveralStatements) {
  const TableSet tables;
  const LedgerNames names = Redshift();
  NotingSession session;
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(fmt::format("{:\\>1000}/{:03}", "", i));
  EXPECT_TRUE(LedgerReader(session, names, tables).NamedAmong(keys));
  std::string all;
  for (const std::string& sql : session.queries) {
    EXPECT_LE(sql.size(), DataApiClient::kMostBytes);
    all += sql;
  }
  EXPECT_GT(session.queries.size(), 1U);
  for (const std::string& key : keys) EXPECT_THAT(all, HasSubstr(names.dialect.Literal(key)));
}

TEST(RedshiftSql, TextHasALengthAndSuperIsParsed) {
  const auto sql = CommitSql(ManyTables(1), Redshift(), FactsOf(1));
  std::string all;
  for (const SqlStatement& statement : sql) all += statement.sql + "\n";
  EXPECT_THAT(all, HasSubstr("JSON_PARSE(s.\"extra\")"));
  EXPECT_THAT(all, HasSubstr("COALESCE(JSON_PARSE(s.\"extra\") = t.\"extra\""));
}

// What makes the user's own table.
std::string CreateTableSql(const std::string& ddl, SqlDialect::Kind kind) {
  TableSet tables;
  tables.tables.emplace_back().schema = ParseCreateTable(ddl, "t.sql").value();
  LedgerNames names = Redshift();
  names.dialect = SqlDialect(kind);
  // Behind it come only indexes.
  std::string made;
  for (std::string& sql : PrepareTablesSql(tables, names)) {
    if (sql.starts_with("CREATE TABLE ")) made = std::move(sql);
  }
  return made;
}

TEST(RedshiftSql, ATableLiesAsItsDdlSays) {
  using Kind = SqlDialect::Kind;
  const std::string ddl =
      "CREATE TABLE s.t (id CHAR(36) NOT NULL ENCODE zstd, at TIMESTAMP ENCODE raw NOT NULL, x "
      "SUPER) DISTSTYLE KEY DISTKEY (id) COMPOUND SORTKEY (at, id)";
  EXPECT_EQ(CreateTableSql(ddl, Kind::kRedshift),
            "CREATE TABLE IF NOT EXISTS \"s\".\"t\" (\"id\" CHAR(36) ENCODE zstd NOT NULL, "
            "\"at\" TIMESTAMP ENCODE raw NOT NULL, \"x\" SUPER) DISTSTYLE KEY DISTKEY (\"id\") "
            "COMPOUND SORTKEY (\"at\", \"id\")");
  EXPECT_THAT(CreateTableSql(ddl, Kind::kDuckDb), EndsWith("\"x\" VARCHAR)"));
  EXPECT_THAT(CreateTableSql(ddl, Kind::kPostgres), EndsWith("\"x\" JSON)"));
  const auto behind = [](const std::string& attributes) {
    const std::string sql = CreateTableSql("CREATE TABLE t (a INT) " + attributes, Kind::kRedshift);
    return sql.substr(sql.rfind(')'));
  };
  EXPECT_EQ(behind("DISTSTYLE EVEN SORTKEY AUTO ENCODE AUTO"),
            ") DISTSTYLE EVEN SORTKEY AUTO ENCODE AUTO");
  EXPECT_EQ(behind("DISTSTYLE ALL"), ") DISTSTYLE ALL");
  EXPECT_EQ(behind("DISTSTYLE AUTO"), ") DISTSTYLE AUTO");
  EXPECT_EQ(behind(""), ")");
  EXPECT_THAT(
      CreateTableSql("CREATE TABLE t (a INT, b INT) INTERLEAVED SORTKEY (b, a)", Kind::kRedshift),
      EndsWith(") INTERLEAVED SORTKEY (\"b\", \"a\")"));
}

// They are staged where they go, unless the warehouse makes the key itself.
TEST(RedshiftSql, RowsAreStagedWhereTheyGo) {
  const SqlDialect redshift(SqlDialect::Kind::kRedshift);
  const auto of = [&](const std::string& ddl) {
    return redshift.StagedLayout(ParseCreateTable("CREATE TABLE t " + ddl, "t.sql").value());
  };
  EXPECT_EQ(of("(a INT DISTKEY SORTKEY)"), " DISTSTYLE KEY DISTKEY (\"a\")");
  EXPECT_EQ(of("(a INT IDENTITY(1,1) DISTKEY)"), "");
  EXPECT_EQ(of("(a INT) DISTSTYLE ALL"), "");
  EXPECT_EQ(of("(a INT)"), "");
}

TEST(RedshiftWords, SayWhatAnErrorMeans) {
  EXPECT_EQ(KindOfRedshiftWords("1023 DETAIL: Serializable isolation violation on table"),
            ErrorKind::kTransient);
  EXPECT_EQ(KindOfRedshiftWords("Cannot insert a NULL value into column source"),
            ErrorKind::kBadData);
  EXPECT_EQ(KindOfRedshiftWords("Spectrum Scan Error"), std::nullopt);
  EXPECT_EQ(KindOfRedshiftWords("Spectrum Scan Error: SlowDown"), ErrorKind::kTransient);
  EXPECT_EQ(KindOfRedshiftWords("Spectrum Scan Error: The length of the data column a is longer"),
            ErrorKind::kBadData);
  EXPECT_EQ(KindOfRedshiftWords("permission denied for schema timeout_1018"), std::nullopt);
  // A cluster that is resized, in the words of its version of PostgreSQL and of later ones.
  for (const char* const read_only : {"ERROR: transaction is read-only",
                                      "ERROR: cannot execute INSERT in a read-only transaction"}) {
    EXPECT_EQ(KindOfRedshiftWords(read_only), ErrorKind::kTransient) << read_only;
  }
  // Names of files, columns and tables say nothing of what went wrong.
  for (const char* const of_the_data :
       {"File 'https://s3.eu-central-1.amazonaws.com/b/20261018T101802Z-01.parquet' has an "
        "incompatible Parquet schema for column 's3://b/x.timeout'",
        "Cannot insert a NULL value into column cancelled_at", "overflow in column timeout"}) {
    EXPECT_EQ(KindOfRedshiftWords(of_the_data), ErrorKind::kBadData) << of_the_data;
  }
  EXPECT_EQ(KindOfRedshiftWords("cannot read s3://b/20261018T101802Z-1018_1.parquet"),
            std::nullopt);
  EXPECT_EQ(KindOfRedshiftWords("relation \"x\" does not exist"), std::nullopt);
  EXPECT_EQ(KindOfRedshiftWords("1018 DETAIL: Relation does not exist."), ErrorKind::kTransient);
}

TEST(PgConnection, EveryStateHasAMeaning) {
  using Kind = ErrorKind;
  for (const auto& [state, kind] :
       std::initializer_list<std::pair<const char*, Kind>>{{"08006", Kind::kTransient},
                                                           {"53300", Kind::kTransient},
                                                           {"40001", Kind::kTransient},
                                                           {"40P01", Kind::kTransient},
                                                           {"55P03", Kind::kTransient},
                                                           {"57014", Kind::kTransient},
                                                           {"57P01", Kind::kTransient},
                                                           {"57P02", Kind::kTransient},
                                                           {"57P03", Kind::kTransient},
                                                           {"25006", Kind::kTransient},
                                                           {"25P03", Kind::kTransient},
                                                           {"58030", Kind::kTransient},
                                                           {"22001", Kind::kBadData},
                                                           {"23502", Kind::kBadData},
                                                           {"42P01", Kind::kPermanent},
                                                           {"42501", Kind::kPermanent},
                                                           {"XX000", Kind::kPermanent},
                                                           {"", Kind::kPermanent}}) {
    EXPECT_EQ(KindOfSqlState(state, ""), kind) << state;
  }
}

TEST(IamLogin, ReadsAmazonsOwnNames) {
  EXPECT_EQ(TargetInHost("analytics.abc123.eu-central-1.redshift.amazonaws.com").cluster,
            "analytics");
  EXPECT_EQ(
      TargetInHost("wg.222222222222.eu-central-1.redshift-serverless.amazonaws.com").workgroup,
      "wg");
  const IamLoginTarget other = TargetInHost("rs.internal");
  EXPECT_TRUE(other.cluster.empty() && other.workgroup.empty());
}

}  // namespace
}  // namespace sluice
