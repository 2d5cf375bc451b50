// SPDX-License-Identifier: Apache-2.0
// The contract suite of Warehouse on a server, and what only servers have.
#include "tests/contract/warehouse_contract.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <future>
#include <thread>

#include "sluice/load/loader.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/sql_text.h"
#include "tests/servers/server_warehouse_harness.h"

namespace sluice {
namespace {

// Who makes a table is told that it is there where another's transaction, which was not over when
// he looked, has made it meanwhile.
TEST(PostgresPrepareTest, WhatAnotherMakesMeanwhileIsThere) {
  TableSet tables;
  Table& table = tables.tables.emplace_back();
  table.schema.schema = "tracking";
  table.schema.name = "events";
  table.schema.columns = {{"id", {TypeKind::kBigInt}, true}};
  table.unique = {0};
  const LedgerNames names = {.pipeline = "tracking",
                             .schema = "sluice",
                             .dialect = SqlDialect(SqlDialect::Kind::kPostgres)};
  const std::vector<std::string> making = PrepareTablesSql(tables, names);
  for (size_t last = 0; last < making.size(); ++last) {
    PostgresHarness harness;
    for (size_t i = 0; i < last; ++i) harness.Execute(making[i]);
    const auto other = harness.Connect(), watching = harness.Connect();
    ASSERT_TRUE(other->Send("BEGIN; " + making[last]));
    auto prepared = std::async(
        std::launch::async, [&] { return harness.Open(tables, nullptr, "tracking")->Prepare(); });
    const auto is_waiting = [&] {
      const auto found = watching->Send(
          "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = "
          "'Lock'");
      return found && !found->back().rows.empty();
    };
    while (prepared.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready &&
           !is_waiting()) {
    }
    ASSERT_TRUE(other->Send("COMMIT"));
    const Status done = prepared.get();
    EXPECT_TRUE(done) << making[last] << ": " << done.error().message();
  }
}

// By indexes, however long they are: as lookups by id and by key, which every load makes, of the
// ledger and of a table that has a key.
TEST(PostgresPrepareTest, C21_NeitherTheLedgerNorATableIsReadWhole) {
  PostgresHarness harness;
  TableSet tables;
  Table& table = tables.tables.emplace_back();
  table.schema.schema = "public";
  table.schema.name = "long";
  table.schema.columns = {{"id", {TypeKind::kBigInt}, true}, {"n", {TypeKind::kBigInt}, false}};
  table.unique = {0};
  const LedgerNames names = {.pipeline = "tracking",
                             .schema = "sluice",
                             .dialect = SqlDialect(SqlDialect::Kind::kPostgres)};
  ASSERT_TRUE(harness.Open(tables, nullptr, "tracking")->Prepare());
  harness.Execute(
      "INSERT INTO sluice.ledger SELECT 'tracking', n, 'identity', 'store', 'key/' || n, '*', "
      "'loaded', "
      "NULL, 'r', '', 'c', 1, 'batch-' || n, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, now(), 0 FROM "
      "generate_series(1, 100000) n");
  harness.Execute("INSERT INTO public.long SELECT n, n FROM generate_series(1, 100000) n");
  harness.Execute("ANALYZE sluice.ledger, public.long");
  const std::vector<int64_t> objects = {7, 70'000};
  for (const std::string& sql :
       {LedgerStatesSql(names, objects), std::string("SELECT 1 FROM public.long WHERE id = 7"),
        std::string("SELECT 1 FROM sluice.ledger WHERE raw_key = 'key/7'"),
        std::string("SELECT 1 FROM sluice.ledger WHERE batch = 'batch-7'")}) {
    std::string plan;
    for (const auto& row : harness.Execute("EXPLAIN " + sql)) plan += *row[0] + "\n";
    EXPECT_TRUE(plan.contains("Index") && !plan.contains("Seq Scan")) << plan;
  }
}

// Other loaders' commits are waited for longer, or less long, than a statement may take.
TEST(PostgresTimeoutTest, WaitingForTheLockHasATimeOfItsOwn) {
  constexpr std::chrono::milliseconds kShort(200), kLong(60'000);
  PostgresHarness harness;
  const LedgerNames names = {.pipeline = "tracking",
                             .schema = "sluice",
                             .dialect = SqlDialect(SqlDialect::Kind::kPostgres)};
  ASSERT_TRUE(harness.Open({}, nullptr, "tracking")->Prepare());
  std::vector<SqlStatement> slow = TakeLock(names);
  slow.push_back({"sleep", "SELECT pg_sleep(1)"});
  EXPECT_TRUE(harness.TransactWith(kShort, kLong, slow));
  const Status too_slow = harness.TransactWith(kLong, kShort, slow);
  ASSERT_FALSE(too_slow);
  EXPECT_THAT(too_slow.error().message(), ::testing::StartsWith("sleep: "));

  const auto other = harness.Connect();
  ASSERT_TRUE(other->Send("BEGIN; " + slow.front().sql));
  const Status waited = harness.TransactWith(kShort, kLong, TakeLock(names));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().kind(), ErrorKind::kTransient);
  EXPECT_THAT(waited.error().message(), ::testing::StartsWith("take lock: "));
}

TEST(PostgresSessionTest, TheServerLooksWhetherItsClientIsThere) {
  PostgresHarness harness;
  const auto connector = harness.Connector(nullptr);  // outlives its session
  const auto session = connector->Connect();
  ASSERT_TRUE(session) << session.error().message();
  const auto rows = (*session)->Query("look", "SHOW client_connection_check_interval");
  ASSERT_TRUE(rows) << rows.error().message();
  EXPECT_EQ((*rows)[0][0], "10s");
}

// A firewall forgets connections without a word to either end.
TEST(RedshimConnectionTest, C12_AConnectionThatIsForgottenIsFoundOut) {
  RedshimHarness harness(RedshimHarness::Way::kWire);
  const auto connection = PgConnection::Open(harness.Target(), {}, {});
  ASSERT_TRUE(connection) << connection.error().message();
  const uint16_t port = htons(static_cast<uint16_t>(harness.Target().port));
  int found = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || peer.sin_port != port) continue;
    ++found;
    const auto option = [&](int level, int name) {
      int value = -1;
      socklen_t length = sizeof value;
      EXPECT_EQ(::getsockopt(fd, level, name, &value, &length), 0);
      return value;
    };
    EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 30);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 10);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 6);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 90'000);
  }
  EXPECT_EQ(found, 1);
}

