// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "commands.h"

int main(int argc, char** argv) {
  using namespace mcore;
  return tool_main(argc, argv, {.name = "mstore", .brief = "keep metrics in a directory", .commands = {}});
}
