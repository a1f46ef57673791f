// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "promql/function_table.h"
#include "promql/window.h"

namespace mcore {

/// The implementation of a function whose operand is a range vector; null for every other. absent_over_time looks at
/// all series of a step and is the engine's: null too.
[[nodiscard]] RangeFunction find_range_function(FunctionId id) noexcept;

/// Whether the answer keeps the metric's name: the functions that pick one sample of the window.
[[nodiscard]] bool keeps_metric_name(FunctionId id) noexcept;
/// Whether Window::start_ms and histogram_start_ms count, if start times are in use.
[[nodiscard]] bool uses_start_times(FunctionId id) noexcept;
/// Whether note_possible_non_counter() is due for a series with at least one float in its answer.
[[nodiscard]] bool wants_counter(FunctionId id) noexcept;

/// Throws Error (kUsage) if the function does not go with `anchored` or `smoothed`.
void check_window_edges(const PromqlFunction& function, WindowEdges edges);

}  // namespace mcore