// As PostgreSQL 13, redshim knows no client_connection_check_interval.
TEST(RedshimConnectionTest, APostgresThatCannotWatchItsClientHasSessionsToo) {
  RedshimHarness harness(RedshimHarness::Way::kWire);
  PostgresConnector connector(
      {.target = harness.Target(), .timeouts = {}, .stop = {}, .faults = nullptr}, {});
  const auto session = connector.Connect();
  ASSERT_TRUE(session) << session.error().message();
  const auto rows = (*session)->Query("look", "SHOW timezone");
  ASSERT_TRUE(rows) << rows.error().message();
  EXPECT_EQ((*rows)[0][0], "UTC");
}

// What the servers are for that with_server.py has started.
std::vector<WarehouseContractParam> Started() {
  if (std::getenv("SLUICE_POSTGRES_HOST") != nullptr) {
    return {{"Postgres", [] { return std::make_unique<PostgresHarness>(); }}};
  }
  using Way = RedshimHarness::Way;
  return {{"Wire", [] { return std::make_unique<RedshimHarness>(Way::kWire); }},
          {"DataApi", [] { return std::make_unique<RedshimHarness>(Way::kDataApi); }}};
}

// What another load did meanwhile is not lost: under the lock it is looked whether all is as it was
// when the load was staged.
TEST_P(WarehouseContract, AnEventThatComesInOnceMoreMeanwhileIsNotLost) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "old"}}})});
  const LoadPlan plan =
      ReplacePlan({Put({.key = "a", .events = {{"2", 0, "new"}}, .etag = "e2", .version = 2})});
  auto staged = warehouse_->Stage(plan);
  ASSERT_TRUE(staged) << staged.error().message();
  const auto other = harness_->Open(tables_);
  ASSERT_TRUE(Load(*other, Plan({Put({.key = "b", .events = {{"1", 0, "meanwhile"}}})})));
  const auto state = EndState();
  const auto replaced = (*staged)->Commit();
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind(), ErrorKind::kTransient) << replaced.error().message();
  EXPECT_EQ(EndState(), state);
  MustReplace(plan.objects);
  EXPECT_THAT(Column("SELECT \"location\" FROM tracking.events ORDER BY request_id"),
              ::testing::ElementsAre("meanwhile", "new"));
}

