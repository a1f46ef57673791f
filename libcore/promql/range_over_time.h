// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "promql/window.h"

namespace mcore {

/// The functions X_over_time for one window: RangeFunction each, reached by find_range_function().
/// Those of floats only leave an info where they pass over histograms, and make nothing of a window without floats.

PointValue avg_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue sum_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue min_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue max_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue count_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue present_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue first_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue last_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
/// params: phi. Its note about phi points at the operand too: in Prometheus both are the call's first argument.
PointValue quantile_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue stddev_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue stdvar_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue mad_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue ts_of_first_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue ts_of_last_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue ts_of_min_over_time(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue ts_of_max_over_time(const Window& window, std::span<const double> params, const NoteContext& context);

/// The float parts, for whoever has the values at hand.
/// Requires: values.
[[nodiscard]] double float_average(std::span<const double> values) noexcept;
[[nodiscard]] double float_sum(std::span<const double> values) noexcept;

}  // namespace mcore
