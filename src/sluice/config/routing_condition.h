// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config_section.h"
#include "sluice/schema/table.h"

namespace sluice {

// "context.page.url": keys from the outside in. A backslash makes the '.' or '\' behind it a part
// of the key. At most 32 keys, none of them empty.
Result<FieldPath> ParseFieldPath(std::string_view text);

// The JSON text that a YAML value stands for in `equals:`. Quoted values are strings. Of the others
// null, true, false and what RFC 8259 calls a number are themselves, and the rest are strings, but
// for the many ways in which YAML has written booleans, which are refused.
Result<std::string> JsonLiteralOf(const YamlNode& value);

// Reads `when:`, which is `any`, or a map of conditions that must all hold:
//   has: a path, or a list of them      equals: {path: value, …}
// Empty where something is wrong, which is then among the problems.
std::vector<Condition> ReadWhen(ConfigSection& entry, ConfigReading& reading);

}  // namespace sluice
