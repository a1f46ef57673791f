// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "promql/ast.h"

namespace mcore {

/// Computes every duration of a tree that is an expression, `[5m * 2]`, and stores its `ms`; the expressions stay, so
/// that it can be done again for another range.
///
/// Units:  `step_ms` and `range_ms` (end - start) are what step() and range() stand for; both 0 in an instant query.
/// Errors: the first one, in Prometheus' order and words; its line is `5:10: duration must be greater than 0`, where
/// the
///         numbers are the bytes of the query that the expression takes. The tree is then partly computed.
[[nodiscard]] std::optional<Error> resolve_durations(Expr& expr, std::int64_t step_ms, std::int64_t range_ms);

}  // namespace mcore
