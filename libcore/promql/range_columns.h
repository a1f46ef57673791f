// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "promql/function_table.h"
#include "promql/window_plan.h"

namespace mcore {

/// The floats of one series, in the order of time, without stale markers.
///
/// Lifetime: borrows both columns. Requires: they have the same length.
struct FloatColumns {
  std::span<const std::int64_t> t_ms{};
  std::span<const double> value{};
};

/// Memory that one call leaves to the next, and what it found out about the times of its samples. One for each thread.
struct RangeScratch {
  WindowPlan plan{};
  std::vector<double> values{};
  std::vector<std::uint32_t> indexes{};
};

/// Calls a range function for every window of a series that has nothing but floats, plain edges and no start times: the
/// bits that the function of find_range_function() has for each window, in a fraction of the time. Writes one value for
/// each window, kStaleNanBits where there is no answer.
///
/// `phi`:    of quantile_over_time one value for each step; empty for all others. The note on one outside of 0 to 1 is
///           left to the caller (due for a step whose window has a sample).
/// Returns:  false, and nothing is written, for a function that has no such form.
/// Requires: out.size() == windows.count, step_ms > 0, range_ms > 0.
/// Cost:     a few nanoseconds a step for rates, counts and the like, and where every sum is exact; else sums and means
///           take about 0.1 ns a sample of each window, extremes O(1), quantiles a move within the sorted window. Least
///           where series with the same times follow each other.
[[nodiscard]] bool call_range_columns(FunctionId id, const FloatColumns& samples, const RangeWindows& windows,
                                      std::span<const double> phi, RangeScratch& scratch, std::span<double> out);

}  // namespace mcore
