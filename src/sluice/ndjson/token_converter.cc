// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/token_converter.h"

#include <algorithm>

#include "sluice/base/utf8.h"
#include "sluice/ndjson/plain_number.h"

namespace sluice {
namespace {

std::optional<int64_t> ValueIn(const Converted<int64_t>& read) {
  return read ? std::optional(*read) : std::nullopt;
}

std::optional<int64_t> ReadBoolean(std::string_view text) {
  if (text == "true") return 1;
  if (text == "false") return 0;
  return std::nullopt;
}

}  // namespace

NoteCounts TokenConverter::Append(const TokenRun& run, const TokenText& text, ColumnBatch& out,
                                  std::vector<uint8_t>& refused) {
  if (run.values == run.rows || column_.takes_null()) {
    char* const arena = text.arena.at;
    const size_t texts = out.texts.size(), ints = out.ints.size(), doubles = out.doubles.size();
    if (AppendPlain(run, text, out)) {
      out.present.insert(out.present.end(), run.present, run.present + run.rows);
      return {};
    }
    text.arena.at = arena;
    out.texts.resize(texts);
    out.ints.resize(ints);
    out.doubles.resize(doubles);
  }
  return AppendEach(run, text, out, refused);
}

// False where some value is no plain text.
bool TokenConverter::AppendTexts(const TokenRun& run, const TokenText& text,
                                 ColumnBatch& out) const {
  const size_t first = out.texts.size();
  out.texts.resize(first + run.values);
  std::string_view* const to = out.texts.data() + first;
  const size_t longest = plain_text_->longest;
  bool has_escapes = false, is_too_long = false;
  for (size_t i = 0; i < run.values; ++i) {
    const Token token = run.tokens[i];
    const char* begin = text.text + token.begin;
    size_t length = token.length_and_marks;
    if (length >= Token::kAbsent) [[unlikely]] {
      if (token.is(Token::kScalar | Token::kAbsent)) return false;
      StringTraits traits;
      const auto unescaped = Unescaped({begin, token.length()}, text.arena, traits);
      if (!unescaped || traits.has_lone_surrogate || traits.has_nul || traits.has_noncharacter) {
        return false;
      }
      has_escapes = true;
      begin = unescaped->data();
      length = unescaped->size();
    }
    is_too_long |= length > longest;
    to[i] = {begin, length};
  }
  if (text.has_noncharacter && std::ranges::any_of(to, to + run.values, HasNoncharacter))
    return false;
  return !is_too_long && AreGood({to, run.values}, has_escapes || !text.is_ascii);
}

bool TokenConverter::AreGood(std::span<const std::string_view> texts,
                             bool may_have_more_than_ascii) const {
  bool bad = false;
  if (plain_text_->is_key) {
    for (const std::string_view text : texts) bad |= text.empty() || text.back() == ' ';
  }
  if (plain_text_->is_ascii && may_have_more_than_ascii) {
    for (const std::string_view text : texts) bad |= !IsAscii(text);
  }
  return !bad;
}

// False where some token has other marks, or `read` makes nothing of it.
template <typename T, typename Read>
bool TokenConverter::AppendValues(const TokenRun& run, uint32_t marks, std::vector<T>& to,
                                  Read read) {
  to.reserve(to.size() + run.values);
  for (size_t i = 0; i < run.values; ++i) {
    const Token token = run.tokens[i];
    if ((token.length_and_marks & Token::kMarks) != marks) return false;
    const std::optional<T> value = read(token);
    if (!value) return false;
    to.push_back(*value);
  }
  return true;
}

// The values as most writers spell them. False where one is spelt otherwise, is no value of the
// column, or the column is of a type that is left to AppendEach.
bool TokenConverter::AppendPlain(const TokenRun& run, const TokenText& text, ColumnBatch& out) {
  constexpr uint32_t kString = 0;
  const auto found = [&](Token token) -> std::string_view {
    return {text.text + token.begin, token.length()};
  };
  switch (column_.type().kind) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return AppendTexts(run, text, out);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return AppendValues(run, kString, out.ints,
                          [&](Token token) { return ValueIn(timestamps_.Read(found(token))); });
    case TypeKind::kDate:
      return AppendValues(run, kString, out.ints,
                          [&](Token token) { return ValueIn(ParseDate(found(token))); });
    case TypeKind::kBoolean:
      return AppendValues(run, Token::kScalar, out.ints,
                          [&](Token token) { return ReadBoolean(found(token)); });
    case TypeKind::kReal:
    case TypeKind::kSuper:
      return false;
    default:
      return AppendNumbers(run, text, out);
  }
}

