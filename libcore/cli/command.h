// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/option_set.h"

namespace mcore {

/// One subcommand of a tool: declares its options, then runs.
class Command {
 public:
  virtual ~Command() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// One line for the tool's help, without a full stop.
  [[nodiscard]] virtual std::string_view brief() const = 0;
  /// Touches no file and no socket.
  virtual void declare(OptionSet& set) = 0;
  /// Errors that nobody nearer can decide about are thrown as Error.
  virtual ExitCode run(Console& io) = 0;
};

/// A tool: its subcommands, the default one first.
struct Tool {
  std::string_view name;
  std::string_view brief;
  std::vector<std::unique_ptr<Command> (*)()> commands;
  bool has_default = true;  // else the subcommand must be named
};

/// All of a tool's main(): finds the subcommand, reads the options, runs, and turns what happened into an exit code.
int tool_main(int argc, char** argv, const Tool& tool);

}  // namespace mcore
