// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/suggest.h"
#include "cli/word_sorter.h"

namespace mcore {
namespace {

using Words = std::vector<std::string>;

ExitCode code_of(const Error& error) noexcept {
  switch (error.kind()) {
    case ErrorKind::kUsage:
      return ExitCode::kUsage;
    case ErrorKind::kBusy:
      return ExitCode::kBusy;
    default:
      return ExitCode::kFailed;
  }
}

ExitCode print(Console& io, const std::string& text) {
  io.data(text);
  io.close();
  return ExitCode::kOk;
}

std::unique_ptr<Command> find_command(const Tool& tool, std::string_view name) {
  for (const auto make : tool.commands) {
    if (std::unique_ptr<Command> command = make(); command->name() == name) {
      return command;
    }
  }
  return nullptr;
}

[[noreturn]] void refuse_subcommand(const Tool& tool, std::string_view doing, const std::string& word) {
  std::vector<std::string> names;
  for (const auto make : tool.commands) {
    names.emplace_back(make()->name());
  }
  const std::string near = nearest(word, names);
  throw Error(ErrorKind::kUsage, doing, in_quotes(word),
              "no such subcommand" + (near.empty() ? "" : "; did you mean " + near + "?"));
}

/// Takes the subcommand's name out of the words, if they have one; else the default command.
std::unique_ptr<Command> choose_command(const Tool& tool, Words& words, bool& is_default) {
  std::unique_ptr<Command> fallback = tool.commands.front()();
  OptionSet set;
  CommonOptions common;
  fallback->declare(set);
  declare_common(set, common);
  const std::size_t at = first_operand(set, words);
  is_default = true;
  std::unique_ptr<Command> named = at == words.size() ? nullptr : find_command(tool, words[at]);
  if (named == nullptr && !tool.has_default) {
    if (at < words.size()) {
      refuse_subcommand(tool, "", words[at]);
    }
    throw Error(ErrorKind::kUsage, "", "", "a subcommand is missing");
  }
  if (named == nullptr) {
    return fallback;
  }
  is_default = tool.has_default && named->name() == fallback->name();
  words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
  return named;
}

ExitCode run_command(const Tool& tool, Console& io, Words words) {
  bool is_default = false;
  const std::unique_ptr<Command> command = choose_command(tool, words, is_default);
  OptionSet set;
  CommonOptions common;
  command->declare(set);
  declare_common(set, common);
  const bool long_help = std::ranges::find(words, "--help") != words.end();
  if (long_help || std::ranges::find(words, "-h") != words.end()) {
    return print(io, command_help(tool.name, *command, is_default, set, long_help));
  }
  if (const std::optional<Error> wrong = set.parse(words)) {
    io.error(wrong->what());
    io.error("see '" + std::string(tool.name) + " " + std::string(command->name()) + " -h'");
    return ExitCode::kUsage;
  }
  if (common.quiet) {
    io.set_quiet();
  }
  if (common.verbose) {
    io.set_verbose();
  }
  Console::watch_signals();
  const ExitCode code = command->run(io);
  io.close();
  return code == ExitCode::kOk && io.has_warned() ? ExitCode::kNo : code;
}

ExitCode run_tool(const Tool& tool, Console& io, Words words) {
  if (words.empty()) {
    io.error("no operand; usage: " + std::string(tool.name) + " [SUBCOMMAND] [OPTION…] [OPERAND…]");
    io.error("see '" + std::string(tool.name) + " -h'");
    return ExitCode::kUsage;
  }
  const auto end_of_options = std::ranges::find(words, "--");
  if (std::find(words.begin(), end_of_options, "--version") != end_of_options) {
    return print(io, std::string(tool.name) + " " METRICUTILS_VERSION "\n");
  }
  if (words.size() == 2 && words[0] == "--completions") {
    const std::string script = completion_script(tool, words[1]);
    return script.empty()
               ? throw Error(ErrorKind::kUsage, "completions", in_quotes(words[1]), "there are bash, zsh, fish")
               : print(io, script);
  }
  if (words.size() == 1 && words[0] == "--options") {
    return print(io, option_list(tool));
  }
  if (words[0] == "help" && words.size() == 2 && find_command(tool, words[1]) == nullptr) {
    refuse_subcommand(tool, "help", words[1]);
  }
  if (words[0] == "help" && words.size() == 2) {
    words = {words[1], "-h"};
  }
  if (words.size() == 1 && (words[0] == "-h" || words[0] == "--help" || words[0] == "help")) {
    return print(io, tool_help(tool));
  }
  return run_command(tool, io, std::move(words));
}

}  // namespace

int tool_main(int argc, char** argv, const Tool& tool) {
  Console io{std::string(tool.name)};
  guard_mappings(std::string(tool.name).c_str());
  ExitCode code = ExitCode::kFailed;
  try {
    code = run_tool(tool, io, Words(argv + std::min(argc, 1), argv + argc));
  } catch (const Error& error) {
    io.error(error.what());
    code = code_of(error);
  } catch (const std::exception& error) {
    io.error(error.what());
  }
  Console::raise_again();
  return static_cast<int>(code);
}

}  // namespace mcore
