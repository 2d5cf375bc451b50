// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/event_router.h"

#include <algorithm>

#include "sluice/base/utf8.h"
#include "sluice/ndjson/json_scan.h"

namespace sluice {

Result<EventRouter> EventRouter::Make(const std::vector<RoutingRule>& rules, FieldTree& fields) {
  EventRouter router;
  for (const RoutingRule& rule : rules) {
    Rule made{.tests = {}, .table = rule.table};
    for (const Condition& condition : rule.conditions) {
      SLUICE_ASSIGN(Test test, Compile(condition, fields));
      made.tests.push_back(std::move(test));
    }
    router.rules_.push_back(std::move(made));
  }
  return router;
}

Result<EventRouter::Test> EventRouter::Compile(const Condition& condition, FieldTree& fields) {
  Test test{.kind = condition.kind, .field = FieldTree::kEvent};
  if (condition.kind == Condition::Kind::kAny) return test;
  test.field = fields.Add(condition.path);
  if (condition.kind == Condition::Kind::kHas) return test;

  // Read as the only field of an event, so that it means the same here and there.
  FieldTree only;
  const int field = only.Add({"v"});
  EventReader reader(only);
  const std::string line = "{\"v\":" + condition.literal + "}";
  const std::string padded = line + '\n' + std::string(kScanPadding, '\0');
  std::string unescaped(padded.size(), '\0');
  char* arena = unescaped.data();
  const bool is_event = IsUtf8(line) && line.find('\n') == std::string::npos &&
                        !reader.Read(std::string_view(padded).substr(0, line.size()), arena);
  const JsonValue& value = reader.value(field);
  if (!is_event || reader.members() != 1 || value.has_lone_surrogate) {
    return Fail(ErrorKind::kPermanent, "cannot route: equals is not one JSON value: value={}",
                condition.literal);
  }
  test.literal_kind = value.kind;
  test.literal = value.kind == JsonKind::kString ? value.text : value.raw;
  return test;
}

EventRouter::Route EventRouter::RouteOf(const EventReader& event) const {
  for (const Rule& rule : rules_) {
    const bool holds =
        std::ranges::all_of(rule.tests, [&](const Test& test) { return Holds(test, event); });
    if (holds) return {.matched = true, .table = rule.table};
  }
  return {};
}

std::vector<int> EventRouter::TestedFor(size_t table) const {
  std::vector<int> fields;
  for (const Rule& rule : rules_) {
    if (rule.table != table) continue;
    for (const Test& test : rule.tests) {
      if (test.kind != Condition::Kind::kAny) fields.push_back(test.field);
    }
  }
  return fields;
}

std::vector<int> EventRouter::ComparedFields() const {
  std::vector<int> fields;
  for (const Rule& rule : rules_) {
    for (const Test& test : rule.tests) {
      if (test.kind == Condition::Kind::kEquals) fields.push_back(test.field);
    }
  }
  return fields;
}

bool EventRouter::Holds(const Test& test, const EventReader& event) {
  if (test.kind == Condition::Kind::kAny) return true;
  const JsonValue& value = event.value(test.field);
  if (test.kind == Condition::Kind::kHas) return value.kind != JsonKind::kAbsent;
  if (value.kind != test.literal_kind) return false;
  if (value.kind != JsonKind::kString) return value.raw == test.literal;
  return !value.has_lone_surrogate && value.text == test.literal;
}

}  // namespace sluice
