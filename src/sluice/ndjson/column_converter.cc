// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/column_converter.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include "sluice/base/utf8.h"
#include "sluice/ndjson/calendar_value.h"
#include "sluice/ndjson/decimal_value.h"
#include "sluice/ndjson/default_value.h"
#include "sluice/ndjson/floating_value.h"
#include "sluice/ndjson/integer_value.h"
#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

constexpr int kLargestNarrowPrecision = 18;

void AppendNull(ColumnBatch& out) {
  out.present.push_back(0);
}

template <typename T, typename Value>
std::optional<FaultReason> AppendTo(std::vector<T>& values, const Converted<Value>& value,
                                    ColumnBatch& out) {
  if (!value) return value.error();
  values.push_back(static_cast<T>(*value));
  out.present.push_back(1);
  return std::nullopt;
}

// What a string is loaded from, apart from its length.
std::optional<FaultReason> StringFault(const JsonValue& value) {
  if (value.has_lone_surrogate) return FaultReason::kLoneSurrogate;
  if (value.has_nul) return FaultReason::kNulCharacter;
  return std::nullopt;
}

// The digits of a number, or the characters of a string, which is coerced then.
std::optional<std::string_view> NumberText(const JsonValue& value, ValueNote& note) {
  if (value.kind == JsonKind::kNumber) return value.raw;
  if (value.kind != JsonKind::kString) return std::nullopt;
  note = ValueNote::kCoerced;
  return value.text;
}

}  // namespace

ColumnConverter::ColumnConverter(const Table& table, size_t column)
    : type_(table.schema.columns[column].type),
      epoch_(table.sources[column].epoch),
      not_null_(table.schema.columns[column].not_null),
      is_unique_(std::ranges::find(table.unique, column) != table.unique.end()),
      is_key_(is_unique_ || table.time == column),
      collects_(table.on_unknown_field == OnUnknownField::kCollect && table.collect == column),
      generated_(table.schema.columns[column].generated),
      truncates_(table.on_too_long == OnTooLong::kTruncate && !is_key_),
      bad_is_null_(table.on_bad_value == OnBadValue::kNull && !not_null_ && !is_key_) {
  constexpr int32_t kLongestSuper = 65'535;
  longest_ = static_cast<size_t>(type_.kind == TypeKind::kSuper ? kLongestSuper : type_.length);
  const auto range = [&]<typename T>(T) {
    low_ = std::numeric_limits<T>::min();
    high_ = std::numeric_limits<T>::max();
  };
  if (type_.kind == TypeKind::kSmallInt) range(int16_t{});
  if (type_.kind == TypeKind::kInteger) range(int32_t{});
  if (type_.kind == TypeKind::kBigInt) range(int64_t{});
}

Result<ColumnConverter> ColumnConverter::Make(const Table& table, size_t column) {
  ColumnConverter made(table, column);
  const Column& of = table.schema.columns[column];
  if (of.default_text && !of.generated) {
    if (const Status compiled = made.CompileDefault(table, column); !compiled) {
      return Fail(ErrorKind::kPermanent, "cannot use the DEFAULT of {}.{}: {}: type={}",
                  table.name(), of.name, compiled.error().message(), ToSql(of.type));
    }
  }
  return made;
}

Status ColumnConverter::CompileDefault(const Table& table, size_t column) {
  auto made = std::make_unique<Default>();
  made->text = DefaultAsJson(*table.schema.columns[column].default_text, type_);
  ColumnConverter strict(table, column);
  strict.is_unique_ = strict.truncates_ = strict.bad_is_null_ = false;
  ValueNote note = ValueNote::kNone;
  const JsonValue value = DefaultValue(made->text, type_);
  if (value.kind == JsonKind::kAbsent) return Fail(ErrorKind::kPermanent, "not JSON");
  const std::optional<FaultReason> fault = strict.AppendValue(value, made->value, note);
  if (fault) return Fail(ErrorKind::kPermanent, "{}", Name(*fault));
  default_ = std::move(made);
  return {};
}

std::optional<PlainText> ColumnConverter::plain_text() const {
  if (type_.kind != TypeKind::kChar && type_.kind != TypeKind::kVarchar) return std::nullopt;
  return PlainText{
      .longest = longest_, .is_ascii = type_.kind == TypeKind::kChar, .is_key = is_unique_};
}

std::optional<FaultReason> ColumnConverter::Append(const JsonValue& value, ColumnBatch& out,
                                                   ValueNote& note) const {
  if (value.kind == JsonKind::kAbsent) return AppendAbsent(out);
  if (generated_) return FaultReason::kGeneratedColumn;
  if (value.kind == JsonKind::kNull) {
    if (not_null_) return FaultReason::kNull;
    AppendNull(out);
    return std::nullopt;
  }
  const std::optional<FaultReason> fault = AppendValue(value, out, note);
  if (!fault || !bad_is_null_ || *fault == FaultReason::kTooLong) return fault;
  note = ValueNote::kNulled;
  AppendNull(out);
  return std::nullopt;
}

std::optional<FaultReason> ColumnConverter::AppendAbsent(ColumnBatch& out) const {
  if (generated_) return std::nullopt;
  if (default_ == nullptr) {
    if (not_null_) return FaultReason::kNull;
    AppendNull(out);
    return std::nullopt;
  }
  if (is_key_) return FaultReason::kDefaultedKey;
  const ColumnBatch& value = default_->value;
  out.present.push_back(1);
  out.ints.insert(out.ints.end(), value.ints.begin(), value.ints.end());
  out.wide_ints.insert(out.wide_ints.end(), value.wide_ints.begin(), value.wide_ints.end());
  out.doubles.insert(out.doubles.end(), value.doubles.begin(), value.doubles.end());
  out.texts.insert(out.texts.end(), value.texts.begin(), value.texts.end());
  return std::nullopt;
}

