// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sluice/ndjson/converted.h"
#include "sluice/schema/row_batch.h"

namespace sluice {

// The unscaled value of `text` in DECIMAL(precision, scale), precision up to 38. `text` is a JSON
// number, leading zeros allowed. Never rounds: kBadDecimal is not a number, kInexactDecimal has
// digits beyond the scale, else kOutOfRange has too many before the point. Takes time linear in the
// text, whatever its exponent.
Converted<Int128> ParseDecimal(std::string_view text, int precision, int scale);

// Whether the JSON number `text` lies between -1 and 1, by its digits.
bool IsBelowOne(std::string_view text);

}  // namespace sluice
