// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Values that a text column of this name holds in web tracking: "topic", "user_agent", "medium", …
// Words for a name that is not known. At least one entry.
const std::vector<std::string>& VocabularyFor(std::string_view column);

// Of 100 events, how many have NULL in a nullable column of this name.
int NullShareFor(std::string_view column);

}  // namespace sluice
