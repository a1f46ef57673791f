// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "commands.h"

int main(int argc, char** argv) {
  using namespace mcore;
  return tool_main(
      argc, argv,
      {.name = "mscrape", .brief = "pull metrics from exporters", .commands = {make_get_command, make_check_command}});
}
