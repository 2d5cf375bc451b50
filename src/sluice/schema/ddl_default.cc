// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/ddl_default.h"

#include "sluice/schema/ddl_type.h"

namespace sluice {
namespace {

using Kind = DdlToken::Kind;

// May a column definition go on, or end, with the next token?
bool SeesEndOfDefault(const DdlCursor& cursor) {
  return cursor.AtEnd() || cursor.SeesSymbol(",") || cursor.SeesSymbol(")") ||
         cursor.SeesAnyWord({"not", "null", "encode", "distkey", "sortkey", "unique", "primary",
                             "references", "identity", "generated", "default"});
}

// "007" and ".5" as JSON spells them: "7" and "0.5".
std::string PlainNumber(std::string_view text) {
  while (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') {
    text.remove_prefix(1);
  }
  return (text.starts_with('.') ? "0" : "") + std::string(text);
}

struct Literal {
  std::optional<std::string> text;  // absent: NULL
};

// Nothing, and the cursor anywhere, where no literal stands.
std::optional<Literal> TakeLiteral(DdlCursor& cursor) {
  if (cursor.Peek().kind == Kind::kString) return Literal{cursor.Take().text};
  if (cursor.TakeWord("null")) return Literal{};
  if (cursor.SeesAnyWord({"true", "false"})) return Literal{cursor.Take().text};
  const bool negative = cursor.TakeSymbol("-");
  if (!negative) cursor.TakeSymbol("+");
  if (cursor.Peek().kind != Kind::kNumber) return std::nullopt;
  return Literal{(negative ? "-" : "") + PlainNumber(cursor.Take().text)};
}

// Would a column of `type` hold the same with the cast as without?
bool CastChangesNothing(const ColumnType& cast, const ColumnType& type, const Literal& literal) {
  if (cast == type || !literal.text) return true;
  const bool both_texts =
      cast.kind == type.kind && (type.kind == TypeKind::kChar || type.kind == TypeKind::kVarchar);
  return both_texts && literal.text->size() <= static_cast<size_t>(cast.length);
}

// The whole default, where it is a literal; else the cursor stays where it was.
std::optional<Literal> TakeLiteralDefault(DdlCursor& cursor, const ColumnType& type) {
  const size_t start = cursor.position();
  size_t open = 0;
  while (cursor.TakeSymbol("(")) ++open;
  std::optional<Literal> literal = TakeLiteral(cursor);
  while (literal && !(open == 0 && SeesEndOfDefault(cursor))) {
    if (open > 0 && cursor.TakeSymbol(")")) {
      --open;
    } else if (!cursor.TakeSymbol("::")) {
      literal.reset();
    } else if (const auto cast = ParseColumnType(cursor);
               !cast || !CastChangesNothing(*cast, type, *literal)) {
      literal.reset();
    }
  }
  if (literal) return literal;
  cursor.Return(start);
  return std::nullopt;
}

Status SkipParentheses(DdlCursor& cursor) {
  size_t depth = 0;
  do {
    if (cursor.AtEnd() || cursor.SeesSymbol(";")) return cursor.Unexpected("')'");
    if (cursor.SeesSymbol("(")) ++depth;
    if (cursor.SeesSymbol(")")) --depth;
    cursor.Take();
  } while (depth > 0);
  return {};
}

Status SkipOperand(DdlCursor& cursor) {
  while (cursor.TakeSymbol("-") || cursor.TakeSymbol("+")) {
  }
  const Kind kind = cursor.Peek().kind;
  if (kind == Kind::kString || kind == Kind::kNumber) {
    cursor.Take();
  } else if (cursor.SeesSymbol("(")) {
    SLUICE_TRY(SkipParentheses(cursor));
  } else {
    if (SeesEndOfDefault(cursor)) return cursor.Unexpected("a default value");
    SLUICE_TRY(cursor.ExpectName("a default value"));
    while (cursor.TakeSymbol(".")) SLUICE_TRY(cursor.ExpectName("a name"));
    if (cursor.Peek().kind == Kind::kString) cursor.Take();  // interval '1 day'
    if (cursor.SeesSymbol("(")) SLUICE_TRY(SkipParentheses(cursor));
  }
  while (cursor.TakeSymbol("::")) {
    SLUICE_TRY(ParseColumnType(cursor));
  }
  return {};
}

bool TakeOperator(DdlCursor& cursor) {
  for (std::string_view symbol : {"+", "-", "*", "/", "%", "||"}) {
    if (cursor.TakeSymbol(symbol)) return true;
  }
  return cursor.TakeWords({"at", "time", "zone"});
}

}  // namespace

Result<DefaultClause> ParseDefault(DdlCursor& cursor, const ColumnType& type) {
  if (std::optional<Literal> literal = TakeLiteralDefault(cursor, type)) {
    return DefaultClause{.literal = std::move(literal->text)};
  }
  do {
    SLUICE_TRY(SkipOperand(cursor));
  } while (TakeOperator(cursor));
  return DefaultClause{.is_expression = true};
}

}  // namespace sluice
