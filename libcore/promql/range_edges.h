// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "promql/range_rate.h"
#include "promql/window.h"

namespace mcore {

/// rate(), increase() and delta() of an anchored or smoothed window, from edge to edge: nothing is extrapolated.
/// Requires: edges other than kPlain, floats only.
[[nodiscard]] PointValue float_rate_to_edges(const Window& window, GrowthKind kind);

/// From where to where in the samples of an anchored or smoothed window the growth goes.
struct EdgeSamples {
  std::size_t first = 0;
  std::size_t last = 0;  // inclusive
  bool is_usable = false;
};
/// Requires: times.
[[nodiscard]] EdgeSamples edge_samples(std::span<const std::int64_t> t_ms, const Window& window) noexcept;

}  // namespace mcore
