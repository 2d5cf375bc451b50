// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/pg_copy_rows.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sluice/parquet/uint128.h"

namespace sluice {
namespace {

// From 1970-01-01 to PostgreSQL's own first day, 2000-01-01.
constexpr int64_t kDaysTo2000 = 10'957;
constexpr int64_t kMicrosTo2000 = kDaysTo2000 * 86'400'000'000;

template <typename Unsigned>
void AppendBigEndian(Unsigned value, std::string& out) {
  static_assert(std::is_unsigned_v<Unsigned>);
  for (int shift = (static_cast<int>(sizeof(value)) - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift);
  }
}

void AppendLength(size_t length, std::string& out) {
  AppendBigEndian(static_cast<uint32_t>(length), out);
}

template <typename Unsigned>
void AppendField(Unsigned value, std::string& out) {
  AppendLength(sizeof(value), out);
  AppendBigEndian(value, out);
}

void AppendNull(std::string& out) {
  AppendBigEndian(~uint32_t{0}, out);
}

void AppendText(std::string_view text, std::string& out) {
  AppendLength(text.size(), out);
  out += text;
}

// Digits to the base of 10,000, the first of weight `weight`: numeric_recv. The groups stand around
// the decimal point, so that the fraction is filled up to a multiple of four digits.
void AppendNumeric(Int128 unscaled, int scale, std::string& out) {
  const bool is_negative = unscaled < 0;
  auto rest = static_cast<UInt128>(is_negative ? -unscaled : unscaled);
  const int groups_behind = (scale + 3) / 4;
  // The value's last `tail` digits are missing from its last group.
  const int tail = groups_behind * 4 - scale;
  std::vector<uint16_t> groups;  // the last one first
  uint32_t power = 1;
  for (int i = 0; i < tail; ++i) power *= 10;
  if (rest != 0) {
    groups.push_back(static_cast<uint16_t>(static_cast<uint32_t>(rest % (10'000 / power)) * power));
    rest /= 10'000 / power;
  }
  for (; rest != 0; rest /= 10'000) groups.push_back(static_cast<uint16_t>(rest % 10'000));
  AppendLength(8 + groups.size() * 2, out);
  AppendBigEndian(static_cast<uint16_t>(groups.size()), out);
  const int weight = static_cast<int>(groups.size()) - groups_behind - 1;
  AppendBigEndian(static_cast<uint16_t>(static_cast<int16_t>(groups.empty() ? 0 : weight)), out);
  AppendBigEndian(static_cast<uint16_t>(is_negative ? 0x4000 : 0), out);
  AppendBigEndian(static_cast<uint16_t>(scale), out);
  for (auto group = groups.rbegin(); group != groups.rend(); ++group) AppendBigEndian(*group, out);
}

// The `index`-th present value.
void AppendValue(const ColumnType& type, const ColumnBatch& column, size_t index,
                 std::string& out) {
  switch (type.kind) {
    case TypeKind::kSmallInt:
      return AppendField(static_cast<uint16_t>(column.ints[index]), out);
    case TypeKind::kInteger:
      return AppendField(static_cast<uint32_t>(column.ints[index]), out);
    case TypeKind::kBigInt:
      return AppendField(static_cast<uint64_t>(column.ints[index]), out);
    case TypeKind::kDecimal:
      return AppendNumeric(ValueKindOf(type) == ValueKind::kInt64 ? Int128{column.ints[index]}
                                                                  : column.wide_ints[index],
                           type.scale, out);
    case TypeKind::kReal:
      return AppendField(std::bit_cast<uint32_t>(static_cast<float>(column.doubles[index])), out);
    case TypeKind::kDouble:
      return AppendField(std::bit_cast<uint64_t>(column.doubles[index]), out);
    case TypeKind::kBoolean:
      return AppendField(static_cast<uint8_t>(column.ints[index] != 0), out);
    case TypeKind::kDate:
      return AppendField(static_cast<uint32_t>(column.ints[index] - kDaysTo2000), out);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return AppendField(static_cast<uint64_t>(column.ints[index] - kMicrosTo2000), out);
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kSuper:
      return AppendText(column.texts[index], out);
  }
}

}  // namespace

std::string PgCopyHeader() {
  using std::string_view_literals::operator""sv;
  return std::string("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"sv);
}

std::string PgCopyTrailer() {
  return "\xFF\xFF";
}

void AppendPgRows(const std::vector<ColumnType>& types, const std::vector<ColumnBatch>& columns,
                  std::string& out) {
  const size_t rows = columns.empty() ? 0 : columns[0].present.size();
  std::vector<size_t> next(columns.size(), 0);
  for (size_t row = 0; row < rows; ++row) {
    AppendBigEndian(static_cast<uint16_t>(columns.size()), out);
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].present[row] == 0) {
        AppendNull(out);
      } else {
        AppendValue(types[i], columns[i], next[i]++, out);
      }
    }
  }
}

void AppendPgRow(const SqlRow& row, std::string& out) {
  AppendBigEndian(static_cast<uint16_t>(row.size()), out);
  for (const SqlValue& value : row) {
    if (const auto* number = std::get_if<int64_t>(&value)) {
      AppendField(static_cast<uint64_t>(*number), out);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      AppendText(*text, out);
    } else {
      AppendNull(out);
    }
  }
}

}  // namespace sluice
