// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// A moment, to the microsecond, in UTC.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
// A moment of the clock that never goes back, for deadlines and ages.
using Ticks = std::chrono::steady_clock::time_point;

// The only source of time. Nobody else asks the system for it, and nobody sleeps. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() = 0;
  virtual Ticks Monotonic() = 0;
  virtual void Sleep(std::chrono::microseconds duration) = 0;
};

class SystemClock : public Clock {
 public:
  Timestamp Now() override;
  Ticks Monotonic() override;
  void Sleep(std::chrono::microseconds duration) override;
};

// Time that only tests move; Sleep moves it too and returns at once.
class FakeClock : public Clock {
 public:
  explicit FakeClock(Timestamp start = Timestamp(std::chrono::seconds(1'700'000'000)))
      : now_(start) {}

  Timestamp Now() override;
  Ticks Monotonic() override;
  void Sleep(std::chrono::microseconds duration) override { Advance(duration); }
  void Advance(std::chrono::microseconds duration);

 private:
  std::mutex mutex_;
  Timestamp now_;
};

// The moment after which a stage must not begin another batch.
struct Deadline {
  Ticks at = Ticks::max();

  static Deadline Never() { return {}; }
  static Deadline After(Clock& clock, std::chrono::microseconds duration) {
    return {clock.Monotonic() + duration};
  }
  bool HasPassed(Clock& clock) const { return clock.Monotonic() >= at; }
};

// A deadline that its owner moves, for those who were made before they could know it. Thread-safe.
class MovingDeadline {
 public:
  Deadline Get() const { return {at_}; }
  void Move(Deadline to) { at_ = to.at; }

 private:
  std::atomic<Ticks> at_{Ticks::max()};
};

// "2026-11-23T14:15:02.123456Z"; six decimals always.
std::string ToIso8601(Timestamp time);
// "2026-11-23T14:15:02Z", with 1 to 9 decimals or none, of which the first six count: what services
// answer. Nothing else.
std::optional<Timestamp> FromIso8601(std::string_view text);

}  // namespace sluice
