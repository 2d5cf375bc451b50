// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/ndjson/record_fault.h"
#include "sluice/operate/sample_lines.h"
#include "sluice/schema/table.h"

namespace sluice {

struct ProposedColumn {
  Column column;
  ColumnSource source;
  std::string encoding;  // of Redshift; empty: the cluster's own choice
  std::string reason;    // why this type, and what else was seen; one line
};

// A table, as a person who read the sample might write it down.
struct ProposedTable {
  std::string name;  // without schema; needs no quotes
  uint64_t events = 0;
  std::vector<ProposedColumn> columns;
  std::vector<Condition> when;  // one kAny, or conditions that must all hold
  std::string when_reason;
  // The SUPER column of the keys that get none, and how many these are.
  std::optional<size_t> collect;
  size_t collected = 0;
  std::optional<size_t> unique;  // a NOT NULL column
  std::string unique_reason;
  std::optional<size_t> time;  // a NOT NULL column
  std::string time_reason;
};

struct Proposal {
  uint64_t events = 0;                     // of all tables
  std::map<FaultReason, uint64_t> broken;  // lines that are none
  std::vector<ProposedTable> tables;       // in order of routing; empty where there is no event
  std::vector<std::string> notes;          // what no table takes
};

// Tables for the events of a sample: the shapes they have (infer_shapes.h), and for each a column
// for every key, of a type that holds every value seen (infer_column.h). Objects become columns for
// what is in them; those with more than 64 different keys, or deeper than four levels, are SUPER.
// Where more than 200 columns would be of keys that not every event has, one collects those.
// Where more than 200 keys of the events are so, only those that 5% have make a shape.
// A pure function of the lines.
//
// The unique key is a column named like an id of an event that no two different events share. 1% of
// the events may share or lack it, lack the time, or the key that routing asks for, or be of no
// table: a producer's faults, which then go to quarantine. With fewer than 100 events none may.
Proposal InferTables(const SampleLines& lines);

}  // namespace sluice
