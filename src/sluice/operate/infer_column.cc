// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/infer_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "sluice/base/check.h"
#include "sluice/base/counted.h"

namespace sluice {
namespace {

constexpr int32_t kLongestText = 65'535;
constexpr int32_t kShortestText = 16;
constexpr int32_t kShortestOfFew = 256;  // where too few values were seen to know
constexpr size_t kUuid = 36;
constexpr size_t kDoubleDigits = 15;  // that a DOUBLE always keeps

struct TrialType {
  ColumnType type;
  std::optional<EpochUnit> epoch;
};
// By Trial.
constexpr std::array<TrialType, TypeTrials::kCount> kTypes = {{
    {{.kind = TypeKind::kBoolean}, {}},
    {{.kind = TypeKind::kInteger}, {}},
    {{.kind = TypeKind::kBigInt}, {}},
    {{.kind = TypeKind::kDecimal, .precision = 38, .scale = 0}, {}},
    {{.kind = TypeKind::kDouble}, {}},
    {{.kind = TypeKind::kDate}, {}},
    {{.kind = TypeKind::kTimestamp}, {}},
    {{.kind = TypeKind::kTimestamp}, EpochUnit::kSeconds},
    {{.kind = TypeKind::kTimestamp}, EpochUnit::kMillis},
    {{.kind = TypeKind::kTimestamp}, EpochUnit::kMicros},
    {{.kind = TypeKind::kVarchar, .length = kLongestText}, {}},
    {{.kind = TypeKind::kSuper, .length = kLongestText}, {}},
}};

ColumnConverter ConverterOf(const TrialType& trial, bool is_key) {
  Table table;
  table.schema.columns = {{.name = "value", .type = trial.type, .not_null = is_key}};
  table.sources = {{.path = {"value"}, .epoch = trial.epoch}};
  if (is_key) table.unique = {0};
  Result<ColumnConverter> made = ColumnConverter::Make(table, 0);
  SLUICE_CHECK(made.has_value());  // fails for a DEFAULT only
  return *std::move(made);
}

// A number of another unit is a time of another century.
bool IsOurTime(int64_t micros) {
  using std::chrono::sys_days, std::chrono::year, std::chrono::January;
  constexpr std::chrono::sys_time<std::chrono::microseconds> kFirst =
      sys_days(year(2001) / January / 1);
  constexpr std::chrono::sys_time<std::chrono::microseconds> kEnd =
      sys_days(year(2100) / January / 1);
  return micros >= kFirst.time_since_epoch().count() && micros < kEnd.time_since_epoch().count();
}

bool IsUuid(std::string_view text) {
  if (text.size() != kUuid) return false;
  for (size_t i = 0; i < kUuid; ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (is_dash ? c != '-' : !is_hex) return false;
  }
  return true;
}

// Of a timestamp.
bool HasOffset(std::string_view text) {
  constexpr size_t kBehindDate = 10;
  return text.find_first_of("Z+-", kBehindDate) != std::string_view::npos;
}

// Of the mantissa, without leading zeros.
size_t SignificantDigits(std::string_view number) {
  number = number.substr(0, number.find_first_of("eE"));
  const size_t first = number.find_first_of("123456789");
  if (first == std::string_view::npos) return 0;
  number.remove_prefix(first);
  return number.size() - (number.contains('.') ? 1 : 0);
}

// At least twice the longest, a power of two.
int32_t WithHeadRoom(size_t longest, uint64_t values) {
  int32_t length = values < kEnoughEvents ? kShortestOfFew : kShortestText;
  while (length < kLongestText && static_cast<size_t>(length) < 2 * longest) length *= 2;
  return std::min(length, kLongestText);
}

}  // namespace

TypeTrials::TypeTrials() {
  for (const TrialType& trial : kTypes) converters_.push_back(ConverterOf(trial, false));
  key_.emplace(ConverterOf(kTypes[kText], true));
}

TypeTrials::Outcome TypeTrials::Try(const JsonValue& value) {
  Outcome outcome;
  for (size_t trial = 0; trial < kCount; ++trial) {
    ValueNote note = ValueNote::kNone;
    batch_.Clear();
    const std::optional<FaultReason> fault = converters_[trial].Append(value, batch_, note);
    const bool is_epoch = kTypes[trial].epoch.has_value();
    outcome.fits[trial] = !fault && (!is_epoch || IsOurTime(batch_.ints.back()));
    if (trial == kText) outcome.text_fault = fault;
  }
  return outcome;
}

bool TypeTrials::CanBeKey(const JsonValue& value) {
  ValueNote note = ValueNote::kNone;
  batch_.Clear();
  return !key_->Append(value, batch_, note);
}

void ColumnObserver::Add(const JsonValue& value, TypeTrials& trials) {
  switch (value.kind) {
    case JsonKind::kAbsent:
      return;
    case JsonKind::kNull:
      ++nulls_;
      return;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      ++truths_;
      break;
    case JsonKind::kNumber:
      ++numbers_;
      has_fraction_ |= value.raw.find_first_of(".eE") != std::string_view::npos;
      most_digits_ = std::max(most_digits_, SignificantDigits(value.raw));
      break;
    case JsonKind::kString:
      ++strings_;
      all_uuids_ &= IsUuid(value.text);
      all_bare_dates_ &= value.text.size() == std::string_view("2026-11-23").size();
      break;
    case JsonKind::kObject:
      ++objects_;
      break;
    case JsonKind::kArray:
      ++arrays_;
      break;
  }
  const bool is_string = value.kind == JsonKind::kString;
  longest_ = std::max(longest_, is_string ? value.text.size() : value.raw.size());
  const TypeTrials::Outcome outcome = trials.Try(value);
  for (size_t trial = 0; trial < TypeTrials::kCount; ++trial) fits_[trial] += outcome.fits[trial];
  has_offset_ |= is_string && outcome.fits[TypeTrials::kTimestamp] && HasOffset(value.text);
  if (outcome.text_fault) ++unfit_[*outcome.text_fault];
}

InferredType ColumnObserver::Infer(bool has_moment_name) const {
  if (values() == 0) {
    return {{.kind = TypeKind::kVarchar, .length = kShortestOfFew}, {}, "never anything but null"};
  }
  if (objects_ + arrays_ > 0) {
    const bool is_mixed = objects_ + arrays_ < values();
    const char* const what = is_mixed        ? "objects or arrays, and other values"
                             : objects_ == 0 ? "arrays"
                             : arrays_ == 0  ? "objects"
                                             : "objects and arrays";
    if (!Fits(TypeTrials::kSuper)) return Text(fmt::format("{}, some unfit for SUPER", what));
    return {kTypes[TypeTrials::kSuper].type, {}, what};
  }
  if (has_moment_name && numbers_ > 0) {
    for (const auto& [trial, unit] : {std::pair(TypeTrials::kSeconds, "seconds"),
                                      std::pair(TypeTrials::kMillis, "milliseconds"),
                                      std::pair(TypeTrials::kMicros, "microseconds")}) {
      if (Fits(trial)) {
        return {kTypes[trial].type, kTypes[trial].epoch,
                fmt::format("{} since 1970{}", unit, strings_ > 0 ? ", and times as text" : "")};
      }
    }
  }
  if (strings_ == 0 && truths_ > 0 && Fits(TypeTrials::kBoolean)) {
    return {kTypes[TypeTrials::kBoolean].type, {}, numbers_ > 0 ? "true, false, 0 and 1" : ""};
  }
  if (numbers_ == values()) return InferNumber();
  if (strings_ == values()) return InferString();
  std::vector<std::string_view> kinds;
  if (strings_ > 0) kinds.emplace_back("strings");
  if (numbers_ > 0) kinds.emplace_back("numbers");
  if (truths_ > 0) kinds.emplace_back("true or false");
  return Text(fmt::format("{}, the latter as their JSON text", fmt::join(kinds, " and ")));
}

std::string ColumnObserver::Digits() const {
  return Counted(std::max<size_t>(most_digits_, 1), "digit");  // 0 has one too
}

InferredType ColumnObserver::InferNumber() const {
  constexpr size_t kRoomyDigits = 8;  // one less than every INTEGER has
  if (Fits(TypeTrials::kInteger) && most_digits_ <= kRoomyDigits) {
    return {kTypes[TypeTrials::kInteger].type, {}, "up to " + Digits()};
  }
  if (Fits(TypeTrials::kBigInt)) {
    return {kTypes[TypeTrials::kBigInt].type, {}, "up to " + Digits()};
  }
  if (!has_fraction_ && Fits(TypeTrials::kWideInteger)) {
    return {kTypes[TypeTrials::kWideInteger].type, {}, "up to " + Digits() + ", beyond BIGINT"};
  }
  // No DECIMAL, even of more digits: how many the next has behind its point is nowhere said.
  if (has_fraction_ && Fits(TypeTrials::kDouble)) {
    const bool loses = most_digits_ > kDoubleDigits;
    return {
        kTypes[TypeTrials::kDouble].type,
        {},
        loses ? fmt::format("fractions; keeps 15 of up to {} digits", most_digits_) : "fractions"};
  }
  return Text("numbers beyond every number type, as their JSON text");
}

InferredType ColumnObserver::InferString() const {
  if (Fits(TypeTrials::kDate) && all_bare_dates_) {
    return {kTypes[TypeTrials::kDate].type, {}, "every one a date"};
  }
  if (Fits(TypeTrials::kTimestamp)) {
    ColumnType type = kTypes[TypeTrials::kTimestamp].type;
    if (has_offset_) type.kind = TypeKind::kTimestampTz;
    return {type, {}, has_offset_ ? "times with an offset or Z" : "times without an offset: UTC"};
  }
  if (is_all_uuids()) {
    return {
        {.kind = TypeKind::kChar, .length = static_cast<int32_t>(kUuid)}, {}, "every one a UUID"};
  }
  return Text("");
}

std::optional<InferredType> ColumnObserver::InferTime(uint64_t events) const {
  for (const TypeTrials::Trial trial :
       {TypeTrials::kTimestamp, TypeTrials::kSeconds, TypeTrials::kMillis, TypeTrials::kMicros}) {
    const uint64_t others = events - fits_[trial];
    if (!IsFew(others, events)) continue;
    InferredType time{kTypes[trial].type, kTypes[trial].epoch, ""};
    if (has_offset_) time.type.kind = TypeKind::kTimestampTz;
    time.reason =
        fmt::format("without such a time, in quarantine: {} of {} events", others, events);
    time.unfit = others;
    return time;
  }
  return std::nullopt;
}

InferredType ColumnObserver::Text(std::string what) const {
  InferredType text{{.kind = TypeKind::kVarchar, .length = WithHeadRoom(longest_, values())},
                    {},
                    std::move(what)};
  if (!text.reason.empty()) text.reason += "; ";
  text.reason += "the longest has " + Counted(longest_, "byte");
  for (const auto& [reason, values] : unfit_) {
    text.unfit += values;
    text.reason +=
        fmt::format("; {} of {} go to quarantine: {}", values, this->values(), Name(reason));
  }
  return text;
}

}  // namespace sluice
