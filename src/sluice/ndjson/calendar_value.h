// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/ndjson/converted.h"
#include "sluice/schema/table.h"

namespace sluice {

// Proleptic Gregorian calendar, UTC, years 1 to 9999 (after the offset). The grammar is that of
// docs/formats.md, "JSON value → column"; letters are upper case, an offset is at most ±23:59.

// Microseconds since 1970-01-01 of
// `YYYY-MM-DD[T or space]HH:MM[:SS[.f{1,6} or more if zeros]][Z or ±HH[:]MM]`. kBadTimestamp.
Converted<int64_t> ParseTimestamp(std::string_view text);

// Days since 1970-01-01 of `YYYY-MM-DD`, or of a timestamp that is exactly midnight UTC. kBadDate.
Converted<int64_t> ParseDate(std::string_view text);

// Microseconds since 1970-01-01 of the JSON number `text`, which counts `unit`s. kBadTimestamp
// where it is no whole number of microseconds.
Converted<int64_t> TimestampOfEpoch(std::string_view text, EpochUnit unit);

}  // namespace sluice
