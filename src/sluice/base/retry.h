// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// How often and how patiently a kTransient failure is tried again.
struct RetryOptions {
  int attempts = 8;                           // in all, the first included
  std::chrono::milliseconds first_pause{50};  // the longest pause before the second attempt
  std::chrono::milliseconds longest_pause{5000};
};

// The only retry loop. Only adapters to the outside call it. Pauses are drawn evenly from [0,
// limit], the limit doubling each time ("full jitter"). Anything but kTransient is returned at
// once; the last failure says that attempts ran out.
template <typename Operation>
auto Retry(const RetryOptions& options, Clock& clock, std::minstd_rand& random,
           Operation&& operation) -> decltype(operation()) {
  std::chrono::milliseconds limit = options.first_pause;
  for (int attempt = 1;; ++attempt) {
    auto result = operation();
    if (result || result.error().kind() != ErrorKind::kTransient) return result;
    if (attempt >= options.attempts) {
      return std::unexpected(
          result.error().During(fmt::format("gave up after {} attempts", attempt)));
    }
    clock.Sleep(std::chrono::milliseconds(
        std::uniform_int_distribution<int64_t>(0, limit.count())(random)));
    limit = std::min(limit * 2, options.longest_pause);
  }
}

}  // namespace sluice
