// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace sluice {

// Calls `interrupt` from the moment when a stop is requested until it is destroyed: again and
// again, on a thread of its own, since DuckDB forgets an interrupt that comes just before the
// statement has begun. Costs no thread as long as nothing is requested. Whoever requests the stop
// waits for nothing.
class Interrupter {
 public:
  Interrupter(const std::stop_token& stop, std::function<void()> interrupt);

 private:
  const std::function<void()> interrupt_;
  std::jthread thread_;  // outlives the callback that starts it
  const std::stop_callback<std::function<void()>> callback_;
};

}  // namespace sluice
