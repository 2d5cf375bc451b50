// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/generate/event_generator.h"

namespace sluice {

inline Column Text(const char* name, TypeKind kind, int32_t length, bool not_null = false) {
  return {.name = name, .type = {.kind = kind, .length = length}, .not_null = not_null};
}

inline void AddSources(Table& table) {
  for (const Column& column : table.schema.columns) {
    table.sources.push_back({.path = {column.name}, .epoch = {}});
  }
}

inline Table Events() {
  Table table;
  table.schema.name = "events";
  table.schema.columns = {
      Text("request_id", TypeKind::kChar, 36, true),
      {.name = "request_timestamp", .type = {.kind = TypeKind::kTimestamp}, .not_null = true},
      Text("cookie_id", TypeKind::kChar, 36, true),
      Text("topic", TypeKind::kVarchar, 1024, true),
      Text("message", TypeKind::kVarchar, 3128),
      Text("environment", TypeKind::kVarchar, 30),
      Text("website_id", TypeKind::kChar, 36),
      Text("user_account_id", TypeKind::kChar, 36),
      Text("location", TypeKind::kVarchar, 5000),
      Text("user_agent", TypeKind::kVarchar, 1024),
      Text("referrer", TypeKind::kVarchar, 500)};
  AddSources(table);
  table.unique = {0};
  table.time = 1;
  return table;
}

inline Table Utm() {
  Table table;
  table.schema.name = "utm";
  table.schema.columns = {Text("request_id", TypeKind::kVarchar, 56, true)};
  for (const char* name : {"source", "medium"}) {
    table.schema.columns.push_back(Text(name, TypeKind::kVarchar, 255, true));
  }
  for (const char* name : {"campaign", "content", "term", "matchtype", "network", "ad_id", "ad_pos",
                           "placement", "placement_category", "testgroup", "device"}) {
    table.schema.columns.push_back(Text(name, TypeKind::kVarchar, 255));
  }
  AddSources(table);
  table.unique = {0};
  return table;
}

// One column of every type.
inline Table Types() {
  Table table;
  table.schema.name = "types";
  const auto add = [&](const char* name, TypeKind kind, int8_t precision = 0, int8_t scale = 0) {
    table.schema.columns.push_back(
        {.name = name, .type = {.kind = kind, .precision = precision, .scale = scale}});
  };
  add("id", TypeKind::kBigInt);
  table.schema.columns[0].not_null = true;
  add("small", TypeKind::kSmallInt);
  add("amount", TypeKind::kDecimal, 12, 4);
  add("ratio", TypeKind::kReal);
  add("done", TypeKind::kBoolean);
  add("day", TypeKind::kDate);
  add("seen", TypeKind::kTimestampTz);
  table.schema.columns.push_back(Text("extra", TypeKind::kSuper, 65'535));
  add("serial", TypeKind::kBigInt);
  table.schema.columns.back().generated = true;
  AddSources(table);
  table.unique = {0};
  return table;
}

inline RoutingRule Rule(std::optional<size_t> table, std::vector<Condition> conditions = {}) {
  return {.conditions = std::move(conditions), .table = table};
}

inline Condition Has(FieldPath path) {
  return {.kind = Condition::Kind::kHas, .path = std::move(path), .literal = {}};
}

inline Condition Equals(FieldPath path, const char* literal) {
  return {.kind = Condition::Kind::kEquals, .path = std::move(path), .literal = literal};
}

inline TableSet Tracking() {
  return {.tables = {Events(), Utm()},
          .rules = {Rule(0, {Has({"user_account_id"})}), Rule(1, {Has({"source"})})}};
}

inline std::unique_ptr<EventGenerator> Make(const TableSet& tables, GeneratorOptions options) {
  auto made = EventGenerator::Make(tables, options);
  EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message());
  return made ? std::move(*made) : nullptr;
}

inline GeneratorOptions Clean(uint64_t events) {
  return {.events = events,
          .share_broken = 0,
          .share_duplicated = 0,
          .share_unrouted = 0,
          .share_late = 0,
          .share_reordered = 0,
          .share_unusual = 0};
}

inline std::vector<std::string> Lines(EventGenerator& generator) {
  std::vector<std::string> lines;
  for (std::string line; generator.NextEvent(line);) lines.push_back(line);
  return lines;
}

inline std::vector<std::string> Messages(EventGenerator& generator) {
  std::vector<std::string> bodies;
  for (std::string body; generator.NextMessage(body);) bodies.push_back(body);
  return bodies;
}

}  // namespace sluice
