// SPDX-License-Identifier: Apache-2.0
#include "expressions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/utf8.h"

namespace mcore {
namespace {

bool is_from_file(const std::string& word) noexcept {
  return word == "-" || word.starts_with('@');
}

ExpressionText taken(const std::string& word) {
  if (!is_from_file(word)) {
    return {.text = word};
  }
  const std::string path = word == "-" ? word : word.substr(1);
  ExpressionText read{.text = read_file(path), .file = path == "-" ? "standard input" : path};
  read.text.resize(read.text.find_last_not_of(" \t\r\n") + 1);
  return read;
}

/// `mquery sum by (job) (up)`: the shell cut the expression at its blanks.
void refuse_loose_words(const std::vector<std::string>& words) {
  std::string whole;
  for (const std::string& word : words) {
    whole += (whole.empty() ? "" : " ") + word;
  }
  const bool readable = parse_query(whole).ok() && whole.find('\'') == std::string::npos;
  throw Error(ErrorKind::kUsage, "read expression", in_quotes(words[1]),
              readable ? fmt::format("one expression came as {} words; quote it: '{}'", words.size(), whole)
                       : "one expression at a time; quote it, and give further ones by --expr");
}

}  // namespace

ParseOutcome ExpressionText::parse(const ParseOptions& options) const {
  ParseOutcome outcome = parse_query(text, options);
  if (!outcome.ok()) {
    throw parse_error_for_person(text, outcome.errors.front(), file);
  }
  return outcome;
}

void ExpressionOptions::declare(OptionSet& set) {
  set.operands("EXPR", &operands_, "PromQL expression; @FILE reads it from a file, - from standard input");
  set.operands_may_start_with_dash();
  set.list("-e,--expr", "EXPR", &expressions_, "A further expression; may be repeated");
}

std::vector<ExpressionText> ExpressionOptions::read(bool or_stdin) const {
  if (operands_.size() > 1 && !std::ranges::all_of(operands_, is_from_file)) {
    refuse_loose_words(operands_);
  }
  std::vector<ExpressionText> texts;
  for (const auto* const words : {&operands_, &expressions_}) {
    std::ranges::transform(*words, std::back_inserter(texts), taken);
  }
  if (texts.empty() && !or_stdin) {
    throw Error(ErrorKind::kUsage, "read expression", "", "none is given");
  }
  if (texts.empty()) {
    texts.push_back(taken("-"));
  }
  return texts;
}

}  // namespace mcore
