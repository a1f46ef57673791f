// SPDX-License-Identifier: Apache-2.0
//
// Growth of native histograms from edge to edge of an anchored or smoothed window; range_edges.cpp has the same for
// floats and says what the two mean.
#include <optional>

#include "promql/histogram_math.h"
#include "promql/histogram_reset.h"
#include "promql/range_edges.h"
#include "promql/range_histograms.h"
#include "promql/range_notes.h"

namespace mcore {
namespace {

bool is_gauge(const Histogram& histogram) noexcept {
  return histogram.hint == CounterResetHint::kGauge;
}

/// All buckets from edge to edge must be of one kind; gauges do not make counters.
bool check_samples(std::span<const Histogram> histograms, bool is_counter, const NoteContext& context) {
  const bool is_custom = histograms.front().schema == kCustomBucketsSchema;
  for (const Histogram& histogram : histograms) {
    if ((histogram.schema == kCustomBucketsSchema) != is_custom) {
      note_mixed_buckets(context);
      return false;
    }
    if (is_counter && is_gauge(histogram)) {
      note_not_counter(context);
    }
  }
  return true;
}

/// Growth between two edges of one window.
class EdgeGrowth {
 public:
  EdgeGrowth(const Window& window, bool is_counter, const NoteContext& context) noexcept
      : window_(window), is_counter_(is_counter), context_(context) {}

  /// Nullopt, with a note, if the histograms cannot be brought together.
  [[nodiscard]] std::optional<Histogram> between(const EdgeSamples& samples) const {
    const std::optional<Histogram> left = at_start(samples.first);
    const std::optional<Histogram> right = left.has_value() ? at_end(samples.last) : std::nullopt;
    if (!right.has_value()) {
      return std::nullopt;
    }
    if (!is_counter_ && !(is_gauge(*left) && is_gauge(*right))) {
      note_not_gauge(context_);
    }
    std::optional<Histogram> growth = right;
    if (!subtract_with_notes(*growth, *left, context_) ||
        (is_counter_ && !add_lost_to_resets(*growth, samples, *left, *right))) {
      return std::nullopt;
    }
    return growth;
  }

 private:
  [[nodiscard]] std::optional<Histogram> at_start(std::size_t first) const {
    if (is_smoothed() && window_.histogram_t_ms[first] < window_.from_ms) {
      return interpolated(first, window_.from_ms);
    }
    return as_floats(first);
  }

  [[nodiscard]] std::optional<Histogram> at_end(std::size_t last) const {
    if (is_smoothed() && last > 0 && window_.histogram_t_ms[last] > window_.to_ms) {
      return interpolated(last - 1, window_.to_ms);
    }
    return as_floats(last);
  }

  [[nodiscard]] Histogram as_floats(std::size_t i) const {
    Histogram histogram = window_.histogram[i];
    histogram.is_float = true;
    return histogram;
  }

  /// Between the samples `i` and `i` + 1. Requires: `t_ms` is behind the first of them, and not behind the second.
  [[nodiscard]] std::optional<Histogram> interpolated(std::size_t i, std::int64_t t_ms) const {
    const std::int64_t before_ms = window_.histogram_t_ms[i];
    const std::int64_t after_ms = window_.histogram_t_ms[i + 1];
    const Histogram& before = window_.histogram[i];
    Histogram value = as_floats(i + 1);
    if (t_ms == after_ms) {
      return value;
    }
    const double fraction = static_cast<double>(t_ms - before_ms) / static_cast<double>(after_ms - before_ms);
    if (is_counter_ && is_histogram_reset(value, before)) {
      multiply_histogram(value, fraction);
      return value;
    }
    if (!subtract_with_notes(value, before, context_)) {
      return std::nullopt;
    }
    multiply_histogram(value, fraction);
    if (!add_with_notes(value, before, context_)) {
      return std::nullopt;
    }
    return value;
  }

  /// What resets took away between the edges. A reset that the interpolation at the start went across is in `left`, and
  /// the sample at the end stands in `right`: neither is looked at again.
  [[nodiscard]] bool add_lost_to_resets(Histogram& growth, const EdgeSamples& samples, const Histogram& left,
                                        const Histogram& right) const {
    std::size_t next = samples.first + 1;
    const Histogram* before = &left;
    if (is_smoothed() && window_.histogram_t_ms[samples.first] < window_.from_ms &&
        is_histogram_reset(window_.histogram[next], window_.histogram[samples.first])) {
      before = &window_.histogram[next++];
    }
    if (next > samples.last) {
      return true;
    }
    std::optional<Histogram> lost;
    const auto add_if_reset = [&](const Histogram& now) {
      if (is_histogram_reset(now, *before)) {
        if (!lost.has_value()) {
          lost = *before;
          lost->is_float = true;
        } else if (!add_with_notes(*lost, *before, context_)) {
          return false;
        }
      }
      before = &now;
      return true;
    };
    for (; next < samples.last; ++next) {
      if (!add_if_reset(window_.histogram[next])) {
        return false;
      }
    }
    return add_if_reset(right) && (!lost.has_value() || add_with_notes(growth, *lost, context_));
  }

  [[nodiscard]] bool is_smoothed() const noexcept { return window_.edges == WindowEdges::kSmoothed; }

  const Window& window_;
  bool is_counter_;
  const NoteContext& context_;
};

}  // namespace

PointValue histogram_rate_to_edges(const Window& window, GrowthKind kind, const NoteContext& context) {
  const EdgeSamples samples = edge_samples(window.histogram_t_ms, window);
  if (!samples.is_usable || !check_samples(window.histogram.subspan(samples.first, samples.last - samples.first + 1),
                                           kind.is_counter, context)) {
    return {};
  }
  std::optional<Histogram> growth = EdgeGrowth(window, kind.is_counter, context).between(samples);
  if (!growth.has_value()) {
    return {};
  }
  if (kind.is_per_second) {
    divide_histogram(*growth, duration_seconds(window.to_ms - window.from_ms));
  }
  growth->hint = CounterResetHint::kGauge;
  compact_histogram(*growth, 0);
  return *std::move(growth);
}

}  // namespace mcore
