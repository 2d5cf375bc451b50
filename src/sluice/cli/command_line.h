// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice {

// Everything that `sluice` does: parses the arguments, runs one command, returns the exit code
// (cli/exit_code.h).
int RunCommandLine(int argc, char** argv);

}  // namespace sluice
