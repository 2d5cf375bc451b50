// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice {

// What the process answers; stable, and which command answers it documented in docs/commands.md.
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,      // wrong usage or configuration; nothing was received
  kExitAttention = 3,  // done, but a person should look
  // Stopped by a signal in the middle: what was done is done, the rest is not.
  kExitInterrupted = 130,
};

}  // namespace sluice
