// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"

namespace sluice {

// Names and values as SQL text (fault S4). Both double the quote and need nothing else: standard
// strings know no backslash. Text with NUL is refused where statements are sent.
std::string QuoteIdentifier(std::string_view name);  // a"b -> "a""b"
std::string QuoteLiteral(std::string_view text);     // a'b -> 'a''b'

// TIMESTAMP '2026-01-31 12:00:00.000000', for times of the years 1 to 9999.
std::string TimestampLiteral(Timestamp time);
std::string SqlTime(Timestamp time);  // what stands in it: 2026-01-31 12:00:00.000000

// What warehouses answer: "2026-01-31 12:00:00.5" in UTC, and a whole number; 0 where there is
// none.
std::optional<Timestamp> FromSqlTime(std::string text);
int64_t NumberOf(const std::optional<std::string>& text);
// A count that a query answered as text; 0 for NULL.
uint64_t ToCount(const std::optional<std::string>& text);

}  // namespace sluice
