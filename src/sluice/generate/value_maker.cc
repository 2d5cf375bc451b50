// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/value_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cstring>

#include "sluice/base/json_text.h"
#include "sluice/generate/vocabulary.h"

namespace sluice {
namespace {

constexpr int64_t kSecond = 1'000'000;

// Two decimal digits at `at`.
void PutTwo(char* at, int64_t number) {
  at[0] = static_cast<char>('0' + number / 10);
  at[1] = static_cast<char>('0' + number % 10);
}

void PutDate(char* at, int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const int year = static_cast<int>(date.year());
  PutTwo(at, year / 100);
  PutTwo(at + 2, year % 100);
  at[4] = at[7] = '-';
  PutTwo(at + 5, static_cast<unsigned>(date.month()));
  PutTwo(at + 8, static_cast<unsigned>(date.day()));
}

int64_t DayOf(int64_t microseconds) {
  return std::chrono::floor<std::chrono::days>(std::chrono::microseconds(microseconds)).count();
}

void AppendNumber(std::string& out, uint64_t number) {
  std::array<char, 20> digits;
  const char* end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  out.append(digits.data(), static_cast<size_t>(end - digits.data()));
}

// RFC 9562 §5.4, version 4.
void AppendUuid(std::string& out, Random& random) {
  static constexpr auto kHex = [] {
    std::array<std::array<char, 2>, 256> pairs{};
    for (size_t i = 0; i < 256; ++i) {
      pairs[i] = {"0123456789abcdef"[i / 16], "0123456789abcdef"[i % 16]};
    }
    return pairs;
  }();
  auto bytes = std::bit_cast<std::array<uint8_t, 16>>(std::array{random.Next(), random.Next()});
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::array<char, 36> text;
  char* at = text.data();
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    std::memcpy(at, kHex[bytes[i]].data(), 2);
    at += 2;
  }
  out.append(text.data(), text.size());
}

// A JSON document inside a string, as front ends send it; at most 260 bytes.
void AppendEscapedJson(std::string& out, Random& random) {
  static constexpr std::string_view kLanguages[] = {"es", "de", "fr", "en", "ja", "pt"};
  static constexpr std::string_view kLabels[] = {
      "Men\\u00fc", "Caf\\u00e9 \\\"Bleu\\\"", "Home", "\\u6771\\u4eac", "Shop now", "Kontakt"};
  const uint64_t bits = random.Next();
  out += "{\\\"isAffiliate\\\":";
  out += (bits & 1) != 0 ? "true" : "false";
  out += ",\\\"language\\\":\\\"";
  out += kLanguages[(bits >> 1) % 6];
  out += "\\\",\\\"isRecommendedPalette\\\":";
  out += (bits & 16) != 0 ? "true" : "false";
  if ((bits & 0x60) == 0) {
    out += ",\\\"label\\\":\\\"";
    // Inside the inner document quotes are escaped once more.
    for (const char c : kLabels[(bits >> 8) % 6]) {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
    out += "\\\"";
  }
  out += ",\\\"paletteIndex\\\":\\\"";
  AppendNumber(out, (bits >> 16) % 12);
  out += "\\\",\\\"workspaceId\\\":\\\"";
  AppendUuid(out, random);
  out += "\\\"}";
}

}  // namespace

void AppendTimestamp(std::string& out, int64_t microseconds) {
  const int64_t day = DayOf(microseconds);
  const int64_t rest = microseconds - day * 86'400 * kSecond;
  const int64_t seconds = rest / kSecond, fraction = rest % kSecond;
  std::array<char, 26> text;
  PutDate(text.data(), day);
  text[10] = ' ';
  PutTwo(&text[11], seconds / 3600);
  PutTwo(&text[14], seconds / 60 % 60);
  PutTwo(&text[17], seconds % 60);
  text[13] = text[16] = ':';
  text[19] = '.';
  PutTwo(&text[20], fraction / 10'000);
  PutTwo(&text[22], fraction / 100 % 100);
  PutTwo(&text[24], fraction % 100);
  out.append(text.data(), text.size());
}

ValueMaker::ValueMaker(const Column& column, const ColumnSource& source, ColumnRole role)
    : role_(role), type_(column.type) {
  if (!column.not_null && role == ColumnRole::kOrdinary) {
    null_below_ = UINT64_MAX / 100 * static_cast<uint64_t>(NullShareFor(column.name));
  }
  ChooseShape(column, source);
  CountDistinctValues();
}

void ValueMaker::ChooseTextShape(const Column& column) {
  const std::string_view name = column.name;
  if (type_.length >= 36 && (role_ == ColumnRole::kUnique || name.ends_with("uuid") ||
                             (name.ends_with("_id") && name != "ad_id"))) {
    shape_ = Shape::kUuid;
  } else if (role_ == ColumnRole::kUnique) {
    shape_ = Shape::kSerialText;
  } else if (name.ends_with("_id") && type_.length >= 11) {
    shape_ = Shape::kDigits;
  } else if ((name == "message" || name == "payload" || name == "data") && type_.length >= 300 &&
             type_.kind != TypeKind::kChar) {
    shape_ = Shape::kEscapedJson;
  } else {
    for (const std::string& word : VocabularyFor(name)) {
      if (word.size() <= static_cast<size_t>(type_.length)) {
        AppendJsonString(words_.emplace_back(), word);
      }
    }
    if (words_.empty()) words_ = {"\"a\"", "\"b\"", "\"c\""};
  }
}

void ValueMaker::ChooseShape(const Column& column, const ColumnSource& source) {
  switch (type_.kind) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      ChooseTextShape(column);
      break;
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
      shape_ = Shape::kInteger;
      break;
    case TypeKind::kDecimal:
      shape_ = Shape::kDecimal;
      break;
    case TypeKind::kReal:
    case TypeKind::kDouble:
      shape_ = Shape::kNumber;
      break;
    case TypeKind::kBoolean:
      shape_ = Shape::kBoolean;
      break;
    case TypeKind::kDate:
      shape_ = Shape::kDate;
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      shape_ = source.epoch.has_value() ? Shape::kEpoch : Shape::kTimestamp;
      break;
    case TypeKind::kSuper:
      shape_ = Shape::kJson;
      break;
  }
  if (source.epoch == EpochUnit::kSeconds) units_per_second_ = 1;
  if (source.epoch == EpochUnit::kMillis) units_per_second_ = 1'000;
  if (source.epoch == EpochUnit::kMicros) units_per_second_ = kSecond;
}

void ValueMaker::CountDistinctValues() {
  if (role_ != ColumnRole::kUnique) return;
  if (shape_ == Shape::kUuid) {
    distinct_ = UINT64_MAX;
  } else if (shape_ == Shape::kSerialText) {
    distinct_ = type_.length >= 12 ? UINT64_MAX : uint64_t{1} << (5 * type_.length);
  } else if (shape_ == Shape::kInteger) {
    distinct_ = type_.kind == TypeKind::kSmallInt  ? INT16_MAX
                : type_.kind == TypeKind::kInteger ? INT32_MAX
                                                   : INT64_MAX;
  } else if (shape_ == Shape::kDecimal) {
    distinct_ = 1;
    for (int i = std::min(type_.precision - type_.scale, 18); i > 0; --i) distinct_ *= 10;
    distinct_ -= 1;
  }
}

void ValueMaker::Append(std::string& out, ValueContext& context) const {
  if (null_below_ != 0 && context.contents.Next() < null_below_) {
    out += "null";
    return;
  }
  AppendValue(out, context, role_ == ColumnRole::kOrdinary ? context.contents : context.keys);
}

void ValueMaker::AppendInteger(std::string& out, const ValueContext& context,
                               Random& random) const {
  if (role_ == ColumnRole::kUnique) {
    AppendNumber(out, distinct_ == 0 ? 0 : context.serial % distinct_ + 1);
    return;
  }
  const uint64_t bits = random.Next();
  if ((bits & 15) == 0) out += '-';
  AppendNumber(out, 1 + (bits >> 8) % (type_.kind == TypeKind::kSmallInt ? 9'999 : 999'999));
}

void ValueMaker::AppendValue(std::string& out, ValueContext& context, Random& random) const {
  switch (shape_) {
    case Shape::kUuid:
      out += '"';
      AppendUuid(out, random);
      out += '"';
      break;
    case Shape::kSerialText: {
      // Base 32, lowest digit last.
      std::string text(static_cast<size_t>(std::min(type_.length, 13)), '0');
      uint64_t rest = context.serial;
      for (size_t i = text.size(); i-- > 0; rest >>= 5) {
        text[i] = "0123456789abcdefghijklmnopqrstuv"[rest & 31];
      }
      AppendJsonString(out, text);
      break;
    }
    case Shape::kDigits:
      out += '"';
      AppendNumber(out, 10'000'000'000 + random.Below(20'000) * 104'729);
      out += '"';
      break;
    case Shape::kWord:
      out += words_[random.Below(words_.size())];
      break;
    case Shape::kEscapedJson:
      out += '"';
      AppendEscapedJson(out, random);
      out += '"';
      break;
    case Shape::kInteger:
      AppendInteger(out, context, random);
      break;
    case Shape::kDecimal:
      if (type_.precision > type_.scale) {
        AppendNumber(out, role_ == ColumnRole::kUnique
                              ? context.serial % distinct_ + 1
                              : random.Below(type_.precision - type_.scale > 4 ? 10'000 : 10));
      } else {
        out += '0';
      }
      if (type_.scale > 0) {
        out += '.';
        out += static_cast<char>('0' + random.Below(10));
      }
      break;
    case Shape::kNumber:
      AppendNumber(out, random.Below(100'000));
      out += ".375";
      break;
    case Shape::kBoolean:
      out += random.Below(2) == 0 ? "false" : "true";
      break;
    case Shape::kDate: {
      std::array<char, 12> text;
      text[0] = text[11] = '"';
      PutDate(&text[1], DayOf(context.time));
      out.append(text.data(), text.size());
      break;
    }
    case Shape::kTimestamp:
      out += '"';
      AppendTimestamp(out, context.time);
      out += '"';
      break;
    case Shape::kEpoch:
      AppendNumber(out, static_cast<uint64_t>(context.time) /
                            static_cast<uint64_t>(kSecond / units_per_second_));
      break;
    case Shape::kJson:
      out += "{\"variant\": ";
      AppendNumber(out, random.Below(4));
      out += ", \"tags\": [\"new\", null, true]}";
      break;
  }
}

}  // namespace sluice
