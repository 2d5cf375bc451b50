// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "sluice/base/json_text.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosOfDay = 86'400'000'000;

std::string DateText(int64_t days) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string TimestampText(int64_t micros) {
  int64_t days = micros / kMicrosOfDay, rest = micros % kMicrosOfDay;
  if (rest < 0) {
    rest += kMicrosOfDay;
    --days;
  }
  const int64_t seconds = rest / 1'000'000;
  return fmt::format("{} {:02}:{:02}:{:02}.{:06}", DateText(days), seconds / 3600,
                     seconds / 60 % 60, seconds % 60, rest % 1'000'000);
}

std::string DecimalText(Int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  std::string digits;  // the last one first
  while (unscaled != 0 || digits.size() <= static_cast<size_t>(scale)) {
    const int digit = static_cast<int>(unscaled % 10);
    digits += static_cast<char>('0' + (negative ? -digit : digit));
    unscaled /= 10;
  }
  std::ranges::reverse(digits);
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), 1, '.');
  return negative ? "-" + digits : digits;
}

}  // namespace

std::string ValueText(const ColumnType& type, const ColumnBatch& batch, size_t at) {
  std::string text;
  switch (type.kind) {
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
      return fmt::format("{}", batch.ints[at]);
    case TypeKind::kBoolean:
      return batch.ints[at] != 0 ? "true" : "false";
    case TypeKind::kReal:
      return fmt::format("{}", static_cast<float>(batch.doubles[at]));
    case TypeKind::kDouble:
      return fmt::format("{}", batch.doubles[at]);
    case TypeKind::kDecimal:
      text =
          DecimalText(ValueKindOf(type) == ValueKind::kInt64 ? batch.ints[at] : batch.wide_ints[at],
                      type.scale);
      break;
    case TypeKind::kDate:
      text = DateText(batch.ints[at]);
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      text = TimestampText(batch.ints[at]);
      break;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kSuper:
      text = batch.texts[at];
      break;
  }
  std::string quoted;
  AppendJsonString(quoted, text);
  return quoted;
}

}  // namespace sluice
