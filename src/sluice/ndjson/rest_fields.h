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
#include "sluice/schema/table.h"

namespace sluice {

// The fields of an event that no column of its table takes: at the top, and beside the paths of
// columns. Each key of an object once, the last value of each, in line order. A column takes all
// that is in its field; null where a path goes on is no field. Those that the table's own rules
// test are unknown to nobody, so that they belong to the rest only where a column collects it.
// Reused for any number of events.
class RestFields {
 public:
  // Fields of the tree: which the table's columns take, and which its rules test. `fields` is
  // complete and outlives it, as in every event that it gathers from.
  RestFields(const FieldTree& fields, OnUnknownField policy, const std::vector<int>& taken,
             const std::vector<int>& tested);

  // False where the event has none.
  bool Gather(const EventReader& event);

  bool empty() const { return members_.empty(); }

  // Adds one to each unknown field's count, by its path as `from:` spells it. At most 256 are told
  // apart; what comes later, or is longer than 256 bytes, counts under "…".
  void Count(std::map<std::string, uint64_t>& counts) const;
  // The same in two steps: all their names, and one of them.
  std::vector<std::string> Names() const;
  static void CountName(const std::string& name, std::map<std::string, uint64_t>& counts,
                        uint64_t times = 1);

  // {"key":value,…} of what was gathered from `event`, in the objects where it stood: keys and
  // values byte for byte as they came, without the blanks between them. At most as long as the
  // line; written to `arena`, which moves on.
  JsonValue Collect(const EventReader& event, char*& arena);

 private:
  struct Member {
    int object;            // in which it stands
    std::string_view key;  // unescaped; not UTF-8 where it holds half a surrogate pair
    std::string_view raw_key, raw_value;
    bool is_tested;
  };
  // What the table does with a field of the tree. Of an open one it reads parts.
  enum class Use : uint8_t { kNone, kOpen, kTaken };

  void FindPlaces(int object, bool collects);
  bool IsRest(const EventReader& event, int field) const;
  bool HasMember(const UnknownMember& member) const {
    return is_open_[static_cast<size_t>(member.object)];
  }
  std::string PrefixOf(int object) const;
  static std::string_view NameOf(const Member& member);
  std::string PathOf(const Member& member) const;

  const FieldTree* fields_;
  std::vector<Use> uses_;        // by field, as if nothing above it were taken
  std::vector<bool> is_tested_;  // by field
  std::vector<bool> is_open_;    // by field: kOpen, and all above it is
  std::vector<int> places_;      // in the tree and in open objects, but not taken
  std::vector<Member> members_;
  std::vector<int> inside_;  // the objects that Collect stands in
};

}  // namespace sluice
