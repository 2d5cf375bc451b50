// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/fault_plan.h"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace sluice {

Result<std::shared_ptr<FaultPlan>> FaultPlan::Parse(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view verb = text.substr(0, colon);
  if (text == "count")
    return std::shared_ptr<FaultPlan>(new FaultPlan(Action::kNone, Moment::kBefore, 0));
  int number = 0;
  if (colon != std::string_view::npos) {
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), number);
  }
  const bool is_fail = verb.starts_with("fail-"), is_kill = verb.starts_with("kill-");
  const bool is_before = verb.ends_with("-before"), is_after = verb.ends_with("-after");
  if (number < 1 || !(is_fail || is_kill) || !(is_before || is_after)) {
    return Fail(ErrorKind::kPermanent,
                "not a fault plan: '{}'; one of fail-before:N fail-after:N kill-before:N "
                "kill-after:N count",
                text);
  }
  return std::shared_ptr<FaultPlan>(new FaultPlan(is_kill ? Action::kKill : Action::kFail,
                                                  is_before ? Moment::kBefore : Moment::kAfter,
                                                  number));
}

Result<std::shared_ptr<FaultPlan>> FaultPlan::FromEnvironment() {
  const char* const plan = std::getenv(kVariable);
  if (plan == nullptr) return nullptr;
  return Parse(plan);
}

Status FaultPlan::Before(int number, std::string_view name) {
  if (action_ == Action::kNone || moment_ != Moment::kBefore || number != number_) return {};
  Strike(name);
  return Fail(ErrorKind::kTransient, "fault plan: operation did not happen: name={} number={}",
              name, number);
}

Status FaultPlan::After(int number, std::string_view name) {
  if (action_ == Action::kNone || moment_ != Moment::kAfter || number != number_) return {};
  Strike(name);
  return Fail(ErrorKind::kOutcomeUnknown, "fault plan: reply was lost: name={} number={}", name,
              number);
}

void FaultPlan::Strike(std::string_view name) {
  if (action_ == Action::kKill) ::kill(::getpid(), SIGKILL);
  std::lock_guard lock(mutex_);
  struck_ = name;
}

std::string FaultPlan::struck() const {
  std::lock_guard lock(mutex_);
  return struck_;
}

}  // namespace sluice
