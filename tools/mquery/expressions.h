// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/option_set.h"
#include "promql/parser.h"

namespace mcore {

/// An expression of the command line, and where it came from.
struct ExpressionText {
  std::string text{};
  std::string file{};  // or "standard input"; empty for a word of the command line

  /// The tree, and whether the text has comments. Errors: throws Error (kUsage) with the line and a caret.
  [[nodiscard]] ParseOutcome parse(const ParseOptions& options = {}) const;
};

/// Operand and option of every command that takes expressions: `EXPR`, `@FILE`, and `--expr EXPR` for several.
class ExpressionOptions {
 public:
  void declare(OptionSet& set);
  /// What was given: files are read, without anything standard input where `or_stdin` allows it.
  /// Errors: throws Error (kUsage) for an expression that came as several words, and kIo.
  [[nodiscard]] std::vector<ExpressionText> read(bool or_stdin) const;

  /// The operands, for a command that takes some for something else.
  [[nodiscard]] std::vector<std::string>& operands() noexcept { return operands_; }

 private:
  std::vector<std::string> operands_;
  std::vector<std::string> expressions_;
};

}  // namespace mcore
