// SPDX-License-Identifier: Apache-2.0
#include "promql/token_roles.h"

namespace mcore {
namespace {

bool is_set_word(const Token& token) noexcept {
  return token.kind == TokenKind::kOperator && is_set_operator(token.op);
}

}  // namespace

bool may_be_metric(const Token& token) noexcept {
  switch (token.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAggregator:
    case TokenKind::kBy:
    case TokenKind::kFill:
    case TokenKind::kFillLeft:
    case TokenKind::kFillRight:
    case TokenKind::kOffset:
    case TokenKind::kWithout:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
    case TokenKind::kStart:
    case TokenKind::kEndWord:
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMaxOf:
    case TokenKind::kMinOf:
      return true;
    default:
      return is_set_word(token);
  }
}

bool may_be_function(TokenKind kind) noexcept {
  return kind == TokenKind::kIdentifier || kind >= TokenKind::kStart;
}

bool may_be_label(const Token& token) noexcept {
  switch (token.kind) {
    case TokenKind::kBool:
    case TokenKind::kGroupLeft:
    case TokenKind::kGroupRight:
    case TokenKind::kIgnoring:
    case TokenKind::kOn:
      return true;
    case TokenKind::kWithout:
      return false;
    default:
      return may_be_metric(token) || (token.kind == TokenKind::kOperator && token.op == BinaryOp::kAtan2);
  }
}

bool may_start_expression(const Token& token) noexcept {
  switch (token.kind) {
    case TokenKind::kLeftParen:
    case TokenKind::kLeftBrace:
    case TokenKind::kNumber:
    case TokenKind::kDuration:
    case TokenKind::kString:
      return true;
    default:
      return may_be_metric(token) || is_sign(token);
  }
}

int precedence(BinaryOp op) noexcept {
  switch (op) {
    case BinaryOp::kOr:
      return kLowestPrecedence;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kAdd:
    case BinaryOp::kSub:
      return 4;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPow:
      return kPowerPrecedence;
    default:
      return 3;  // comparisons and trims
  }
}

}  // namespace mcore
