// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/timestamp_reader.h"

#include "sluice/ndjson/decimal_digits.h"

namespace sluice {
namespace {

// Byte i in reading order.
uint64_t Byte(uint64_t word, int i) {
  return word >> 8 * i & 0xFF;
}

}  // namespace

bool TimestampReader::ReadBehindHour(std::string_view text, int64_t& micros) {
  // Digits are their values, separators what is left of them where a '0' is taken away.
  constexpr uint64_t kColon = ':' ^ '0', kPoint = '.' ^ '0';
  const uint64_t clock = EightDigits::Load(text.data() + 13);     // ":MM:SS.f"
  const uint64_t fraction = EightDigits::Load(text.data() + 18);  // "S.ffffff"
  if (Byte(clock, 0) != kColon || Byte(clock, 3) != kColon || Byte(clock, 6) != kPoint)
    return false;
  const uint64_t time = clock & 0x0000'FFFF'00FF'FF00;
  const uint64_t part = fraction & ~uint64_t{0xFFFF};
  const uint64_t minute = Byte(time, 1) * 10 + Byte(time, 2);
  const uint64_t second = Byte(time, 4) * 10 + Byte(time, 5);
  if (!EightDigits::AreDigits(time) || !EightDigits::AreDigits(part) || minute > 59 ||
      second > 59) {
    return false;
  }
  micros = static_cast<int64_t>((minute * 60 + second) * 1'000'000 + EightDigits::Join(part));
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
