// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <thread>

namespace sluice {

// Turns SIGINT and SIGTERM into a stop request: the work finishes or releases what it holds and the
// process ends in seconds. A second signal ends it at once, which is safe too: it is what kill -9
// does. Made first in main(), before any other thread, since threads inherit the signal mask.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread waiter_;
};

}  // namespace sluice
