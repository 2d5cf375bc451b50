// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace sluice {

// Calls work(0) … work(count - 1), up to `most` of them at a time, and returns when all have
// returned. The caller's thread is one of those that work; the others are made for this call, which
// costs some 20 µs each, so it is for work that waits on the network. Where the system makes no
// more threads, fewer do.
template <typename Work>
void InParallel(size_t count, size_t most, const Work& work) {
  std::atomic<size_t> next = 0;
  const auto go_on = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> threads;
  try {
    for (size_t t = 1; t < std::min(count, most); ++t) threads.emplace_back(go_on);
  } catch (const std::system_error&) {
  }
  go_on();
}

}  // namespace sluice
