// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// What is put into a table by rows: NULL, BIGINT or VARCHAR.
using SqlValue = std::variant<std::monostate, int64_t, std::string>;
using SqlRow = std::vector<SqlValue>;
// What a query answers; absent is NULL.
using TextRow = std::vector<std::optional<std::string>>;

// A statement that fails unless something holds.
struct SqlAssertion {
  ErrorKind failure;
  std::string sentence;  // what does not hold, for people; where the warehouse says more, unused
};

struct SqlStatement {
  std::string name;  // of the operation, for fault plans and errors
  std::string sql;
  std::optional<SqlAssertion> assertion = {};
};

// How an assertion fails where it is a division by zero, in the words of PostgreSQL and Redshift.
inline bool IsDivisionByZero(std::string_view message) {
  return message.contains("division by zero") || message.contains("ivide by zero");
}

// Of a transaction that is rolled back because of another one, and may well succeed after it. Who
// waits for a lock in vain has waited long enough.
inline bool IsConflict(const Error& error) {
  const auto says = [&](std::string_view words) { return error.message().contains(words); };
  return error.kind() == ErrorKind::kTransient &&
         (says("sqlstate=40001") || says("sqlstate=40P01") || says("could not serialize") ||
          says("Serializable isolation violation") || says("onflict with concurrent transaction") ||
          says("deadlock detected"));
}

// Of what only reads, or may be repeated whatever happened: staging, which is temporary, and making
// what is missing.
inline Error WithoutUnknown(const Error& error) {
  if (error.kind() != ErrorKind::kOutcomeUnknown) return error;
  return Error(ErrorKind::kTransient, error.message());
}

// One conversation with a warehouse, in UTC (invariant 10). Temporary tables live as long as it
// does. One thread at a time.
//
// Failures: kBadData: a value is refused; kTransient: nothing happened and it may be tried again;
// kOutcomeUnknown: the connection was lost after the statement was sent; kPermanent: the rest.
class SqlSession {
 public:
  virtual ~SqlSession() = default;

  // One statement by itself. `name` is the operation's, for fault plans and errors.
  virtual Status Run(std::string_view name, const std::string& sql) = 0;
  // The same; each column as text, in the warehouse's own spelling.
  virtual Result<std::vector<TextRow>> Query(std::string_view name, const std::string& sql) = 0;
  // One transaction: the statements, then `last` if it is there, whose rows are the answer, then
  // COMMIT. Nothing of it remains after any failure but kOutcomeUnknown.
  virtual Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                                const std::optional<std::string>& last) = 0;
};

}  // namespace sluice
