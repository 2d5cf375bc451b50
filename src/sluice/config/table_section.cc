// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/table_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>

#include "sluice/config/routing_condition.h"
#include "sluice/schema/ddl_parser.h"
#include "sluice/schema/postgres_limits.h"
#include "sluice/schema/table_set_builder.h"

namespace sluice {
namespace {

// One entry of the list: a table, or a rule that drops.
class EntryReader {
 public:
  EntryReader(const YamlNode& node, size_t number, const DdlOpener& open_ddl,
              ConfigReading& reading)
      : open_ddl_(open_ddl),
        reading_(reading),
        section_(&node, fmt::format("tables[{}]", number), reading) {}

  // Nothing where no table can be made of it.
  std::optional<TableSetEntry> Read() {
    TableSetEntry entry;
    entry.when = ReadWhen(section_, reading_);
    if (entry.when.empty()) {
      // Something is wrong, and said: a condition of no meaning keeps it from being taken for
      // `any`.
      entry.when = {{.kind = Condition::Kind::kHas}};
    }
    if (const YamlNode* drop = section_.Find("drop")) {
      ReadDrop(*drop);
      section_.RefuseOthers();
      return entry;
    }
    TableOptions options;
    const bool has_schema = ReadDdl(options.schema);
    ReadUnique(options);
    std::string time;
    if (section_.Text("time", time)) options.time = std::move(time);
    ReadColumns(options);
    ReadPolicies(options);
    section_.RefuseOthers();
    if (!has_schema) return std::nullopt;
    entry.table = std::move(options);
    return entry;
  }

 private:
  void ReadDrop(const YamlNode& drop) {
    if (drop.kind != YamlNode::Kind::kScalar || drop.quoted || drop.text != "true") {
      section_.Wrong(drop, "drop", "wanted true, which is all that can stand here");
    }
  }

  bool ReadDdl(TableSchema& schema) {
    std::string path;
    if (!section_.Text("ddl", path)) {
      if (!section_.place().Find("ddl")) section_.Missing("ddl", "name a file with CREATE TABLE");
      return false;
    }
    const YamlNode& at = *section_.Find("ddl");
    Result<DdlFile> file = open_ddl_(path);
    if (!file) {
      section_.Wrong(at, "ddl", file.error().message());
      return false;
    }
    Result<TableSchema> parsed = ParseCreateTable(file->text, file->name);
    if (!parsed) {
      reading_.problems.AddFrom(at, parsed.error().message());
      return false;
    }
    schema = std::move(*parsed);
    return true;
  }

  void ReadUnique(TableOptions& options) {
    section_.Choice("duplicates", options.duplicates, {{"allowed", DuplicatePolicy::kAllowed}});
    const YamlNode* unique = section_.Find("unique");
    if (!unique) return;  // which the builder complains of
    if (unique->kind == YamlNode::Kind::kScalar && unique->text == "none") return;
    const auto is_name = [](const YamlNode& item) { return item.kind == YamlNode::Kind::kScalar; };
    if (unique->kind != YamlNode::Kind::kList || unique->items.empty() ||
        !std::ranges::all_of(unique->items, is_name)) {
      section_.Wrong(*unique, "unique", "wanted none or a list of columns, like [request_id]");
      options.duplicates = DuplicatePolicy::kAllowed;  // one complaint is enough
      return;
    }
    for (const YamlNode& item : unique->items) options.unique.push_back(item.text);
  }

  void ReadColumns(TableOptions& options) {
    const YamlNode* columns = section_.Find("columns");
    if (!columns || columns->kind == YamlNode::Kind::kNull) return;
    if (columns->kind != YamlNode::Kind::kMap) {
      section_.Wrong(*columns, "columns",
                     "wanted a map, like {page_url: {from: context.page.url}}");
      return;
    }
    ConfigSection all = section_.Section("columns");
    for (size_t i = 0; i < columns->keys.size(); ++i) {
      const std::string& column = columns->keys[i].text;
      if (columns->items[i].kind != YamlNode::Kind::kMap) {
        all.Wrong(columns->items[i], column, "wanted a map, like {from: context.page.url}");
        continue;
      }
      ConfigSection mapping = all.Section(column);
      options.columns.push_back(ReadMapping(mapping, column));
      mapping.RefuseOthers();
    }
  }

