// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/inbox_keeper.h"

#include <condition_variable>
#include <mutex>

#include "sluice/base/log.h"

namespace sluice {
namespace {

// A small part of any visibility timeout; most calls find that nothing is to be done yet.
constexpr std::chrono::seconds kBetweenLooks{1};

void KeepAlive(ObjectInbox& inbox) {
  if (const Status alive = inbox.KeepAlive(); !alive) {
    Log(LogLevel::kWarning, "cannot extend notifications, they may be delivered twice: {}",
        alive.error().message());
  }
}

void Keep(ObjectInbox& inbox, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!never.wait_for(lock, stop, kBetweenLooks, [&] { return stop.stop_requested(); })) {
    KeepAlive(inbox);
  }
}

}  // namespace

InboxKeeper::InboxKeeper(ObjectInbox& inbox) {
  KeepAlive(inbox);
  thread_ = std::jthread([&inbox](const std::stop_token& stop) { Keep(inbox, stop); });
}

}  // namespace sluice
