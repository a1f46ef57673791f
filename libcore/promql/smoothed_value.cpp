// SPDX-License-Identifier: Apache-2.0
#include "promql/smoothed_value.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "promql/histogram_math.h"
#include "promql/histogram_reset.h"
#include "promql/range_edges.h"
#include "promql/range_notes.h"

namespace mcore {
namespace {

/// The value at `t_ms` on the line through samples `i` and `i + 1`.
double between(std::span<const std::int64_t> t_ms, std::span<const double> value, std::size_t i,
               std::int64_t at_ms) noexcept {
  return value[i] +
         (value[i + 1] - value[i]) * static_cast<double>(at_ms - t_ms[i]) / static_cast<double>(t_ms[i + 1] - t_ms[i]);
}

/// The same of histograms; a counter that was reset between the two has grown from nothing.
PointValue between(const Histogram& before, const Histogram& after, double share, bool is_counter,
                   const NoteContext& context) {
  Histogram result = after;
  if (is_counter && is_histogram_reset(after, before)) {
    multiply_histogram(result, share);
    return result;
  }
  const HistogramOutcome difference = subtract_histogram(result, before);
  if (difference.is_incompatible) {
    note_mixed_buckets(context);
    return {};
  }
  if (difference.has_reconciled_bounds) {
    note_reconciled_bounds("subtraction", context);
  }
  multiply_histogram(result, share);
  const HistogramOutcome sum = add_histogram(result, before);
  if (sum.has_reconciled_bounds) {
    note_reconciled_bounds("addition", context);
  }
  return result;
}

PointValue smoothed_float(const Window& window, std::int64_t t_ms) {
  const auto i = static_cast<std::size_t>(std::ranges::lower_bound(window.t_ms, t_ms) - window.t_ms.begin());
  if (i < window.t_ms.size() && window.t_ms[i] == t_ms) {
    return window.value[i];
  }
  if (i == 0) {
    return {};
  }
  return i < window.t_ms.size() ? between(window.t_ms, window.value, i - 1, t_ms) : window.value[i - 1];
}

PointValue smoothed_histogram(const Window& window, std::int64_t t_ms, const NoteContext& context) {
  const auto& times = window.histogram_t_ms;
  const auto i = static_cast<std::size_t>(std::ranges::lower_bound(times, t_ms) - times.begin());
  if (i < times.size() && times[i] == t_ms) {
    return window.histogram[i];
  }
  if (i == 0) {
    return {};
  }
  const Histogram& before = window.histogram[i - 1];
  if (i == times.size()) {
    Histogram last = before;
    last.hint = CounterResetHint::kUnknown;
    return last;
  }
  const Histogram& after = window.histogram[i];
  if (uses_custom_buckets(before) != uses_custom_buckets(after)) {
    note_mixed_buckets(context);
    return {};
  }
  const bool is_counter = before.hint != CounterResetHint::kGauge || after.hint != CounterResetHint::kGauge;
  const double share = static_cast<double>(t_ms - times[i - 1]) / static_cast<double>(times[i] - times[i - 1]);
  return between(before, after, share, is_counter, context);
}

}  // namespace

PointValue smoothed_value(const Window& window, std::int64_t t_ms, const NoteContext& context) {
  if (!window.histogram.empty() && !window.value.empty()) {
    note_mixed_samples(context);
    return {};
  }
  if (!window.histogram.empty()) {
    return smoothed_histogram(window, t_ms, context);
  }
  return window.value.empty() ? PointValue() : smoothed_float(window, t_ms);
}

void cut_to_edges(SeriesSamples& samples, const Window& window) {
  std::vector<std::int64_t> times;
  std::vector<double> values;
  const EdgeSamples edges = samples.t_ms.empty() ? EdgeSamples() : edge_samples(samples.t_ms, window);
  if (!samples.t_ms.empty() && samples.t_ms[edges.last] > window.from_ms) {
    const bool is_smoothed = window.edges == WindowEdges::kSmoothed;
    const std::vector<std::int64_t>& t_ms = samples.t_ms;
    const bool cuts_left = is_smoothed && t_ms[edges.first] < window.from_ms;
    const bool cuts_right = is_smoothed && edges.last > 0 && t_ms[edges.last] > window.to_ms;
    times.push_back(window.from_ms);
    values.push_back(cuts_left ? between(t_ms, samples.value, edges.first, window.from_ms)
                               : samples.value[edges.first]);
    for (std::size_t i = edges.first; i <= edges.last; ++i) {
      if (t_ms[i] > window.from_ms && t_ms[i] < window.to_ms) {
        times.push_back(t_ms[i]);
        values.push_back(samples.value[i]);
      }
    }
    times.push_back(window.to_ms);
    values.push_back(cuts_right ? between(t_ms, samples.value, edges.last - 1, window.to_ms)
                                : samples.value[edges.last]);
  }
  samples.t_ms = std::move(times);
  samples.value = std::move(values);
}

}  // namespace mcore