std::optional<FaultReason> ColumnConverter::AppendValue(const JsonValue& value, ColumnBatch& out,
                                                        ValueNote& note) const {
  switch (type_.kind) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return AppendText(value, out, note);
    case TypeKind::kSuper:
      return AppendSuper(value, out);
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
      return AppendInteger(value, out, note);
    case TypeKind::kDecimal:
      return AppendDecimal(value, out, note);
    case TypeKind::kReal:
    case TypeKind::kDouble:
      return AppendFloating(value, out);
    case TypeKind::kBoolean:
      return AppendBoolean(value, out, note);
    case TypeKind::kDate:
      return AppendDate(value, out);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return AppendTimestamp(value, out);
  }
  return FaultReason::kNotJson;
}

// In the order of the checks: lone_surrogate, nul_character, noncharacter, not_single_byte,
// too_long, empty_key, blank_ended_key.
std::optional<FaultReason> ColumnConverter::AppendText(const JsonValue& value, ColumnBatch& out,
                                                       ValueNote& note) const {
  const bool is_string = value.kind == JsonKind::kString;
  std::string_view text = is_string ? value.text : value.raw;
  if (is_string) {
    if (const std::optional<FaultReason> fault = StringFault(value)) return fault;
  } else if (!collects_) {
    note = ValueNote::kCoerced;
  }
  if (HasNoncharacter(text)) return FaultReason::kNoncharacter;
  if (type_.kind == TypeKind::kChar && !IsAscii(text)) return FaultReason::kNotSingleByte;
  if (text.size() > longest_) {
    if (!truncates_) return FaultReason::kTooLong;
    text = Utf8Prefix(text, longest_);
    note = is_string || collects_ ? ValueNote::kTruncated : ValueNote::kCoercedAndTruncated;
  }
  if (is_unique_) {
    if (text.empty()) return FaultReason::kEmptyKey;
    if (text.back() == ' ') return FaultReason::kBlankEndedKey;
  }
  out.texts.push_back(text);
  out.present.push_back(1);
  return std::nullopt;
}

// Every string in the value is loaded: JSON_PARSE reads the text, in which an escaped U+FFFF is
// ASCII.
std::optional<FaultReason> ColumnConverter::AppendSuper(const JsonValue& value,
                                                        ColumnBatch& out) const {
  if (value.raw.size() > longest_) return FaultReason::kTooLong;
  if (HasLoneSurrogate(value.raw)) return FaultReason::kLoneSurrogate;
  if (HasNoncharacter(value.raw)) return FaultReason::kNoncharacter;
  out.texts.push_back(value.raw);
  out.present.push_back(1);
  return std::nullopt;
}

std::optional<FaultReason> ColumnConverter::AppendInteger(const JsonValue& value, ColumnBatch& out,
                                                          ValueNote& note) const {
  const std::optional<std::string_view> text = NumberText(value, note);
  if (!text) return FaultReason::kBadInteger;
  return AppendTo(out.ints, ParseInteger(*text, low_, high_), out);
}

std::optional<FaultReason> ColumnConverter::AppendDecimal(const JsonValue& value, ColumnBatch& out,
                                                          ValueNote& note) const {
  const std::optional<std::string_view> text = NumberText(value, note);
  if (!text) return FaultReason::kBadDecimal;
  const Converted<Int128> number = ParseDecimal(*text, type_.precision, type_.scale);
  return type_.precision > kLargestNarrowPrecision ? AppendTo(out.wide_ints, number, out)
                                                   : AppendTo(out.ints, number, out);
}

std::optional<FaultReason> ColumnConverter::AppendFloating(const JsonValue& value,
                                                           ColumnBatch& out) const {
  if (value.kind != JsonKind::kNumber) return FaultReason::kBadNumber;
  if (type_.kind == TypeKind::kReal) return AppendTo(out.doubles, ParseFloat(value.raw), out);
  return AppendTo(out.doubles, ParseDouble(value.raw), out);
}

std::optional<FaultReason> ColumnConverter::AppendBoolean(const JsonValue& value, ColumnBatch& out,
                                                          ValueNote& note) const {
  const std::string_view number = value.kind == JsonKind::kNumber ? value.raw : "";
  const std::string_view text = value.kind == JsonKind::kString ? value.text : "";
  const bool is_true = value.kind == JsonKind::kTrue || text == "true" || number == "1";
  const bool is_false = value.kind == JsonKind::kFalse || text == "false" || number == "0";
  if (!is_true && !is_false) return FaultReason::kBadBoolean;
  if (!number.empty() || !text.empty()) note = ValueNote::kCoerced;
  out.ints.push_back(is_true ? 1 : 0);
  out.present.push_back(1);
  return std::nullopt;
}

std::optional<FaultReason> ColumnConverter::AppendDate(const JsonValue& value,
                                                       ColumnBatch& out) const {
  if (value.kind != JsonKind::kString) return FaultReason::kBadDate;
  return AppendTo(out.ints, ParseDate(value.text), out);
}

std::optional<FaultReason> ColumnConverter::AppendTimestamp(const JsonValue& value,
                                                            ColumnBatch& out) const {
  if (value.kind == JsonKind::kNumber && epoch_) {
    return AppendTo(out.ints, TimestampOfEpoch(value.raw, *epoch_), out);
  }
  if (value.kind != JsonKind::kString) return FaultReason::kBadTimestamp;
  return AppendTo(out.ints, ParseTimestamp(value.text), out);
}

}  // namespace sluice
