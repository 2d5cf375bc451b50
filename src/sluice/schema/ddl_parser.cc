// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/ddl_parser.h"

#include <fmt/format.h>

#include <set>

#include "sluice/schema/ddl_cursor.h"
#include "sluice/schema/ddl_default.h"
#include "sluice/schema/ddl_type.h"
#include "sluice/schema/identifier.h"

namespace sluice {
namespace {

constexpr size_t kMostColumns = 1600;  // of a table, and in its keys altogether

// One CREATE TABLE statement, by recursive descent.
class CreateTableParser {
 public:
  explicit CreateTableParser(DdlCursor& cursor) : cursor_(cursor) {}

  Result<TableSchema> Parse() {
    SLUICE_TRY(ParseHead());
    SLUICE_TRY(cursor_.ExpectSymbol("("));
    do {
      SLUICE_TRY(ParseElement());
    } while (cursor_.TakeSymbol(","));
    if (!cursor_.TakeSymbol(")")) return cursor_.Unexpected("',', ')' or a column attribute");
    while (!cursor_.AtEnd() && !cursor_.SeesSymbol(";")) SLUICE_TRY(ParseTableAttribute());
    SLUICE_TRY(ResolveNames());
    return std::move(table_);
  }

 private:
  struct NamedColumn {
    std::string name;
    TextPosition at;
    bool is_primary_key;
  };

  Status ParseHead() {
    SLUICE_TRY(cursor_.ExpectWord("create"));
    SLUICE_TRY(cursor_.ExpectWord("table"));
    if (cursor_.TakeWord("if")) {
      SLUICE_TRY(cursor_.ExpectWord("not"));
      SLUICE_TRY(cursor_.ExpectWord("exists"));
    }
    SLUICE_ASSIGN(table_.name, cursor_.ExpectName("a table name"));
    if (cursor_.TakeSymbol(".")) {
      table_.schema = std::move(table_.name);
      SLUICE_ASSIGN(table_.name, cursor_.ExpectName("a table name"));
    }
    return {};
  }

  // A column, or a constraint of the table.
  Status ParseElement() {
    const bool named = cursor_.TakeWord("constraint");
    if (named) SLUICE_TRY(cursor_.ExpectName("a constraint name"));
    if (cursor_.TakeWords({"primary", "key"})) return ParseColumnNames(IsPrimaryKey::kYes);
    if (cursor_.SeesWord("unique") && (named || cursor_.SeesSymbol("(", 1))) {
      cursor_.Take();
      return ParseColumnNames(IsPrimaryKey::kNo);
    }
    if (cursor_.TakeWords({"foreign", "key"})) {
      SLUICE_TRY(ParseColumnNames(IsPrimaryKey::kNo));
      SLUICE_TRY(cursor_.ExpectWord("references"));
      return ParseReference();
    }
    if (named) return cursor_.Unexpected("PRIMARY KEY, UNIQUE or FOREIGN KEY");
    return ParseColumn();
  }

  Status ParseColumn() {
    const TextPosition at = cursor_.Peek().at;
    Column column;
    SLUICE_ASSIGN(column.name, cursor_.ExpectName("a column name"));
    if (!folded_.insert(FoldIdentifier(column.name)).second) {
      return cursor_.Refuse(at, fmt::format("there are two columns '{}'", column.name));
    }
    if (table_.columns.size() == kMostColumns) {
      return cursor_.Refuse(at, "a table has at most 1600 columns");
    }
    SLUICE_ASSIGN(column.type, ParseColumnType(cursor_));
    seen_.clear();
    while (!SeesEndOfColumn()) SLUICE_TRY(ParseColumnAttribute(column));
    const std::string folded = FoldIdentifier(column.name);
    if (folded == kObjectColumn || folded == kLineColumn) {
      SLUICE_TRY(ClaimTechnicalColumn(column, folded, at));
    }
    table_.columns.push_back(std::move(column));
    return {};
  }

  bool SeesEndOfColumn() const {
    return cursor_.AtEnd() || cursor_.SeesSymbol(",") || cursor_.SeesSymbol(")");
  }

