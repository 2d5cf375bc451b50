// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// Makes one operation on the outside world go wrong, chosen by its number, so that tests can try
// every place in turn. An operation is a call of a queue, store or warehouse, or one SQL statement;
// they are numbered from 1 in the order in which they begin. Thread-safe. The plan's text:
//
//   fail-before:N   the N-th does not happen and answers kTransient
//   fail-after:N    the N-th happens, but its reply is lost: kOutcomeUnknown
//   kill-before:N, kill-after:N   the process ends there, as by kill -9
//   count           nothing goes wrong
class FaultPlan {
 public:
  static Result<std::shared_ptr<FaultPlan>> Parse(std::string_view text);
  // What SLUICE_FAULT says; null where it is not set. Not a setting, so no configuration knows it.
  static Result<std::shared_ptr<FaultPlan>> FromEnvironment();
  static constexpr const char* kVariable = "SLUICE_FAULT";

  // Runs `operation` (returns a Status or Result) as one numbered operation. A null `plan` just
  // runs it.
  template <typename Operation>
  static auto Run(FaultPlan* plan, std::string_view name, Operation&& operation)
      -> decltype(operation()) {
    if (plan == nullptr) return operation();
    const int number = ++plan->operations_;
    SLUICE_TRY(plan->Before(number, name));
    auto result = operation();
    if (result) SLUICE_TRY(plan->After(number, name));
    return result;
  }

  // Operations begun so far.
  int operations() const { return operations_.load(); }
  // The name of the operation that went wrong; empty while none did.
  std::string struck() const;

 private:
  enum class Action { kNone, kFail, kKill };
  enum class Moment { kBefore, kAfter };

  FaultPlan(Action action, Moment moment, int number)
      : action_(action), moment_(moment), number_(number) {}
  Status Before(int number, std::string_view name);
  Status After(int number, std::string_view name);
  void Strike(std::string_view name);

  const Action action_;
  const Moment moment_;
  const int number_;
  std::atomic<int> operations_ = 0;
  mutable std::mutex mutex_;
  std::string struck_;  // under mutex_
};

}  // namespace sluice
