// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/clock.h"

#include <fmt/format.h>

#include <algorithm>
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

std::optional<Timestamp> FromIso8601(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() < kForm.size() + 1 || !text.ends_with('Z')) return std::nullopt;
  text.remove_suffix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !is_digit(text[i]) : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [text](size_t at, size_t digits) {
    int value = 0;
    for (const char c : text.substr(at, digits)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  int64_t micros = 0;
  const std::string_view fraction = text.substr(kForm.size());
  if (!fraction.empty()) {
    const std::string_view digits = fraction.substr(1);
    if (fraction[0] != '.' || digits.empty() || digits.size() > 9) return std::nullopt;
    if (!std::ranges::all_of(digits, is_digit)) return std::nullopt;
    for (size_t i = 0; i < 6; ++i) micros = micros * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros);
}

}  // namespace sluice
