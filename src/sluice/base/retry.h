// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <random>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// How often and how patiently a kTransient failure is tried again.
struct RetryOptions {
  int attempts = 8;                           // in all, the first included
  std::chrono::milliseconds first_pause{50};  // the longest pause before the second attempt
  std::chrono::milliseconds longest_pause{5000};
  // No attempt begins when so much has passed since the first one did: whoever holds messages has
  // to look after them meanwhile, however slowly every attempt fails.
  std::chrono::milliseconds patience{60'000};
};

// What all calls to one service may spend on trying again, so that a service which is down is not
// asked many times as often as one which is up (a token bucket). A repetition takes kCost; a call
// that succeeds gives one back. Thread-safe.
class RetryBudget {
 public:
  static constexpr int kMost = 500, kCost = 5;

  bool Take() {
    const std::lock_guard lock(mutex_);
    if (left_ < kCost) return false;
    left_ -= kCost;
    return true;
  }
  void Give() {
    const std::lock_guard lock(mutex_);
    left_ = std::min(left_ + 1, kMost);
  }

 private:
  std::mutex mutex_;
  int left_ = kMost;
};

// Counts the attempts at something, and pauses between them. Pauses are drawn evenly from [0,
// limit], the limit doubling each time ("full jitter"). None begins after `deadline`. `clock` and
// `random` outlive it.
class RetryPace {
 public:
  RetryPace(const RetryOptions& options, Clock& clock, std::minstd_rand& random,
            Deadline deadline = Deadline::Never())
      : options_(options), clock_(clock), random_(random), deadline_(deadline) {}

  // Whether there may be one more attempt after this one, and the longest pause before it.
  bool may_go_on() const {
    const Ticks now = clock_.Monotonic();
    return attempt_ < options_.attempts && now - begun_ < options_.patience &&
           now + limit_ < deadline_.at;
  }
  void Pause() {
    clock_.Sleep(std::chrono::milliseconds(
        std::uniform_int_distribution<int64_t>(0, limit_.count())(random_)));
    limit_ = std::min(limit_ * 2, options_.longest_pause);
    ++attempt_;
  }
  // `last`, the failure of the attempt that is not followed by another.
  Error GaveUp(const Error& last) const {
    return last.During(fmt::format("gave up after {} attempts{}", attempt_,
                                   may_go_on() ? ": too many calls fail" : ""));
  }

 private:
  const RetryOptions options_;
  Clock& clock_;
  std::minstd_rand& random_;
  const Deadline deadline_;
  const Ticks begun_ = clock_.Monotonic();
  std::chrono::milliseconds limit_ = options_.first_pause;
  int attempt_ = 1;
};

// Only adapters to the outside retry. Anything but kTransient is returned at once; the last failure
// says that attempts, patience, or `budget` if there is one, ran out.
template <typename Operation>
auto Retry(const RetryOptions& options, Clock& clock, std::minstd_rand& random,
           Operation&& operation, RetryBudget* budget = nullptr) -> decltype(operation()) {
  for (RetryPace pace(options, clock, random);; pace.Pause()) {
    auto result = operation();
    if (result && budget != nullptr) budget->Give();
    if (result || result.error().kind() != ErrorKind::kTransient) return result;
    const bool may_go_on = pace.may_go_on() && (budget == nullptr || budget->Take());
    if (!may_go_on) return std::unexpected(pace.GaveUp(result.error()));
  }
}

}  // namespace sluice
