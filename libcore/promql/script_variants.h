// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "promql/ast.h"

namespace mcore {

/// Gives every selector and every subquery without `@` the time `t_ms`; what stands below a subquery stays untouched.
/// The query then answers the same whenever it is asked. False if it cannot, because it calls a function that looks at
/// the time itself (`time`, `hour`, `timestamp`, `predict_linear`, `start`, ...).
/// Requires: no duration in it has still to be computed from the query's step or range.
[[nodiscard]] bool pin_selectors(Expr& expr, std::int64_t t_ms);

/// When a query that was pinned to `t_ms` is asked again.
[[nodiscard]] std::vector<std::int64_t> pinned_query_times(std::int64_t t_ms);

/// Whether a query mentions `start()`, `end()`, `range()` or `step()`: then it answers otherwise as part of a range.
[[nodiscard]] bool depends_on_query_range(std::string_view query) noexcept;

}  // namespace mcore
