// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include "sluice/cli/exit_code.h"

namespace sluice {
namespace {

constexpr int kWakeUp = SIGUSR1;  // ends the waiting thread when main() is done

sigset_t Watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, kWakeUp}) sigaddset(&set, signal);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = Watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  waiter_ = std::jthread([source = source_]() mutable {
    const sigset_t watched = Watched();
    for (int signal = 0; sigwait(&watched, &signal) == 0 && signal != kWakeUp;) {
      if (source.stop_requested()) _exit(kExitInterrupted);
      source.request_stop();
    }
  });
}

StopSignals::~StopSignals() {
  pthread_kill(waiter_.native_handle(), kWakeUp);
}

}  // namespace sluice
