// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>

namespace sluice {

// A value whose bytes stand at `from`, which need not be aligned.
template <typename T>
T LoadAs(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Writes the bytes of `value` to `to`, which need not be aligned.
template <typename T>
void StoreAs(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace sluice
