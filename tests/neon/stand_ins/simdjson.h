// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "sluice/base/utf8.h"

// Stands in for simdjson: all of it that the module ndjson uses.
namespace simdjson {

inline bool validate_utf8(const char* text, size_t size) {
  return sluice::IsUtf8(std::string_view(text, size));
}

}  // namespace simdjson
