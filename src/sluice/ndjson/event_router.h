// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/ndjson/event_reader.h"
#include "sluice/ndjson/field_tree.h"
#include "sluice/schema/table.h"

namespace sluice {

// Decides by the routing rules to which table an event belongs: the first rule of which all
// conditions hold. Immutable.
class EventRouter {
 public:
  // Adds the fields that the rules read to `fields`. kPermanent where a literal is not JSON.
  static Result<EventRouter> Make(const std::vector<RoutingRule>& rules, FieldTree& fields);

  struct Route {
    bool matched = false;
    std::optional<size_t> table;  // none: the rule drops the event
  };
  Route RouteOf(const EventReader& event) const;

  // The fields that the rules which lead to `table` test.
  std::vector<int> TestedFor(size_t table) const;
  // The fields that some rule compares with a value.
  std::vector<int> ComparedFields() const;

 private:
  struct Test {
    Condition::Kind kind;
    int field;
    JsonKind literal_kind = JsonKind::kAbsent;
    std::string literal;  // of a string: its characters
  };
  struct Rule {
    std::vector<Test> tests;
    std::optional<size_t> table;
  };

  static Result<Test> Compile(const Condition& condition, FieldTree& fields);
  static bool Holds(const Test& test, const EventReader& event);

  std::vector<Rule> rules_;
};

}  // namespace sluice
