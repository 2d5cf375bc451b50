// SPDX-License-Identifier: Apache-2.0
// What a Probe makes of a server that is not one. tests/servers/probe_test.py puts it to servers.
#include "sluice/warehouse/probe.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "sluice/base/test_folder.h"
#include "sluice/object/directory_store.h"
#include "sluice/warehouse/probe_asks.h"

namespace sluice {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Rows = std::vector<TextRow>;

// What a server is to say, and what it heard.
struct Script {
  // Of each statement, in a transaction or not: how it fails.
  std::function<std::optional<Error>(const std::string& sql)> refuses;
  std::map<std::string, std::string> answers;  // to a query with this in it
  std::vector<Result<Rows>> races;             // how those who race end, in turn
  std::vector<std::string> heard;              // what was done by itself
  std::vector<std::vector<std::string>> transactions;
  FakeClock clock;
  std::chrono::minutes takes{0};  // each query
  std::mutex mutex;               // of what two who race use
};

// Says yes to everything, and has nothing, but for its script. Whose statement has no answer is
// lost.
class YesSession : public ServerSession {
 public:
  explicit YesSession(Script& script) : script_(script) {}

  Status Run(std::string_view, const std::string& sql) override {
    SLUICE_TRY(Hear(sql));
    script_.heard.push_back(sql);
    return {};
  }
  Result<Rows> Query(std::string_view, const std::string& sql) override {
    script_.clock.Advance(script_.takes);
    SLUICE_TRY(Hear(sql));
    for (const auto& [part, answer] : script_.answers) {
      if (sql.contains(part)) return Rows{{answer}};
    }
    return Rows();
  }
  Result<Rows> Transact(std::span<const SqlStatement> statements,
                        const std::optional<std::string>& last) override {
    const std::lock_guard lock(script_.mutex);
    std::vector<std::string>& transaction = script_.transactions.emplace_back();
    for (const SqlStatement& statement : statements) {
      SLUICE_TRY(Hear(statement.sql));
      transaction.push_back(statement.sql);
    }
    if (!last || !last->contains("sluice_probe_decided") || script_.races.empty()) return Rows();
    Result<Rows> answer = std::move(script_.races.front());
    script_.races.erase(script_.races.begin());
    return answer;
  }
  Status FillRows(const std::string& table, const std::vector<StagedColumn>&,
                  const std::vector<SqlRow>&) override {
    return Hear("COPY " + table);
  }
  Status FillFiles(const std::string& table, const std::vector<StagedColumn>&,
                   std::span<const StagedFile>) override {
    return Hear("COPY " + table);
  }
  Result<StagedFileFacts> FactsOf(const StagedFile&) override { return StagedFileFacts(); }

 private:
  Status Hear(const std::string& sql) {
    if (is_lost_) return Fail(ErrorKind::kTransient, "the connection was lost before");
    const auto refused = script_.refuses ? script_.refuses(sql) : std::nullopt;
    if (!refused) return {};
    is_lost_ = refused->kind() == ErrorKind::kOutcomeUnknown;
    return std::unexpected(*refused);
  }

  Script& script_;
  bool is_lost_ = false;
};

class YesConnector : public ServerConnector {
 public:
  explicit YesConnector(Script& script) : script_(script) {}
  Result<std::unique_ptr<ServerSession>> Connect() override {
    return std::make_unique<YesSession>(script_);
  }

 private:
  Script& script_;
};

// May not remove anything, if so.
class KeepingStore : public NotedStore {
 public:
  using NotedStore::NotedStore;
  Status Remove(const std::string& key) override {
    if (keeps_all) return Fail(ErrorKind::kPermanent, "AccessDenied");
    return NotedStore::Remove(key);
  }
  bool keeps_all = false;
};

class ProbeTest : public ::testing::TestWithParam<SqlDialect::Kind> {
 protected:
  ProbeTarget Target() {
    return {.connector = std::make_unique<YesConnector>(script_),
            .data_api = nullptr,
            .names = {.pipeline = "p", .schema = "sluice", .dialect = SqlDialect(GetParam())},
            .tables = tables_,
            .parquet = noted_,
            .copy_role = {"arn:aws:iam::1:role/r"},
            .compression = compression_,
            .clock = script_.clock};
  }

  std::unique_ptr<Probe> Open() {
    auto probe = Probe::Open(Target());
    EXPECT_TRUE(probe);
    return std::move(probe.value());
  }

