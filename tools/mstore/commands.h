// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cli/command.h"

namespace mcore {

/// The tool with its subcommands, the default one first.
[[nodiscard]] const Tool& mstore_tool();

[[nodiscard]] std::unique_ptr<Command> make_import_command();
[[nodiscard]] std::unique_ptr<Command> make_info_command();
[[nodiscard]] std::unique_ptr<Command> make_metrics_command();
[[nodiscard]] std::unique_ptr<Command> make_append_command();
[[nodiscard]] std::unique_ptr<Command> make_compact_command();
[[nodiscard]] std::unique_ptr<Command> make_export_command();
[[nodiscard]] std::unique_ptr<Command> make_retain_command();
[[nodiscard]] std::unique_ptr<Command> make_series_command();
[[nodiscard]] std::unique_ptr<Command> make_labels_command();
[[nodiscard]] std::unique_ptr<Command> make_top_command();
[[nodiscard]] std::unique_ptr<Command> make_tail_command();
[[nodiscard]] std::unique_ptr<Command> make_delete_command();
[[nodiscard]] std::unique_ptr<Command> make_diff_command();
[[nodiscard]] std::unique_ptr<Command> make_snapshot_command();
[[nodiscard]] std::unique_ptr<Command> make_verify_command();
[[nodiscard]] std::unique_ptr<Command> make_repair_command();

}  // namespace mcore
