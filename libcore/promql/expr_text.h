// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "promql/ast.h"

namespace mcore {

/// The expression on one line, as Prometheus prints it: `sum by (job) (rate(x{a="b"}[5m] offset 1h))`.
///
/// Shape: parsed again it is the same expression, also in the few cases where Prometheus' text is not: a label called
///        `without` or `inf` in a clause is quoted, info()'s `{}` is written, `offset (5m) * 2` keeps a parenthesis.
/// Cost:  linear in the text.
[[nodiscard]] std::string expr_text(const Expr& expr);

/// The expression as Prometheus' formatter lays it out: what is longer than 100 bytes is spread over lines, indented by
/// two blanks a level. No newline at the end.
[[nodiscard]] std::string pretty_expr_text(const Expr& expr);

/// A computed duration, `5m * step()`.
[[nodiscard]] std::string duration_expr_text(const DurationExpr& expr);

}  // namespace mcore