  // A statement by itself, or in a transaction, that begins with this.
  void Refuse(const std::string& begin) {
    script_.refuses = [begin](const std::string& sql) -> std::optional<Error> {
      if (!sql.starts_with(begin)) return std::nullopt;
      return Error(ErrorKind::kPermanent, "permission denied");
    };
  }

  // Whatever was made is there no more.
  void ExpectAllRemoved(const Probe& probe) {
    std::set<std::string> dropped;
    for (const std::string& sql : script_.heard) {
      if (sql.starts_with("DROP ")) dropped.insert(sql.substr(sql.find(" IF EXISTS ") + 11));
    }
    size_t named = 0;
    for (const std::string& made : probe.makes()) {
      if (!made.contains('"')) continue;
      ++named;
      EXPECT_THAT(dropped, Contains(made.substr(made.find('"')))) << made;
    }
    EXPECT_THAT(dropped, SizeIs(named));
    for (const std::string& sql : script_.heard) {
      if (!sql.starts_with("CREATE TABLE")) continue;
      const size_t begin = sql.find('"'), end = sql.find(" (");
      EXPECT_THAT(dropped, Contains(sql.substr(begin, end - begin)));
    }
    EXPECT_TRUE(store_.List("", "", 10).value().objects.empty());
  }

  Result<ProbeReport> Run(Probe& probe, const std::stop_token& stop = {}) {
    return probe.Run(stop, [](size_t, std::string_view) {});
  }

  TestFolder folder_;
  Script script_;
  const TableSet tables_;
  Codec compression_ = Codec::kSnappy;
  std::unique_ptr<ObjectStore> in_folder_ = std::move(*DirectoryStore::At(folder_.path()));
  KeepingStore store_{*in_folder_};
  NotedStore noted_{static_cast<ObjectStore&>(store_)};
};

const ProbeAnswer& Answer(const ProbeReport& report, std::string_view name) {
  return *std::ranges::find(report.answers, name, &ProbeAnswer::name);
}

TEST_P(ProbeTest, AWarehouseThatSaysYesToEverythingIsNotAsExpected) {
  const auto probe = Open();
  const auto report = Run(*probe);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_THAT(report->answers, SizeIs(probe->questions()));
  for (const ProbeAnswer& answer : report->answers) {
    // Without tables of a pipeline there are no rights to ask for.
    if (answer.name == "rights") continue;
    EXPECT_NE(answer.verdict, ProbeVerdict::kAsExpected) << answer.name << ": " << answer.found;
    EXPECT_NE(answer.because, "") << answer.name;
    EXPECT_EQ(answer.statements.empty(), answer.verdict == ProbeVerdict::kLeftOut) << answer.name;
  }
  EXPECT_TRUE(report->left_behind.empty());
  ExpectAllRemoved(*probe);
}

TEST_P(ProbeTest, WhatWasMadeIsRemovedWhereTheRestCannotBeMade) {
  Refuse("INSERT");
  const auto probe = Open();
  const auto report = Run(*probe);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("permission denied"));
  ExpectAllRemoved(*probe);
}

TEST_P(ProbeTest, WhatCannotBeRemovedIsSaid) {
  Refuse("DROP TABLE");
  const auto probe = Open();
  const auto report = Run(*probe);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->left_behind, SizeIs(11));
  EXPECT_THAT(report->left_behind[0], HasSubstr("permission denied"));
}

TEST_P(ProbeTest, ItEndsAfterTenMinutesAndCleansUp) {
  script_.takes = std::chrono::minutes(11);
  const auto probe = Open();
  const auto report = Run(*probe);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->answers.back().verdict, ProbeVerdict::kNotFoundOut);
  EXPECT_EQ(report->answers.back().because, "ten minutes are over");
  ExpectAllRemoved(*probe);
}

TEST_P(ProbeTest, AStopEndsItAndCleansUp) {
  std::stop_source stop;
  stop.request_stop();
  const auto probe = Open();
  const auto report = Run(*probe, stop.get_token());
  ASSERT_TRUE(report);
  for (const ProbeAnswer& answer : report->answers) {
    EXPECT_TRUE(answer.verdict == ProbeVerdict::kLeftOut || answer.because == "it was stopped");
  }
  ExpectAllRemoved(*probe);
}

class RedshiftProbeTest : public ProbeTest {};

