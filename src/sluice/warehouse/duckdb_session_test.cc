// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <stop_token>
#include <thread>

#include "sluice/warehouse/duckdb_load.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

constexpr const char* kForYears =
    "CREATE TEMP TABLE years AS SELECT a.i * b.i FROM range(100000000) a(i), range(100000000) b(i)";

class DuckDbSessionTest : public ::testing::Test {
 protected:
  DuckDbSessionTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                fmt::format("sluice-session-{}", ::getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~DuckDbSessionTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<DuckDbSession> Open(std::stop_token stop = {}) {
    auto session = DuckDbSession::Open(
        {.path = folder_ / "d.duckdb", .memory = MiB(256), .stop = std::move(stop)});
    EXPECT_TRUE(session) << session.error().message();
    return std::move(*session);
  }
  std::string Rows() {
    return *(*Open()->Query("count", "SELECT CAST(COUNT(*) AS VARCHAR) FROM wh.t"))[0][0];
  }

  const std::filesystem::path folder_;
  std::stop_source stop_;
};

TEST_F(DuckDbSessionTest, NothingIsKeptOfAFileThatWasRead) {
  const std::string file = folder_ / "f.parquet";
  const auto session = Open();
  ASSERT_TRUE(
      session->Run("write", fmt::format("COPY (SELECT 1 AS i) TO '{}' (FORMAT parquet)", file)));
  ASSERT_TRUE(session->Run(
      "read", fmt::format("CREATE TABLE wh.t AS SELECT * FROM read_parquet('{}')", file)));
  const auto kept =
      session->Query("kept", "SELECT CAST(COUNT(*) AS VARCHAR) FROM duckdb_external_file_cache()");
  ASSERT_TRUE(kept) << kept.error().message();
  EXPECT_EQ((*kept)[0][0], "0");
}

// What comes out of the pipe says that the statement runs.
TEST_F(DuckDbSessionTest, StatementIsInterruptedInTheMiddle) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto session = Open(stop_.get_token());
  std::jthread reader([&] {
    const int descriptor = ::open(pipe.c_str(), O_RDONLY);
    char bytes[4096];
    while (::read(descriptor, bytes, sizeof(bytes)) > 0) stop_.request_stop();
    ::close(descriptor);
  });
  const Status ran = session->Run(
      "copy", fmt::format("COPY (SELECT i FROM range(1000000000000) t(i)) TO '{}' (FORMAT csv, "
                          "USE_TMP_FILE false)",
                          pipe));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().kind(), ErrorKind::kTransient);
  EXPECT_THAT(ran.error().message(), HasSubstr("stopped before it was done"));
}

TEST_F(DuckDbSessionTest, StopAtAnyMomentEndsAStatement) {
  for (int i = 0; i < 20; ++i) {
    std::stop_source stop;
    const auto session = Open(stop.get_token());
    std::jthread stopper([&] { stop.request_stop(); });
    const Status ran = session->Run("years", kForYears);
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().kind(), ErrorKind::kTransient) << ran.error().message();
  }
}

TEST_F(DuckDbSessionTest, AfterAStopWhatIsDoneIsCommittedAndNothingIsBegun) {
  const auto session = Open(stop_.get_token());
  ASSERT_TRUE(session->Run("create", "CREATE TABLE wh.t (a INTEGER)"));
  ASSERT_TRUE(session->Run("begin", "BEGIN TRANSACTION"));
  ASSERT_TRUE(session->Run("insert", "INSERT INTO wh.t VALUES (1)"));
  stop_.request_stop();
  EXPECT_EQ(session->Run("insert", "INSERT INTO wh.t VALUES (2)").error().kind(),
            ErrorKind::kTransient);
  EXPECT_EQ(session->Query("read", "SELECT 'x'").error().kind(), ErrorKind::kTransient);
  EXPECT_TRUE(session->Commit());
  EXPECT_EQ(Rows(), "1");
}

TEST_F(DuckDbSessionTest, StoppedTransactionDidNotHappen) {
  ASSERT_TRUE(Open()->Run("create", "CREATE TABLE wh.t (a INTEGER)"));
  const auto session = Open(stop_.get_token());
  std::jthread stopper([&] { stop_.request_stop(); });
  const std::vector<SqlStatement> statements = {{"insert", "INSERT INTO wh.t VALUES (1)"},
                                                {"years", kForYears}};
  const auto done = session->Transact(statements, std::nullopt);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::kTransient) << done.error().message();
  EXPECT_FALSE(session->Undo()) << "it is rolled back already";
  EXPECT_EQ(Rows(), "0");
}

}  // namespace
}  // namespace sluice
