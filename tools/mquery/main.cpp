// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "commands.h"

const mcore::Tool& mcore::mquery_tool() {
  static const Tool tool{.name = "mquery",
                         .brief = "ask PromQL of stored metrics",
                         .commands = {make_query_command, make_fmt_command, make_parse_command, make_labels_command,
                                      make_series_command, make_test_command}};
  return tool;
}

int main(int argc, char** argv) {
  return mcore::tool_main(argc, argv, mcore::mquery_tool());
}
