// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/event_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace sluice {
namespace {

using Texts = std::span<const std::string_view>;

bool IsText(const ColumnType& type) {
  return type.kind == TypeKind::kChar || type.kind == TypeKind::kVarchar;
}

bool IsInteger(const ColumnType& type) {
  return type.kind == TypeKind::kSmallInt || type.kind == TypeKind::kInteger ||
         type.kind == TypeKind::kBigInt;
}

// Longer columns would make messages that no queue takes.
constexpr int32_t kLongestOverrun = 8'192;

// Whether this fault, in this column, is quarantined whatever else the event holds.
class ColumnFaults {
 public:
  ColumnFaults(const Table& table, size_t index, const EventShape& shape)
      : table_(table),
        index_(index),
        column_(table.schema.columns[index]),
        type_(column_.type),
        unique_(std::ranges::find(table.unique, index) != table.unique.end()),
        key_(unique_ || table.time == index) {
    const auto entry = std::ranges::find_if(shape.entries, [&](const EventEntry& candidate) {
      return std::ranges::find(candidate.columns, index) != candidate.columns.end();
    });
    sent_ = entry != shape.entries.end() && shape.makers[index].has_value();
    removable_ = sent_ && !entry->routes && entry->columns.size() == 1;
  }

  bool Can(EventFault fault) const {
    const bool strict = column_.not_null || table_.on_bad_value == OnBadValue::kQuarantine;
    const bool text = sent_ && strict && IsText(type_);
    switch (fault) {
      case EventFault::kNull:
        return sent_ && column_.not_null;
      case EventFault::kAbsent:
        return removable_ && column_.not_null && !column_.default_text;
      case EventFault::kTooLong:
        return text && type_.length >= 4 && type_.length <= kLongestOverrun &&
               (key_ || table_.on_too_long == OnTooLong::kQuarantine);
      case EventFault::kNotSingleByte:
        return text && type_.kind == TypeKind::kChar && type_.length >= 3;
      case EventFault::kNulCharacter:
        return text && type_.length >= 8;
      case EventFault::kLoneSurrogate:
      case EventFault::kNoncharacter:
        return text && type_.kind == TypeKind::kVarchar && type_.length >= 8;
      case EventFault::kEmptyKey:
        return sent_ && unique_ && IsText(type_);
      case EventFault::kBlankEndedKey:
        return sent_ && unique_ && IsText(type_) && type_.length >= 4;
      case EventFault::kWrongType:
        return sent_ && strict && !IsText(type_) && type_.kind != TypeKind::kSuper;
      case EventFault::kOutOfRange:
        return sent_ && strict && (IsInteger(type_) || type_.kind == TypeKind::kDecimal);
      case EventFault::kInexactDecimal:
        return sent_ && strict && type_.kind == TypeKind::kDecimal;
      case EventFault::kGeneratedColumn:
        return column_.generated && table_.sources[index_].path.size() == 1;
      default:
        return false;
    }
  }

