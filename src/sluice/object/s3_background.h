// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <memory>
#include <system_error>
#include <utility>

namespace sluice {

// Begins `work` in a thread of its own. Where the system makes no more threads it is done when the
// result is asked for.
template <typename Work>
auto InBackground(Work work) -> std::future<decltype(work())> {
  auto task = std::make_shared<Work>(std::move(work));
  const auto run = [task] { return (*task)(); };
  try {
    return std::async(std::launch::async, run);
  } catch (const std::system_error&) {
    return std::async(std::launch::deferred, run);
  }
}

}  // namespace sluice
