// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/process_environment.h"

#include <unistd.h>

#include "sluice/base/fault_plan.h"

extern char** environ;

namespace sluice {

Environment ProcessEnvironment() {
  Environment variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || text.substr(0, equals) == FaultPlan::kVariable)
      continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace sluice
