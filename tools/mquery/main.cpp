// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "commands.h"

int main(int argc, char** argv) {
  using namespace mcore;
  return tool_main(argc, argv,
                   {.name = "mquery",
                    .brief = "ask metrics in PromQL",
                    .commands = {make_fmt_command, make_parse_command},
                    .has_default = false});
}
