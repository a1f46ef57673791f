// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cli/command.h"

namespace mcore {

/// The tool with its subcommands, the default one first.
[[nodiscard]] const Tool& mquery_tool();

[[nodiscard]] std::unique_ptr<Command> make_query_command();
[[nodiscard]] std::unique_ptr<Command> make_fmt_command();
[[nodiscard]] std::unique_ptr<Command> make_parse_command();
[[nodiscard]] std::unique_ptr<Command> make_labels_command();
[[nodiscard]] std::unique_ptr<Command> make_series_command();
[[nodiscard]] std::unique_ptr<Command> make_test_command();

}  // namespace mcore
