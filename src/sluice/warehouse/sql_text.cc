// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/sql_text.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice {
namespace {

std::string Quote(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted += quote;
}

template <typename Number>
Number Parsed(const std::optional<std::string>& text) {
  Number number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  return Quote(name, '"');
}
std::string QuoteLiteral(std::string_view text) {
  return Quote(text, '\'');
}

std::string SqlTime(Timestamp time) {
  std::string text = ToIso8601(time);  // 2026-01-31T12:00:00.000000Z
  text.pop_back();
  text[text.find('T')] = ' ';
  return text;
}

std::string TimestampLiteral(Timestamp time) {
  return fmt::format("TIMESTAMP '{}'", SqlTime(time));
}

std::optional<Timestamp> FromSqlTime(std::string text) {
  if (const size_t space = text.find(' '); space != std::string::npos) text[space] = 'T';
  return FromIso8601(text + "Z");
}

int64_t NumberOf(const std::optional<std::string>& text) {
  return Parsed<int64_t>(text);
}

uint64_t ToCount(const std::optional<std::string>& text) {
  return Parsed<uint64_t>(text);
}

}  // namespace sluice
