// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/ddl_type.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace sluice {
namespace {

constexpr int32_t kLongestVarchar = 65'535;
constexpr int32_t kLongestChar = 4'096;

constexpr std::string_view kWantedType =
    "a type: SMALLINT, INTEGER, BIGINT, DECIMAL(p,s), REAL, DOUBLE PRECISION, BOOLEAN, CHAR(n), "
    "VARCHAR(n), DATE, TIMESTAMP, TIMESTAMPTZ or SUPER";

// Types whose one-word spelling says everything.
constexpr std::array<std::pair<std::string_view, TypeKind>, 15> kPlainTypes = {{
    {"smallint", TypeKind::kSmallInt},
    {"int2", TypeKind::kSmallInt},
    {"integer", TypeKind::kInteger},
    {"int", TypeKind::kInteger},
    {"int4", TypeKind::kInteger},
    {"bigint", TypeKind::kBigInt},
    {"int8", TypeKind::kBigInt},
    {"real", TypeKind::kReal},
    {"float4", TypeKind::kReal},
    {"float8", TypeKind::kDouble},
    {"float", TypeKind::kDouble},
    {"boolean", TypeKind::kBoolean},
    {"bool", TypeKind::kBoolean},
    {"date", TypeKind::kDate},
    {"timestamptz", TypeKind::kTimestampTz},
}};

Result<ColumnType> ParseDecimal(DdlCursor& cursor) {
  int32_t precision = 18, scale = 0;
  if (cursor.TakeSymbol("(")) {
    SLUICE_ASSIGN(precision, cursor.ExpectCount("a precision", 1, 38));
    if (cursor.TakeSymbol(",")) {
      SLUICE_ASSIGN(scale, cursor.ExpectCount("a scale", 0, precision));
    }
    SLUICE_TRY(cursor.ExpectSymbol(")"));
  }
  return ColumnType{.kind = TypeKind::kDecimal,
                    .precision = static_cast<int8_t>(precision),
                    .scale = static_cast<int8_t>(scale)};
}

Result<ColumnType> ParseChar(DdlCursor& cursor, int32_t length) {
  if (cursor.TakeSymbol("(")) {
    SLUICE_ASSIGN(length, cursor.ExpectCount("a length in bytes", 1, kLongestChar));
    SLUICE_TRY(cursor.ExpectSymbol(")"));
  }
  return ColumnType{.kind = TypeKind::kChar, .length = length};
}

Result<ColumnType> ParseVarchar(DdlCursor& cursor) {
  int32_t length = 256;
  if (cursor.TakeSymbol("(")) {
    if (cursor.TakeWord("max")) {
      length = kLongestVarchar;
    } else {
      SLUICE_ASSIGN(length, cursor.ExpectCount("MAX or a length in bytes", 1, kLongestVarchar));
    }
    SLUICE_TRY(cursor.ExpectSymbol(")"));
  }
  return ColumnType{.kind = TypeKind::kVarchar, .length = length};
}

Result<ColumnType> ParseTimestamp(DdlCursor& cursor) {
  TypeKind kind = TypeKind::kTimestamp;
  if (cursor.SeesWord("with") || cursor.SeesWord("without")) {
    if (cursor.Take().text == "with") kind = TypeKind::kTimestampTz;
    SLUICE_TRY(cursor.ExpectWord("time"));
    SLUICE_TRY(cursor.ExpectWord("zone"));
  }
  return ColumnType{.kind = kind};
}

}  // namespace

Result<ColumnType> ParseColumnType(DdlCursor& cursor) {
  for (const auto& [name, kind] : kPlainTypes) {
    if (cursor.TakeWord(name)) return ColumnType{.kind = kind};
  }
  if (cursor.TakeWord("double")) {
    SLUICE_TRY(cursor.ExpectWord("precision"));
    return ColumnType{.kind = TypeKind::kDouble};
  }
  if (cursor.TakeWord("decimal") || cursor.TakeWord("numeric")) return ParseDecimal(cursor);
  if (cursor.TakeWords({"character", "varying"}) || cursor.TakeWord("varchar") ||
      cursor.TakeWord("nvarchar")) {
    return ParseVarchar(cursor);
  }
  if (cursor.TakeWord("text")) return ColumnType{.kind = TypeKind::kVarchar, .length = 256};
  if (cursor.TakeWord("char") || cursor.TakeWord("character") || cursor.TakeWord("nchar")) {
    return ParseChar(cursor, 1);
  }
  if (cursor.TakeWord("bpchar")) return ParseChar(cursor, 256);
  if (cursor.TakeWord("timestamp")) return ParseTimestamp(cursor);
  if (cursor.TakeWord("super")) {
    return ColumnType{.kind = TypeKind::kSuper, .length = kLongestVarchar};
  }
  return cursor.Unexpected(kWantedType);
}

}  // namespace sluice
