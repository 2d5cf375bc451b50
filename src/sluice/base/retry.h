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

// The only retry loop. Only adapters to the outside call it. Pauses are drawn evenly from [0,
// limit], the limit doubling each time ("full jitter"). Anything but kTransient is returned at
// once; the last failure says that attempts, patience, or `budget` if there is one, ran out.
template <typename Operation>
auto Retry(const RetryOptions& options, Clock& clock, std::minstd_rand& random,
           Operation&& operation, RetryBudget* budget = nullptr) -> decltype(operation()) {
  std::chrono::milliseconds limit = options.first_pause;
  const Ticks start = clock.Monotonic();
  for (int attempt = 1;; ++attempt) {
    auto result = operation();
    if (result && budget != nullptr) budget->Give();
    if (result || result.error().kind() != ErrorKind::kTransient) return result;
    const bool has_time = clock.Monotonic() - start < options.patience;
    const bool may_go_on = attempt < options.attempts && has_time;
    if (!may_go_on || (budget != nullptr && !budget->Take())) {
      return std::unexpected(result.error().During(fmt::format(
          "gave up after {} attempts{}", attempt, may_go_on ? ": too many calls fail" : "")));
    }
    clock.Sleep(std::chrono::milliseconds(
        std::uniform_int_distribution<int64_t>(0, limit.count())(random)));
    limit = std::min(limit * 2, options.longest_pause);
  }
}

}  // namespace sluice
