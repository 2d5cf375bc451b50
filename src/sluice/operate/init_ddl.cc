// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "sluice/operate/infer_column.h"
#include "sluice/operate/infer_names.h"
#include "sluice/operate/init_files.h"
#include "sluice/operate/sample_fields.h"
#include "sluice/schema/identifier.h"

namespace sluice {
namespace {

bool IsTimestamp(const ColumnType& type) {
  return type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampTz;
}

// Where in the events of a sample the values of columns stand.
class SampleKeys {
 public:
  explicit SampleKeys(const SampleLines& lines)
      : fields_(lines), observers_(fields_.tree().size()) {
    TypeTrials trials;
    for (size_t i = 0; i < lines.count(); ++i) {
      if (!fields_.Read(i)) continue;
      for (size_t field = 1; field < observers_.size(); ++field) {
        observers_[field].Add(fields_.event().value(static_cast<int>(field)), trials);
      }
    }
    List(FieldTree::kEvent);
  }

  // The key with the column's name, else the first that would give it its name.
  ColumnSource SourceOf(const Column& column) const {
    ColumnSource source{.path = {column.name}};
    const auto resembles = [&](int field) {
      return IdentifierOf(fields_.PathOf(field)) == FoldIdentifier(column.name);
    };
    int field = fields_.tree().Find(FieldTree::kEvent, column.name);
    if (field == FieldTree::kNone) {
      const auto found = std::ranges::find_if(listed_, resembles);
      if (found == listed_.end()) return source;
      field = *found;
      source.path = fields_.PathOf(field);
    }
    if (IsTimestamp(column.type)) {
      source.epoch = observers_[static_cast<size_t>(field)].Infer(true).epoch;
    }
    return source;
  }

 private:
  void List(int object) {
    for (const int field : fields_.children(object)) {
      listed_.push_back(field);
      List(field);
    }
  }

  SampleFields fields_;
  std::vector<ColumnObserver> observers_;  // by field
  std::vector<int> listed_;                // outer ones first
};

bool IsTaken(const Column& column) {
  return column.not_null && !column.generated && !column.default_text;
}

// The column that tells this table's events from those of all others; one that is no id and no time
// if there is one.
const Column* OwnColumn(std::span<const GivenDdl> given, const TableSchema& schema) {
  for (const bool last_choice : {false, true}) {
    for (const Column& column : schema.columns) {
      const bool is_last_choice = IdNameOf(column.name) || IsTimeName(column.name);
      if (!IsTaken(column) || is_last_choice != last_choice) continue;
      const bool is_own = std::ranges::none_of(given, [&](const GivenDdl& other) {
        return &other.schema != &schema && other.schema.IndexOf(column.name);
      });
      if (is_own) return &column;
    }
  }
  return nullptr;
}

InitTable TableOf(const GivenDdl& given, const SampleKeys& keys) {
  InitTable table{.file = fmt::format("schema/{}.sql", given.schema.name),
                  .ddl = given.text,
                  .name = given.schema.name,
                  .columns = given.schema.columns.size(),
                  .unique_reason = "no NOT NULL column is named like an event's id"};
  std::vector<std::string> others;
  for (const Column& column : given.schema.columns) {
    if (column.generated) continue;
    ColumnSource source = keys.SourceOf(column);
    if (source.path != FieldPath{column.name} || source.epoch) {
      table.mappings.push_back({column.name, std::move(source)});
    }
    if (!IsTaken(column)) continue;
    const bool is_text_or_number =
        !IsTimestamp(column.type) && column.type.kind != TypeKind::kSuper;
    const std::optional<IdName> id = is_text_or_number ? IdNameOf(column.name) : std::nullopt;
    if (!table.unique && id == IdName::kEvent) {
      table.unique = column.name;
      table.unique_reason = "by its name; what makes two events the same";
    } else if (id == IdName::kThing) {
      others.push_back(column.name);
    }
    if (!table.time && IsTimestamp(column.type) && IsEventTimeName(column.name)) {
      table.time = column.name;
      table.time_reason = "by its name";
    }
  }
  if (!table.unique && !others.empty()) {
    table.unique_reason += fmt::format("; {}: write [{}] if it is the event's own",
                                       fmt::join(others, ", "), others.front());
  }
  if (table.unique && table.time) table.time_reason += "; a duplicate must have the same";
  return table;
}

}  // namespace

Result<std::vector<InitTable>> InitTablesOf(std::span<const GivenDdl> given,
                                            const SampleLines& sample) {
  const SampleKeys keys(sample);
  std::vector<InitTable> tables;
  std::optional<InitTable> rest;
  for (const GivenDdl& one : given) {
    InitTable table = TableOf(one, keys);
    const Column* const own = given.size() > 1 ? OwnColumn(given, one.schema) : nullptr;
    if (own) {
      table.when = {{.kind = Condition::Kind::kHas, .path = keys.SourceOf(*own).path}};
      table.when_reason = "NOT NULL, and in no other table";
      tables.push_back(std::move(table));
    } else if (!rest) {
      table.when = {{.kind = Condition::Kind::kAny}};
      table.when_reason = given.size() > 1 ? "all others" : "";
      rest = std::move(table);
    } else {
      return Fail(ErrorKind::kPermanent,
                  "no rule tells the events of {} from those of {}: neither has a NOT NULL column "
                  "that no other table has; give one of them, and write `when:` of the other",
                  rest->name, table.name);
    }
  }
  if (rest) tables.push_back(*std::move(rest));
  return tables;
}

}  // namespace sluice