 private:
  const Table& table_;
  const size_t index_;
  const Column& column_;
  const ColumnType& type_;
  const bool unique_, key_;
  bool sent_ = false, removable_ = false;
};

Texts WrongValues(TypeKind kind) {
  static constexpr std::string_view kIntegers[] = {"1.5",  "\"12x\"", "true",   "{}",      "[]",
                                                   "\"\"", "1e3",     "\"+1\"", "\"0x10\""};
  static constexpr std::string_view kDecimals[] = {"\"abc\"", "true", "{\"amount\": 1}", "[1]",
                                                   "\"1,50\""};
  static constexpr std::string_view kNumbers[] = {"true", "{}", "1e400", "\"wide\"", "-1e999"};
  static constexpr std::string_view kBooleans[] = {"2", "\"yes\"", "{}", "\"TRUE\"", "[true]"};
  static constexpr std::string_view kDates[] = {"\"2026-02-30\"", "20260101", "\"26-01-01\"",
                                                "true", "\"2026-01-01 12:00:00\""};
  static constexpr std::string_view kTimestamps[] = {"\"2020-06-01 24:00:00\"",
                                                     "\"2020-02-30 00:00:00\"",
                                                     "\"2020-06-01T00:00:60\"",
                                                     "\"0000-01-01 00:00:00\"",
                                                     "\"2020-06-01 00:00:00.1234567\"",
                                                     "\"yesterday\"",
                                                     "\"2020-06-01\"",
                                                     "\"2020-06-01 00:00:00+0\"",
                                                     "{\"seconds\": 0}",
                                                     "true"};
  switch (kind) {
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
      return kIntegers;
    case TypeKind::kDecimal:
      return kDecimals;
    case TypeKind::kReal:
    case TypeKind::kDouble:
      return kNumbers;
    case TypeKind::kBoolean:
      return kBooleans;
    case TypeKind::kDate:
      return kDates;
    default:
      return kTimestamps;
  }
}

std::string Repeated(std::string_view text, size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

// One byte over in a CHAR column, a code point across the limit in a VARCHAR column.
std::string Overrun(const ColumnType& type) {
  const size_t length = static_cast<size_t>(type.length);
  if (type.kind == TypeKind::kChar) return fmt::format("\"{}\"", std::string(length + 1, 'x'));
  return fmt::format("\"{}\xF0\x9F\x98\x80\"", std::string(length - 2, 'x'));
}

}  // namespace

std::vector<PossibleFault> PossibleFaults(const Table& table, const EventShape& shape) {
  std::vector<PossibleFault> possible;
  for (int i = static_cast<int>(EventFault::kNull);
       i <= static_cast<int>(EventFault::kGeneratedColumn); ++i) {
    PossibleFault candidate{.fault = static_cast<EventFault>(i)};
    for (size_t column = 0; column < table.schema.columns.size(); ++column) {
      if (ColumnFaults(table, column, shape).Can(candidate.fault)) {
        candidate.columns.push_back(column);
      }
    }
    if (!candidate.columns.empty()) possible.push_back(std::move(candidate));
  }
  for (const EventFault fault :
       {EventFault::kBadSyntax, EventFault::kBadEscape, EventFault::kInvalidUtf8,
        EventFault::kControlCharacter, EventFault::kTooDeep}) {
    possible.push_back({.fault = fault});
  }
  return possible;
}

std::string_view ReasonOf(EventFault fault, const ColumnType& type) {
  switch (fault) {
    case EventFault::kNone:
      return "";
    case EventFault::kNull:
    case EventFault::kAbsent:
      return "null_in_not_null";
    case EventFault::kTooLong:
      return "too_long";
    case EventFault::kNotSingleByte:
      return "not_single_byte";
    case EventFault::kNulCharacter:
      return "nul_character";
    case EventFault::kLoneSurrogate:
      return "lone_surrogate";
    case EventFault::kNoncharacter:
      return "noncharacter";
    case EventFault::kEmptyKey:
      return "empty_key";
    case EventFault::kBlankEndedKey:
      return "blank_ended_key";
    case EventFault::kOutOfRange:
      return "out_of_range";
    case EventFault::kInexactDecimal:
      return "inexact_decimal";
    case EventFault::kGeneratedColumn:
      return "generated_column";
    case EventFault::kBadSyntax:
    case EventFault::kBadEscape:
      return "not_json";
    case EventFault::kInvalidUtf8:
      return "invalid_utf8";
    case EventFault::kControlCharacter:
      return "control_character";
    case EventFault::kTooDeep:
      return "too_deep";
    case EventFault::kNotJsonMessage:
      return "not_json_message";
    case EventFault::kWrongType:
      break;
  }
  if (IsInteger(type)) return "bad_integer";
  if (type.kind == TypeKind::kDecimal) return "bad_decimal";
  if (type.kind == TypeKind::kBoolean) return "bad_boolean";
  if (type.kind == TypeKind::kDate) return "bad_date";
  return ValueKindOf(type) == ValueKind::kDouble ? "bad_number" : "bad_timestamp";
}

std::string FaultyValue(EventFault fault, const ColumnType& type, Random& random) {
  switch (fault) {
    case EventFault::kNull:
      return "null";
    case EventFault::kTooLong:
      return Overrun(type);
    case EventFault::kNotSingleByte:
      return random.Below(2) == 0 ? "\"\xC3\xA9\"" : "\"a\\u00e9\"";
    case EventFault::kNulCharacter:
      return random.Below(2) == 0 ? "\"\\u0000\"" : "\"ab\\u0000cd\"";
    case EventFault::kLoneSurrogate:
      return random.Below(2) == 0 ? "\"a\\ud83db\"" : "\"\\ude00\"";
    case EventFault::kNoncharacter:
      return random.Below(2) == 0 ? "\"\\uffff\"" : "\"a\xEF\xBF\xBE\"";
    case EventFault::kEmptyKey:
      return "\"\"";
    case EventFault::kBlankEndedKey:
      return "\"key \"";
    case EventFault::kOutOfRange:
      return IsInteger(type) ? "99999999999999999999" : "-1e40";
    case EventFault::kInexactDecimal:
      return fmt::format("0.{}1", std::string(static_cast<size_t>(type.scale), '0'));
    case EventFault::kGeneratedColumn:
      return "7";
    default:
      return std::string(random.Pick(WrongValues(type.kind)));
  }
}

std::string SpoilingEntry(EventFault fault, Random& random) {
  static constexpr std::string_view kSyntax[] = {
      "\"n\": 01",  "\"n\": NaN", "\"n\": .5",    "\"n\": +1",  "\"n\": 1.",   "\"n\": 0x1F",
      "\"n\": tru", "\"n\": -",   "\"n\": 1e",    "\"n\" 1",    "\"n\": [1,]", "\"n\": 1,",
      "n: 1",       "\"n\":",     "\"n\": nulll", "\"n\": {,}", "\"n\": 1 2",  "\"n\": Infinity"};
  static constexpr std::string_view kEscapes[] = {"\"n\": \"\\x41\"", "\"n\": \"\\u12G4\"",
                                                  "\"n\": \"\\'\"", "\"n\": \"\\u12\""};
  static constexpr std::string_view kBytes[] = {
      "\xFF", "\xC3(", "\xED\xA0\x80", "\xF0\x82\x82\xAC", "\xC0\xAF", "\xF4\x90\x80\x80", "\x80"};
  static constexpr std::string_view kControls[] = {"\x01", "\t", "\x1F", "\x1B[31m"};
  switch (fault) {
    case EventFault::kBadSyntax:
      return std::string(random.Pick(kSyntax));
    case EventFault::kBadEscape:
      return std::string(random.Pick(kEscapes));
    case EventFault::kInvalidUtf8:
      return fmt::format("\"n\": \"a{}b\"", random.Pick(kBytes));
    case EventFault::kControlCharacter:
      return fmt::format("\"n\": \"a{}b\"", random.Pick(kControls));
    default: {
      const size_t levels = 256 + random.Below(300);  // the event itself is one more
      return fmt::format("\"n\": {}{}", Repeated("[", levels), Repeated("]", levels));
    }
  }
}

std::string NotJsonMessage(Random& random) {
  const uint64_t number = random.Below(1'000'000);
  switch (random.Below(5)) {
    case 0:
      return fmt::format("request {} failed: upstream timed out", number);
    case 1:
      return fmt::format("<event id=\"{}\"><topic>view</topic></event>", number);
    case 2:
      return fmt::format("{{\"Records\": [{{\"request_id\": \"{}\", \"topic\": \"vi", number);
    case 3:
      return fmt::format("\x01\xFE\x80{}\xFF\x08", number);
    default:
      return fmt::format("request_id={}&topic=view", number);
  }
}

}  // namespace sluice
