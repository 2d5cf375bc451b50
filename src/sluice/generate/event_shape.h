// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/generate/value_maker.h"
#include "sluice/schema/table.h"

namespace sluice {

// A value inside an entry and the JSON text in front of it: `: ` or `, "url": ` or `{"page": `.
struct EntryPart {
  std::string before;
  std::optional<size_t> column;  // absent: the routing rules want this value, `before` ends with it
};

// One top-level key of an event with everything below it.
struct EventEntry {
  std::string key;  // JSON text with its quotes
  std::vector<EntryPart> parts;
  std::string after;  // closing brackets
  // The columns it holds; more than one, or none, where keys are nested or only routing wants them.
  std::vector<size_t> columns;
  bool routes = false;  // a routing rule looks at it
};

// How events of one table look, so that the routing rules bring them there.
struct EventShape {
  std::vector<EventEntry> entries;
  std::vector<std::optional<ValueMaker>> makers;  // by schema column; absent: not sent, or fixed
  std::vector<std::optional<std::string>> fixed;  // by schema column: JSON text that routing wants
};

// kPermanent where no event can reach the table, or where its unique columns cannot tell `events`
// events apart.
Result<EventShape> ShapeEvents(const TableSet& tables, size_t table, uint64_t events);

// Some rule takes every event, so that none can be without a route.
bool TakesEverything(const TableSet& tables);

}  // namespace sluice
