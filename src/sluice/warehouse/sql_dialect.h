// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/schema/table.h"

namespace sluice {

// What the warehouses' SQL does not have in common. Everything else is written once, in what
// DuckDB 1.x, PostgreSQL 13 and Amazon Redshift (Database Developer Guide, "SQL commands") all
// take.
class SqlDialect {
 public:
  enum class Kind { kDuckDb, kPostgres, kRedshift };

  constexpr explicit SqlDialect(Kind kind) : kind_(kind) {}
  constexpr Kind kind() const { return kind_; }

  // `"sluice"."ledger"`; of DuckDB `wh."sluice"."ledger"`, the file's catalog.
  std::string Permanent(std::string_view schema, std::string_view table) const;
  std::string Schema(std::string_view schema) const;
  // A text as a literal. Redshift's know backslashes, as PostgreSQL's of old did.
  std::string Literal(std::string_view text) const;
  // `"sluice_plan"`, which every search path finds first; of DuckDB `temp.main."sluice_plan"`.
  std::string Temporary(std::string_view table) const;
  // The schema of tables whose DDL names none: "main" or "public".
  std::string_view DefaultSchema() const;

  // A quoted name as the catalog has it: Redshift folds these too.
  std::string InCatalog(std::string_view name) const;

  // Text of at most `bytes`, where the warehouse keeps a limit; anything longer fails there.
  std::string Text(int bytes) const;
  // The type of a target table's column, and the same as the catalog spells it.
  std::string Type(const ColumnType& type) const;
  std::string CatalogType(const ColumnType& type) const;
  // The type of the column that it is staged in: SUPER is text until the last SELECT.
  std::string StagedType(const ColumnType& type) const;
  // What follows a CREATE TABLE whose rows are mostly looked for by that column.
  std::string SortedBy(std::string_view column) const;
  // What the DDL says of where rows lie, in Redshift: behind a column's type " ENCODE zstd", behind
  // the columns " DISTSTYLE KEY DISTKEY (…) …". Nothing elsewhere, and where it says nothing.
  std::string Encoded(const Column& column) const;
  std::string LaidOut(const TableSchema& table) const;
  // Behind the columns of the table that its rows are staged in: they then lie where they go.
  std::string StagedLayout(const TableSchema& table) const;
  // A staged column's value, named `value`, as the target's column takes it.
  std::string FromStaged(const ColumnType& type, const std::string& value) const;
  // A text to be ordered by its bytes, whatever the database's collation.
  std::string ByBytes(const std::string& text) const;
  // What rows are ordered by whose texts are in the order of their bytes. In Redshift texts that
  // differ in trailing blanks alone are equal: the shorter one is first.
  std::string InOrder(const std::string& text) const;
  // Of these rows those behind `literal`, and those of that text for which `further` holds.
  std::string IsBehind(const std::string& text, const std::string& literal,
                       const std::string& further) const;
  // A text to be compared as it is: Redshift leaves trailing blanks out.
  std::string Exact(const std::string& text) const;
  // Whether a staged column holds the same as the target's; NULL where one of them is NULL.
  std::string Same(const ColumnType& type, const std::string& staged,
                   const std::string& target) const;
  // A TIMESTAMPTZ as TIMESTAMP in UTC.
  std::string InUtc(const std::string& value) const;
  // Any column's value as text, for people; times in UTC, whatever the session's zone.
  std::string AsText(const ColumnType& type, const std::string& value) const;

  // A query that answers one row, or fails unless `condition` holds: DuckDB by error() with the
  // sentence and `more`, a text in SQL that may be empty; PostgreSQL by a cast of both, where there
  // is more; else by a division by zero.
  std::string Assertion(const std::string& condition, std::string_view sentence,
                        std::string_view more, const std::string& from) const;

 private:
  Kind kind_;
};

}  // namespace sluice
