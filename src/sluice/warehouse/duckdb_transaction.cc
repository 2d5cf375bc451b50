// SPDX-License-Identifier: Apache-2.0
#include <tuple>

#include "sluice/warehouse/duckdb_session.h"

namespace sluice {
namespace {

// A statement of a transaction that is to be committed.
Status Execute(DuckDbSession& session, const SqlStatement& statement) {
  if (!statement.assertion) return session.Run(statement.name, statement.sql);
  const Result<std::vector<TextRow>> rows = session.Query(statement.name, statement.sql);
  if (!rows) {
    // error() answers as refused input does.
    const bool failed = rows.error().kind() == ErrorKind::kBadData;
    return std::unexpected(
        Error(failed ? statement.assertion->failure : rows.error().kind(), rows.error().message()));
  }
  if (rows->size() == 1 && rows->front().size() == 1 && rows->front().front() == "ok") return {};
  return Fail(ErrorKind::kPermanent, "{}: the assertion was not evaluated", statement.name);
}

Result<std::vector<TextRow>> RunBody(DuckDbSession& session,
                                     std::span<const SqlStatement> statements,
                                     const std::optional<std::string>& last) {
  SLUICE_TRY(session.Run("begin", "BEGIN TRANSACTION"));
  for (const SqlStatement& statement : statements) SLUICE_TRY(Execute(session, statement));
  if (!last) return std::vector<TextRow>();
  return session.Query("read outcome", *last);
}

}  // namespace

Result<std::vector<TextRow>> DuckDbSession::Transact(std::span<const SqlStatement> statements,
                                                     const std::optional<std::string>& last) {
  Result<std::vector<TextRow>> rows = RunBody(*this, statements, last);
  if (!rows) {
    // Best effort: the session's end rolls back too.
    std::ignore = Undo();
    return rows;
  }
  if (Status committed = Commit(); !committed) {
    // What did not happen at all (a struck fault plan) keeps its kind.
    const bool did_not_happen =
        committed.error().kind() == ErrorKind::kTransient && Undo().has_value();
    return std::unexpected(
        Error(did_not_happen ? ErrorKind::kTransient : ErrorKind::kOutcomeUnknown,
              committed.error().message()));
  }
  return rows;
}

}  // namespace sluice
