// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/ddl_tokens.h"

#include <fmt/format.h>

#include "sluice/base/bytes.h"
#include "sluice/base/utf8.h"
#include "sluice/schema/identifier.h"

namespace sluice {
namespace {

constexpr Bytes kLargestText = MiB(1);
constexpr size_t kLongestName = 127;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsNamePart(char c) {
  return IsNameStart(c) || IsDigit(c) || c == '$';
}
bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

class Tokenizer {
 public:
  Tokenizer(std::string_view sql, std::string_view file) : sql_(sql), file_(file) {}

  Result<std::vector<DdlToken>> Run() {
    if (sql_.size() > kLargestText.count) return Refuse("the text is longer than 1 MiB");
    SLUICE_TRY(CheckEncoding());
    if (sql_.starts_with("\xEF\xBB\xBF")) offset_ = 3;
    while (true) {
      SLUICE_TRY(SkipBlanks());
      if (AtEnd()) break;
      SLUICE_TRY(Take());
    }
    tokens_.push_back({.kind = DdlToken::Kind::kEnd, .at = at_});
    return std::move(tokens_);
  }

 private:
  bool AtEnd() const { return offset_ >= sql_.size(); }
  bool Sees(std::string_view text) const { return sql_.substr(offset_).starts_with(text); }
  char Peek(size_t ahead = 0) const {
    return offset_ + ahead < sql_.size() ? sql_[offset_ + ahead] : '\0';
  }

  void Advance(size_t count = 1) {
    for (; count > 0 && !AtEnd(); --count, ++offset_) {
      const auto byte = static_cast<unsigned char>(sql_[offset_]);
      if (byte == '\n') {
        ++at_.line;
        at_.column = 1;
      } else if ((byte & 0xC0) != 0x80) {
        ++at_.column;
      }
    }
  }

  std::unexpected<Error> RefuseAt(TextPosition at, std::string_view what) const {
    return Fail(ErrorKind::kPermanent, "{}:{}:{}: {}", file_, at.line, at.column, what);
  }
  std::unexpected<Error> Refuse(std::string_view what) const { return RefuseAt(at_, what); }

  Status CheckEncoding() {
    if (IsUtf8(sql_)) return {};
    while (size_t length = Utf8SequenceLength(sql_.substr(offset_))) Advance(length);
    return Refuse("this byte is not UTF-8; save the file as UTF-8");
  }

  Status SkipBlanks() {
    while (!AtEnd()) {
      if (Sees("--")) {
        while (!AtEnd() && Peek() != '\n') Advance();
      } else if (Sees("/*")) {
        SLUICE_TRY(SkipComment());
      } else if (std::string_view(" \t\r\n\f\v").find(Peek()) != std::string_view::npos) {
        Advance();
      } else {
        break;
      }
    }
    return {};
  }

  Status SkipComment() {
    const TextPosition start = at_;
    int depth = 0;
    do {
      if (AtEnd()) return RefuseAt(start, "this comment does not end; wanted '*/'");
      if (Sees("/*")) {
        ++depth;
        Advance(2);
      } else if (Sees("*/")) {
        --depth;
        Advance(2);
      } else {
        Advance();
      }
    } while (depth > 0);
    return {};
  }

  Status Take() {
    const char c = Peek();
    if (IsNameStart(c)) return TakeWord();
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return TakeNumber();
    if (c == '"') return TakeQuoted(DdlToken::Kind::kQuotedName, "name");
    if (c == '\'') return TakeQuoted(DdlToken::Kind::kString, "text");
    return TakeSymbol();
  }

  void Push(DdlToken::Kind kind, std::string text, TextPosition at) {
    tokens_.push_back({.kind = kind, .text = std::move(text), .at = at});
  }

  Status TakeWord() {
    const TextPosition start = at_;
    const size_t begin = offset_;
    while (IsNamePart(Peek())) Advance();
    std::string text = FoldIdentifier(sql_.substr(begin, offset_ - begin));
    if (text.size() > kLongestName) return RefuseAt(start, "this name is longer than 127 bytes");
    Push(DdlToken::Kind::kWord, std::move(text), start);
    return {};
  }

  Status TakeNumber() {
    const TextPosition start = at_;
    const size_t begin = offset_;
    while (IsDigit(Peek())) Advance();
    if (Peek() == '.' && IsDigit(Peek(1))) {
      Advance();
      while (IsDigit(Peek())) Advance();
    }
    const size_t sign = Peek(1) == '-' || Peek(1) == '+' ? 2 : 1;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(sign))) {
      Advance(sign);
      while (IsDigit(Peek())) Advance();
    }
    if (IsNamePart(Peek()) || Peek() == '.') {
      return RefuseAt(start, "this is not a number; wanted digits, like 12 or 1.5e3");
    }
    Push(DdlToken::Kind::kNumber, std::string(sql_.substr(begin, offset_ - begin)), start);
    return {};
  }

  Status TakeQuoted(DdlToken::Kind kind, std::string_view what) {
    const TextPosition start = at_;
    const char quote = Peek();
    std::string text;
    for (Advance();; Advance()) {
      if (AtEnd())
        return RefuseAt(start, fmt::format("this {} does not end; wanted {}", what, quote));
      if (Peek() == quote) {
        Advance();
        if (Peek() != quote) break;
      } else if (kind == DdlToken::Kind::kQuotedName && IsControl(Peek())) {
        return Refuse("a control character in a name");
      } else if (Peek() == '\0') {
        return Refuse("a NUL character in a text");
      } else if (kind == DdlToken::Kind::kString && Peek() == '\\') {
        return Refuse("a backslash in a text, which not every warehouse reads alike; wanted none");
      }
      text += Peek();
    }
    if (kind == DdlToken::Kind::kQuotedName && (text.empty() || text.size() > kLongestName)) {
      return RefuseAt(start, "a name has 1 to 127 bytes");
    }
    Push(kind, std::move(text), start);
    return {};
  }

  Status TakeSymbol() {
    const TextPosition start = at_;
    const size_t length = Sees("::") || Sees("||") ? 2 : 1;
    constexpr std::string_view kSymbols = "(),;.:|+-*/%=<>[]";
    if (kSymbols.find(Peek()) == std::string_view::npos) {
      if (IsControl(Peek())) {
        return Refuse(fmt::format("found a control character (0x{:02x})", Peek()));
      }
      return Refuse(fmt::format("found '{}', which no CREATE TABLE has here", Peek()));
    }
    Push(DdlToken::Kind::kSymbol, std::string(sql_.substr(offset_, length)), start);
    Advance(length);
    return {};
  }

  const std::string_view sql_;
  const std::string_view file_;
  size_t offset_ = 0;
  TextPosition at_;
  std::vector<DdlToken> tokens_;
};

}  // namespace

std::string Describe(const DdlToken& token) {
  switch (token.kind) {
    case DdlToken::Kind::kString:
      return "found a text in quotes";
    case DdlToken::Kind::kEnd:
      return "found the end";
    default: {
      const std::string_view front = Utf8Prefix(token.text, 40);
      return fmt::format("found '{}{}'", front, front.size() < token.text.size() ? "…" : "");
    }
  }
}

Result<std::vector<DdlToken>> TokenizeDdl(std::string_view sql, std::string_view file) {
  return Tokenizer(sql, file).Run();
}

}  // namespace sluice