  ColumnMapping ReadMapping(ConfigSection& mapping, const std::string& column) {
    ColumnMapping out{.column = column};
    std::string from;
    if (mapping.Text("from", from)) {
      Result<FieldPath> path = ParseFieldPath(from);
      if (path) {
        out.from = std::move(*path);
      } else {
        mapping.Wrong(*mapping.Find("from"), "from", path.error().message());
      }
    }
    EpochUnit unit{};
    if (mapping.Choice(
            "epoch", unit,
            {{"s", EpochUnit::kSeconds}, {"ms", EpochUnit::kMillis}, {"us", EpochUnit::kMicros}})) {
      out.epoch = unit;
    }
    return out;
  }

  void ReadPolicies(TableOptions& options) {
    section_.Choice("on_too_long", options.on_too_long,
                    {{"quarantine", OnTooLong::kQuarantine}, {"truncate", OnTooLong::kTruncate}});
    const YamlNode* bad_value = section_.Find("on_bad_value");
    if (bad_value && bad_value->kind == YamlNode::Kind::kNull && bad_value->text == "null") {
      options.on_bad_value = OnBadValue::kNull;  // YAML's own null, written out
    } else {
      section_.Choice("on_bad_value", options.on_bad_value,
                      {{"quarantine", OnBadValue::kQuarantine}, {"null", OnBadValue::kNull}});
    }
    const YamlNode* unknown = section_.Find("on_unknown_field");
    if (unknown && unknown->kind == YamlNode::Kind::kMap) {
      ConfigSection collect = section_.Section("on_unknown_field");
      std::string column;
      if (collect.Text("collect", column)) {
        options.on_unknown_field = OnUnknownField::kCollect;
        options.collect = std::move(column);
      } else if (!unknown->Find("collect")) {
        collect.Missing("collect");
      }
      collect.RefuseOthers();
      return;
    }
    if (unknown && unknown->text == "collect") {
      return section_.Wrong(*unknown, "on_unknown_field",
                            "wanted {collect: COLUMN}: the column that takes these fields");
    }
    section_.Choice(
        "on_unknown_field", options.on_unknown_field,
        {{"ignore", OnUnknownField::kIgnore}, {"quarantine", OnUnknownField::kQuarantine}});
  }

  const DdlOpener& open_ddl_;
  ConfigReading& reading_;
  ConfigSection section_;
};

// The deepest node that `field` leads to.
const YamlNode& NodeAt(const YamlNode& entry, const std::vector<std::string>& field) {
  const YamlNode* node = &entry;
  for (const std::string& step : field) {
    const YamlNode* next = node->Find(step);
    size_t index = 0;
    if (node->kind == YamlNode::Kind::kList &&
        std::from_chars(step.data(), step.data() + step.size(), index).ec == std::errc() &&
        index < node->items.size()) {
      next = &node->items[index];
    }
    if (!next) break;
    node = next;
  }
  return *node;
}

}  // namespace

std::shared_ptr<const TableSet> ReadTables(const YamlNode& tables, const DdlOpener& open_ddl,
                                           const WarehouseConfig& warehouse, ConfigReading& reading,
                                           std::vector<std::string>& warnings) {
  if (tables.kind != YamlNode::Kind::kList || tables.items.empty()) {
    reading.problems.Add(tables, "tables: wanted a list of tables");
    return std::make_shared<TableSet>();
  }
  std::vector<TableSetEntry> entries;
  std::vector<size_t> numbers;  // of each entry: its place in the list
  for (size_t i = 0; i < tables.items.size(); ++i) {
    if (tables.items[i].kind != YamlNode::Kind::kMap) {
      reading.problems.Add(tables.items[i], "tables: wanted a map, like {ddl: events.sql, …}");
    } else if (auto entry = EntryReader(tables.items[i], i, open_ddl, reading).Read()) {
      entries.push_back(std::move(*entry));
      numbers.push_back(i);
    }
  }
  BuiltTableSet built = BuildTableSet(entries);
  if (built.problems.empty() && std::holds_alternative<PostgresTarget>(warehouse.target)) {
    built.problems = PostgresProblems(built.tables.tables);
    // Entries that drop are no tables.
    std::vector<size_t> entry_of;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].table) entry_of.push_back(i);
    }
    for (TableSetProblem& problem : built.problems) problem.entry = entry_of[problem.entry];
  }
  for (const TableSetProblem& problem : built.problems) {
    reading.problems.Add(NodeAt(tables.items[numbers[problem.entry]], problem.field),
                         fmt::format("tables[{}].{}: {}", numbers[problem.entry],
                                     problem.field.front(), problem.message));
  }
  for (const TableSetProblem& warning : built.warnings) {
    warnings.push_back(fmt::format(
        "{}: {}",
        reading.problems.PlaceOf(NodeAt(tables.items[numbers[warning.entry]], warning.field)),
        warning.message));
  }
  return std::make_shared<const TableSet>(std::move(built.tables));
}

}  // namespace sluice
