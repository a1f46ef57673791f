// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "commands.h"

int main(int argc, char** argv) {
  using namespace mcore;
  return tool_main(argc, argv,
                   {.name = "mstore",
                    .brief = "look after a directory of metrics",
                    .commands = {make_append_command, make_compact_command, make_export_command}});
}
