// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace sluice {

// What is wrong with the arguments that `app` refused, what may have been meant, and where to read
// on.
std::string ExplainUsage(const CLI::App& app, const CLI::Error& error);

}  // namespace sluice
