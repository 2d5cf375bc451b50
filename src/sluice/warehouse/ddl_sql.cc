// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/ddl_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

constexpr std::string_view kVarchar = "character varying(";

// The n of "character varying(n)"; 0 of everything else.
int LengthOf(std::string_view catalog_type) {
  if (!catalog_type.starts_with(kVarchar)) return 0;
  int length = 0;
  std::from_chars(catalog_type.data() + kVarchar.size(), catalog_type.data() + catalog_type.size(),
                  length);
  return length;
}

TableChange Missing(const LedgerNames& names, const Table& table, const Column& column) {
  TableChange change{.difference =
                         fmt::format("column {} {} is not there", column.name, ToSql(column.type))};
  if (column.not_null) {
    change.recipe =
        "a table with rows takes a new NOT NULL column only with a DEFAULT: add it by hand, or "
        "take "
        "NOT NULL out of the DDL";
  } else {
    change.sql = AddColumnSql(names, table, column);
  }
  return change;
}

TableChange OtherType(const LedgerNames& names, const Table& table, const Column& column,
                      const std::string& live) {
  TableChange change{.difference = fmt::format("column {} is {} and not {}", column.name, live,
                                               names.dialect.CatalogType(column.type))};
  const int is = LengthOf(live), wanted = LengthOf(names.dialect.CatalogType(column.type));
  if (is > 0 && wanted > is) {
    change.sql = fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {}", names.Target(table.schema),
                             QuoteIdentifier(column.name), names.dialect.Type(column.type));
  } else if (is > wanted && wanted > 0) {
    change.recipe = fmt::format("the table takes more than the DDL: write VARCHAR({}) there", is);
  } else {
    change.recipe = fmt::format(
        "a type cannot be changed where it stands: with loading paused, add a column of the new "
        "type, fill it (UPDATE … SET new = CAST({0} AS {1})), drop {0} and give the new one its "
        "name; or write the table's type into the DDL",
        QuoteIdentifier(column.name), names.dialect.Type(column.type));
  }
  return change;
}

// Null: it is not there.
const LiveColumn* FindLive(const LedgerNames& names, std::span<const LiveColumn> live,
                           const Column& column) {
  const auto found =
      std::ranges::find(live, names.dialect.InCatalog(column.name), &LiveColumn::name);
  return found == live.end() ? nullptr : &*found;
}

// Columns of the warehouse that the DDL does not have.
std::vector<LiveColumn> NotInDdl(const LedgerNames& names, const Table& table,
                                 std::span<const LiveColumn> live) {
  std::vector<LiveColumn> others;
  for (const LiveColumn& column : live) {
    const bool is_known = std::ranges::any_of(table.schema.columns, [&](const Column& ours) {
      return names.dialect.InCatalog(ours.name) == column.name;
    });
    if (!is_known) others.push_back(column);
  }
  return others;
}

// Is it one that no load can fill, and that cannot stay empty?
bool HindersLoads(const LiveColumn& column) {
  return column.not_null && !column.has_default;
}

bool IsUnexpectedNotNull(const Column& column, const LiveColumn& live) {
  return live.not_null && !column.not_null && IsFilled(column);
}

}  // namespace

std::string AddColumnSql(const LedgerNames& names, const Table& table, const Column& column) {
  return fmt::format("ALTER TABLE {} ADD COLUMN {} {}{}", names.Target(table.schema),
                     QuoteIdentifier(column.name), names.dialect.Type(column.type),
                     names.dialect.Encoded(column));
}

std::vector<std::string> GrantSql(const TableSet& tables, const LedgerNames& names,
                                  std::string_view user, std::string_view database) {
  if (names.dialect.kind() == SqlDialect::Kind::kDuckDb) return {};
  const std::string to = QuoteIdentifier(user);
  std::vector<std::string> sql;
  if (!database.empty()) {
    sql.push_back(fmt::format("GRANT TEMP ON DATABASE {} TO {}", QuoteIdentifier(database), to));
  }
  for (const std::string& schema : NeededSchemas(tables, names)) {
    sql.push_back(fmt::format("GRANT USAGE ON SCHEMA {} TO {}", names.dialect.Schema(schema), to));
  }
  for (const auto& [what, table] : NeededRights(tables, names)) {
    sql.push_back(fmt::format("GRANT {} ON {} TO {}", what, table, to));
  }
  return sql;
}

