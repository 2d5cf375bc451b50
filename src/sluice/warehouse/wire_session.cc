// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/wire_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/pg_transaction.h"

namespace sluice {
namespace {

// The server gives up a statement before we give up the message it is in, so that it says so.
constexpr std::chrono::seconds kServersHeadStart{5};

std::string SetTimeout(std::chrono::milliseconds timeout) {
  return fmt::format("SET statement_timeout TO {}", timeout.count());
}

Result<std::unique_ptr<PgConnection>> OpenAs(const PgLogin& login, const WireOptions& options) {
  PgTarget target = options.target;
  target.user = login.user;
  target.password = login.password;
  return PgConnection::Open(target, options.timeouts, options.stop);
}

// With two users that change their passwords in turn, the secret is the other one's.
Error OfWhom(const Error& refused, const PgLogin& login) {
  if (login.password_of.empty() || login.password_of == login.user) return refused;
  return Error(refused.kind(),
               fmt::format("{}; the secret is of user {}", refused.message(), login.password_of));
}

}  // namespace

Result<std::unique_ptr<PgConnection>> OpenConnection(const WireOptions& options) {
  if (options.login == nullptr) {
    return PgConnection::Open(options.target, options.timeouts, options.stop);
  }
  const auto login = options.login->Get();
  if (!login) return std::unexpected(WithoutUnknown(login.error()));
  auto opened = OpenAs(*login, options);
  if (opened || !IsRefusedPassword(opened.error())) return opened;
  const auto other = options.login->InPlaceOf(*login);
  if (!other) {
    return Fail(WithoutUnknown(other.error()).kind(), "{}; {}", opened.error().message(),
                other.error().message());
  }
  if (other->password != login->password) opened = OpenAs(*other, options);
  if (opened || !IsRefusedPassword(opened.error())) return opened;
  return std::unexpected(OfWhom(opened.error(), *other));
}

Status WireSession::Begin(const std::string& more) {
  const auto set =
      connection_->Send("SET timezone TO 'UTC';" + more + SetTimeout(options_.timeouts.statement));
  if (!set) return std::unexpected(WithoutUnknown(set.error()).During("cannot begin a session"));
  return {};
}

Status WireSession::Run(std::string_view name, const std::string& sql) {
  return FaultPlan::Run(options_.faults, name, [&]() -> Status {
    const auto answers = connection_->Send(sql, options_.timeouts.statement + kServersHeadStart);
    if (!answers) return std::unexpected(answers.error().During(name));
    return {};
  });
}

Result<std::vector<TextRow>> WireSession::Query(std::string_view name, const std::string& sql) {
  auto answers = connection_->Send(sql, options_.timeouts.statement + kServersHeadStart);
  if (!answers) return std::unexpected(WithoutUnknown(answers.error()).During(name));
  return answers->empty() ? std::vector<TextRow>() : std::move(answers->back().rows);
}

Result<std::vector<TextRow>> WireSession::Transact(std::span<const SqlStatement> statements,
                                                   const std::optional<std::string>& last) {
  const auto set = connection_->Send(SetTimeout(options_.lock_timeout));
  if (!set) return std::unexpected(WithoutUnknown(set.error()));
  std::vector<SqlStatement> timed(statements.begin(), statements.end());
  const auto locked = std::ranges::find_if_not(
      timed, [](const SqlStatement& statement) { return statement.name == kTakeLock; });
  timed.insert(locked, {"set timeout", SetTimeout(options_.commit_timeout)});
  return FaultPlan::Run(options_.faults, "commit", [&] {
    return TransactByWire(*connection_, begin_, timed, last,
                          options_.lock_timeout + options_.commit_timeout + kServersHeadStart);
  });
}

}  // namespace sluice
