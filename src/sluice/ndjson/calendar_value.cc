// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/calendar_value.h"

#include <chrono>

#include "sluice/ndjson/decimal_value.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr int64_t kMicrosPerDay = 24 * 60 * kMicrosPerMinute;

constexpr int64_t DaysOf(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                               static_cast<int>(day))
      .time_since_epoch()
      .count();
}
constexpr int64_t kFirstMicro = DaysOf(1, 1, 1) * kMicrosPerDay;
constexpr int64_t kLastMicro = (DaysOf(9999, 12, 31) + 1) * kMicrosPerDay - 1;

// Reads a text from left to right. What was not there makes the reading bad, to be asked once at
// the end.
class Digits {
 public:
  explicit Digits(std::string_view text) : rest_(text) {}

  // Exactly `count` digits.
  unsigned Take(size_t count) {
    if (rest_.size() < count) return Fail();
    unsigned value = 0;
    for (size_t i = 0; i < count; ++i) {
      const unsigned digit = static_cast<unsigned char>(rest_[i]) - unsigned{'0'};
      bad_ |= digit > 9;
      value = value * 10 + digit;
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool Skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void Expect(bool holds) { bad_ |= !holds; }
  bool StartsWithDigit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  bool at_end() const { return rest_.empty(); }
  bool good() const { return !bad_; }

 private:
  unsigned Fail() {
    bad_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool bad_ = false;
};

int64_t TakeDays(Digits& text) {
  const unsigned year = text.Take(4);
  text.Expect(text.Skip('-'));
  const unsigned month = text.Take(2);
  text.Expect(text.Skip('-'));
  const unsigned day = text.Take(2);
  if (!text.good()) return 0;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day)};
  text.Expect(year >= 1 && date.ok());
  if (!text.good()) return 0;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

int64_t TakeFraction(Digits& text) {
  text.Expect(text.StartsWithDigit());
  int64_t micros = 0;
  for (int64_t place = kMicrosPerSecond / 10; text.StartsWithDigit(); place /= 10) {
    const unsigned digit = text.Take(1);
    text.Expect(place > 0 || digit == 0);
    micros += place * digit;
  }
  return micros;
}

int64_t TakeTimeOfDay(Digits& text) {
  const unsigned hour = text.Take(2);
  text.Expect(text.Skip(':'));
  const unsigned minute = text.Take(2);
  unsigned second = 0;
  int64_t micros = 0;
  if (text.Skip(':')) {
    second = text.Take(2);
    if (text.Skip('.')) micros = TakeFraction(text);
  }
  text.Expect(hour < 24 && minute < 60 && second < 60);
  return (hour * 60 + minute) * kMicrosPerMinute + second * kMicrosPerSecond + micros;
}

int64_t TakeOffset(Digits& text) {
  if (text.at_end() || text.Skip('Z')) return 0;
  const bool west = text.Skip('-');
  text.Expect(west || text.Skip('+'));
  const unsigned hours = text.Take(2);
  text.Skip(':');
  const unsigned minutes = text.Take(2);
  text.Expect(hours < 24 && minutes < 60);
  const int64_t offset = (hours * 60 + minutes) * kMicrosPerMinute;
  return west ? -offset : offset;
}

}  // namespace

Converted<int64_t> ParseTimestamp(std::string_view text) {
  Digits rest(text);
  const int64_t days = TakeDays(rest);
  rest.Expect(rest.Skip(' ') || rest.Skip('T'));
  const int64_t of_day = TakeTimeOfDay(rest);
  const int64_t offset = TakeOffset(rest);
  if (!rest.good() || !rest.at_end()) return std::unexpected(FaultReason::kBadTimestamp);
  const int64_t micros = days * kMicrosPerDay + of_day - offset;
  if (micros < kFirstMicro || micros > kLastMicro) {
    return std::unexpected(FaultReason::kBadTimestamp);
  }
  return micros;
}

Converted<int64_t> ParseDate(std::string_view text) {
  constexpr size_t kDateLength = 10;
  if (text.size() == kDateLength) {
    Digits rest(text);
    const int64_t days = TakeDays(rest);
    if (!rest.good()) return std::unexpected(FaultReason::kBadDate);
    return days;
  }
  const Converted<int64_t> micros = ParseTimestamp(text);
  if (!micros || *micros % kMicrosPerDay != 0) return std::unexpected(FaultReason::kBadDate);
  return *micros / kMicrosPerDay;
}

Converted<int64_t> TimestampOfEpoch(std::string_view text, EpochUnit unit) {
  constexpr int kDigits = 38;
  const int scale = unit == EpochUnit::kSeconds ? 6 : unit == EpochUnit::kMillis ? 3 : 0;
  const Converted<Int128> micros = ParseDecimal(text, kDigits, scale);
  if (!micros || *micros < kFirstMicro || *micros > kLastMicro) {
    return std::unexpected(FaultReason::kBadTimestamp);
  }
  return static_cast<int64_t>(*micros);
}

}  // namespace sluice
