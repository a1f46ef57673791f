// SPDX-License-Identifier: Apache-2.0
//
// With `anchored` the growth goes from the last sample before the window to the last one in it. With `smoothed` the
// values at the edges are interpolated between the samples on both sides of each; a counter that fell between the two
// is taken to have begun again at zero.
#include "promql/range_edges.h"

#include <algorithm>

namespace mcore {
namespace {

struct FloatAt {
  std::int64_t t_ms;
  double value;
};

FloatAt float_at(const Window& window, std::size_t i) noexcept {
  return {.t_ms = window.t_ms[i], .value = window.value[i]};
}

double interpolated(FloatAt before, FloatAt after, std::int64_t t_ms, bool is_counter) noexcept {
  const double begin = is_counter && after.value < before.value ? 0 : before.value;
  return begin + (after.value - begin) * static_cast<double>(t_ms - before.t_ms) /
                     static_cast<double>(after.t_ms - before.t_ms);
}

double value_at_start(const Window& window, std::size_t first, bool is_counter) noexcept {
  if (window.edges == WindowEdges::kSmoothed && window.t_ms[first] < window.from_ms) {
    return interpolated(float_at(window, first), float_at(window, first + 1), window.from_ms, is_counter);
  }
  return window.value[first];
}

double value_at_end(const Window& window, std::size_t last, bool is_counter) noexcept {
  if (window.edges == WindowEdges::kSmoothed && last > 0 && window.t_ms[last] > window.to_ms) {
    return interpolated(float_at(window, last - 1), float_at(window, last), window.to_ms, is_counter);
  }
  return window.value[last];
}

/// What resets took away between the values at the edges.
double lost_to_resets(double left, double right, std::span<const double> between) noexcept {
  double lost = 0;
  double before = left;
  for (const double value : between) {
    if (value < before) {
      lost += before;
    }
    before = value;
  }
  return right < before ? lost + before : lost;
}

}  // namespace

EdgeSamples edge_samples(std::span<const std::int64_t> t_ms, const Window& window) noexcept {
  const auto inner = t_ms.first(t_ms.size() - 1);  // the last sample is taken where none of these fits
  const auto after_start = static_cast<std::size_t>(std::ranges::upper_bound(inner, window.from_ms) - inner.begin());
  EdgeSamples samples{.first = after_start == 0 ? 0 : after_start - 1, .last = t_ms.size() - 1};
  const bool is_smoothed = window.edges == WindowEdges::kSmoothed;
  if (is_smoothed) {
    samples.last = static_cast<std::size_t>(std::ranges::lower_bound(inner, window.to_ms) - inner.begin());
  }
  samples.is_usable = t_ms[samples.last] > window.from_ms && !(is_smoothed && t_ms[samples.first] > window.to_ms);
  return samples;
}

PointValue float_rate_to_edges(const Window& window, GrowthKind kind) {
  const EdgeSamples samples = edge_samples(window.t_ms, window);
  if (!samples.is_usable) {
    return {};
  }
  const double left = value_at_start(window, samples.first, kind.is_counter);
  const double right = value_at_end(window, samples.last, kind.is_counter);
  double growth = right - left;
  if (kind.is_counter) {
    // Resets across an edge are in `left` and `right` already: only what lies strictly within is looked at.
    const std::size_t begin = samples.first + (window.t_ms[samples.first] <= window.from_ms ? 1 : 0);
    const std::size_t end = samples.last + (window.t_ms[samples.last] >= window.to_ms ? 0 : 1);
    growth += lost_to_resets(left, right, window.value.subspan(begin, end > begin ? end - begin : 0));
  }
  if (kind.is_per_second) {
    growth /= duration_seconds(window.to_ms - window.from_ms);
  }
  return growth;
}

}  // namespace mcore
