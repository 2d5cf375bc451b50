// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// What was changed of a field on the way from event to row. kUnknown: no column takes it.
enum class FieldChangeKind { kCoerced, kNulled, kTruncated, kUnknown };
std::string_view Name(FieldChangeKind kind);  // "coerced", "nulled", "truncated", "unknown"

struct FieldChange {
  FieldChangeKind kind = FieldChangeKind::kCoerced;
  std::string name;  // of the column; of an unknown field its path as `from:` spells it
  uint64_t events = 0;

  friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

// The changes of one raw object's part in a table, as the ledger's row of that part has them in its
// column `reason`: "coerced:page_url=12 unknown:context.ip=3", names percent-encoded. ASCII, at
// most kLongestReason bytes: the largest counts first, then by kind and name; what does not fit is
// left out.
std::string ToText(std::vector<FieldChange> changes);
// kBadData for anything else.
Result<std::vector<FieldChange>> ParseFieldChanges(std::string_view text);

}  // namespace sluice
