// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/table_set_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sluice/schema/identifier.h"

namespace sluice {
namespace {

bool IsTimestamp(const ColumnType& type) {
  return type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampTz;
}

std::string TextOf(const FieldPath& path) {
  return fmt::format("{}", fmt::join(path, "."));
}

// One entry's table: names become indices, and every doubt a problem.
class TableBuilder {
 public:
  TableBuilder(const TableOptions& options, size_t entry, std::vector<TableSetProblem>& problems)
      : options_(options), entry_(entry), problems_(problems) {
    table_.schema = options.schema;
    table_.on_too_long = options.on_too_long;
    table_.on_bad_value = options.on_bad_value;
    table_.on_unknown_field = options.on_unknown_field;
  }

  Table Build() {
    CheckName();
    SetSources();
    SetUnique();
    SetTime();
    SetCollect();
    return std::move(table_);
  }

 private:
  void Say(std::vector<std::string> field, std::string message) {
    problems_.push_back({entry_, std::move(field), std::move(message)});
  }

  // Absent, and said, where there is no such column.
  std::optional<size_t> Find(const std::string& column, std::vector<std::string> field) {
    const auto index = table_.schema.IndexOf(column);
    if (!index) {
      Say(std::move(field), fmt::format("table {} has no column '{}'", table_.name(), column));
    }
    return index;
  }

  // A column that decides which events are the same: never NULL, never made elsewhere.
  bool CanIdentify(const Column& column, const std::vector<std::string>& field) {
    if (column.generated) {
      Say(field, fmt::format("column '{}' is not taken from events, so it cannot tell them apart",
                             column.name));
    } else if (!column.not_null) {
      Say(field, fmt::format("column '{}' may be NULL; wanted a NOT NULL column", column.name));
    }
    return column.not_null && !column.generated;
  }

  // The name becomes a part of object keys and stands in the ledger, where '*' is the object.
  void CheckName() {
    const std::string& name = table_.name();
    if (name.find_first_of("/*\\") != std::string::npos || name == "." || name == "..") {
      Say({"ddl"}, fmt::format("the table name '{}' cannot be part of a key; wanted one without "
                               "/, * and \\",
                               name));
    }
  }

  void SetSources() {
    bool filled = false;
    for (const Column& column : table_.schema.columns) {
      table_.sources.push_back({.path = {column.name}});
      filled |= !column.generated;
    }
    if (!filled) Say({"ddl"}, "no column is taken from events");
    std::vector<size_t> mapped;
    for (const ColumnMapping& mapping : options_.columns) {
      const std::vector<std::string> field = {"columns", mapping.column};
      const auto index = Find(mapping.column, field);
      if (!index) continue;
      if (std::ranges::count(mapped, *index) > 0) {
        Say(field, fmt::format("column '{}' is mapped twice", mapping.column));
      }
      mapped.push_back(*index);
      SetSource(*index, mapping);
    }
  }

  void SetSource(size_t index, const ColumnMapping& mapping) {
    ColumnSource& source = table_.sources[index];
    if (mapping.from && (mapping.from->empty() || std::ranges::count(*mapping.from, "") > 0)) {
      Say({"columns", mapping.column, "from"}, "an empty key; wanted a path like context.page.url");
    } else if (mapping.from) {
      source.path = *mapping.from;
    }
    if (mapping.epoch && !IsTimestamp(table_.schema.columns[index].type)) {
      Say({"columns", mapping.column, "epoch"},
          fmt::format("column '{}' is {}; epoch is for TIMESTAMP and TIMESTAMPTZ", mapping.column,
                      ToSql(table_.schema.columns[index].type)));
    }
    source.epoch = mapping.epoch;
  }

  void SetUnique() {
    if (options_.unique.empty() && options_.duplicates == DuplicatePolicy::kRefused) {
      Say({"unique"},
          "wanted the columns that tell events apart, or 'unique: none' together with "
          "'duplicates: allowed'");
    }
    if (!options_.unique.empty() && options_.duplicates == DuplicatePolicy::kAllowed) {
      Say({"duplicates"}, "duplicates cannot be allowed where unique columns are named");
    }
    for (size_t i = 0; i < options_.unique.size(); ++i) {
      const std::vector<std::string> field = {"unique", std::to_string(i)};
      const auto index = Find(options_.unique[i], field);
      if (!index || !CanIdentify(table_.schema.columns[*index], field)) continue;
      const Column& column = table_.schema.columns[*index];
      if (column.type.kind == TypeKind::kSuper) {
        Say(field, fmt::format("column '{}' is SUPER, which cannot be compared", column.name));
      } else if (std::ranges::count(table_.unique, *index) > 0) {
        Say(field, fmt::format("column '{}' is named twice", column.name));
      } else {
        table_.unique.push_back(*index);
      }
    }
  }

