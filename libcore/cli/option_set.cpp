// SPDX-License-Identifier: Apache-2.0
#include "cli/option_set.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "base/utf8.h"
#include "cli/suggest.h"
#include "cli/word_sorter.h"
#include "model/duration.h"

namespace mcore {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + 1);
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += out.empty() ? word : ", " + word;
  }
  return out;
}

std::string not_among(const std::string& word, const std::vector<std::string>& choices) {
  const std::string near = nearest(word, choices);
  return in_quotes(word) + " is none of " + joined(choices) + (near.empty() ? "" : "; did you mean " + near + "?");
}

}  // namespace

bool Option::has_name(std::string_view name) const noexcept {
  return std::ranges::find(names, name) != names.end();
}

Option& OptionSet::declare(std::string_view names, std::string_view placeholder, std::string_view help) {
  Option& option = options_.emplace_back();
  option.names = split(names, ',');
  option.placeholder = placeholder;
  option.help = help;
  option.group = group_;
  option.rare = rare_;
  return option;
}

void OptionSet::flag(std::string_view names, bool* target, std::string_view help) {
  declare(names, "", help).store = [target](const std::string&) { return *target = true, std::string(); };
}

void OptionSet::flag_off(std::string_view names, bool* target, std::string_view help) {
  declare(names, "", help).store = [target](const std::string&) { return *target = false, std::string(); };
}

void OptionSet::text(std::string_view names, std::string_view placeholder, std::string* target, std::string_view help) {
  Option& option = declare(names, placeholder, help);
  option.default_text = *target;
  option.store = [target](const std::string& value) { return *target = value, std::string(); };
}

void OptionSet::list(std::string_view names, std::string_view placeholder, std::vector<std::string>* target,
                     std::string_view help) {
  declare(names, placeholder, help).store = [target](const std::string& value) {
    return target->push_back(value), std::string();
  };
}

void OptionSet::count(std::string_view names, std::string_view placeholder, std::size_t* target,
                      std::string_view help) {
  Option& option = declare(names, placeholder, help);
  option.default_text = *target == 0 ? "" : std::to_string(*target);
  option.store = [target](const std::string& value) -> std::string {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (value.empty() || error != std::errc() || end != value.data() + value.size()) {
      return "expected a whole number, found " + in_quotes(value);
    }
    *target = number;
    return {};
  };
}

void OptionSet::bytes(std::string_view names, std::string_view placeholder, std::size_t* target,
                      std::string_view help) {
  declare(names, placeholder, help).store = [target](const std::string& value) -> std::string {
    const auto size = parse_byte_size(value);
    if (!size.ok()) {
      return size.error().why() + ", found " + in_quotes(value);
    }
    *target = size.value();
    return {};
  };
}

void OptionSet::duration(std::string_view names, std::chrono::milliseconds* target, std::string_view help) {
  Option& option = declare(names, "D", help);
  option.default_text = duration_text(*target);
  option.store = [target](const std::string& value) -> std::string {
    const auto time = parse_duration(value);
    if (!time.ok()) {
      return time.error().why() + ", found " + in_quotes(value);
    }
    *target = time.value();
    return {};
  };
}

void OptionSet::choice(std::string_view names, std::string_view placeholder, std::string* target, std::string_view help,
                       std::vector<std::string> choices) {
  Option& option = declare(names, placeholder, help);
  option.default_text = *target;
  option.choices = choices;
  option.store = [target, choices](const std::string& value) -> std::string {
    if (std::ranges::find(choices, value) == choices.end()) {
      return not_among(value, choices);
    }
    *target = value;
    return {};
  };
}

void OptionSet::output(std::string* format, std::string* file,
                       std::vector<std::pair<std::string, std::string>> extensions, std::vector<std::string> choices) {
  const bool to_file = !extensions.empty();
  Option& option = declare("-o,--format", to_file ? "FORMAT|FILE.EXT" : "FORMAT",
                           to_file ? "Output format, or a file written whole" : "Output format");
  option.help += ": " + joined(choices);
  option.default_text = *format;
  option.choices = choices;
  option.store = [=](const std::string& value) -> std::string {
    if (std::ranges::find(choices, value) != choices.end()) {
      *format = value;
      return {};
    }
    for (const auto& [extension, word] : extensions) {
      if (value.size() > extension.size() && value.ends_with(extension)) {
        *format = word;
        *file = value;
        return {};
      }
    }
    if (value.find('.') == std::string::npos || !to_file) {
      return not_among(value, choices);
    }
    std::vector<std::string> known;
    for (const auto& [extension, word] : extensions) {
      known.push_back(extension);
    }
    return in_quotes(value) + " has none of the extensions " + joined(known);
  };
}

void OptionSet::operands(std::string_view placeholder, std::vector<std::string>* target, std::string_view help,
                         std::size_t least, std::size_t most) {
  operand_placeholder_ = placeholder;
  operand_help_ = help;
  operands_ = target;
  least_operands_ = least;
  most_operands_ = most;
}

const Option* OptionSet::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find_if(options_, [&](const Option& option) { return option.has_name(name); });
  return found == options_.end() ? nullptr : &*found;
}

std::optional<Error> OptionSet::parse(const std::vector<std::string>& words) {
  const Result<SortedWords> sorted = sort_words(*this, words);
  if (!sorted.ok()) {
    return sorted.error();
  }
  // What is left for the library: each option by its long name, `--name=value`, in the order given.
  CLI::App app;
  app.set_help_flag();
  std::optional<Error> wrong;
  for (const Option& option : options_) {
    const auto store = [&wrong, &option](const std::string& value) {
      if (const std::string why = option.store(value); !wrong && !why.empty()) {
        wrong = Error(ErrorKind::kUsage, "option " + option.long_name(), "", why);
      }
    };
    if (option.is_flag()) {
      app.add_flag_function(option.long_name(), [store](std::int64_t) { store(""); });
    } else {
      app.add_option_function<std::vector<std::string>>(
             option.long_name(),
             [store](const std::vector<std::string>& values) { std::ranges::for_each(values, store); })
          ->allow_extra_args(false)
          ->take_all();
    }
  }
  std::vector<std::string> normalised;
  for (const auto& [option, value] : sorted.value().options) {
    normalised.push_back(option->is_flag() ? option->long_name() : option->long_name() + "=" + value);
    if (!option->is_flag() && value.empty()) {  // "--name=" is no value to the library
      normalised.pop_back();
      if (const std::string why = option->store(value); !why.empty()) {
        return Error(ErrorKind::kUsage, "option " + option->long_name(), "", why);
      }
    }
  }
  std::ranges::reverse(normalised);  // the library takes them from the back
  try {
    app.parse(normalised);
  } catch (const CLI::ParseError& error) {
    return Error(ErrorKind::kUsage, "command line", "", error.what());
  }
  if (wrong) {
    return wrong;
  }
  const std::vector<std::string>& operands = sorted.value().operands;
  if (operands.size() > most_operands_ || (operands_ == nullptr && !operands.empty())) {
    return Error(ErrorKind::kUsage, "unexpected operand", in_quotes(operands[most_operands_]), "");
  }
  if (operands.size() < least_operands_) {
    return Error(ErrorKind::kUsage, "missing operand", operand_placeholder_, operand_help_);
  }
  if (operands_ != nullptr) {
    *operands_ = operands;
  }
  return std::nullopt;
}

}  // namespace mcore
