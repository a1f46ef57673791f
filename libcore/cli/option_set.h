// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mcore {

/// One option as it was declared.
struct Option {
  std::vector<std::string> names;  // "-t", "--timeout": short ones first; every option has a long name
  std::string placeholder;         // empty for a flag
  std::string help;
  std::string group;
  std::string default_text;          // shown in the help; empty for none
  std::vector<std::string> choices;  // the only words it takes, empty for any
  bool rare = false;                 // only --help lists it, not -h
  /// Takes a value ("" for a flag); returns why it cannot, empty if it could.
  std::function<std::string(const std::string& value)> store;

  [[nodiscard]] bool is_flag() const noexcept { return placeholder.empty(); }
  [[nodiscard]] bool has_name(std::string_view name) const noexcept;
  [[nodiscard]] const std::string& long_name() const noexcept { return names.back(); }
};

/// The one definition of each option and operand of a command: the parser, `-h`, the completions and the check of the
/// man page all read it.
///
/// Lifetime: keeps pointers to the variables that it fills: they outlive it.
class OptionSet {
 public:
  /// The heading in the help of what is declared from here on.
  void group(std::string_view title) {
    group_ = title;
    rare_ = false;
  }
  /// What is declared from here on, up to the next group, is left to `--help`, so that `-h` fits a screen.
  void rare() { rare_ = true; }

  void flag(std::string_view names, bool* target, std::string_view help);
  /// A flag that clears its target: `--no-timestamps`.
  void flag_off(std::string_view names, bool* target, std::string_view help);
  void text(std::string_view names, std::string_view placeholder, std::string* target, std::string_view help);
  /// May be given several times; each takes exactly one value.
  void list(std::string_view names, std::string_view placeholder, std::vector<std::string>* target,
            std::string_view help);
  void count(std::string_view names, std::string_view placeholder, std::size_t* target, std::string_view help);
  void bytes(std::string_view names, std::string_view placeholder, std::size_t* target, std::string_view help);
  void duration(std::string_view names, std::chrono::milliseconds* target, std::string_view help);
  /// Takes one of a few words.
  void choice(std::string_view names, std::string_view placeholder, std::string* target, std::string_view help,
              std::vector<std::string> choices);
  /// `-o`, `--format`: one of the words, or FILE.EXT with an extension that stands for one of them.
  void output(std::string* format, std::string* file, std::vector<std::pair<std::string, std::string>> extensions,
              std::vector<std::string> choices);

  /// Replaces what the help shows as default of the option declared last.
  void default_text(std::string_view text) { options_.back().default_text = text; }

  void operands(std::string_view placeholder, std::vector<std::string>* target, std::string_view help,
                std::size_t least = 0, std::size_t most = SIZE_MAX);
  /// Operands are expressions or numbers: `-x` is one unless it is exactly an option (DESIGN "Words").
  void operands_may_start_with_dash() { dash_operands_ = true; }
  /// All words from the first operand on are operands: the command line of another program.
  void options_end_at_operand() { stop_at_operand_ = true; }
  void example(std::string_view line) { examples_.emplace_back(line); }

  [[nodiscard]] const std::vector<Option>& options() const noexcept { return options_; }
  [[nodiscard]] const Option* find(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<std::string>& examples() const noexcept { return examples_; }
  [[nodiscard]] const std::string& operand_placeholder() const noexcept { return operand_placeholder_; }
  [[nodiscard]] const std::string& operand_help() const noexcept { return operand_help_; }
  [[nodiscard]] std::size_t least_operands() const noexcept { return least_operands_; }
  [[nodiscard]] std::size_t most_operands() const noexcept { return most_operands_; }
  [[nodiscard]] bool dash_operands() const noexcept { return dash_operands_; }
  [[nodiscard]] bool stop_at_operand() const noexcept { return stop_at_operand_; }

  /// Stores the words of a command line; the first thing wrong with them is the Error (kUsage).
  [[nodiscard]] std::optional<Error> parse(const std::vector<std::string>& words);

 private:
  Option& declare(std::string_view names, std::string_view placeholder, std::string_view help);

  std::vector<Option> options_;
  std::vector<std::string> examples_;
  std::string group_;
  std::string operand_placeholder_;
  std::string operand_help_;
  std::vector<std::string>* operands_ = nullptr;
  std::size_t least_operands_ = 0;
  std::size_t most_operands_ = 0;
  bool rare_ = false;
  bool dash_operands_ = false;
  bool stop_at_operand_ = false;
};

}  // namespace mcore
