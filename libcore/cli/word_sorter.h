// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/option_set.h"

namespace mcore {

/// A command line, sorted: what are options, with which values, and what are operands, each in the order given.
struct SortedWords {
  std::vector<std::pair<const Option*, std::string>> options;
  std::vector<std::string> operands;
};

/// Sorts the words before the parsing library sees them: CLI11 2.1 refuses operands behind `--` and reads
/// `-slots_in_use` as `-s lots_in_use`.
///
/// Options stand anywhere, `--` ends them; `-` is an operand; values come as `--name value`, `--name=value`, `-n value`
/// or
/// `-nvalue`; short flags run together. Where operands may start with a dash, a word with one leading dash is an
/// operand unless it is exactly an option, flags run together, or an option of choices with one of them glued on
/// (`-ojson`). Errors: an unknown option, a missing or superfluous value: with a suggestion where one is near.
[[nodiscard]] Result<SortedWords> sort_words(const OptionSet& set, const std::vector<std::string>& words);

/// Position of the first word that is no option and no option's value; words.size() if there is none.
[[nodiscard]] std::size_t first_operand(const OptionSet& set, const std::vector<std::string>& words);

}  // namespace mcore
