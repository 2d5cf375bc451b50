// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/generate/event_fault.h"
#include "sluice/generate/event_shape.h"
#include "sluice/generate/random.h"
#include "sluice/schema/table.h"

namespace sluice {

// What is unusual about an event that is loaded all the same.
enum class EventOddity {
  kNone,
  kOtherKeyOrder,
  kUnknownFields,
  kDuplicateKey,    // the first of two, with another value, loses
  kEscapedKey,      // "request\u005fid"
  kEscapesInText,   // escapes, surrogate pairs, raw UTF-8
  kCoercedValue,    // a number, bool, object or array in a VARCHAR column
  kNoNulls,         // what would be null is absent
  kOtherTimeStyle,  // the same moment with T and an offset
  kWideSpacing,
};

// Everything that an event follows from: equal drafts are equal bytes.
struct EventDraft {
  size_t table = 0;
  uint64_t serial = 0;    // with `time` the identity
  uint64_t contents = 0;  // seed of all values that are not part of the identity
  int64_t time = 0;       // microseconds since the epoch
  EventFault fault = EventFault::kNone;
  EventOddity oddity = EventOddity::kNone;
  size_t column = 0;  // that the fault or the oddity is in
};

struct PossibleOddity {
  EventOddity oddity = EventOddity::kNone;
  std::vector<size_t> columns;  // any of them; empty where it is about the whole event
};

// Writes the events of one table with the spacing of Python's json.dumps. `table` outlives it.
class EventWriter {
 public:
  EventWriter(const Table& table, EventShape shape, uint64_t seed);

  void Append(std::string& out, const EventDraft& draft) const;

  const std::vector<PossibleFault>& faults() const { return faults_; }
  const std::vector<PossibleOddity>& oddities() const { return oddities_; }
  const Table& table() const { return table_; }

 private:
  // JSON text that stands in one column's place.
  struct Override {
    size_t column;
    std::string text;
  };
  ValueContext ContextOf(const EventDraft& draft) const;
  void AppendEntry(std::string& out, const EventEntry& entry, ValueContext& context,
                   const Override* other) const;
  void AppendUnusual(std::string& out, const EventDraft& draft) const;
  std::vector<std::string> UnusualEntries(const EventDraft& draft, Random& random) const;
  void Rearrange(std::vector<std::string>& entries, const EventDraft& draft, Random& random) const;
  size_t EntryOf(size_t column) const;
  void FindOddities();

  const Table& table_;
  const EventShape shape_;
  const uint64_t seed_;
  std::vector<PossibleFault> faults_;
  std::vector<PossibleOddity> oddities_;
};

}  // namespace sluice
