// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "promql/ast.h"

namespace mcore {

/// The tree as JSON: the `data` of Prometheus' /api/v1/parse_query, keys in alphabetical order.
///
/// Shape: on one line, or with `indent` blanks a level.
[[nodiscard]] std::string expr_json(const Expr& expr, int indent = -1);

}  // namespace mcore
