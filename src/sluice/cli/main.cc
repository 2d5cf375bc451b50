// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/command_line.h"

int main(int argc, char** argv) {
  return sluice::RunCommandLine(argc, argv);
}
