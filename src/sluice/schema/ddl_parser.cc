// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/ddl_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#include "sluice/schema/ddl_cursor.h"
#include "sluice/schema/ddl_default.h"
#include "sluice/schema/ddl_type.h"
#include "sluice/schema/identifier.h"

namespace sluice {
namespace {

using Distribution = TableLayout::Distribution;
using SortOrder = TableLayout::SortOrder;

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
  enum class Use { kNothing, kPrimaryKey, kDistributionKey, kSortKey };
  struct NamedColumn {
    std::string name;
    TextPosition at;
    Use use;
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
    if (cursor_.TakeWords({"primary", "key"})) return ParseColumnNames(Use::kPrimaryKey);
    if (cursor_.SeesWord("unique") && (named || cursor_.SeesSymbol("(", 1))) {
      cursor_.Take();
      return ParseColumnNames(Use::kNothing);
    }
    if (cursor_.TakeWords({"foreign", "key"})) {
      SLUICE_TRY(ParseColumnNames(Use::kNothing));
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
    if (cursor_.TakeWord("encode")) return ParseEncoding(column);
    if (cursor_.TakeWord("distkey")) return NameColumn(column.name, at, Use::kDistributionKey);
    if (cursor_.TakeWord("sortkey")) {
      table_.layout.sort_order = SortOrder::kCompound;
      return NameColumn(column.name, at, Use::kSortKey);
    }
    if (cursor_.TakeWord("unique")) return {};
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

  Status ParseEncoding(Column& column) {
    for (std::string_view encoding :
         {"raw", "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32",
          "runlength", "text255", "text32k", "zstd", "auto"}) {
      if (!cursor_.TakeWord(encoding)) continue;
      if (encoding != "auto") column.encoding = encoding;
      return {};
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

  // (column, …) of this table, which may be declared further down.
  Status ParseColumnNames(Use use) {
    SLUICE_TRY(cursor_.ExpectSymbol("("));
    do {
      const TextPosition at = cursor_.Peek().at;
      SLUICE_ASSIGN(std::string name, cursor_.ExpectName("a column name"));
      SLUICE_TRY(NameColumn(std::move(name), at, use));
    } while (cursor_.TakeSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  Status NameColumn(std::string name, TextPosition at, Use use) {
    if (named_.size() == kMostColumns) {
      return cursor_.Refuse(at, "the keys of a table name at most 1600 columns");
    }
    named_.push_back({std::move(name), at, use});
    return {};
  }

  Status ParseTableAttribute() {
    const TextPosition at = cursor_.Peek().at;
    if (cursor_.TakeWords({"encode", "auto"})) {
      table_.layout.encode_auto = true;
      return {};
    }
    if (cursor_.TakeWord("backup")) {
      if (cursor_.TakeWord("yes") || cursor_.TakeWord("no")) return {};
      return cursor_.Unexpected("YES or NO");
    }
    if (cursor_.TakeWord("diststyle")) return ParseDistribution(at);
    if (cursor_.TakeWord("distkey")) return ParseColumnNames(Use::kDistributionKey);
    if (cursor_.SeesAnyWord({"compound", "interleaved", "sortkey"})) return ParseSortKey(at);
    return cursor_.Unexpected(
        "';' or a table attribute: DISTSTYLE, DISTKEY, SORTKEY, ENCODE AUTO or BACKUP");
  }

  Status ParseDistribution(TextPosition at) {
    if (distribution_at_) return cursor_.Refuse(at, "DISTSTYLE is given twice");
    distribution_at_ = at;
    for (const auto& [word, distribution] :
         std::initializer_list<std::pair<std::string_view, Distribution>>{
             {"auto", Distribution::kAuto},
             {"even", Distribution::kEven},
             {"key", Distribution::kKey},
             {"all", Distribution::kAll}}) {
      if (!cursor_.TakeWord(word)) continue;
      table_.layout.distribution = distribution;
      return {};
    }
    return cursor_.Unexpected("AUTO, EVEN, KEY or ALL");
  }

  // [COMPOUND | INTERLEAVED] SORTKEY (column, …), SORTKEY AUTO
  Status ParseSortKey(TextPosition at) {
    SortOrder& order = table_.layout.sort_order;
    if (order != SortOrder::kUnsaid) return cursor_.Refuse(at, "SORTKEY is given twice");
    const bool is_compound = cursor_.TakeWord("compound");
    const bool is_interleaved = !is_compound && cursor_.TakeWord("interleaved");
    if (!cursor_.TakeWord("sortkey")) return cursor_.Unexpected("SORTKEY");
    if (!is_compound && !is_interleaved && cursor_.TakeWord("auto")) {
      order = SortOrder::kAuto;
      return {};
    }
    order = is_interleaved ? SortOrder::kInterleaved : SortOrder::kCompound;
    return ParseColumnNames(Use::kSortKey);
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
      if (named.use == Use::kPrimaryKey) table_.columns[*index].not_null = true;
      if (named.use == Use::kDistributionKey) SLUICE_TRY(DistributeBy(*index, named.at));
      if (named.use == Use::kSortKey) SLUICE_TRY(SortBy(*index, named.at));
    }
    if (table_.layout.distribution == Distribution::kKey && !table_.layout.distribution_key) {
      return cursor_.Refuse(*distribution_at_, "DISTSTYLE KEY needs a DISTKEY");
    }
    return {};
  }

  Status DistributeBy(size_t column, TextPosition at) {
    TableLayout& layout = table_.layout;
    if (layout.distribution_key.value_or(column) != column) {
      return cursor_.Refuse(at, "a table has one DISTKEY");
    }
    if (layout.distribution != Distribution::kUnsaid && layout.distribution != Distribution::kKey) {
      return cursor_.Refuse(at, "a DISTKEY goes with DISTSTYLE KEY and no other");
    }
    layout.distribution = Distribution::kKey;
    layout.distribution_key = column;
    return RequireComparable(column, at);
  }

  Status SortBy(size_t column, TextPosition at) {
    std::vector<size_t>& key = table_.layout.sort_key;
    if (std::ranges::count(key, column) > 0) {
      return cursor_.Refuse(at, "a SORTKEY names a column once");
    }
    key.push_back(column);
    return RequireComparable(column, at);
  }

  Status RequireComparable(size_t column, TextPosition at) {
    if (table_.columns[column].type.kind != TypeKind::kSuper) return {};
    return cursor_.Refuse(at, "a SUPER can be neither DISTKEY nor SORTKEY");
  }

  DdlCursor& cursor_;
  TableSchema table_;
  std::set<std::string> folded_;                 // column names
  std::set<std::string_view> seen_;              // attributes of the column under way
  std::vector<NamedColumn> named_;               // columns named by keys
  std::optional<TextPosition> distribution_at_;  // of DISTSTYLE
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
