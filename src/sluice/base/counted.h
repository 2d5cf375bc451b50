// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// "1,234,567".
inline std::string WithThousands(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

// "1 message", "3,000 messages".
inline std::string Counted(uint64_t count, std::string_view what) {
  return WithThousands(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

// "is" of one, "are" of several.
inline std::string_view Are(uint64_t count) {
  return count == 1 ? "is" : "are";
}

}  // namespace sluice
