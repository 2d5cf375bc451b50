// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/event_shape.h"

#include <algorithm>
#include <span>

#include "sluice/base/json_text.h"

namespace sluice {
namespace {

// A key of the events of one table.
struct Field {
  FieldPath path;
  std::optional<size_t> column;
  std::optional<std::string> fixed;  // JSON text
  bool routes = false;
};

std::string JsonString(std::string_view text) {
  std::string json;
  AppendJsonString(json, text);
  return json;
}

bool IsCatchAll(const RoutingRule& rule) {
  return std::ranges::all_of(rule.conditions, [](const Condition& condition) {
    return condition.kind == Condition::Kind::kAny;
  });
}

// A JSON value of the column's type that is not `literal`.
std::string OtherThan(const std::string& literal, const ColumnType& type) {
  const char* one = "\"other\"";
  const char* two = "\"another\"";
  if (type.kind == TypeKind::kBoolean) {
    one = "true", two = "false";
  } else if (ValueKindOf(type) != ValueKind::kText) {
    one = "3", two = "4";
  }
  return literal == one ? two : one;
}

// Chooses the fields of one table's events so that its own rule takes them and no earlier one does.
class FieldChoice {
 public:
  FieldChoice(const TableSet& tables, size_t table)
      : tables_(tables), table_(tables.tables[table]), index_(table) {}

  Result<std::vector<Field>> Choose() {
    AddColumns();
    const auto rule = std::ranges::find_if(
        tables_.rules, [&](const RoutingRule& candidate) { return candidate.table == index_; });
    if (rule == tables_.rules.end()) {
      return Fail(ErrorKind::kPermanent, "cannot make events: no rule leads to the table: table={}",
                  table_.name());
    }
    for (const Condition& condition : rule->conditions) Satisfy(condition);
    for (auto earlier = tables_.rules.begin(); earlier != rule; ++earlier) {
      if (!Avoid(*earlier)) {
        return Fail(ErrorKind::kPermanent,
                    "cannot make events: an earlier rule takes every event of the table; put the "
                    "more specific rule first: table={}",
                    table_.name());
      }
    }
    return std::move(fields_);
  }

 private:
  void AddColumns() {
    for (size_t i = 0; i < table_.schema.columns.size(); ++i) {
      if (table_.schema.columns[i].generated || table_.collect == i) continue;
      fields_.push_back({.path = table_.sources[i].path, .column = i});
    }
  }

  Field* Find(const FieldPath& path) {
    const auto found = std::ranges::find(fields_, path, &Field::path);
    return found == fields_.end() ? nullptr : &*found;
  }

  void Satisfy(const Condition& condition) {
    if (condition.kind == Condition::Kind::kAny) return;
    Field* field = Find(condition.path);
    if (field == nullptr && condition.kind == Condition::Kind::kHas && IsPrefix(condition.path)) {
      return;
    }
    if (field == nullptr) field = &fields_.emplace_back(Field{.path = condition.path});
    field->routes = true;
    if (condition.kind == Condition::Kind::kEquals) {
      field->fixed = condition.literal;
    } else if (!field->column) {
      field->fixed = "true";
    }
  }

  bool IsUnique(size_t column) const {
    return std::ranges::find(table_.unique, column) != table_.unique.end();
  }

  // Makes one condition of `rule` fail; true where one fails already.
  bool Avoid(const RoutingRule& rule) {
    for (const Condition& condition : rule.conditions) {
      const Field* field = Find(condition.path);
      if (condition.kind == Condition::Kind::kAny) continue;
      if (field == nullptr &&
          (condition.kind == Condition::Kind::kEquals || !IsPrefix(condition.path))) {
        return true;
      }
      if (condition.kind == Condition::Kind::kEquals && field != nullptr && field->fixed &&
          *field->fixed != condition.literal) {
        return true;
      }
    }
    return std::ranges::any_of(rule.conditions,
                               [&](const Condition& condition) { return MakeFail(condition); });
  }

  // `path` is an object in these events.
  bool IsPrefix(const FieldPath& path) const {
    return std::ranges::any_of(fields_, [&](const Field& field) {
      return field.path.size() > path.size() &&
             std::equal(path.begin(), path.end(), field.path.begin());
    });
  }

