// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <algorithm>

namespace mcore {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kHelpColumn = 30;

std::string names_of(const Option& option) {
  std::string out = option.names.size() == 1 ? "    " : "";
  for (const std::string& name : option.names) {
    out += (&name == &option.names.front() ? "" : ", ") + name;
  }
  return option.is_flag() ? out : out + " " + option.placeholder;
}

/// `left` and, from kHelpColumn on, `right` broken at blanks.
void append_row(std::string& out, const std::string& left, std::string right) {
  std::string line = "  " + left;
  if (line.size() + 1 >= kHelpColumn) {
    out += line + "\n";
    line.clear();
  }
  line.resize(kHelpColumn, ' ');
  while (right.size() > kWidth - kHelpColumn) {
    const std::size_t at = right.rfind(' ', kWidth - kHelpColumn);
    if (at == std::string::npos) {
      break;
    }
    out += line + right.substr(0, at) + "\n";
    line.assign(kHelpColumn, ' ');
    right.erase(0, at + 1);
  }
  out += line + right + "\n";
}

void append_options(std::string& out, const OptionSet& set, bool all) {
  std::string group;
  for (const Option& option : set.options()) {
    if (option.rare && !all) {
      continue;
    }
    if (option.group != group) {
      group = option.group;
      out += "\n" + group + ":\n";
    }
    append_row(out, names_of(option),
               option.help + (option.default_text.empty() ? "" : " [" + option.default_text + "]"));
  }
}

}  // namespace

void declare_common(OptionSet& set, CommonOptions& common) {
  set.group("Common");
  set.flag("-h,--help", &common.help, "This screen; --help lists every option");
  set.flag("--version", &common.version, "Show the version");
  set.flag("-q,--quiet", &common.quiet, "Only say what makes the exit code 2 or 3");
  set.flag("-v,--verbose", &common.verbose, "Say more; at the end one summary line");
  set.choice("--color", "WHEN", &common.color, "Colour: auto, always, never", {"auto", "always", "never"});
}

std::string tool_help(const Tool& tool) {
  std::string out = std::string(tool.name) + ": " + std::string(tool.brief) + "\n\n";
  const std::string name(tool.name);
  out += "Usage: " + name + (tool.has_default ? " [SUBCOMMAND]" : " SUBCOMMAND") +
         " [OPTION…] [OPERAND…]\n\nSubcommands:\n";
  bool is_default = tool.has_default;
  for (const auto make : tool.commands) {
    const std::unique_ptr<Command> command = make();
    append_row(out, std::string(command->name()), std::string(command->brief()) + (is_default ? " (default)" : ""));
    is_default = false;
  }
  out += "\nSee '" + name + " SUBCOMMAND -h' for its options, " + name + "(1) and metricutils(7).\n";
  return out;
}

std::string command_help(std::string_view tool, const Command& command, bool is_default, const OptionSet& set,
                         bool all) {
  const std::string name(command.name());
  std::string out = "Usage: " + std::string(tool) + (is_default ? " [" + name + "]" : " " + name) + " [OPTION…]";
  if (!set.operand_placeholder().empty()) {
    const bool many = set.most_operands() > 1;
    const std::string word = set.operand_placeholder() + (many ? "…" : "");
    out += set.least_operands() == 0 ? " [" + word + "]" : " " + word;
  }
  out += "\n" + std::string(command.brief()) + ".\n";
  if (!set.operand_help().empty()) {
    out += "\n";
    append_row(out, set.operand_placeholder(), set.operand_help());
  }
  append_options(out, set, all);
  if (!all && std::ranges::any_of(set.options(), &Option::rare)) {
    out += "\n'" + std::string(tool) + " " + name + " --help' lists all options.\n";
  }
  if (!set.examples().empty()) {
    out += "\nExamples:\n";
    for (const std::string& line : set.examples()) {
      out += "  " + line + "\n";
    }
  }
  return out;
}

std::string option_list(const Tool& tool) {
  std::string out;
  for (const auto make : tool.commands) {
    const std::unique_ptr<Command> command = make();
    OptionSet set;
    CommonOptions common;
    command->declare(set);
    declare_common(set, common);
    for (const Option& option : set.options()) {
      out += std::string(command->name()) + "\t";
      for (const std::string& one : option.names) {
        out += (&one == &option.names.front() ? "" : ",") + one;
      }
      out += "\t" + option.placeholder + "\n";
    }
  }
  return out;
}

}  // namespace mcore
