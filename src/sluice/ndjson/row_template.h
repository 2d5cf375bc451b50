// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/ndjson/event_reader.h"
#include "sluice/ndjson/row_shape.h"
#include "sluice/ndjson/scan_kernels.h"

namespace sluice {

// The lines that one writer makes: the same keys in the same order, with the same blanks. Every
// byte of such a line is in a literal, in a string, or in another scalar; so a line of which all
// literals hold, and all scalars are read, has been looked at as a whole.
struct RowTemplate {
  // A field that must have this value, byte for byte, because the route depends on it, or because
  // any other would be told apart from it.
  struct Fixed {
    size_t field;
    std::string raw;
  };

  RowTemplate() = default;
  RowTemplate(RowTemplate&&) = default;

  Spacing spacing;
  std::vector<Literal> literals;  // by field; the first begins with the line
  std::vector<int> fields;        // by field of the line: its number in the FieldTree, or kNone
  std::string tail;               // from the end of the last value to the end of the line
  std::vector<Fixed> fixed;
  std::optional<size_t> table;       // none: such lines are dropped
  std::vector<std::string> unknown;  // RestFields::Names of such a line
  std::vector<std::string> texts;    // of the literals

  // What the reader of lines makes of it (see FastPath).
  std::vector<int32_t> slots;    // by field of the line: where its tokens go, or kNoSlot
  std::vector<size_t> unread;    // fields of the line without slot
  std::vector<uint16_t> absent;  // slots that get the token of a field that is not there
  uint64_t hits = 0, last_hit = 0;

  static constexpr int32_t kNoSlot = -1;
};

// What it takes to learn a line: that of an event just read, which became a row or was dropped.
struct LearnableLine {
  const EventReader& event;
  const FieldTree& fields;
  const std::vector<int>& tested;  // fields that rules compare with a value
  std::optional<size_t> table;
};

// The template of `line`, or none where there cannot be one: a value is an object or array, a key
// is escaped or stands twice, blanks differ between fields.
std::optional<RowTemplate> LearnTemplate(const LearnableLine& line);

}  // namespace sluice
