// SPDX-License-Identifier: Apache-2.0
#include "cli/word_sorter.h"

#include <algorithm>

#include "base/utf8.h"
#include "cli/suggest.h"

namespace mcore {
namespace {

Error usage(std::string_view where, const std::string& why) {
  return Error(ErrorKind::kUsage, where, "", why);
}

Error unknown_option(const OptionSet& set, const std::string& name) {
  std::string hint;
  if (const std::string_view ours = our_name_for(name);
      !ours.empty() && (!ours.starts_with('-') || set.find(ours) != nullptr)) {
    hint = "; here it is " + std::string(ours);
  } else {
    std::vector<std::string> names;
    for (const Option& option : set.options()) {
      names.insert(names.end(), option.names.begin(), option.names.end());
    }
    const std::string near = name.starts_with("--") ? nearest(name, names) : std::string();
    hint = near.empty() ? "" : "; did you mean " + near + "?";
  }
  return usage("unknown option " + in_quotes(name), hint.empty() ? "" : hint.substr(2));
}

/// `-abc` where each letter is a flag.
bool take_flags(const OptionSet& set, const std::string& word, SortedWords& sorted) {
  std::vector<const Option*> flags;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const Option* const option = set.find(std::string("-") + word[i]);
    if (option == nullptr || !option->is_flag()) {
      return false;
    }
    flags.push_back(option);
  }
  for (const Option* const flag : flags) {
    sorted.options.emplace_back(flag, "");
  }
  return true;
}

/// `-nvalue`.
bool take_glued(const OptionSet& set, const std::string& word, SortedWords& sorted) {
  const Option* const option = set.find(word.substr(0, 2));
  if (option == nullptr || option->is_flag()) {
    return false;
  }
  const std::string value = word.substr(2);
  if (set.dash_operands() && std::ranges::find(option->choices, value) == option->choices.end()) {
    return false;
  }
  sorted.options.emplace_back(option, value);
  return true;
}

}  // namespace

Result<SortedWords> sort_words(const OptionSet& set, const std::vector<std::string>& words) {
  SortedWords sorted;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool ends_options = word == "--" || (set.stop_at_operand() && !sorted.operands.empty());
    if (ends_options) {
      sorted.operands.insert(sorted.operands.end(),
                             words.begin() + static_cast<std::ptrdiff_t>(i + (word == "--" ? 1 : 0)), words.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      sorted.operands.push_back(word);
      continue;
    }
    const bool is_long = word[1] == '-';
    const std::size_t equals = is_long ? word.find('=') : std::string::npos;
    const std::string name = word.substr(0, equals);
    if (const Option* const option = set.find(name)) {
      if (option->is_flag() && equals != std::string::npos) {
        return usage("option " + name, "takes no value");
      }
      if (option->is_flag() || equals != std::string::npos) {
        sorted.options.emplace_back(option, option->is_flag() ? "" : word.substr(equals + 1));
      } else if (i + 1 < words.size()) {
        sorted.options.emplace_back(option, words[++i]);
      } else {
        return usage("option " + name, "needs a value: " + option->placeholder);
      }
    } else if (!is_long && (take_flags(set, word, sorted) || take_glued(set, word, sorted))) {
      continue;
    } else if (!is_long && set.dash_operands()) {
      sorted.operands.push_back(word);
    } else {
      return unknown_option(set, name);
    }
  }
  return sorted;
}

std::size_t first_operand(const OptionSet& set, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      return words.size();
    }
    if (words[i].size() < 2 || words[i][0] != '-') {
      return i;
    }
    const Option* const option = set.find(words[i]);
    i += option != nullptr && !option->is_flag() ? 1 : 0;
  }
  return words.size();
}

}  // namespace mcore
