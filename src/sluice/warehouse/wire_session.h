// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "sluice/base/fault_plan.h"
#include "sluice/warehouse/pg_connection.h"
#include "sluice/warehouse/pg_login.h"
#include "sluice/warehouse/server_session.h"

namespace sluice {

struct WireOptions {
  PgTarget target;
  std::shared_ptr<PgLoginSource> login;  // null: user and password of `target`
  PgTimeouts timeouts;
  // For the lock, then for each statement behind it; together for the transaction.
  std::chrono::milliseconds lock_timeout{300'000}, commit_timeout{120'000};
  std::stop_token stop;
  // Strikes at statements of loads and settlements; a transaction is one. Outlives the session.
  FaultPlan* faults = nullptr;
};

// A connection for a session. A login that is refused is tried again where its source has another.
Result<std::unique_ptr<PgConnection>> OpenConnection(const WireOptions& options);

// A ServerSession by PostgreSQL's protocol. A transaction is one message, so that a client that
// dies in the middle of it leaves no lock behind. `options` outlive it.
class WireSession : public ServerSession {
 public:
  // `begin` is the statement that begins a transaction.
  WireSession(const WireOptions& options, std::string begin,
              std::unique_ptr<PgConnection> connection)
      : options_(options), begin_(std::move(begin)), connection_(std::move(connection)) {}

  // UTC, the timeouts, and `more` statements, with a ';' at their end.
  Status Begin(const std::string& more);

  Status Run(std::string_view name, const std::string& sql) override;
  // Reads are no operations that a fault plan would strike at.
  Result<std::vector<TextRow>> Query(std::string_view name, const std::string& sql) override;
  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                        const std::optional<std::string>& last) override;

 protected:
  const WireOptions& options() const { return options_; }
  PgConnection& connection() { return *connection_; }

 private:
  const WireOptions& options_;
  const std::string begin_;
  const std::unique_ptr<PgConnection> connection_;
};

}  // namespace sluice