// The next load says what mends it.
TEST_P(WarehouseContract, C14_ATableThatIsAlteredMeanwhileLoadsNothing) {
  const PlannedObject object = Put({.key = "a", .events = {{"1"}}, .utm = {{"u", 0, "four"}}});
  const std::string table = "ALTER TABLE tracking.utm ";
  for (const auto& [altered, back] :
       {std::pair("DROP COLUMN source", "ADD COLUMN source VARCHAR(255)"),
        std::pair("ALTER COLUMN source TYPE VARCHAR(3)",
                  "ALTER COLUMN source TYPE VARCHAR(255)")}) {
    auto staged = warehouse_->Stage(Plan({object}));
    ASSERT_TRUE(staged) << staged.error().message();
    harness_->Execute(table + altered);
    const auto loaded = (*staged)->Commit();
    ASSERT_FALSE(loaded) << altered;
    for (const char* const untouched : {"tracking.events", "tracking.utm", "sluice.ledger"}) {
      EXPECT_EQ(One(fmt::format("SELECT count(*)::VARCHAR FROM {}", untouched)), "0") << untouched;
    }
    const auto again = Load({object});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind(), ErrorKind::kPermanent);
    EXPECT_THAT(again.error().message(), ::testing::HasSubstr("ALTER TABLE \"tracking\".\"utm\""));
    harness_->Execute(table + back);
  }
  MustLoad({object});
  EXPECT_EQ(One("SELECT source FROM tracking.utm"), "four");
}

TEST_P(WarehouseContract, WhatWasReplacedMeanwhileIsNotReplacedByWhatWasStagedBefore) {
  MustLoad({Put({.key = "a", .events = {{"1", 0, "old"}}})});
  const LoadPlan plan =
      ReplacePlan({Put({.key = "a", .events = {{"2", 0, "new"}}, .etag = "e2", .version = 2})});
  auto staged = warehouse_->Stage(plan);
  ASSERT_TRUE(staged) << staged.error().message();
  const LoadPlan first =
      ReplacePlan({Put({.key = "a", .events = {{"3", 0, "first"}}, .etag = "e1b"})});
  ASSERT_TRUE(Load(*harness_->Open(tables_), first));
  const auto state = EndState();
  EXPECT_FALSE((*staged)->Commit());
  EXPECT_EQ(EndState(), state);
}

// The footers are as they should be: only who reads the values finds it.
class RefusedFile : public WarehouseContract {
 protected:
  std::vector<ObjectOutcome> LoadFourOfWhichTheThirdIsRefused() {
    std::vector<PlannedObject> objects;
    for (const char* key : {"a", "b", "c", "d"}) {
      const bool is_bad = key == std::string_view("c");
      objects.push_back(Put({.key = key, .utm = {{key, 0, std::string(is_bad ? 256 : 255, 'x')}}}));
    }
    SystemClock clock;
    const auto outcomes = Loader(*warehouse_, clock).Load(objects);
    EXPECT_TRUE(outcomes) << outcomes.error().message();
    return outcomes.value_or(std::vector<ObjectOutcome>(4));
  }
};

TEST_P(RefusedFile, C9_IsFoundByHalvingAndSetAside) {
  const auto outcomes = LoadFourOfWhichTheThirdIsRefused();
  using enum ObjectState;
  EXPECT_THAT(States(outcomes), ::testing::ElementsAre(kLoaded, kLoaded, kSetAside, kLoaded));
  EXPECT_THAT(Column("SELECT request_id FROM tracking.utm ORDER BY request_id"),
              ::testing::ElementsAre("a", "b", "d"));
  EXPECT_EQ(One("SELECT state FROM sluice.ledger WHERE raw_key = 'c' AND table_name = '*'"),
            "set_aside");
}

