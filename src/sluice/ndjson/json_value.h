// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

enum class JsonKind : uint8_t { kAbsent, kNull, kFalse, kTrue, kNumber, kString, kObject, kArray };

// One value of an event. Views into the line or into the memory that unescaped texts go to.
struct JsonValue {
  JsonKind kind = JsonKind::kAbsent;
  bool has_lone_surrogate = false;  // of a string: then `text` is not UTF-8
  bool has_nul = false;             // of a string
  std::string_view text;            // of a string: its characters, unescaped
  std::string_view raw;             // the JSON text, byte for byte as it came
  const char* key = nullptr;        // the quote that opens the key before it
};

}  // namespace sluice
