// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "promql/lexer.h"

namespace mcore {

// What a word of a query can be where the parser meets it.

/// Whether a word may be the name of a metric as it stands.
[[nodiscard]] bool may_be_metric(const Token& token) noexcept;
/// Whether a parenthesis behind the word makes a call of a function.
[[nodiscard]] bool may_be_function(TokenKind kind) noexcept;
/// Whether a word may be the name of a label as it stands. `without` may not: an oversight of Prometheus, kept.
[[nodiscard]] bool may_be_label(const Token& token) noexcept;
[[nodiscard]] bool may_start_expression(const Token& token) noexcept;
[[nodiscard]] inline bool is_sign(const Token& token) noexcept {
  return token.kind == TokenKind::kOperator && (token.op == BinaryOp::kAdd || token.op == BinaryOp::kSub);
}

inline constexpr int kLowestPrecedence = 1;
inline constexpr int kPowerPrecedence = 6;
/// How tightly an operator binds, from kLowestPrecedence (or) to kPowerPrecedence (^, the only one from the right).
[[nodiscard]] int precedence(BinaryOp op) noexcept;
/// The precedence that the right operand of `op` must at least have.
[[nodiscard]] inline int right_precedence(BinaryOp op) noexcept {
  return op == BinaryOp::kPow ? kPowerPrecedence : precedence(op) + 1;
}

}  // namespace mcore