bool TokenConverter::AppendNumbers(const TokenRun& run, const TokenText& text,
                                   ColumnBatch& out) const {
  const ColumnType type = column_.type();
  const auto append = [&]<typename T>(std::vector<T>& to, auto convert) {
    return AppendValues(run, Token::kScalar, to, [&](Token token) -> std::optional<T> {
      const auto number = ReadPlainNumber({text.text + token.begin, token.length()});
      return number ? convert(*number) : std::nullopt;
    });
  };
  if (type.kind == TypeKind::kDouble) return append(out.doubles, AsDouble);
  if (type.kind == TypeKind::kDecimal) {
    return ValueKindOf(type) == ValueKind::kInt64 &&
           append(out.ints, [&](const PlainNumber& number) {
             return AsDecimal(number, type.precision, type.scale);
           });
  }
  return append(out.ints, [&](const PlainNumber& number) -> std::optional<int64_t> {
    if (number.has_point || !column_.is_in_range(number.Signed())) return std::nullopt;
    return number.Signed();
  });
}

NoteCounts TokenConverter::AppendEach(const TokenRun& run, const TokenText& text, ColumnBatch& out,
                                      std::vector<uint8_t>& refused) const {
  NoteCounts notes;
  const Token* token = run.tokens;
  for (size_t row = 0; row < run.rows; ++row) {
    std::optional<JsonValue> value = JsonValue{.kind = JsonKind::kNull};
    if (run.present[row] != 0) value = ValueOf(*token++, text);
    ValueNote note = ValueNote::kNone;
    if (value && !column_.Append(*value, out, note)) {
      notes.Add(note);
    } else {
      refused[row] = 1;
      out.present.push_back(0);
    }
  }
  return notes;
}

// None where it is no string, number, true, false or null of JSON.
std::optional<JsonValue> TokenConverter::ValueOf(Token token, const TokenText& text) const {
  JsonValue value;
  if (token.is(Token::kAbsent)) return value;
  const char* const begin = text.text + token.begin;
  if (token.is(Token::kScalar)) {
    if (token.is(Token::kEscaped)) return std::nullopt;
    value.raw = {begin, token.length()};
    const std::optional<JsonKind> kind = ScalarKind(value.raw);
    if (!kind) return std::nullopt;
    value.kind = *kind;
    return value;
  }
  value.kind = JsonKind::kString;
  value.raw = {begin - 1, token.length() + 2};
  value.text = {begin, token.length()};
  if (!token.is(Token::kEscaped)) return value;
  StringTraits traits;
  const auto unescaped = Unescaped(value.text, text.arena, traits);
  if (!unescaped) return std::nullopt;
  value.text = *unescaped;
  value.has_lone_surrogate = traits.has_lone_surrogate;
  value.has_nul = traits.has_nul;
  return value;
}

// None where there is no room for it, or an escape is none of JSON's.
std::optional<std::string_view> TokenConverter::Unescaped(std::string_view inside, TextArena& arena,
                                                          StringTraits& traits) const {
  const char* const begin = arena.at;
  if (!arena.HasRoom(inside.size()) || !kernels_.unescape(inside, arena.at, traits)) {
    return std::nullopt;
  }
  return std::string_view(begin, static_cast<size_t>(arena.at - begin));
}

}  // namespace sluice
