// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/json_text.h"
#include "sluice/schema/table.h"

namespace sluice {
namespace {

// SQL's way of quoting: the quote doubled inside.
void AppendQuoted(std::string& out, std::string_view text, char quote) {
  out += quote;
  for (char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  out += quote;
}

void WritePath(JsonText& json, const FieldPath& path) {
  json.BeginArray();
  for (const std::string& key : path) json.Value(key);
  json.EndArray();
}

const char* TextOf(EpochUnit unit) {
  switch (unit) {
    case EpochUnit::kSeconds:
      return "s";
    case EpochUnit::kMillis:
      return "ms";
    case EpochUnit::kMicros:
      return "us";
  }
  return "?";
}

const char* TextOf(OnTooLong policy) {
  return policy == OnTooLong::kTruncate ? "truncate" : "quarantine";
}

const char* TextOf(OnBadValue policy) {
  return policy == OnBadValue::kNull ? "null" : "quarantine";
}

const char* TextOf(OnUnknownField policy) {
  switch (policy) {
    case OnUnknownField::kIgnore:
      return "ignore";
    case OnUnknownField::kQuarantine:
      return "quarantine";
    case OnUnknownField::kCollect:
      return "collect";
  }
  return "?";
}

void WriteIndex(JsonText& json, std::string_view key, std::optional<size_t> index) {
  json.Key(key);
  if (index) {
    json.Value(static_cast<uint64_t>(*index));
  } else {
    json.Null();
  }
}

void WriteTable(JsonText& json, const Table& table) {
  json.BeginObject().Key("ddl").Value(CanonicalDdl(table.schema));
  json.Key("sources").BeginArray();
  for (const ColumnSource& source : table.sources) {
    json.BeginObject().Key("path");
    WritePath(json, source.path);
    if (source.epoch) json.Key("epoch").Value(TextOf(*source.epoch));
    json.EndObject();
  }
  json.EndArray().Key("unique").BeginArray();
  for (size_t column : table.unique) json.Value(static_cast<uint64_t>(column));
  json.EndArray();
  WriteIndex(json, "time", table.time);
  json.Key("on_too_long").Value(TextOf(table.on_too_long));
  json.Key("on_bad_value").Value(TextOf(table.on_bad_value));
  json.Key("on_unknown_field").Value(TextOf(table.on_unknown_field));
  WriteIndex(json, "collect", table.collect);
  json.EndObject();
}

void WriteCondition(JsonText& json, const Condition& condition) {
  json.BeginObject();
  switch (condition.kind) {
    case Condition::Kind::kAny:
      json.Key("any").Value(true);
      break;
    case Condition::Kind::kHas:
      json.Key("has");
      WritePath(json, condition.path);
      break;
    case Condition::Kind::kEquals:
      json.Key("equals");
      WritePath(json, condition.path);
      json.Key("literal").Value(condition.literal);
      break;
  }
  json.EndObject();
}

}  // namespace

std::string CanonicalDdl(const TableSchema& schema) {
  std::string out = "CREATE TABLE ";
  AppendQuoted(out, schema.schema, '"');
  out += '.';
  AppendQuoted(out, schema.name, '"');
  out += " (";
  for (const Column& column : schema.columns) {
    if (&column != &schema.columns.front()) out += ", ";
    AppendQuoted(out, column.name, '"');
    out += ' ';
    out += ToSql(column.type);
    if (column.not_null) out += " NOT NULL";
    if (column.generated) out += " GENERATED";
    if (column.default_text) {
      out += " DEFAULT ";
      AppendQuoted(out, *column.default_text, '\'');
    }
  }
  out += ')';
  return out;
}

std::string KeyText(const Table& table) {
  std::string text;
  const auto add = [&](size_t column) {
    if (!text.empty()) text += ", ";
    AppendQuoted(text, table.schema.columns[column].name, '"');
  };
  for (const size_t column : table.unique) add(column);
  if (!text.empty() && table.time) add(*table.time);
  return text;
}

std::string CanonicalText(const TableSet& tables) {
  JsonText json;
  json.BeginObject().Key("tables").BeginArray();
  for (const Table& table : tables.tables) WriteTable(json, table);
  json.EndArray().Key("rules").BeginArray();
  for (const RoutingRule& rule : tables.rules) {
    json.BeginObject().Key("when").BeginArray();
    for (const Condition& condition : rule.conditions) WriteCondition(json, condition);
    json.EndArray();
    WriteIndex(json, "table", rule.table);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.text();
}

}  // namespace sluice
