// SPDX-License-Identifier: Apache-2.0
// What a ServerWarehouse says to a server that only writes it down.
#include "sluice/warehouse/server_warehouse.h"

#include <gmock/gmock.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RecordingSession : public ServerSession {
 public:
  explicit RecordingSession(std::vector<std::string>& transaction) : transaction_(transaction) {}

  Status Run(std::string_view, const std::string&) override { return {}; }
  // The ledger is there, whatever is asked.
  Result<std::vector<TextRow>> Query(std::string_view, const std::string&) override {
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
  Result<std::vector<std::string>> FileColumns(const StagedFile&) override {
    return std::vector<std::string>();
  }

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

}  // namespace
}  // namespace sluice
