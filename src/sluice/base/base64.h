// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// RFC 4648 §4: the standard alphabet, with padding, without line ends.
std::string ToBase64(std::string_view bytes);
// Nothing where `text` is not exactly what ToBase64 makes.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace sluice
