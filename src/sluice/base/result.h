// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

// What the caller may do about a failure; nothing else is encoded in an error.
enum class ErrorKind {
  kTransient,       // nothing happened; the same call may succeed later
  kPermanent,       // nothing happened; the same call will fail again. What is not classified is
                    // permanent
  kOutcomeUnknown,  // it may have happened: look before repeating, never clean up
  kNotFound,        // the named thing does not exist; a fact, not a fault of the service
  kConflict,        // another thing stands where this one should go; it was left as it is
  kBadData,  // the input cannot be accepted whatever the service's state: set the input aside
};

// A failure. The message says what was attempted, the cause, then values, then what to do about it:
// "cannot commit load: lost connection: table=events files=12". Never holds payloads or secrets.
class Error {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }

  // The same failure seen from one level up: "`attempt`: message".
  Error During(std::string_view attempt) const {
    return Error(kind_, fmt::format("{}: {}", attempt, message_));
  }

 private:
  ErrorKind kind_;
  std::string message_;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

template <typename... Args>
std::unexpected<Error> Fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error(kind, fmt::format(format, std::forward<Args>(args)...)));
}

std::string_view Name(ErrorKind kind);

}  // namespace sluice

#define SLUICE_CONCAT_INNER(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_INNER(a, b)

// Both are whole statements: used as an expression inside an aggregate initialiser, g++ 12 leaks
// what was built.
#define SLUICE_TRY(expression)                                  \
  do {                                                          \
    if (auto sluice_status = (expression); !sluice_status)      \
      return std::unexpected(std::move(sluice_status).error()); \
  } while (false)

#define SLUICE_ASSIGN(target, expression)                                               \
  auto SLUICE_CONCAT(sluice_result_, __LINE__) = (expression);                          \
  if (!SLUICE_CONCAT(sluice_result_, __LINE__))                                         \
    return std::unexpected(std::move(SLUICE_CONCAT(sluice_result_, __LINE__)).error()); \
  target = std::move(*SLUICE_CONCAT(sluice_result_, __LINE__))
