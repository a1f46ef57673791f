// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace mcore {

/// `tool -h`: what the tool is and its subcommands.
[[nodiscard]] std::string tool_help(const Tool& tool);

/// `tool SUBCOMMAND -h`: usage, operands, options by group with their defaults, examples; 80 columns, one screen.
/// With `all`, as `--help` asks: the rare options too.
[[nodiscard]] std::string command_help(std::string_view tool, const Command& command, bool is_default,
                                       const OptionSet& set, bool all);

/// A completion script for "bash", "zsh" or "fish"; empty for another word.
[[nodiscard]] std::string completion_script(const Tool& tool, std::string_view shell);

/// One line an option, `command<TAB>names<TAB>placeholder`: what the check of the man page reads.
[[nodiscard]] std::string option_list(const Tool& tool);

/// What every command of every tool takes besides its own options.
struct CommonOptions {
  bool help = false;
  bool version = false;
  bool quiet = false;
  bool verbose = false;
  std::string color = "auto";
};
void declare_common(OptionSet& set, CommonOptions& common);

}  // namespace mcore