  // Each attribute once; NULL and NOT NULL exclude each other.
  Status Once(std::string_view attribute, TextPosition at) {
    if (seen_.insert(attribute).second) return {};
    return cursor_.Refuse(at, fmt::format("{} is given twice for one column", attribute));
  }

  Status ParseColumnAttribute(Column& column) {
    const TextPosition at = cursor_.Peek().at;
    if (cursor_.TakeWord("not")) {
      SLUICE_TRY(cursor_.ExpectWord("null"));
      column.not_null = true;
      return Once("NULL or NOT NULL", at);
    }
    if (cursor_.TakeWord("null")) return Once("NULL or NOT NULL", at);
    if (cursor_.TakeWord("default")) {
      SLUICE_TRY(Once("DEFAULT", at));
      SLUICE_ASSIGN(DefaultClause value, ParseDefault(cursor_, column.type));
      column.default_text = std::move(value.literal);
      column.generated |= value.is_expression;
      return {};
    }
    if (cursor_.SeesWord("identity") || cursor_.SeesWord("generated")) {
      SLUICE_TRY(Once("DEFAULT", at));
      column.generated = true;
      return ParseIdentity();
    }
    if (cursor_.TakeWord("encode")) return ParseEncoding();
    if (cursor_.TakeWord("distkey") || cursor_.TakeWord("sortkey") || cursor_.TakeWord("unique")) {
      return {};
    }
    if (cursor_.TakeWords({"primary", "key"})) {
      column.not_null = true;
      return {};
    }
    if (cursor_.TakeWord("references")) return ParseReference();
    return cursor_.Unexpected(
        "',', ')' or a column attribute: NOT NULL, DEFAULT, ENCODE, DISTKEY, SORTKEY, IDENTITY, "
        "UNIQUE, PRIMARY KEY or REFERENCES");
  }

  // IDENTITY(seed, step), GENERATED {ALWAYS | BY DEFAULT} AS IDENTITY(seed, step)
  Status ParseIdentity() {
    if (cursor_.TakeWord("generated")) {
      if (!cursor_.TakeWord("always") && !cursor_.TakeWords({"by", "default"})) {
        return cursor_.Unexpected("ALWAYS AS IDENTITY or BY DEFAULT AS IDENTITY");
      }
      SLUICE_TRY(cursor_.ExpectWord("as"));
    }
    SLUICE_TRY(cursor_.ExpectWord("identity"));
    SLUICE_TRY(cursor_.ExpectSymbol("("));
    SLUICE_TRY(ParseSignedNumber());
    SLUICE_TRY(cursor_.ExpectSymbol(","));
    SLUICE_TRY(ParseSignedNumber());
    return cursor_.ExpectSymbol(")");
  }

  Status ParseSignedNumber() {
    cursor_.TakeSymbol("-");
    if (cursor_.Peek().kind != DdlToken::Kind::kNumber) return cursor_.Unexpected("a number");
    cursor_.Take();
    return {};
  }

  Status ParseEncoding() {
    for (std::string_view encoding :
         {"raw", "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32",
          "runlength", "text255", "text32k", "zstd", "auto"}) {
      if (cursor_.TakeWord(encoding)) return {};
    }
    return cursor_.Unexpected(
        "an encoding: RAW, AZ64, BYTEDICT, DELTA, DELTA32K, LZO, MOSTLY8, MOSTLY16, MOSTLY32, "
        "RUNLENGTH, TEXT255, TEXT32K or ZSTD");
  }

