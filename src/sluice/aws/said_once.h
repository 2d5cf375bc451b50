// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sluice {

// Something that one thread says once and another waits for. Who waited may destroy it.
class SaidOnce {
 public:
  void Say() {
    const std::lock_guard lock(mutex_);  // also while it is told, or it could be gone by then
    said_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return said_; });
  }
  // False where `deadline` passed first.
  bool WaitUntil(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [this] { return said_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool said_ = false;
};

}  // namespace sluice
