// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/schema/table.h"

namespace sluice {

// Where one column's value comes from, by name.
struct ColumnMapping {
  std::string column;
  std::optional<FieldPath> from;  // absent: the key with the column's name
  std::optional<EpochUnit> epoch;
};

enum class DuplicatePolicy { kRefused, kAllowed };

// What a person says about a table, by the names of its columns.
struct TableOptions {
  TableSchema schema;
  std::vector<std::string> unique;
  DuplicatePolicy duplicates = DuplicatePolicy::kRefused;
  std::optional<std::string> time;
  std::vector<ColumnMapping> columns;
  OnTooLong on_too_long = OnTooLong::kQuarantine;
  OnBadValue on_bad_value = OnBadValue::kQuarantine;
  OnUnknownField on_unknown_field = OnUnknownField::kIgnore;
  std::optional<std::string> collect;  // with OnUnknownField::kCollect
};

// One routing rule: events for which all conditions hold go to the table, or are dropped.
struct TableSetEntry {
  std::vector<Condition> when;
  std::optional<TableOptions> table;  // absent: dropped, and counted
};

// `field` leads from the entry to what the message is about: {"unique", "1"}, {"columns",
// "page_url"}.
struct TableSetProblem {
  size_t entry = 0;
  std::vector<std::string> field;
  std::string message;
};

struct BuiltTableSet {
  TableSet tables;                        // meaningless where there are problems
  std::vector<TableSetProblem> problems;  // all of them
  std::vector<TableSetProblem> warnings;  // legal, but a person should look
};

// Entries in order of routing, to tables in the same order. Says everything that is wrong at once:
// unknown and repeated columns, keys that could be NULL, a time that is none, tables of one name,
// rules that no event reaches.
BuiltTableSet BuildTableSet(std::span<const TableSetEntry> entries);

}  // namespace sluice