  void SetTime() {
    if (!options_.time) return;
    const auto index = Find(*options_.time, {"time"});
    if (!index || !CanIdentify(table_.schema.columns[*index], {"time"})) return;
    const Column& column = table_.schema.columns[*index];
    if (IsTimestamp(column.type)) {
      table_.time = index;
    } else {
      Say({"time"}, fmt::format("column '{}' is {}; wanted TIMESTAMP or TIMESTAMPTZ", column.name,
                                ToSql(column.type)));
    }
  }

  void SetCollect() {
    if (options_.on_unknown_field != OnUnknownField::kCollect) return;
    const std::vector<std::string> field = {"on_unknown_field", "collect"};
    if (!options_.collect) return Say(field, "wanted the column that collects unknown fields");
    const auto index = Find(*options_.collect, field);
    if (!index) return;
    const Column& column = table_.schema.columns[*index];
    const auto is_mapped = [&](const ColumnMapping& mapping) {
      return mapping.column == column.name;
    };
    if (column.type.kind != TypeKind::kSuper && column.type.kind != TypeKind::kVarchar) {
      Say(field, fmt::format("column '{}' is {}; wanted SUPER or VARCHAR", column.name,
                             ToSql(column.type)));
    } else if (column.generated || column.not_null) {
      Say(field, fmt::format("column '{}' must be nullable and not generated: most events have no "
                             "unknown field",
                             column.name));
    } else if (std::ranges::any_of(options_.columns, is_mapped)) {
      Say(field, fmt::format("column '{}' is mapped, so it cannot collect", column.name));
    } else {
      table_.collect = index;
    }
  }

  const TableOptions& options_;
  const size_t entry_;
  std::vector<TableSetProblem>& problems_;
  Table table_;
};

bool MatchesEverything(const TableSetEntry& entry) {
  return std::ranges::all_of(entry.when, [](const Condition& condition) {
    return condition.kind == Condition::Kind::kAny;
  });
}

// A rule that asks for a key which events of its own table may lack.
void WarnOfNullableRouting(const TableSetEntry& entry, const Table& table, size_t number,
                           std::vector<TableSetProblem>& warnings) {
  for (const Condition& condition : entry.when) {
    if (condition.kind != Condition::Kind::kHas) continue;
    for (size_t i = 0; i < table.sources.size(); ++i) {
      const Column& column = table.schema.columns[i];
      if (table.sources[i].path != condition.path || column.not_null) continue;
      warnings.push_back(
          {number,
           {"when"},
           fmt::format("'{}' feeds the nullable column {}.{}: an event that lacks it "
                       "goes elsewhere; ask for a key that every event of {} has",
                       TextOf(condition.path), table.name(), column.name, table.name())});
    }
  }
}

}  // namespace

BuiltTableSet BuildTableSet(std::span<const TableSetEntry> entries) {
  BuiltTableSet built;
  std::map<std::string, size_t> names;  // folded, because folders may not tell case apart
  bool all_taken = false;
  for (size_t i = 0; i < entries.size(); ++i) {
    const TableSetEntry& entry = entries[i];
    if (all_taken) {
      built.problems.push_back({i, {"when"}, "no event gets here: a rule above takes all of them"});
    }
    all_taken |= MatchesEverything(entry);
    RoutingRule rule{.conditions = entry.when};
    if (entry.table) {
      Table table = TableBuilder(*entry.table, i, built.problems).Build();
      if (!names.emplace(FoldIdentifier(table.name()), i).second) {
        built.problems.push_back(
            {i, {"ddl"}, fmt::format("there are two tables '{}'", table.name())});
      }
      WarnOfNullableRouting(entry, table, i, built.warnings);
      rule.table = built.tables.tables.size();
      built.tables.tables.push_back(std::move(table));
    }
    built.tables.rules.push_back(std::move(rule));
  }
  return built;
}

}  // namespace sluice