std::string ReplaceGrantSql(const TableSet& tables, const LedgerNames& names,
                            std::string_view user) {
  std::string on;
  for (const Table& table : tables.tables) {
    on += (on.empty() ? "" : ", ") + names.Target(table.schema);
  }
  return fmt::format("GRANT DELETE ON {} TO {}", on, QuoteIdentifier(user));
}

std::vector<std::pair<std::string, std::string>> NeededRights(const TableSet& tables,
                                                              const LedgerNames& names) {
  std::vector<std::pair<std::string, std::string>> rights = {
      {"SELECT", names.In("version")},
      {"SELECT, UPDATE", names.In("control")},
      {"SELECT, UPDATE", names.In("lock")}};
  for (const char* table : {"ledger", "duplicates", "quarantine"}) {
    rights.emplace_back("SELECT, INSERT, UPDATE, DELETE", names.In(table));
  }
  for (const Table& table : tables.tables) {
    rights.emplace_back("SELECT, INSERT", names.Target(table.schema));
  }
  return rights;
}

std::set<std::string> NeededSchemas(const TableSet& tables, const LedgerNames& names) {
  std::set<std::string> schemas = {names.schema};
  for (const Table& table : tables.tables) schemas.insert(names.TargetSchema(table.schema));
  return schemas;
}

std::vector<TableChange> ChangesOf(const LedgerNames& names, const Table& table,
                                   std::span<const LiveColumn> live) {
  std::vector<TableChange> changes;
  for (const Column& column : table.schema.columns) {
    const LiveColumn* const found = FindLive(names, live, column);
    if (found == nullptr) {
      if (IsFilled(column)) changes.push_back(Missing(names, table, column));
      continue;
    }
    if (IsFilled(column) && found->type != names.dialect.CatalogType(column.type)) {
      changes.push_back(OtherType(names, table, column, found->type));
    }
    if (IsUnexpectedNotNull(column, *found)) {
      changes.push_back({.difference = fmt::format("column {} is NOT NULL, and not in the DDL: an "
                                                   "object with a NULL in it would not be loaded",
                                                   column.name),
                         .sql = {},
                         .recipe = NotNullRecipe(names, table, column),
                         .prevents_loads = false});
    }
  }
  for (const LiveColumn& column : NotInDdl(names, table, live)) {
    if (!HindersLoads(column)) continue;
    changes.push_back(
        {.difference = fmt::format("column {} is NOT NULL, has no DEFAULT, and is not "
                                   "in the DDL: no load can fill it",
                                   column.name),
         .sql = {},
         .recipe = "add it to the DDL, give it a DEFAULT, or drop its NOT NULL"});
  }
  return changes;
}

std::vector<size_t> UnexpectedNotNull(const LedgerNames& names, const Table& table,
                                      std::span<const LiveColumn> live) {
  std::vector<size_t> places;
  for (size_t i = 0; i < table.schema.columns.size(); ++i) {
    const Column& column = table.schema.columns[i];
    const LiveColumn* const found = FindLive(names, live, column);
    if (found != nullptr && IsUnexpectedNotNull(column, *found)) places.push_back(i);
  }
  return places;
}

std::string NotNullRecipe(const LedgerNames& names, const Table& table, const Column& column) {
  const std::string name = QuoteIdentifier(column.name);
  const std::string drop =
      names.dialect.kind() == SqlDialect::Kind::kRedshift
          ? fmt::format(
                "with loading paused, add a column that may be NULL, fill it (UPDATE … SET "
                "new = {0}), drop {0}, which must be no key of order or distribution, and give "
                "the new one its name",
                name)
          : fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", names.Target(table.schema),
                        name);
  return drop + "; or write NOT NULL into the DDL, so that such events are quarantined";
}

std::vector<std::string> NotesOf(const LedgerNames& names, const Table& table,
                                 std::span<const LiveColumn> live) {
  std::vector<std::string> notes;
  for (const Column& column : table.schema.columns) {
    const LiveColumn* const found = FindLive(names, live, column);
    if (found == nullptr || found->not_null || !column.not_null || !IsFilled(column)) continue;
    notes.push_back(
        fmt::format("column {} is NOT NULL in the DDL only: no load brings a NULL, and others may",
                    column.name));
  }
  for (const LiveColumn& column : NotInDdl(names, table, live)) {
    if (HindersLoads(column)) continue;
    notes.push_back(fmt::format("column {} {} is not in the DDL: loads leave {} in it", column.name,
                                column.type, column.has_default ? "its DEFAULT" : "NULL"));
  }
  return notes;
}

}  // namespace sluice
