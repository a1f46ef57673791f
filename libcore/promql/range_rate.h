// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "promql/window.h"

namespace mcore {

/// How much a series grew in one window. RangeFunction each, reached by find_range_function().

PointValue rate(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue increase(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue delta(const Window& window, std::span<const double> params, const NoteContext& context);
/// From the last two samples alone.
PointValue irate(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue idelta(const Window& window, std::span<const double> params, const NoteContext& context);

/// What the three of whole windows differ in.
struct GrowthKind {
  bool is_counter = false;  // falls are resets, and there is nothing below zero
  bool is_per_second = false;
};

/// The samples of a window as the extrapolation sees them.
struct GrowthSpan {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::int64_t first_t_ms = 0;
  std::int64_t last_t_ms = 0;
  double gaps = 0;  // samples less one
};

/// When the first sample's counter was zero, if that lies in the window: its start time, else 0.
[[nodiscard]] std::int64_t start_within(std::span<const std::int64_t> start_ms, const GrowthSpan& span) noexcept;

/// Seconds as Go's Duration has them. Requires: at least 0.
[[nodiscard]] inline double duration_seconds(std::int64_t ms) noexcept {
  return static_cast<double>(ms / 1000) + static_cast<double>(ms % 1000 * 1'000'000) / 1e9;
}

/// By what the growth between first and last sample is multiplied to stand for the whole window: all the way to an edge
/// that is near enough, else half a sample spacing. `zero_share`: the part of the sampled time before the first sample
/// in which a counter would have grown from 0, or a negative number.
[[nodiscard]] double extrapolation_factor(const GrowthSpan& span, double zero_share) noexcept;
/// The same if the series began at `start_ms`, between from_ms and first_t_ms: nothing is extrapolated before that.
[[nodiscard]] double factor_since_start(const GrowthSpan& span, std::int64_t start_ms) noexcept;

}  // namespace mcore
