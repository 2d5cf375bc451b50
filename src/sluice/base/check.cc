// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sluice {

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: internal error: %s does not hold; please report this\n", file, line,
               condition);
  std::abort();
}

}  // namespace sluice
