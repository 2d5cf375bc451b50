// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/timestamp_reader.h"

#include <bit>

namespace sluice {
namespace {

constexpr uint64_t kZeros = 0x3030'3030'3030'3030;

// Byte i in reading order.
uint64_t Byte(uint64_t word, int i) {
  return word >> 8 * i & 0xFF;
}

// Eight bytes, the first of them lowest.
uint64_t LoadWord(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

// Whether every byte is 0 to 9: those have no high half, and adding six gives them none.
bool AreDigits(uint64_t values) {
  constexpr uint64_t kSix = 0x0606'0606'0606'0606, kHighHalves = 0xF0F0'F0F0'F0F0'F0F0;
  return ((values | (values + kSix)) & kHighHalves) == 0;
}

// The number that eight digits are, the first of them lowest: neighbours are joined to numbers
// below 100, these to numbers below 10,000, and these to one.
uint64_t JoinDigits(uint64_t values) {
  values = (values * 10 + (values >> 8)) & 0x00FF'00FF'00FF'00FF;
  values = (values * 100 + (values >> 16)) & 0x0000'FFFF'0000'FFFF;
  return (values * 10'000 + (values >> 32)) & 0xFFFF'FFFF;
}

}  // namespace

bool TimestampReader::ReadBehindHour(std::string_view text, int64_t& micros) {
  const uint64_t clock = LoadWord(text.data() + 13);     // ":MM:SS.f"
  const uint64_t fraction = LoadWord(text.data() + 18);  // "S.ffffff"
  if (Byte(clock, 0) != ':' || Byte(clock, 3) != ':' || Byte(clock, 6) != '.') return false;
  constexpr uint64_t kClockDigits = 0x0000'FFFF'00FF'FF00, kFractionDigits = ~uint64_t{0xFFFF};
  const uint64_t time = (clock ^ kZeros) & kClockDigits;
  const uint64_t part = (fraction ^ kZeros) & kFractionDigits;
  const uint64_t minute = Byte(time, 1) * 10 + Byte(time, 2);
  const uint64_t second = Byte(time, 4) * 10 + Byte(time, 5);
  if (!AreDigits(time) || !AreDigits(part) || minute > 59 || second > 59) return false;
  micros = static_cast<int64_t>((minute * 60 + second) * 1'000'000 + JoinDigits(part));
  return true;
}

Converted<int64_t> TimestampReader::ReadAnew(std::string_view text) {
  const Converted<int64_t> read = ParseTimestamp(text);
  int64_t behind_hour = 0;
  if (read && text.size() == kLength && ReadBehindHour(text, behind_hour)) {
    first_ = Word(text, 0);
    second_ = Word(text, 5);
    hour_micros_ = *read - behind_hour;
  }
  return read;
}

}  // namespace sluice