// A load's staging takes its manifests away itself.
TEST_P(RedshiftProbeTest, WhatLoadsStagedAndCannotBeRemovedIsSaid) {
  store_.keeps_all = true;
  const auto report = Run(*Open());
  ASSERT_TRUE(report);
  EXPECT_THAT(report->left_behind, Contains(HasSubstr("_sluice_probe_wrong.manifest: ")));
  EXPECT_THAT(report->left_behind, Contains(HasSubstr("/length.parquet: ")));
}

TEST_P(ProbeTest, AConnectionThatIsLostWhileItCleansUpIsMadeAgain) {
  bool was_lost = false;
  script_.refuses = [&](const std::string& sql) -> std::optional<Error> {
    if (!sql.starts_with("DROP TABLE") || std::exchange(was_lost, true)) return std::nullopt;
    return Error(ErrorKind::kOutcomeUnknown, "the connection was lost");
  };
  const auto probe = Open();
  const auto report = Run(*probe);
  ASSERT_TRUE(report);
  EXPECT_TRUE(was_lost);
  EXPECT_TRUE(report->left_behind.empty());
  ExpectAllRemoved(*probe);
}

TEST_P(ProbeTest, AWarehouseThatSaysNoToEverythingIsNotAsExpected) {
  for (const ErrorKind kind : {ErrorKind::kPermanent, ErrorKind::kBadData, ErrorKind::kTransient,
                               ErrorKind::kOutcomeUnknown}) {
    bool says_no = false;
    script_.refuses = [&](const std::string& sql) -> std::optional<Error> {
      if (!says_no || sql.starts_with("DROP ")) return std::nullopt;
      return Error(kind, "no");
    };
    const auto probe = Open();
    const auto report = probe->Run({}, [&](size_t, std::string_view) { says_no = true; });
    ASSERT_TRUE(report) << report.error().message();
    const bool is_no_answer = IsNoAnswer(Error(kind, ""));
    for (const ProbeAnswer& answer : report->answers) {
      if (answer.verdict == ProbeVerdict::kLeftOut) continue;
      EXPECT_NE(answer.verdict, ProbeVerdict::kAsExpected)
          << answer.name << ": " << answer.found << ": " << Name(kind);
      EXPECT_TRUE(!is_no_answer || answer.verdict == ProbeVerdict::kNotFoundOut)
          << answer.name << ": " << Name(answer.verdict) << ": " << Name(kind);
    }
  }
}

TEST_P(ProbeTest, WhatIsLostIsNotWhatIsRefused) {
  script_.answers = {{"FROM sluice_probe_fits", "\u00e9\u00e9"}};
  script_.refuses = [](const std::string& sql) -> std::optional<Error> {
    const bool is_copy = sql.starts_with("COPY ");
    for (const char* table : {"probe_too_long", "probe_load_error", "probe_wrong"}) {
      if (is_copy && sql.contains(table)) return Error(ErrorKind::kOutcomeUnknown, "lost");
    }
    if (!sql.contains("COUNT(*) = 0")) return std::nullopt;
    return Error(ErrorKind::kOutcomeUnknown, "lost");
  };
  const auto report = Run(*Open());
  ASSERT_TRUE(report);
  for (const char* name :
       {"rollback", "assertion", "bytes", "load_error", "content_length", "mandatory"}) {
    const ProbeAnswer& answer = Answer(*report, name);
    if (answer.verdict == ProbeVerdict::kLeftOut) continue;
    EXPECT_EQ(answer.verdict, ProbeVerdict::kNotFoundOut) << name << ": " << answer.found;
  }
}

// What fails with the assertion's error must leave nothing, and be there where nothing fails.
TEST_P(ProbeTest, RollbackIsAsExpectedOnlyWhereTheSameIsCommittedWithoutAFailure) {
  std::atomic<bool> fails_always = false;
  script_.refuses = [&](const std::string& sql) -> std::optional<Error> {
    if (!sql.contains("COUNT(*) = 0") && !(fails_always && sql.contains("COUNT(*) = 1"))) {
      return std::nullopt;
    }
    return Error(ErrorKind::kBadData, "probe: the probe's assertion does not hold");
  };
  script_.answers = {{"id IN (51, 52, 53)", "3"}, {"id IN (54, 55, 56)", "0"}};
  auto report = Run(*Open());
  EXPECT_EQ(Answer(*report, "rollback").verdict, ProbeVerdict::kAsExpected)
      << Answer(*report, "rollback").found;
  EXPECT_EQ(Answer(*report, "assertion").verdict, ProbeVerdict::kAsExpected);
  fails_always = true;
  report = Run(*Open());
  EXPECT_EQ(Answer(*report, "rollback").verdict, ProbeVerdict::kDoNotLoad);
  EXPECT_EQ(Answer(*report, "assertion").verdict, ProbeVerdict::kDoNotLoad);
  fails_always = false;
  script_.answers["id IN (51, 52, 53)"] = "0";
  report = Run(*Open());
  EXPECT_EQ(Answer(*report, "rollback").verdict, ProbeVerdict::kDoNotLoad);
}

