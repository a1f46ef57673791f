// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "promql/range_rate.h"
#include "promql/start_times.h"
#include "promql/window.h"

namespace mcore {

/// What range functions make of windows of native histograms.
/// Requires: histograms, no floats.

/// rate(), increase() and delta() of a window with plain edges: a gauge.
[[nodiscard]] PointValue histogram_rate(const Window& window, GrowthKind kind, const NoteContext& context);
/// The same from edge to edge of an anchored or smoothed one.
[[nodiscard]] PointValue histogram_rate_to_edges(const Window& window, GrowthKind kind, const NoteContext& context);
[[nodiscard]] PointValue histogram_sum_over_time(const Window& window, const NoteContext& context);
[[nodiscard]] PointValue histogram_avg_over_time(const Window& window, const NoteContext& context);

/// One histogram and since when it counts.
struct HistogramAt {
  StartedAt when{};
  const Histogram& histogram;
};
/// irate() (`is_counter`) and idelta() of the last two samples. Requires: `before` is older than `last`.
[[nodiscard]] PointValue histogram_last_step(const HistogramAt& before, const HistogramAt& last, bool is_counter,
                                             const NoteContext& context);

/// Adds, or subtracts, and leaves the notes due; false if exponential and custom buckets met.
[[nodiscard]] bool add_with_notes(Histogram& to, const Histogram& other, const NoteContext& context);
[[nodiscard]] bool subtract_with_notes(Histogram& from, const Histogram& other, const NoteContext& context);

}  // namespace mcore
