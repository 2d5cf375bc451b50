// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/pg_transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kRollbackTimeout{10'000};

// What it means that the transaction's `index`-th statement failed, from 0, which is BEGIN.
Error Explain(const Error& error, size_t index, std::span<const SqlStatement> statements,
              size_t of_all) {
  if (index == 0) return error;
  // An engine may report a commit as failed that it did (fault C4).
  if (index + 1 == of_all) return Error(ErrorKind::kOutcomeUnknown, error.message());
  if (index > statements.size()) return error.During("read outcome");
  const SqlStatement& statement = statements[index - 1];
  // An assertion fails by dividing by zero, or by a cast of what it has to say.
  const std::string& message = error.message();
  const size_t quote = message.find('"');
  const bool says_why = message.contains("sqlstate=22P02") && quote != std::string::npos;
  if (statement.assertion && (says_why || IsDivisionByZero(message))) {
    return Error(statement.assertion->failure,
                 fmt::format("{}: {}", statement.name,
                             says_why ? message.substr(quote + 1, message.rfind('"') - quote - 1)
                                      : statement.assertion->sentence));
  }
  return error.During(statement.name);
}

}  // namespace

Result<std::vector<TextRow>> TransactByWire(PgConnection& connection, std::string_view begin,
                                            std::span<const SqlStatement> statements,
                                            const std::optional<std::string>& last,
                                            std::chrono::milliseconds timeout) {
  std::string sql(begin);
  for (const SqlStatement& statement : statements) sql.append(";\n").append(statement.sql);
  if (last) sql.append(";\n").append(*last);
  sql.append(";\nCOMMIT");
  const size_t all = statements.size() + (last ? 3 : 2);
  Result<std::vector<PgAnswer>> answers = connection.Send(sql, timeout);
  if (!answers && answers.error().kind() == ErrorKind::kOutcomeUnknown) {
    return std::unexpected(answers.error());
  }
  if (!answers) {
    const size_t failed = connection.answered();
    // Best effort: the session's end rolls back too.
    std::ignore = connection.Send("ROLLBACK", std::min(timeout, kRollbackTimeout));
    return std::unexpected(Explain(answers.error(), failed, statements, all));
  }
  if (answers->size() != all || answers->back().tag != "COMMIT") {
    return Fail(ErrorKind::kOutcomeUnknown, "the commit answered {}: statements={} answers={}",
                answers->empty() ? "nothing" : answers->back().tag, all, answers->size());
  }
  if (!last) return std::vector<TextRow>();
  return std::move((*answers)[all - 2].rows);
}

}  // namespace sluice
