// SPDX-License-Identifier: Apache-2.0
// Durations in brackets and behind `offset`, where they may be computed.
#include <fmt/format.h>

#include <algorithm>

#include "promql/expr_parser.h"
#include "promql/literals.h"

namespace mcore {
namespace {

constexpr std::size_t kMaxDurationHeight = 500;

bool is_number(const DurationExpr& expr) noexcept {
  return expr.op == DurationOp::kNumber;
}

bool is_arithmetic(const Token& token) noexcept {
  return token.kind == TokenKind::kOperator && token.op <= BinaryOp::kPow;
}

DurationOp duration_op(BinaryOp op) noexcept {
  switch (op) {
    case BinaryOp::kAdd:
      return DurationOp::kAdd;
    case BinaryOp::kSub:
      return DurationOp::kSub;
    case BinaryOp::kMul:
      return DurationOp::kMul;
    case BinaryOp::kDiv:
      return DurationOp::kDiv;
    case BinaryOp::kMod:
      return DurationOp::kMod;
    default:
      return DurationOp::kPow;
  }
}

DurationExprPtr zero_at(SourceRange at) {
  auto made = std::make_unique<DurationExpr>();
  made->at = at;
  return made;
}

}  // namespace

/// A range or step.
QueryDuration ExprParser::positive_duration() {
  DurationTree read = duration(kLowestPrecedence);
  (void)peek();  // what follows is looked at before the value
  if (!is_number(*read.expr)) {
    return {.ms = 0, .expr = std::move(read.expr)};
  }
  if (!(read.expr->seconds > 0)) {
    refuse(read.expr->at, "duration must be greater than 0");
  }
  return {.ms = duration_ms(read.expr->seconds)};
}

/// Behind `offset` a single number or call is the whole of it, so that `x offset 5m * 2` doubles x; arithmetic needs a
/// parenthesis in front.
ExprParser::DurationTree ExprParser::offset_duration() {
  switch (peek().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return duration_literal();
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMaxOf:
    case TokenKind::kMinOf:
      return duration_word();
    default:
      return is_sign(peek()) ? signed_offset() : duration(kLowestPrecedence);
  }
}

ExprParser::DurationTree ExprParser::signed_offset() {
  const Token sign = take();
  switch (peek().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return negated(sign, duration_literal(&sign), false);
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMaxOf:
    case TokenKind::kMinOf:
      return signed_duration(sign, duration_word());
    case TokenKind::kLeftParen: {
      take();
      DurationTree inner = duration(kLowestPrecedence);
      expect(TokenKind::kRightParen);
      return negated(sign, std::move(inner), true);
    }
    default: {  // a second sign
      DurationTree left = negated(sign, duration(kPowerPrecedence), false);
      return duration_operators(std::move(left), kLowestPrecedence);
    }
  }
}

ExprParser::DurationTree ExprParser::duration(int least_precedence) {
  const Deeper deeper(*this);
  return duration_operators(duration_operand(), least_precedence);
}

ExprParser::DurationTree ExprParser::duration_operators(DurationTree left, int least_precedence) {
  while (is_arithmetic(peek()) && precedence(peek().op) >= least_precedence) {
    const Token op = take();
    DurationTree right = duration(right_precedence(op.op));
    left = combined(op, std::move(left), std::move(right));
  }
  return left;
}

ExprParser::DurationTree ExprParser::duration_operand() {
  if (is_sign(peek())) {
    const Token sign = take();
    return negated(sign, duration(kPowerPrecedence), false);
  }
  switch (peek().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return duration_literal();
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMaxOf:
    case TokenKind::kMinOf:
      return duration_word();
    case TokenKind::kLeftParen:
      return wrapped_duration();
    default:
      unexpected();
  }
}

/// `sign` stands before it and is where an error points to, if given.
ExprParser::DurationTree ExprParser::duration_literal(const Token* sign) {
  const Token token = take();
  auto made = zero_at(token.at());
  made->is_duration = token.kind == TokenKind::kDuration;
  made->seconds = number_value(token);
  if (is_out_of_duration_range(made->seconds)) {
    refuse(sign != nullptr ? sign->at() : made->at, "duration out of range");
    made->seconds = 0;
  }
  return {.expr = std::move(made)};
}

/// step(), range(), min_of(a, b), max_of(a, b)
ExprParser::DurationTree ExprParser::duration_word() {
  const Token word = take();
  DurationTree made{.expr = std::make_unique<DurationExpr>()};
  expect(TokenKind::kLeftParen);
  if (word.kind == TokenKind::kMinOf || word.kind == TokenKind::kMaxOf) {
    DurationTree left = duration(kLowestPrecedence);
    expect(TokenKind::kComma);
    DurationTree right = duration(kLowestPrecedence);
    expect(TokenKind::kRightParen);
    made.height = std::max(left.height, right.height) + 1;
    made.expr->op = word.kind == TokenKind::kMinOf ? DurationOp::kMin : DurationOp::kMax;
    made.expr->at = {left.expr->at.begin, right.expr->at.end};
    made.expr->left = std::move(left.expr);
    made.expr->right = std::move(right.expr);
  } else {
    made.expr->op = word.kind == TokenKind::kStep ? DurationOp::kStep : DurationOp::kRange;
    made.expr->at = {word.begin, expect(TokenKind::kRightParen).end()};
  }
  needs_duration_expressions(*made.expr);
  return made;
}

ExprParser::DurationTree ExprParser::wrapped_duration() {
  take();
  DurationTree inner = duration(kLowestPrecedence);
  expect(TokenKind::kRightParen);
  needs_duration_expressions(*inner.expr);
  inner.expr->is_wrapped = !is_number(*inner.expr);  // of a lone number the parentheses are forgotten
  return inner;
}

/// A sign of a number is part of it, a plus of anything else is forgotten.
ExprParser::DurationTree ExprParser::negated(const Token& sign, DurationTree of, bool was_wrapped) {
  const bool minus = sign.op == BinaryOp::kSub;
  if (is_number(*of.expr)) {
    of.expr->seconds = minus ? -of.expr->seconds : of.expr->seconds;
    of.expr->at.begin = sign.begin;
    return of;
  }
  of.expr->is_wrapped = of.expr->is_wrapped || was_wrapped;
  return minus ? signed_duration(sign, std::move(of)) : std::move(of);
}

ExprParser::DurationTree ExprParser::signed_duration(const Token& sign, DurationTree of) {
  auto made = std::make_unique<DurationExpr>();
  made->op = sign.op == BinaryOp::kSub ? DurationOp::kSub : DurationOp::kAdd;
  made->at = {sign.begin, of.expr->at.end};
  made->right = std::move(of.expr);
  if (of.height >= kMaxDurationHeight) {
    too_deep(sign.begin);
  }
  return {.expr = std::move(made), .height = of.height + 1};
}

ExprParser::DurationTree ExprParser::combined(const Token& op, DurationTree left, DurationTree right) {
  needs_duration_expressions(*left.expr);
  const bool divides = op.op == BinaryOp::kDiv || op.op == BinaryOp::kMod;
  if (divides && is_number(*right.expr) && right.expr->seconds == 0) {
    refuse(op.at(), op.op == BinaryOp::kDiv ? "division by zero" : "modulo by zero");
  }
  const std::size_t height = std::max(left.height, right.height);
  if (height >= kMaxDurationHeight) {
    too_deep(op.begin);
  }
  auto made = std::make_unique<DurationExpr>();
  made->op = duration_op(op.op);
  made->at = {left.expr->at.begin, right.expr->at.end};
  made->left = std::move(left.expr);
  made->right = std::move(right.expr);
  return {.expr = std::move(made), .height = height + 1};
}

void ExprParser::needs_duration_expressions(const DurationExpr& expr) {
  if (!options_.duration_expressions) {
    refuse(expr.at, "experimental duration expression is not enabled");
  }
}

}  // namespace mcore
