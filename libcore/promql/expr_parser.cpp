// SPDX-License-Identifier: Apache-2.0
#include "promql/expr_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/quoted_text.h"
#include "promql/literals.h"
#include "promql/quoting.h"
#include "promql/token_roles.h"

namespace mcore {
namespace {

/// A token as Prometheus names it: `identifier "b"`, `<op:and>`, `end of input`.
std::string described(const Token& token) {
  constexpr std::size_t kShown = 10;
  std::string shown = quoted(token.text);
  if (token.text.size() > kShown) {
    std::string_view rest = token.text;
    for (std::size_t i = 0; i < kShown && !rest.empty(); ++i) {
      rest.remove_prefix(first_rune(rest).size);
    }
    shown = quoted(token.text.substr(0, token.text.size() - rest.size())) + "...";
  }
  switch (token.kind) {
    case TokenKind::kEnd:
    case TokenKind::kError:
      return "end of input";
    case TokenKind::kIdentifier:
      return "identifier " + quoted(token.text);
    case TokenKind::kMetricIdentifier:
      return "metric identifier " + quoted(token.text);
    case TokenKind::kString:
      return "string " + shown;
    case TokenKind::kNumber:
      return "number " + shown;
    case TokenKind::kDuration:
      return "duration " + shown;
    case TokenKind::kOperator:
    case TokenKind::kRegexp:
    case TokenKind::kNotRegexp:
    case TokenKind::kAt:
      return fmt::format("<op:{}>", token.text);
    case TokenKind::kAggregator:
      return fmt::format("<aggr:{}>", token.text);
    default:
      return token.kind >= TokenKind::kBool && token.kind <= TokenKind::kSmoothed ? fmt::format("<{}>", token.text)
                                                                                  : shown;
  }
}

}  // namespace

ExprPtr ExprParser::run() {
  try {
    if (next_is(TokenKind::kEnd)) {
      refuse({}, "no expression found in input");
      return nullptr;
    }
    Tree tree = expression(kLowestPrecedence);
    if (!next_is(TokenKind::kEnd)) {
      unexpected();
    }
    return std::move(tree.expr);
  } catch (const Stop&) {
    return nullptr;
  }
}

// --- Operators -----------------------------------------------------------------------------------------------------

ExprParser::Tree ExprParser::expression(int least_precedence) {
  const Deeper deeper(*this);
  Tree left = operand();
  while (next_is(TokenKind::kOperator) && precedence(peek().op) >= least_precedence) {
    left = binary(std::move(left));
  }
  return left;
}

ExprParser::Tree ExprParser::binary(Tree left) {
  auto made = std::make_unique<BinaryExpr>();
  made->op = take().op;
  made->matching = vector_matching(made->returns_bool);
  Tree right = expression(right_precedence(made->op));
  made->at = {left.expr->at.begin, right.expr->at.end};
  if (!options_.fill_modifiers && (made->matching->fill_left || made->matching->fill_right)) {
    refuse(made->at, "binop fill modifiers are experimental and not enabled");
  }
  made->left = std::move(left.expr);
  made->right = std::move(right.expr);
  return grown(std::move(made), std::max(left.height, right.height));
}

VectorMatching ExprParser::vector_matching(bool& returns_bool) {
  VectorMatching matching;
  if (next_is(TokenKind::kBool)) {
    take();
    returns_bool = true;
  }
  if (next_is(TokenKind::kOn) || next_is(TokenKind::kIgnoring)) {
    matching.is_on = take().kind == TokenKind::kOn;
    matching.labels = grouping_labels();
    grouping_modifiers(matching);
  }
  fill_modifiers(matching);
  return matching;
}

void ExprParser::grouping_modifiers(VectorMatching& matching) {
  if (!next_is(TokenKind::kGroupLeft) && !next_is(TokenKind::kGroupRight)) {
    return;
  }
  matching.cardinality =
      take().kind == TokenKind::kGroupLeft ? MatchCardinality::kManyToOne : MatchCardinality::kOneToMany;
  // The labels may be left out, if what follows can stand there.
  if (next_is(TokenKind::kLeftParen) || !may_start_expression(peek())) {
    matching.include = grouping_labels();
  }
}

void ExprParser::fill_modifiers(VectorMatching& matching) {
  if (next_is(TokenKind::kFill)) {
    take();
    matching.fill_left = fill_value();
    matching.fill_right = matching.fill_left;
    return;
  }
  // Each side once, in any order.
  for (int i = 0; i < 2; ++i) {
    if (next_is(TokenKind::kFillLeft) && !matching.fill_left) {
      take();
      matching.fill_left = fill_value();
    } else if (next_is(TokenKind::kFillRight) && !matching.fill_right) {
      take();
      matching.fill_right = fill_value();
    }
  }
}

double ExprParser::fill_value() {
  expect(TokenKind::kLeftParen);
  const bool minus = is_sign(peek()) && take().op == BinaryOp::kSub;
  if (!next_is(TokenKind::kNumber) && !next_is(TokenKind::kDuration)) {
    unexpected();
  }
  const double value = number_value(take());
  expect(TokenKind::kRightParen);
  return minus ? -value : value;
}

// --- Operands ------------------------------------------------------------------------------------------------------

ExprParser::Tree ExprParser::operand() {
  return is_sign(peek()) ? sign() : modified(primary());
}

/// A sign binds like a product, so that -2^2 is -(2^2); in front of a number it is part of it.
ExprParser::Tree ExprParser::sign() {
  const Token sign = take();
  Tree inner = expression(kPowerPrecedence);
  if (inner.expr->kind == ExprKind::kNumber) {
    auto& number = as<NumberExpr>(*inner.expr);
    number.value = sign.op == BinaryOp::kSub ? -number.value : number.value;
    number.at.begin = sign.begin;
    return inner;
  }
  auto made = std::make_unique<UnaryExpr>();
  made->is_minus = sign.op == BinaryOp::kSub;
  made->at = {sign.begin, inner.expr->at.end};
  made->inner = std::move(inner.expr);
  return grown(std::move(made), inner.height);
}

ExprParser::Tree ExprParser::primary() {
  switch (peek().kind) {
    case TokenKind::kLeftParen:
      return parenthesized();
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return number();
    case TokenKind::kString:
      return string();
    case TokenKind::kLeftBrace:
      return vector_selector(nullptr);
    default:
      return word_operand();
  }
}

/// A word is what the token behind it makes of it: sum(x), sum{x="y"}, sum.
ExprParser::Tree ExprParser::word_operand() {
  if (!may_be_metric(peek())) {
    unexpected();
  }
  const Token name = take();
  if (name.kind == TokenKind::kAggregator &&
      (next_is(TokenKind::kLeftParen) || next_is(TokenKind::kBy) || next_is(TokenKind::kWithout))) {
    return aggregation(name);
  }
  if (may_be_function(name.kind) && next_is(TokenKind::kLeftParen)) {
    return call(name);
  }
  return vector_selector(&name);
}

ExprParser::Tree ExprParser::parenthesized() {
  auto made = std::make_unique<ParenExpr>();
  const Token open = take();
  Tree inner = expression(kLowestPrecedence);
  made->at = {open.begin, expect(TokenKind::kRightParen).end()};
  made->inner = std::move(inner.expr);
  return grown(std::move(made), inner.height);
}

double ExprParser::number_value(const Token& token) {
  const auto value =
      token.kind == TokenKind::kNumber ? read_promql_number(token.text) : read_promql_duration(token.text);
  if (!value.ok()) {
    refuse(token.at(), value.error().why());
    return 0;
  }
  return value.value();
}

ExprParser::Tree ExprParser::number() {
  const Token token = take();
  auto made = std::make_unique<NumberExpr>();
  made->at = token.at();
  made->is_duration = token.kind == TokenKind::kDuration;
  made->value = number_value(token);
  return grown(std::move(made), 0);
}

ExprParser::Tree ExprParser::string() {
  const Token token = take();
  auto made = std::make_unique<StringExpr>();
  made->at = token.at();
  made->value = read_quoted(token.text).value;
  return grown(std::move(made), 0);
}

// --- Words and errors ----------------------------------------------------------------------------------------------

const Token& ExprParser::peek() {
  if (!has_next_) {
    next_ = lexer_.next();
    has_next_ = true;
    switch (next_.kind) {
      case TokenKind::kError: {
        const LexProblem& problem = lexer_.problem();
        refuse({problem.at, static_cast<std::uint32_t>(text_.size())}, problem.message);
        errors_.back().caret = problem.caret;
        throw Stop();
      }
      case TokenKind::kRightBrace:
      case TokenKind::kRightParen:
      case TokenKind::kRightBracket:
      case TokenKind::kDuration:
      case TokenKind::kNumber:
        last_closing_ = next_.end();
        break;
      default:
        break;
    }
  }
  return next_;
}

Token ExprParser::take() {
  const Token token = peek();
  has_next_ = false;
  return token;
}

Token ExprParser::expect(TokenKind kind) {
  if (!next_is(kind)) {
    unexpected();
  }
  return take();
}

void ExprParser::refuse(SourceRange at, std::string message) {
  errors_.push_back({.at = at, .message = std::move(message), .caret = at.begin});
}

void ExprParser::unexpected() {
  const Token& token = peek();
  std::string message = "unexpected " + described(token);
  if (!place_.rule.empty()) {
    message += fmt::format(" in {}", place_.rule);
  }
  if (!place_.expected.empty()) {
    message += fmt::format(", expected {}", place_.expected);
  }
  refuse(token.at(), std::move(message));
  throw Stop();
}

void ExprParser::too_deep(std::uint32_t at) {
  refuse({at, at}, fmt::format("the expression nests deeper than {} levels", kMaxExprNesting));
  throw Stop();
}

ExprParser::Tree ExprParser::grown(ExprPtr expr, std::size_t height) {
  if (height >= kMaxExprHeight) {
    refuse(expr->at, fmt::format("the expression is a tree of more than {} levels", kMaxExprHeight));
    throw Stop();
  }
  return {.expr = std::move(expr), .height = height + 1};
}

}  // namespace mcore