TEST_P(RedshiftProbeTest, WrongZstdIsHarmlessUnlessThePipelineWritesIt) {
  for (const bool is_refused : {false, true}) {
    if (is_refused) Refuse("COPY sluice_probe_zstd");
    compression_ = Codec::kSnappy;
    EXPECT_EQ(Answer(*Run(*Open()), "zstd").verdict, ProbeVerdict::kHarmless);
    compression_ = Codec::kZstd;
    EXPECT_EQ(Answer(*Run(*Open()), "zstd").verdict, ProbeVerdict::kDoNotLoad);
  }
}

TEST_P(ProbeTest, WithoutTheStatementThatKeepsItBusyNothingIsSaidOfRaces) {
  script_.refuses = [](const std::string& sql) -> std::optional<Error> {
    if (!sql.contains("c.n * 256")) return std::nullopt;
    return Error(ErrorKind::kPermanent, "no such function");
  };
  const auto report = Run(*Open());
  EXPECT_EQ(Answer(*report, "lock").verdict, ProbeVerdict::kNotFoundOut);
  EXPECT_EQ(Answer(*report, "lock").because,
            "the statement that keeps the server busy was refused");
}

INSTANTIATE_TEST_SUITE_P(Server, ProbeTest,
                         ::testing::Values(SqlDialect::Kind::kPostgres,
                                           SqlDialect::Kind::kRedshift));
INSTANTIATE_TEST_SUITE_P(Server, RedshiftProbeTest, ::testing::Values(SqlDialect::Kind::kRedshift));

// Two that race, and what the server says of when they began, got past what decides, and ended.
class ProbeRaceTest : public ProbeTest {
 protected:
  static Result<Rows> At(const char* began, const char* decided, const char* ended) {
    return Rows{{began, decided, ended}};
  }
  static Result<Rows> Failed(ErrorKind kind, std::string message) {
    return std::unexpected(Error(kind, std::move(message)));
  }
  static Result<Rows> Cancelled() {
    return Failed(ErrorKind::kTransient, "Query (7) cancelled by WLM abort action");
  }
  static Result<Rows> RolledBack() {
    return Failed(ErrorKind::kTransient, "1023: Serializable isolation violation on table");
  }

  // The same race as often as it is let run.
  ProbeFound Ask(Result<ProbeFound> (*ask)(ProbeTalk& talk), const Result<Rows>& one,
                 const Result<Rows>& other, const std::string& rows) {
    const ProbeTarget target = Target();
    ProbeTalk talk(target, "x");
    talk.hold = 1;
    if (deadline_) talk.EndAt(*deadline_, {});
    script_.transactions.clear();
    script_.races = {one, other, one, other, one, other};
    script_.answers = {{"CAST(COUNT(*)", rows}};
    const auto found = ask(talk);
    EXPECT_TRUE(found);
    return found.value();
  }

  // By chance one ended before the other one began; then it is asked three times.
  void ExpectNotFoundOut(const ProbeFound& found, const std::string& because) {
    EXPECT_EQ(found.verdict, ProbeVerdict::kNotFoundOut) << found.text;
    EXPECT_EQ(found.because, because +
                                 ", three times; ask again when the warehouse has nothing "
                                 "else to do");
    EXPECT_THAT(script_.transactions, SizeIs(6));
  }

  std::optional<Deadline> deadline_;
  const Result<Rows> first_ = At("12:00:00", "12:00:00", "12:00:03");
  const Result<Rows> waited_ = At("12:00:00", "12:00:03", "12:00:06");
  const Result<Rows> beside_ = At("12:00:00", "12:00:01", "12:00:06");
  const Result<Rows> queued_ = At("12:00:00", "12:00:04", "12:00:07");
  const Result<Rows> late_ = At("12:00:04", "12:00:04", "12:00:07");
};

