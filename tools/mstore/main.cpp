// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "commands.h"

const mcore::Tool& mcore::mstore_tool() {
  static const Tool tool{.name = "mstore",
                         .brief = "look after a directory of metrics",
                         .commands = {make_info_command, make_metrics_command, make_append_command, make_import_command,
                                      make_export_command, make_series_command, make_labels_command, make_top_command,
                                      make_tail_command, make_compact_command, make_retain_command, make_delete_command,
                                      make_diff_command, make_snapshot_command, make_verify_command, make_repair_command}};
  return tool;
}

int main(int argc, char** argv) {
  return mcore::tool_main(argc, argv, mcore::mstore_tool());
}
