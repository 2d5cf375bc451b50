// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/interrupter.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kBetween(10);

void Repeat(const std::stop_token& ended, const std::function<void()>& interrupt) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!ended.stop_requested()) {
    interrupt();
    never.wait_for(lock, ended, kBetween, [] { return false; });
  }
}

}  // namespace

Interrupter::Interrupter(const std::stop_token& stop, std::function<void()> interrupt)
    : interrupt_(std::move(interrupt)), callback_(stop, [this] {
        thread_ = std::jthread([this](const std::stop_token& ended) { Repeat(ended, interrupt_); });
      }) {}

}  // namespace sluice
