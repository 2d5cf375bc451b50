// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/record_fault.h"

#include <array>
#include <utility>

namespace sluice {
namespace {

constexpr std::array kNames = std::to_array<std::pair<FaultReason, std::string_view>>({
    {FaultReason::kNotJson, "not_json"},
    {FaultReason::kNotAnObject, "not_an_object"},
    {FaultReason::kInvalidUtf8, "invalid_utf8"},
    {FaultReason::kControlCharacter, "control_character"},
    {FaultReason::kLoneSurrogate, "lone_surrogate"},
    {FaultReason::kTooDeep, "too_deep"},
    {FaultReason::kLineTooLong, "line_too_long"},
    {FaultReason::kNotJsonMessage, "not_json_message"},
    {FaultReason::kNoRoute, "no_route"},
    {FaultReason::kNull, "null_in_not_null"},
    {FaultReason::kTooLong, "too_long"},
    {FaultReason::kNotSingleByte, "not_single_byte"},
    {FaultReason::kNulCharacter, "nul_character"},
    {FaultReason::kNoncharacter, "noncharacter"},
    {FaultReason::kBadInteger, "bad_integer"},
    {FaultReason::kOutOfRange, "out_of_range"},
    {FaultReason::kBadDecimal, "bad_decimal"},
    {FaultReason::kInexactDecimal, "inexact_decimal"},
    {FaultReason::kBadNumber, "bad_number"},
    {FaultReason::kBadBoolean, "bad_boolean"},
    {FaultReason::kBadDate, "bad_date"},
    {FaultReason::kBadTimestamp, "bad_timestamp"},
    {FaultReason::kEmptyKey, "empty_key"},
    {FaultReason::kDefaultedKey, "defaulted_key"},
    {FaultReason::kBlankEndedKey, "blank_ended_key"},
    {FaultReason::kGeneratedColumn, "generated_column"},
    {FaultReason::kUnknownField, "unknown_field"},
    {FaultReason::kCorruptObject, "corrupt_object"},
});

}  // namespace

std::string_view Name(FaultReason reason) {
  for (const auto& [known, name] : kNames) {
    if (known == reason) return name;
  }
  return "unknown";
}

std::vector<std::string_view> FaultReasonNames() {
  std::vector<std::string_view> names;
  for (const auto& [reason, name] : kNames) names.push_back(name);
  return names;
}

std::optional<FaultReason> FaultReasonNamed(std::string_view name) {
  for (const auto& [reason, known] : kNames) {
    if (known == name) return reason;
  }
  return std::nullopt;
}

}  // namespace sluice