// By either of the system's views.
TEST_P(RefusedFile, C9_IsNamedWithItsColumn) {
  if (dynamic_cast<RedshimHarness*>(harness_.get()) == nullptr) return;  // PostgreSQL has no views
  for (const bool sys_knows : {true, false}) {
    RedshimHarness::TellSysOfLoadErrors(sys_knows);
    const std::string reason = LoadFourOfWhichTheThirdIsRefused()[2].reason;
    EXPECT_THAT(reason, ::testing::HasSubstr("column=source type=varchar"));
    EXPECT_THAT(reason, ::testing::HasSubstr("utm/c-etag.parquet"));
    harness_->Execute("DELETE FROM sluice.ledger; DELETE FROM tracking.utm");
  }
  RedshimHarness::TellSysOfLoadErrors(true);
}

INSTANTIATE_TEST_SUITE_P(Server, RefusedFile, ::testing::ValuesIn(Started()),
                         [](const auto& tested) { return tested.param.name; });

// Where a transaction can be held up in the middle.
class PostgresReaders : public WarehouseContract {
 public:
  static std::vector<WarehouseContractParam> Started() {
    return std::getenv("SLUICE_POSTGRES_HOST") != nullptr ? sluice::Started()
                                                          : std::vector<WarehouseContractParam>();
  }
};

// At each table that the transaction changes it is held up, so that it has done all before that.
TEST_P(PostgresReaders, SeeTheOldRowsOrTheNewAndNeverNone) {
  const auto* const postgres = dynamic_cast<PostgresHarness*>(harness_.get());
  ASSERT_NE(postgres, nullptr);
  MustLoad({Put({.key = "a", .events = {{"1", 0, "0"}, {"2", 0, "0"}}, .bad_events = 1})});
  MustLoad({Put({.key = "b", .events = {{"2", 0, "beside"}}})});
  const auto reader = postgres->Connect();
  const auto read = [&](const std::string& sql) {
    const auto answers = reader->Send(sql);
    EXPECT_TRUE(answers) << answers.error().message();
    return answers ? answers->back().rows.at(0).at(0).value_or("none") : "";
  };
  const std::string rows =
      "SELECT string_agg(request_id || '=' || \"location\", ' ' ORDER BY 1) FROM tracking.events";
  int version = 1;
  for (const char* const table :
       {"tracking.events", "sluice.duplicates", "sluice.quarantine", "sluice.ledger"}) {
    const std::string before = read(rows), text = std::to_string(version);
    const auto holder = postgres->Connect();
    ASSERT_TRUE(holder->Send(fmt::format("BEGIN; LOCK TABLE {} IN SHARE MODE", table)));
    const PlannedObject next = Put({.key = "a",
                                    .events = {{"1", 0, text}, {"2", 0, text}},
                                    .bad_events = 1,
                                    .etag = "etag" + text,
                                    .version = ++version});
    auto replaced = std::async(std::launch::async, [&] { return Replace({next}); });
    const std::string waits = fmt::format(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{}'::regclass", table);
    while (read(waits) == "0" &&
           replaced.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready) {
    }
    EXPECT_EQ(read(waits), "1") << table;
    EXPECT_EQ(read(rows), before) << table;
    ASSERT_TRUE(holder->Send("COMMIT"));
    const auto done = replaced.get();
    EXPECT_TRUE(done) << table << ": " << done.error().message();
    EXPECT_EQ(read(rows), fmt::format("1={0} 2={0}", text)) << table;
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresReaders);
INSTANTIATE_TEST_SUITE_P(Server, PostgresReaders, ::testing::ValuesIn(PostgresReaders::Started()),
                         [](const auto& tested) { return tested.param.name; });
INSTANTIATE_TEST_SUITE_P(Server, WarehouseContract, ::testing::ValuesIn(Started()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sluice
