// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "promql/lexer.h"

namespace mcore {

/// A word that means something of its own.
struct Keyword {
  std::string_view word;
  TokenKind kind;
  BinaryOp op = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
};

/// In any case of the letters; null for any other word.
[[nodiscard]] const Keyword* find_keyword(std::string_view word) noexcept;

}  // namespace mcore
