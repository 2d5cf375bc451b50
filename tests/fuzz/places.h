// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// Each line of `message` is UTF-8 text without control characters and begins with
// "`file`:LINE:COLUMN: ", a place in `text` or right behind it.
void CheckPlaces(std::string_view message, std::string_view file, std::string_view text);

}  // namespace sluice
