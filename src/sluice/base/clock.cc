// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/clock.h"

#include <fmt/format.h>

#include <thread>

namespace sluice {

Timestamp SystemClock::Now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}
Ticks SystemClock::Monotonic() {
  return std::chrono::steady_clock::now();
}
void SystemClock::Sleep(std::chrono::microseconds duration) {
  std::this_thread::sleep_for(duration);
}

Timestamp FakeClock::Now() {
  std::lock_guard lock(mutex_);
  return now_;
}
Ticks FakeClock::Monotonic() {
  return Ticks(Now().time_since_epoch());
}
void FakeClock::Advance(std::chrono::microseconds duration) {
  std::lock_guard lock(mutex_);
  now_ += duration;
}

std::string ToIso8601(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace sluice
