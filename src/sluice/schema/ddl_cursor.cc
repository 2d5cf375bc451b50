// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/ddl_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice {

const DdlToken& DdlCursor::Peek(size_t ahead) const {
  return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
}

DdlToken DdlCursor::Take() {
  DdlToken token = Peek();
  if (!AtEnd()) ++next_;
  return token;
}

bool DdlCursor::SeesWord(std::string_view word, size_t ahead) const {
  return Peek(ahead).kind == DdlToken::Kind::kWord && Peek(ahead).text == word;
}

bool DdlCursor::SeesAnyWord(std::initializer_list<std::string_view> words) const {
  return std::ranges::any_of(words, [this](std::string_view word) { return SeesWord(word); });
}

bool DdlCursor::SeesSymbol(std::string_view symbol, size_t ahead) const {
  return Peek(ahead).kind == DdlToken::Kind::kSymbol && Peek(ahead).text == symbol;
}

bool DdlCursor::TakeWord(std::string_view word) {
  return TakeWords({word});
}

bool DdlCursor::TakeSymbol(std::string_view symbol) {
  if (!SeesSymbol(symbol)) return false;
  ++next_;
  return true;
}

bool DdlCursor::TakeWords(std::initializer_list<std::string_view> words) {
  size_t ahead = 0;
  for (std::string_view word : words) {
    if (!SeesWord(word, ahead++)) return false;
  }
  next_ += ahead;
  return true;
}

Status DdlCursor::ExpectWord(std::string_view word) {
  if (TakeWord(word)) return {};
  std::string upper(word);
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return Unexpected(upper);
}

Status DdlCursor::ExpectSymbol(std::string_view symbol) {
  if (TakeSymbol(symbol)) return {};
  return Unexpected(fmt::format("'{}'", symbol));
}

Result<std::string> DdlCursor::ExpectName(std::string_view what) {
  const auto kind = Peek().kind;
  if (kind != DdlToken::Kind::kWord && kind != DdlToken::Kind::kQuotedName) return Unexpected(what);
  return Take().text;
}

Result<int32_t> DdlCursor::ExpectCount(std::string_view what, int32_t least, int32_t most) {
  const std::string& text = Peek().text;
  int32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (Peek().kind != DdlToken::Kind::kNumber || error != std::errc() ||
      end != text.data() + text.size() || count < least || count > most) {
    return Unexpected(fmt::format("{} from {} to {}", what, least, most));
  }
  Take();
  return count;
}

std::unexpected<Error> DdlCursor::Unexpected(std::string_view wanted) const {
  return Refuse(Peek().at, fmt::format("{}; wanted {}", Describe(Peek()), wanted));
}

std::unexpected<Error> DdlCursor::Refuse(TextPosition at, std::string_view what) const {
  return Fail(ErrorKind::kPermanent, "{}:{}:{}: {}", file_, at.line, at.column, what);
}

}  // namespace sluice
