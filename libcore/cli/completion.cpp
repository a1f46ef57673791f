// SPDX-License-Identifier: Apache-2.0
// Completion scripts, written from the same declarations that the parser reads.
#include <algorithm>
#include <functional>

#include "cli/help.h"

namespace mcore {
namespace {

using Visit = std::function<void(const Command&, const OptionSet&)>;

void for_each_command(const Tool& tool, const Visit& visit) {
  for (const auto make : tool.commands) {
    const std::unique_ptr<Command> command = make();
    OptionSet set;
    CommonOptions common;
    command->declare(set);
    declare_common(set, common);
    visit(*command, set);
  }
}

std::string words(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& word : list) {
    out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

std::string subcommands(const Tool& tool) {
  std::vector<std::string> names;
  for_each_command(tool, [&](const Command& command, const OptionSet&) { names.emplace_back(command.name()); });
  names.emplace_back("help");
  return words(names);
}

std::string bash_script(const Tool& tool) {
  const std::string name(tool.name);
  std::string out = "# bash completion for " + name + "; written by '" + name + " --completions bash'\n";
  out += "_" + name + "() {\n  local cur prev word sub=''\n  COMPREPLY=()\n  cur=${COMP_WORDS[COMP_CWORD]}\n";
  out += "  prev=${COMP_WORDS[COMP_CWORD-1]}\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n";
  out += "    case $word in -*) ;; *) sub=$word; break ;; esac\n  done\n";
  std::string values;
  std::string options;
  bool first = true;
  for_each_command(tool, [&](const Command& command, const OptionSet& set) {
    std::vector<std::string> names;
    for (const Option& option : set.options()) {
      names.insert(names.end(), option.names.begin(), option.names.end());
      std::string label;
      for (const std::string& one : option.names) {
        label += (label.empty() ? "" : "|") + one;
      }
      if (!option.choices.empty() && values.find(label + ")") == std::string::npos) {
        values += "    " + label + ") mapfile -t COMPREPLY < <(compgen -W '" + words(option.choices) +
                  "' -- \"$cur\"); return ;;\n";
      }
    }
    options += "    " + std::string(first ? "*" : command.name()) + ") word='" + words(names) + "' ;;\n";
    first = false;
  });
  const std::size_t default_end = options.find('\n') + 1;  // the default, matching anything, comes last
  options = options.substr(default_end) + options.substr(0, default_end);
  out += "  case $prev in\n" + values + "  esac\n  case $sub in\n" + options + "  esac\n";
  out += "  if [[ $cur == -* ]]; then\n    mapfile -t COMPREPLY < <(compgen -W \"$word\" -- \"$cur\")\n";
  out += "  else\n    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n    if [[ -z $sub ]]; then\n";
  out += "      mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W '" + subcommands(tool) +
         "' -- \"$cur\")\n    fi\n";
  return out + "  fi\n}\ncomplete -o filenames -F _" + name + " " + name + "\n";
}

std::string escaped_for_zsh(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::string zsh_script(const Tool& tool) {
  const std::string name(tool.name);
  std::string out = "#compdef " + name + "\n# written by '" + name + " --completions zsh'\n\n";
  std::string cases;
  bool first = true;
  for_each_command(tool, [&](const Command& command, const OptionSet& set) {
    std::string body;
    for (const Option& option : set.options()) {
      for (const std::string& one : option.names) {
        body += "      '*" + one +
                (option.is_flag()        ? ""
                 : one.starts_with("--") ? "="
                                         : "+") +
                "[" + escaped_for_zsh(option.help) + "]" +
                (option.is_flag() ? ""
                                  : ":" + escaped_for_zsh(option.placeholder) + ":" +
                                        (option.choices.empty() ? "_files" : "(" + words(option.choices) + ")")) +
                "' \\\n";
      }
    }
    cases += "    " + std::string(first ? "*" : command.name()) + ")\n      _arguments -s \\\n" + body +
             "      '*:operand:_files' ;;\n";
    first = false;
  });
  const std::string_view marker = " ;;\n";
  const std::size_t default_end = cases.find(marker) + marker.size();
  cases = cases.substr(default_end) + cases.substr(0, default_end);
  out += "_" + name + "() {\n  local sub=\n  local word\n  for word in ${words[2,CURRENT-1]}; do\n";
  out += "    if [[ $word != -* ]]; then sub=$word; break; fi\n  done\n";
  out += "  if [[ -z $sub ]]; then\n    local -a names\n    names=(\n";
  for_each_command(tool, [&](const Command& command, const OptionSet&) {
    out += "      '" + std::string(command.name()) + ":" + escaped_for_zsh(std::string(command.brief())) + "'\n";
  });
  out += "      'help:Show help'\n    )\n    _describe -t commands subcommand names\n  fi\n";
  return out + "  case $sub in\n" + cases + "  esac\n}\n\n_" + name + " \"$@\"\n";
}

std::string quoted_for_fish(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return out + "'";
}

std::string fish_script(const Tool& tool) {
  const std::string name(tool.name);
  std::string out = "# fish completion for " + name + "; written by '" + name + " --completions fish'\n";
  bool first = true;
  std::string others;
  for_each_command(tool, [&](const Command& command, const OptionSet&) {
    out += "complete -c " + name + " -n __fish_use_subcommand -a " + std::string(command.name()) + " -d " +
           quoted_for_fish(command.brief()) + "\n";
    others += (others.empty() || first ? "" : " ") + std::string(first ? "" : command.name());
    first = false;
  });
  out += "complete -c " + name + " -n __fish_use_subcommand -a help -d 'Show help'\n";
  first = true;
  for_each_command(tool, [&](const Command& command, const OptionSet& set) {
    const std::string condition = first ? "not __fish_seen_subcommand_from " + others
                                        : "__fish_seen_subcommand_from " + std::string(command.name());
    first = false;
    for (const Option& option : set.options()) {
      out += "complete -c " + name + " -n " + quoted_for_fish(condition);
      for (const std::string& one : option.names) {
        out += one.starts_with("--") ? " -l " + one.substr(2) : " -s " + one.substr(1);
      }
      out += option.is_flag() ? "" : " -r";
      out += option.choices.empty() ? "" : " -f -a " + quoted_for_fish(words(option.choices));
      out += " -d " + quoted_for_fish(option.help) + "\n";
    }
  });
  return out;
}

}  // namespace

std::string completion_script(const Tool& tool, std::string_view shell) {
  if (shell == "bash") {
    return bash_script(tool);
  }
  if (shell == "zsh") {
    return zsh_script(tool);
  }
  return shell == "fish" ? fish_script(tool) : std::string();
}

}  // namespace mcore