  bool MakeFail(const Condition& condition) {
    Field* field = Find(condition.path);
    if (condition.kind == Condition::Kind::kAny || field == nullptr || field->routes ||
        !field->column) {
      return false;
    }
    const Column& column = table_.schema.columns[*field->column];
    if (!column.not_null) {
      fields_.erase(fields_.begin() + (field - fields_.data()));
      return true;
    }
    if (condition.kind != Condition::Kind::kEquals || IsUnique(*field->column) ||
        table_.time == field->column) {
      return false;
    }
    field->fixed = OtherThan(condition.literal, column.type);
    field->routes = true;
    return true;
  }

  const TableSet& tables_;
  const Table& table_;
  const size_t index_;
  std::vector<Field> fields_;
};

// Appends the value behind `path[0 … level]`, shared by all of `fields`, which are in one group.
Status AppendParts(std::span<const Field> fields, size_t level, std::string& before,
                   EventEntry& entry) {
  if (fields.size() == 1 && fields[0].path.size() == level + 1) {
    if (fields[0].column) {
      entry.parts.push_back({.before = std::move(before), .column = fields[0].column});
      entry.columns.push_back(*fields[0].column);
      before.clear();
    } else {
      before += *fields[0].fixed;
    }
    return {};
  }
  const char* separator = "{";
  while (!fields.empty()) {
    if (fields[0].path.size() <= level + 1) {
      return Fail(ErrorKind::kPermanent,
                  "cannot make events: two columns read one key, or one reads inside the other's: "
                  "key={}",
                  fields[0].path.back());
    }
    const std::string& key = fields[0].path[level + 1];
    size_t n = 1;
    while (n < fields.size() && fields[n].path.size() > level + 1 &&
           fields[n].path[level + 1] == key) {
      ++n;
    }
    before += separator + JsonString(key) + ": ";
    SLUICE_TRY(AppendParts(fields.first(n), level + 1, before, entry));
    fields = fields.subspan(n);
    separator = ", ";
  }
  before += '}';
  return {};
}

// Fields that share keys stand together; otherwise the order stays.
Result<std::vector<EventEntry>> BuildEntries(std::vector<Field> fields) {
  std::vector<Field> grouped;
  while (!fields.empty()) {
    const std::string key = fields.front().path.front();
    const auto rest = std::ranges::stable_partition(
        fields, [&](const Field& field) { return field.path.front() == key; });
    std::vector<Field> group(fields.begin(), rest.begin());
    std::ranges::stable_sort(group, {}, &Field::path);
    grouped.insert(grouped.end(), group.begin(), group.end());
    fields.erase(fields.begin(), rest.begin());
  }
  std::vector<EventEntry> entries;
  for (std::span<const Field> rest = grouped; !rest.empty();) {
    size_t n = 1;
    while (n < rest.size() && rest[n].path.front() == rest[0].path.front()) ++n;
    EventEntry& entry = entries.emplace_back();
    entry.key = JsonString(rest[0].path.front());
    entry.routes = std::ranges::any_of(rest.first(n), &Field::routes);
    std::string before = ": ";
    SLUICE_TRY(AppendParts(rest.first(n), 0, before, entry));
    entry.after = std::move(before);
    rest = rest.subspan(n);
  }
  return entries;
}

ColumnRole RoleOf(const Table& table, size_t column) {
  if (std::ranges::find(table.unique, column) != table.unique.end()) return ColumnRole::kUnique;
  return table.time == column ? ColumnRole::kTime : ColumnRole::kOrdinary;
}

}  // namespace

Result<EventShape> ShapeEvents(const TableSet& tables, size_t table, uint64_t events) {
  const Table& target = tables.tables[table];
  SLUICE_ASSIGN(std::vector<Field> fields, FieldChoice(tables, table).Choose());
  EventShape shape;
  shape.makers.resize(target.schema.columns.size());
  shape.fixed.resize(target.schema.columns.size());
  uint64_t distinct = 0;
  for (const Field& field : fields) {
    if (!field.column) continue;
    if (field.fixed) {
      shape.fixed[*field.column] = field.fixed;
      continue;
    }
    const ValueMaker maker(target.schema.columns[*field.column], target.sources[*field.column],
                           RoleOf(target, *field.column));
    distinct = std::max(distinct, maker.distinct_values());
    shape.makers[*field.column] = maker;
  }
  if (!target.unique.empty() && distinct < events) {
    return Fail(ErrorKind::kPermanent,
                "cannot make events: the unique columns have too few values: table={} values={} "
                "events={}",
                target.name(), distinct, events);
  }
  SLUICE_ASSIGN(shape.entries, BuildEntries(std::move(fields)));
  return shape;
}

bool TakesEverything(const TableSet& tables) {
  return std::ranges::any_of(tables.rules, IsCatchAll);
}

}  // namespace sluice
