// SPDX-License-Identifier: Apache-2.0
#include "promql/parse_hint.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "promql/function_table.h"

namespace mcore {
namespace {

bool is_word_character(char c) noexcept {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Edits that turn one word into the other: a letter more, less, or other.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({corner + (a[i] == b[j] ? 0 : 1), above + 1, row[j] + 1});
      corner = above;
    }
  }
  return row.back();
}

/// The function or aggregation of nearly that name.
std::string_view nearest_function(std::string_view name) {
  struct Renamed {
    std::string_view theirs;
    std::string_view ours;
  };
  constexpr Renamed kRenamed[] = {{"holt_winters", "double_exponential_smoothing"},
                                  {"mean", "avg"},
                                  {"median_over_time", "quantile_over_time"},
                                  {"percentile", "quantile"},
                                  {"pow", "^"},
                                  {"now", "time"}};
  for (const Renamed& renamed : kRenamed) {
    if (name == renamed.theirs) {
      return renamed.ours;
    }
  }
  constexpr std::size_t kLongest = 64;
  if (name.size() > kLongest) {
    return "";
  }
  std::string_view best;
  std::size_t least = 1 + name.size() / 4;  // more edits make another word
  const auto consider = [&](std::string_view candidate) {
    if (const std::size_t distance = edits(name, candidate); distance <= least && (best.empty() || distance < least)) {
      least = distance;
      best = candidate;
    }
  };
  for (const PromqlFunction& function : all_functions()) {
    consider(function.name);
  }
  for (int op = 0; op <= static_cast<int>(AggregateOp::kLimitRatio); ++op) {
    consider(aggregate_op_text(static_cast<AggregateOp>(op)));
  }
  return best;
}

std::string word_at(std::string_view query, std::size_t at) {
  std::size_t end = at;
  while (end < query.size() && is_word_character(query[end])) {
    ++end;
  }
  return std::string(query.substr(std::min(at, query.size()), end - at));
}

std::string hint_at_character(std::string_view query, std::size_t at) {
  const std::string_view rest = query.substr(std::min(at, query.size()));
  const bool in_word = at > 0 && is_word_character(query[at - 1]);
  if (rest.starts_with("\xE2\x80\x9C") || rest.starts_with("\xE2\x80\x9D") || rest.starts_with("\xE2\x80\x98") ||
      rest.starts_with("\xE2\x80\x99")) {
    return "typographic quotes quote nothing, write \" or '";
  }
  if (rest.starts_with("&&")) {
    return "it is written and";
  }
  if (rest.starts_with("||")) {
    return "it is written or";
  }
  if (in_word && rest.starts_with('.')) {
    return "a name with dots is written '{\"a.b\"}', in single quotes for the shell";
  }
  return rest.starts_with('$') ? "variables of a dashboard must be filled in first" : "";
}

}  // namespace

std::string parse_hint(std::string_view query, const ParseError& error) {
  const std::string_view message = error.message;
  const std::string_view rest = query.substr(std::min<std::size_t>(error.caret, query.size()));
  if (message.ends_with("in label matching, expected string") ||
      (message.starts_with("unexpected character inside braces") && !rest.empty() && rest[0] >= '0' &&
       rest[0] <= '9')) {
    std::string word = word_at(query, error.caret);
    return fmt::format("a value needs quotes, and single quotes around all for the shell: '{{label=\"{}\"}}'",
                       word.empty() ? "value" : word);
  }
  if (message.starts_with("unexpected character")) {
    return hint_at_character(query, error.caret);
  }
  if (message.starts_with("unexpected \"=\"")) {
    return "a comparison is written ==, a condition on a label stands in braces";
  }
  if (message.starts_with("unknown function")) {
    const std::string_view near = nearest_function(word_at(query, error.caret));
    return near.empty() ? "" : fmt::format("did you mean {}?", near);
  }
  if (message.starts_with("expected type range vector") && message.ends_with("got instant vector")) {
    return "a range is written with its length behind: x[5m], of an expression (x)[5m:]";
  }
  if (message.starts_with("ranges only allowed for vector selectors")) {
    return "of an expression it is a subquery, with a colon: [5m:]";
  }
  return "";
}

}  // namespace mcore
