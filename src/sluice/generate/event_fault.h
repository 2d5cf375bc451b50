// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/generate/event_shape.h"
#include "sluice/generate/random.h"
#include "sluice/schema/table.h"

namespace sluice {

// What can be wrong with one event. All but the last are JSON records that brackets and quotes
// delimit, so that they can stand between others in a message.
enum class EventFault {
  kNone,
  // In one column: quarantined for its table.
  kNull,
  kAbsent,
  kTooLong,
  kNotSingleByte,
  kNulCharacter,
  kLoneSurrogate,
  kNoncharacter,
  kEmptyKey,
  kBlankEndedKey,
  kWrongType,
  kOutOfRange,
  kInexactDecimal,
  kGeneratedColumn,
  // Not JSON, or too deep to be read: no rule matches.
  kBadSyntax,
  kBadEscape,
  kInvalidUtf8,
  kControlCharacter,
  kTooDeep,
  kNotJsonMessage,  // the whole message
};

// A fault that events of one table can have.
struct PossibleFault {
  EventFault fault = EventFault::kNone;
  std::vector<size_t> columns;  // any of them; empty for the faults of the whole record
};

// The faults that lead to quarantine for certain, by docs/formats.md and the table's options. Never
// empty: every table can have records that are not JSON.
std::vector<PossibleFault> PossibleFaults(const Table& table, const EventShape& shape);

// As quarantine names it.
std::string_view ReasonOf(EventFault fault, const ColumnType& type);

// The JSON text that stands in the column's place; not for kAbsent.
std::string FaultyValue(EventFault fault, const ColumnType& type, Random& random);

// A `"key": value` that spoils the record it is added to.
std::string SpoilingEntry(EventFault fault, Random& random);

// A message, without line ends, that is no JSON at all.
std::string NotJsonMessage(Random& random);

}  // namespace sluice
