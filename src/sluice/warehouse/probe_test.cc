// SPDX-License-Identifier: Apache-2.0
// What a Probe makes of a server that is not one. tests/servers/probe_test.py puts it to servers.
#include "sluice/warehouse/probe.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <set>

#include "sluice/base/test_folder.h"
#include "sluice/object/directory_store.h"

namespace sluice {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// What a server is to say, and what it heard.
struct Script {
  std::string fails;  // a statement by itself that begins with it fails
  std::vector<std::string> heard;
  FakeClock clock;
  std::chrono::minutes takes{0};  // each query
  // Of each transaction with this in it.
  std::string conflicts_at;
  std::atomic<int> conflicts = 0;
};

// Says yes to everything, and has nothing.
class YesSession : public ServerSession {
 public:
  explicit YesSession(Script& script) : script_(script) {}

  Status Run(std::string_view, const std::string& sql) override {
    script_.heard.push_back(sql);
    if (script_.fails.empty() || !sql.starts_with(script_.fails)) return {};
    return Fail(ErrorKind::kPermanent, "permission denied");
  }
  Result<std::vector<TextRow>> Query(std::string_view, const std::string&) override {
    script_.clock.Advance(script_.takes);
    return std::vector<TextRow>();
  }
  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                        const std::optional<std::string>&) override {
    for (const SqlStatement& statement : statements) {
      if (script_.conflicts_at.empty() || !statement.sql.contains(script_.conflicts_at)) continue;
      ++script_.conflicts;
      return Fail(ErrorKind::kTransient, "could not serialize");
    }
    return std::vector<TextRow>();
  }
  Status FillRows(const std::string&, const std::vector<StagedColumn>&,
                  const std::vector<SqlRow>&) override {
    return {};
  }
  Status FillFiles(const std::string&, const std::vector<StagedColumn>&,
                   std::span<const StagedFile>) override {
    return {};
  }
  Result<std::vector<std::string>> FileColumns(const StagedFile&) override {
    return std::vector<std::string>();
  }

 private:
  Script& script_;
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

class ProbeTest : public ::testing::TestWithParam<SqlDialect::Kind> {
 protected:
  std::unique_ptr<Probe> Open() {
    auto probe = Probe::Open(
        {.connector = std::make_unique<YesConnector>(script_),
         .data_api = nullptr,
         .names = {.pipeline = "p", .schema = "sluice", .dialect = SqlDialect(GetParam())},
         .tables = tables_,
         .parquet = *store_,
         .copy_role = {"arn:aws:iam::1:role/r"},
         .clock = script_.clock});
    EXPECT_TRUE(probe);
    return std::move(probe.value());
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
    EXPECT_TRUE(store_->List("", "", 10).value().objects.empty());
  }

  Result<ProbeReport> Run(Probe& probe, const std::stop_token& stop = {}) {
    return probe.Run(stop, [](size_t, std::string_view) {});
  }

  TestFolder folder_;
  Script script_;
  const TableSet tables_;
  std::unique_ptr<ObjectStore> store_ = std::move(*DirectoryStore::At(folder_.path()));
};

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
  script_.fails = "INSERT";
  const auto probe = Open();
  const auto report = Run(*probe);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("permission denied"));
  ExpectAllRemoved(*probe);
}

TEST_P(ProbeTest, WhatCannotBeRemovedIsSaid) {
  script_.fails = "DROP TABLE";
  const auto probe = Open();
  const auto report = Run(*probe);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->left_behind, SizeIs(10));
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

TEST_P(ProbeTest, TwoThatBothFailByChanceAreLetRaceAgainAndThenTellNothing) {
  script_.conflicts_at = "c.n * 256";  // a race, by what holds it
  const auto probe = Open();
  const auto report = Run(*probe);
  ASSERT_TRUE(report);
  int questions = 0;
  for (const ProbeAnswer& answer : report->answers) {
    if (answer.verdict == ProbeVerdict::kLeftOut) continue;
    if (answer.name != "lock" && answer.name != "snapshot" && answer.name != "isolation") continue;
    ++questions;
    EXPECT_EQ(answer.verdict, ProbeVerdict::kNotFoundOut) << answer.name;
    EXPECT_THAT(answer.found, HasSubstr("could not serialize; failed: could not serialize"));
    EXPECT_THAT(answer.because, HasSubstr("both failed, three times"));
  }
  EXPECT_EQ(script_.conflicts, questions * 3 * 2);
  ExpectAllRemoved(*probe);
}

INSTANTIATE_TEST_SUITE_P(Server, ProbeTest,
                         ::testing::Values(SqlDialect::Kind::kPostgres,
                                           SqlDialect::Kind::kRedshift));

}  // namespace
}  // namespace sluice
