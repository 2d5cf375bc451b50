// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/unaligned.h"
#include "sluice/ndjson/calendar_value.h"

namespace sluice {

// ParseTimestamp, quick for texts like `2020-06-01 12:34:56.123456` of which one after the other is
// in the same hour: only what is behind the hour is read anew.
class TimestampReader {
 public:
  Converted<int64_t> Read(std::string_view text) {
    if (text.size() == kLength && Word(text, 0) == first_ && Word(text, 5) == second_) {
      int64_t micros = 0;
      if (ReadBehindHour(text, micros)) return hour_micros_ + micros;
    }
    return ReadAnew(text);
  }

 private:
  static constexpr size_t kLength = 26;

  static uint64_t Word(std::string_view text, size_t at) {
    return LoadAs<uint64_t>(text.data() + at);
  }
  // Of `:MM:SS.ffffff` from byte 13 on; false where anything else stands there.
  static bool ReadBehindHour(std::string_view text, int64_t& micros);
  Converted<int64_t> ReadAnew(std::string_view text);

  // Bytes 0 to 7 and 5 to 12 of the last text that was read anew; at first zeros, which no
  // timestamp has.
  uint64_t first_ = 0, second_ = 0;
  int64_t hour_micros_ = 0;  // of that hour's begin
};

}  // namespace sluice
