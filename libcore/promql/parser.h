// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "promql/ast.h"

namespace mcore {

/// What stands behind a feature flag in Prometheus and may be taken out of the language.
struct ParseOptions {
  bool experimental_functions = true;    // and aggregations
  bool extended_range_selectors = true;  // anchored, smoothed
  bool fill_modifiers = true;
  bool duration_expressions = true;
};

/// One thing that is wrong with a query.
struct ParseError {
  SourceRange at{};         // as Prometheus gives it
  std::string message{};    // Prometheus' own words
  std::uint32_t caret = 0;  // where a person should look: `at.begin`, except where Prometheus points behind the mistake
  std::string hint{};       // what may have been meant, empty where nothing is plain
};

/// A tree, or what is wrong: the first error is the one that counts, others may follow from it.
struct ParseOutcome {
  ExprPtr expr{};  // null unless ok()
  std::vector<ParseError> errors{};
  bool has_comments = false;  // the tree does not keep them
  [[nodiscard]] bool ok() const noexcept { return errors.empty(); }
};

/// Reads a query of PromQL as Prometheus 3.14 does, and checks its types.
///
/// Shape: positions in the tree are Prometheus', which now and then reach into a parenthesis behind an expression.
///        Binary expressions keep `matching` only between two vectors; set operators are many-to-many.
/// Cost:  linear in the text. A tree is at most kMaxExprHeight high, so that who walks it may recurse.
[[nodiscard]] ParseOutcome parse_query(std::string_view text, const ParseOptions& options = {});

/// The same for a direct caller: the tree, or the first error as kUsage, `parse query: 1:13: ...`, with the line and a
/// caret on two lines below (source_excerpt).
[[nodiscard]] Result<ExprPtr> parse_promql(std::string_view text, const ParseOptions& options = {});

/// The levels of the highest tree, and how deep parentheses, calls and signs nest in one.
inline constexpr std::size_t kMaxExprHeight = 3'000;
inline constexpr std::size_t kMaxExprNesting = 500;

/// The error as the HTTP API words it: `1:5: parse error: ...`.
[[nodiscard]] std::string parse_error_text(std::string_view query, const ParseError& error);
/// The error for a person, as parse_promql() returns it; the place begins with `file:` where one is named.
[[nodiscard]] Error parse_error_for_person(std::string_view query, const ParseError& error, std::string_view file = {});

/// The line of the query that holds byte `offset`, and below it a caret under that byte; both indented by four blanks,
/// without a newline at the end. A long line is cut around the caret.
[[nodiscard]] std::string source_excerpt(std::string_view query, std::uint32_t offset);

}  // namespace mcore
