// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "promql/lexer.h"
#include "promql/parser.h"

namespace mcore {

/// The recursive descent behind parse_query(): one tree of a query's text, types unchecked.
///
/// Prometheus' parser is made by yacc, and its messages show that: which rule a message names depends on the innermost
/// rule that knows how to recover, and some positions on whether the word behind had been read already. So this one
/// reads a word ahead exactly where the other must, and carries the rule that an error would name as `place_`.
///
/// Lifetime: borrows the text and the list of errors.
class ExprParser {
 public:
  ExprParser(std::string_view text, const ParseOptions& options, std::vector<ParseError>& errors) noexcept
      : text_(text), options_(options), errors_(errors), lexer_(text) {}

  /// The tree; null if it could not be read to its end. Errors that need not stop it are only listed.
  [[nodiscard]] ExprPtr run();
  [[nodiscard]] bool had_comment() const noexcept { return lexer_.had_comment(); }

 private:
  struct Stop {};  // thrown: an error is listed, nothing more can be read
  struct Tree {
    ExprPtr expr{};
    std::size_t height = 1;
  };
  struct DurationTree {
    DurationExprPtr expr{};
    std::size_t height = 1;
  };
  /// "unexpected X in `rule`, expected `expected`"
  struct Place {
    std::string_view rule{};
    std::string_view expected{};
  };
  class InPlace;
  class Deeper;

  // expr_parser.cpp: operators, operands, calls
  Tree expression(int least_precedence);
  Tree binary(Tree left);
  VectorMatching vector_matching(bool& returns_bool);
  void grouping_modifiers(VectorMatching& matching);
  void fill_modifiers(VectorMatching& matching);
  double fill_value();
  Tree operand();
  Tree sign();
  Tree primary();
  Tree word_operand();
  Tree parenthesized();
  Tree number();
  Tree string();
  Tree call(const Token& name);
  std::vector<Tree> call_arguments();
  Tree aggregation(const Token& name);
  void check_aggregation(AggregateExpr& made, std::vector<Tree> args);
  std::vector<std::string> grouping_labels();
  std::string grouping_label();
  double number_value(const Token& token);

  // selector_parser.cpp: selectors and what stands behind them
  Tree vector_selector(const Token* name);
  void matchers(Selector& into);
  void matcher(Selector& into);
  void add_matcher(Selector& into, const Token& label, std::string name, const Token& op, const Token& value);
  Tree modified(Tree of);
  Tree brackets(Tree of);
  Tree matrix_selector(Tree of, QueryDuration range, const Token& open, const Token& close);
  Tree subquery(Tree of, QueryDuration range, QueryDuration step, const Token& close);
  void offset(Expr& of);
  void at_modifier(Expr& of);
  void window_edges(Expr& of, bool smoothed);

  // duration_parser.cpp
  QueryDuration positive_duration();
  DurationTree offset_duration();
  DurationTree signed_offset();
  DurationTree duration(int least_precedence);
  DurationTree duration_operators(DurationTree left, int least_precedence);
  DurationTree duration_operand();
  DurationTree duration_literal(const Token* sign = nullptr);
  DurationTree duration_word();
  DurationTree wrapped_duration();
  DurationTree negated(const Token& sign, DurationTree of, bool was_wrapped);
  DurationTree signed_duration(const Token& sign, DurationTree of);
  DurationTree combined(const Token& op, DurationTree left, DurationTree right);
  void needs_duration_expressions(const DurationExpr& expr);

  [[nodiscard]] const Token& peek();
  Token take();
  Token expect(TokenKind kind);
  [[nodiscard]] bool next_is(TokenKind kind) { return peek().kind == kind; }

  void refuse(SourceRange at, std::string message);
  [[noreturn]] void unexpected();
  [[noreturn]] void too_deep(std::uint32_t at);
  /// The node with what was built below it.
  Tree grown(ExprPtr expr, std::size_t height);

  std::string_view text_;
  const ParseOptions& options_;
  std::vector<ParseError>& errors_;
  PromqlLexer lexer_;
  Token next_{};
  bool has_next_ = false;
  std::uint32_t last_closing_ = 0;  // end of the last bracket or number that was read, ahead or not
  Place place_{};
  std::size_t nesting_ = 0;
};

/// What an error names while it lives.
class ExprParser::InPlace {
 public:
  InPlace(ExprParser& parser, Place place) noexcept : parser_(parser), before_(parser.place_) { parser.place_ = place; }
  ~InPlace() { parser_.place_ = before_; }
  InPlace(const InPlace&) = delete;
  InPlace& operator=(const InPlace&) = delete;

 private:
  ExprParser& parser_;
  Place before_;
};

/// One more level of recursion while it lives.
class ExprParser::Deeper {
 public:
  explicit Deeper(ExprParser& parser) : parser_(parser) {
    if (++parser_.nesting_ > kMaxExprNesting) {
      --parser_.nesting_;
      parser_.too_deep(parser_.peek().begin);
    }
  }
  ~Deeper() { --parser_.nesting_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  ExprParser& parser_;
};

inline constexpr int kLowestPrecedence = 1;
inline constexpr int kPowerPrecedence = 6;
/// How tightly an operator binds, from kLowestPrecedence (or) to kPowerPrecedence (^, the only one from the right).
[[nodiscard]] int precedence(BinaryOp op) noexcept;
/// The precedence that the right operand of `op` must at least have.
[[nodiscard]] inline int right_precedence(BinaryOp op) noexcept {
  return op == BinaryOp::kPow ? kPowerPrecedence : precedence(op) + 1;
}
[[nodiscard]] inline bool is_sign(const Token& token) noexcept {
  return token.kind == TokenKind::kOperator && (token.op == BinaryOp::kAdd || token.op == BinaryOp::kSub);
}

}  // namespace mcore
