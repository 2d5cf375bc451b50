// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/integer_value.h"

namespace sluice {

Converted<int64_t> ParseInteger(std::string_view text, int64_t low, int64_t high) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::unexpected(FaultReason::kBadInteger);
  uint64_t magnitude = 0;
  bool overflow = false;
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return std::unexpected(FaultReason::kBadInteger);
    overflow |= __builtin_mul_overflow(magnitude, uint64_t{10}, &magnitude);
    overflow |= __builtin_add_overflow(magnitude, uint64_t{digit}, &magnitude);
  }
  const uint64_t largest = uint64_t{INT64_MAX} + (negative ? 1 : 0);
  if (overflow || magnitude > largest) return std::unexpected(FaultReason::kOutOfRange);
  const auto value = static_cast<int64_t>(negative ? uint64_t{0} - magnitude : magnitude);
  if (value < low || value > high) return std::unexpected(FaultReason::kOutOfRange);
  return value;
}

}  // namespace sluice
