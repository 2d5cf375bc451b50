// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/ndjson/event_reader.h"
#include "sluice/ndjson/field_tree.h"
#include "sluice/ndjson/json_value.h"

namespace sluice {

// The top-level fields of an event that no column of its table and no rule reads, each key once,
// the last value of each, in line order. Reused for any number of events.
class RestFields {
 public:
  // `foreign`: top-level fields in the tree that this table does not know.
  void Gather(const EventReader& event, const FieldTree& fields, const std::vector<int>& foreign);

  bool empty() const { return members_.empty(); }

  // Adds one to each key's count. At most 256 keys are told apart; what comes later, or is longer
  // than 256 bytes, counts under "…".
  void Count(std::map<std::string, uint64_t>& counts) const;

  // {"key":value,…}: keys and values byte for byte as they came, without the blanks between them.
  // At most as long as the line; written to `arena`, which moves on.
  JsonValue Collect(char*& arena) const;

 private:
  struct Member {
    std::string_view key;  // unescaped
    std::string_view raw_key, raw_value;
  };
  std::vector<Member> members_;
};

}  // namespace sluice
