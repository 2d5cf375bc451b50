// SPDX-License-Identifier: Apache-2.0
// What a ServerWarehouse says to a server that only writes it down.
#include "sluice/warehouse/server_warehouse.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <tuple>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RecordingSession : public ServerSession {
 public:
  explicit RecordingSession(std::vector<std::string>& transaction) : transaction_(transaction) {}

  Status Run(std::string_view, const std::string&) override { return {}; }
  // The ledger is there, and nothing else.
  Result<std::vector<TextRow>> Query(std::string_view name, const std::string&) override {
    if (name != "look for table" && name != "read version") return std::vector<TextRow>();
    return std::vector<TextRow>{{std::to_string(kLedgerVersion)}};
  }
  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                        const std::optional<std::string>& last) override {
    for (const SqlStatement& statement : statements) transaction_.push_back(statement.sql);
    if (last) transaction_.push_back(*last);
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
  Result<StagedFileFacts> FactsOf(const StagedFile&) override { return StagedFileFacts(); }

 private:
  std::vector<std::string>& transaction_;  // outlives the session
};

class RecordingConnector : public ServerConnector {
 public:
  explicit RecordingConnector(std::vector<std::string>& transaction) : transaction_(transaction) {}
  Result<std::unique_ptr<ServerSession>> Connect() override {
    return std::make_unique<RecordingSession>(transaction_);
  }

 private:
  std::vector<std::string>& transaction_;
};

// The lost connection's transaction may still run, with the lock in its hands.
TEST(ServerWarehouseTest, C3_TheOutcomeIsAskedUnderTheLock) {
  std::vector<std::string> transaction;
  const TableSet tables;
  FakeClock clock;
  ServerWarehouse warehouse(
      std::make_unique<RecordingConnector>(transaction),
      {.pipeline = "p", .schema = "sluice", .dialect = SqlDialect(SqlDialect::Kind::kRedshift)},
      tables, clock);
  const auto outcome = warehouse.Outcome(std::vector<int64_t>{4'711});
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_THAT(transaction,
              ElementsAre("LOCK \"sluice\".\"lock\"", HasSubstr("UPDATE \"sluice\".\"lock\""),
                          HasSubstr("FROM \"sluice\".\"ledger\"")));
}

// A transaction of a load fails so often before it is done.
class ConflictingSession : public RecordingSession {
 public:
  ConflictingSession(std::vector<std::string>& transaction, std::vector<Error> failures)
      : RecordingSession(transaction), failures_(std::move(failures)) {}

  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                        const std::optional<std::string>& last) override {
    std::ignore = RecordingSession::Transact(statements, last);
    if (!failures_.empty()) {
      const Error failure = failures_.front();
      failures_.erase(failures_.begin());
      return std::unexpected(failure);
    }
    return std::vector<TextRow>{{"loaded", "batch", ""}};
  }

 private:
  std::vector<Error> failures_;
};

class ConflictingConnector : public ServerConnector {
 public:
  ConflictingConnector(std::vector<std::string>& transaction, std::vector<Error> failures)
      : transaction_(transaction), failures_(std::move(failures)) {}
  Result<std::unique_ptr<ServerSession>> Connect() override {
    return std::make_unique<ConflictingSession>(transaction_, failures_);
  }

 private:
  std::vector<std::string>& transaction_;
  const std::vector<Error> failures_;
};

class ConflictTest : public ::testing::Test {
 protected:
  Result<std::vector<ObjectOutcome>> Commit(std::vector<Error> failures) {
    transaction_.clear();
    ServerLoad load(std::make_unique<ConflictingSession>(transaction_, std::move(failures)), names_,
                    tables_, clock_, {.batch = "batch", .loaded_at = {}, .tables = {}}, {4'711});
    return load.Commit();
  }
  int64_t Attempts() const { return std::ranges::count(transaction_, "LOCK \"sluice\".\"lock\""); }

  FakeClock clock_;
  const TableSet tables_ = {.tables = std::vector<Table>(1), .rules = {}};
  const LedgerNames names_ = {
      .pipeline = "p", .schema = "sluice", .dialect = SqlDialect(SqlDialect::Kind::kRedshift)};
  std::vector<std::string> transaction_;
};

TEST_F(ConflictTest, C6_ATransactionThatAnotherStoodInTheWayOfIsTriedAgainWhole) {
  const auto outcomes = Commit(
      {Error(ErrorKind::kTransient, "could not serialize access: sqlstate=40001"),
       Error(ErrorKind::kTransient, "1023 DETAIL: Serializable isolation violation on table"),
       Error(ErrorKind::kTransient, "deadlock detected: sqlstate=40P01")});
  ASSERT_TRUE(outcomes) << outcomes.error().message();
  EXPECT_EQ((*outcomes)[0].state, ObjectState::kLoaded);
  EXPECT_EQ(Attempts(), 4);
}

TEST_F(ConflictTest, C6_SoIsWhatSettlesObjectsThatLoadNothing) {
  const TableSet none;
  ServerWarehouse warehouse(
      std::make_unique<ConflictingConnector>(
          transaction_,
          std::vector(2, Error(ErrorKind::kTransient, "deadlock detected: sqlstate=40P01"))),
      names_, none, clock_);
  PlannedObject object;
  object.object = 4'711;
  const auto settled =
      warehouse.Settle(std::vector<Settlement>{{ObjectState::kHeld, object, "too many"}});
  ASSERT_TRUE(settled) << settled.error().message();
  EXPECT_EQ(Attempts(), 3);
}

TEST_F(ConflictTest, C6_NotForEverAndNothingElse) {
  const Error conflict(ErrorKind::kTransient, "deadlock detected: sqlstate=40P01");
  const auto given_up = Commit(std::vector(9, conflict));
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(Attempts(), 5);
  for (const Error& other :
       {Error(ErrorKind::kOutcomeUnknown, "the connection was lost: sqlstate=40001"),
        Error(ErrorKind::kTransient,
              "canceling statement due to statement timeout: sqlstate=57014"),
        Error(ErrorKind::kBadData, "too long: sqlstate=22001")}) {
    const auto failed = Commit({other});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind(), other.kind());
    EXPECT_EQ(Attempts(), 1) << other.message();
  }
}

}  // namespace
}  // namespace sluice
