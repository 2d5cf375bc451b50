// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace sluice

// Ends the process when a programmer's assumption is wrong. Input, configuration and services never
// reach one: they get an Error.
#define SLUICE_CHECK(condition)                                              \
  do {                                                                       \
    if (!(condition)) ::sluice::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)