TEST_P(ProbeRaceTest, TheSecondMustHaveWaitedAtLock) {
  const ProbeFound found = Ask(AskLock, first_, waited_, "1");
  EXPECT_EQ(found.verdict, ProbeVerdict::kAsExpected) << found.text;
  // The time is taken just behind LOCK, which nothing may come before.
  ASSERT_THAT(script_.transactions, SizeIs(2));
  for (const auto& transaction : script_.transactions) {
    EXPECT_THAT(transaction[0], HasSubstr("LOCK "));
    EXPECT_THAT(transaction[1], HasSubstr("CREATE TEMP TABLE sluice_probe_decided"));
    EXPECT_THAT(transaction[2], HasSubstr("UPDATE "));
  }
  // A LOCK that does nothing, and an UPDATE that comes after the other one's COMMIT.
  EXPECT_EQ(Ask(AskLock, first_, beside_, "1").verdict, std::nullopt);
  EXPECT_EQ(Ask(AskLock, beside_, first_, "1").verdict, std::nullopt);
  EXPECT_EQ(Ask(AskLock, first_, waited_, "2").verdict, std::nullopt);
  ExpectNotFoundOut(Ask(AskLock, first_, late_, "1"), "the two did not run at the same time");
}

TEST_P(ProbeRaceTest, ASnapshotIsTooOldOnlyWhereItIsOlderThanTheOthersEnd) {
  EXPECT_EQ(Ask(AskSnapshot, first_, RolledBack(), "1").verdict, ProbeVerdict::kAsExpected);
  for (const auto& transaction : script_.transactions) {
    EXPECT_THAT(transaction[0], HasSubstr("SELECT COUNT(*)"));
    EXPECT_THAT(transaction[1], HasSubstr("CREATE TEMP TABLE sluice_probe_decided"));
    EXPECT_THAT(transaction[2], HasSubstr("LOCK "));
  }
  EXPECT_EQ(Ask(AskSnapshot, first_, beside_, "1").verdict, ProbeVerdict::kHarmless);
  EXPECT_EQ(Ask(AskSnapshot, first_, beside_, "2").verdict, std::nullopt);
  ExpectNotFoundOut(Ask(AskSnapshot, first_, queued_, "1"), "the two did not run at the same time");
}

TEST_P(ProbeRaceTest, TwoThatWriteWhatTheOtherReadCountOnlyWhereBothReadBeforeTheOthersEnd) {
  const ProbeFound found = Ask(AskIsolation, first_, beside_, "1");
  EXPECT_EQ(found.verdict, ProbeVerdict::kAsExpected);
  EXPECT_EQ(found.text, "not SERIALIZABLE: 2 committed, 1 + 1 rows");
  for (const auto& transaction : script_.transactions) {
    EXPECT_THAT(transaction[0], HasSubstr("NOT EXISTS"));
    EXPECT_THAT(transaction[1], HasSubstr("CREATE TEMP TABLE sluice_probe_decided"));
  }
  EXPECT_EQ(Ask(AskIsolation, first_, RolledBack(), "1").verdict, ProbeVerdict::kHarmless);
  ExpectNotFoundOut(Ask(AskIsolation, first_, queued_, "0"),
                    "the two did not run at the same time");
}

TEST_P(ProbeRaceTest, WhoFailsForAnotherReasonTellsNothing) {
  for (const auto ask : {AskLock, AskSnapshot, AskIsolation}) {
    ExpectNotFoundOut(Ask(ask, first_, Cancelled(), "1"),
                      "one failed, and not because of the other");
    ExpectNotFoundOut(Ask(ask, first_, Failed(ErrorKind::kOutcomeUnknown, "lost"), "1"),
                      "one had no answer");
    ExpectNotFoundOut(Ask(ask, RolledBack(), RolledBack(), "0"), "both failed");
  }
}

TEST_P(ProbeRaceTest, ARaceIsNotLetRunAgainAfterTheEnd) {
  deadline_ = Deadline{script_.clock.Monotonic()};
  const ProbeFound found = Ask(AskLock, first_, late_, "1");
  EXPECT_EQ(found.verdict, ProbeVerdict::kNotFoundOut);
  EXPECT_THAT(found.because, HasSubstr(", once; ten minutes are over; "));
  EXPECT_THAT(script_.transactions, SizeIs(2));
}

INSTANTIATE_TEST_SUITE_P(Server, ProbeRaceTest,
                         ::testing::Values(SqlDialect::Kind::kPostgres,
                                           SqlDialect::Kind::kRedshift));

}  // namespace
}  // namespace sluice