  // table[.table] [(column, …)]
  Status ParseReference() {
    SLUICE_TRY(cursor_.ExpectName("a table name"));
    if (cursor_.TakeSymbol(".")) SLUICE_TRY(cursor_.ExpectName("a table name"));
    if (!cursor_.TakeSymbol("(")) return {};
    do {
      SLUICE_TRY(cursor_.ExpectName("a column name"));
    } while (cursor_.TakeSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  enum class IsPrimaryKey { kNo, kYes };

  // (column, …) of this table, which may be declared further down.
  Status ParseColumnNames(IsPrimaryKey is_primary_key) {
    SLUICE_TRY(cursor_.ExpectSymbol("("));
    do {
      const TextPosition at = cursor_.Peek().at;
      SLUICE_ASSIGN(std::string name, cursor_.ExpectName("a column name"));
      if (named_.size() == kMostColumns) {
        return cursor_.Refuse(at, "the keys of a table name at most 1600 columns");
      }
      named_.push_back({std::move(name), at, is_primary_key == IsPrimaryKey::kYes});
    } while (cursor_.TakeSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  Status ParseTableAttribute() {
    if (cursor_.TakeWords({"encode", "auto"})) return {};
    if (cursor_.TakeWord("backup")) {
      if (cursor_.TakeWord("yes") || cursor_.TakeWord("no")) return {};
      return cursor_.Unexpected("YES or NO");
    }
    if (cursor_.TakeWord("diststyle")) {
      for (std::string_view style : {"auto", "even", "key", "all"}) {
        if (cursor_.TakeWord(style)) return {};
      }
      return cursor_.Unexpected("AUTO, EVEN, KEY or ALL");
    }
    if (cursor_.TakeWord("distkey")) return ParseColumnNames(IsPrimaryKey::kNo);
    const bool mixed = cursor_.TakeWord("compound") || cursor_.TakeWord("interleaved");
    if (cursor_.TakeWord("sortkey")) {
      if (!mixed && cursor_.TakeWord("auto")) return {};
      return ParseColumnNames(IsPrimaryKey::kNo);
    }
    if (mixed) return cursor_.Unexpected("SORTKEY");
    return cursor_.Unexpected(
        "';' or a table attribute: DISTSTYLE, DISTKEY, SORTKEY, ENCODE AUTO or BACKUP");
  }

  // Values of these come from sluice itself (docs/formats.md), so nothing else may make them.
  Status ClaimTechnicalColumn(Column& column, std::string_view name, TextPosition at) {
    const TypeKind kind = name == kObjectColumn ? TypeKind::kBigInt : TypeKind::kInteger;
    if (column.name != name || column.type.kind != kind || column.generated ||
        column.default_text) {
      return cursor_.Refuse(at, fmt::format("sluice fills {0}; wanted {0} {1} without DEFAULT",
                                            name, ToSql({.kind = kind})));
    }
    column.generated = true;
    return {};
  }

  Status ResolveNames() {
    for (const NamedColumn& named : named_) {
      const std::optional<size_t> index = table_.IndexOf(named.name);
      if (!index) {
        return cursor_.Refuse(named.at, fmt::format("there is no column '{}'", named.name));
      }
      table_.columns[*index].not_null |= named.is_primary_key;
    }
    return {};
  }

  DdlCursor& cursor_;
  TableSchema table_;
  std::set<std::string> folded_;     // column names
  std::set<std::string_view> seen_;  // attributes of the column under way
  std::vector<NamedColumn> named_;   // columns named by keys
};

}  // namespace

Result<std::vector<TableSchema>> ParseCreateTables(std::string_view sql, std::string_view file) {
  SLUICE_ASSIGN(std::vector<DdlToken> tokens, TokenizeDdl(sql, file));
  DdlCursor cursor(std::move(tokens), file);
  std::vector<TableSchema> tables;
  while (true) {
    while (cursor.TakeSymbol(";")) {
    }
    if (cursor.AtEnd() && !tables.empty()) return tables;
    SLUICE_ASSIGN(TableSchema table, CreateTableParser(cursor).Parse());
    tables.push_back(std::move(table));
  }
}

Result<TableSchema> ParseCreateTable(std::string_view sql, std::string_view file) {
  SLUICE_ASSIGN(std::vector<DdlToken> tokens, TokenizeDdl(sql, file));
  DdlCursor cursor(std::move(tokens), file);
  SLUICE_ASSIGN(TableSchema table, CreateTableParser(cursor).Parse());
  while (cursor.TakeSymbol(";")) {
  }
  if (!cursor.AtEnd()) return cursor.Unexpected("the end: one statement is enough here");
  return table;
}

}  // namespace sluice
