// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/default_value.h"

#include "sluice/base/utf8.h"
#include "sluice/ndjson/calendar_value.h"
#include "sluice/ndjson/event_reader.h"
#include "sluice/ndjson/field_tree.h"
#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

std::string BooleanAsJson(std::string_view literal) {
  std::string lower(literal);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const std::string_view truth : {"t", "yes", "y", "on", "1"}) {
    if (lower == truth) return "true";
  }
  for (const std::string_view falsehood : {"f", "no", "n", "off", "0"}) {
    if (lower == falsehood) return "false";
  }
  return lower;
}

// Whether `text`, with '\n' behind it, is one number.
bool IsNumber(const std::string& text) {
  const std::string line = text + '\n' + std::string(kScanPadding, '\0');
  const char* end = SkipNumber(line.data());
  return end != nullptr && end == line.data() + text.size();
}

bool IsJson(const std::string& text) {
  if (!IsUtf8(text) || text.find('\n') != std::string::npos) return false;
  const std::string line = text + '\n' + std::string(kScanPadding, '\0');
  std::string unescaped(line.size(), '\0');
  char* arena = unescaped.data();
  const FieldTree no_fields;
  const std::optional<FaultReason> fault =
      EventReader(no_fields).Read(std::string_view(line).substr(0, text.size()), arena);
  return !fault || *fault == FaultReason::kNotAnObject;
}

}  // namespace

std::string DefaultAsJson(std::string_view literal, const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return BooleanAsJson(literal);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return std::string(literal) + (ParseDate(literal) && literal.size() == 10 ? " 00:00" : "");
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
    case TypeKind::kDecimal:
    case TypeKind::kReal:
    case TypeKind::kDouble:
      return std::string(literal.substr(literal.starts_with('+') ? 1 : 0));
    default:
      return std::string(literal);
  }
}

JsonValue DefaultValue(std::string_view text, const ColumnType& type) {
  if (type.kind == TypeKind::kSuper && !IsJson(std::string(text))) return {};
  const bool is_floating = type.kind == TypeKind::kReal || type.kind == TypeKind::kDouble;
  const bool is_number = is_floating && IsNumber(std::string(text));
  return {.kind = is_number ? JsonKind::kNumber : JsonKind::kString,
          .has_nul = text.find('\0') != std::string_view::npos,
          .text = text,
          .raw = text};
}

}  // namespace sluice
