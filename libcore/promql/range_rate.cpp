// SPDX-License-Identifier: Apache-2.0
//
// A window seldom has a sample at each edge. What the series grew between its first and last sample is stretched to the
// edges as if it had gone on alike, unless the gap at an edge is so wide (1.1 mean spacings) that the series more
// likely began or ended there; then half a spacing is taken for it. A counter is never stretched to before it was zero.
#include "promql/range_rate.h"

#include <algorithm>

#include "promql/range_edges.h"
#include "promql/range_histograms.h"
#include "promql/range_notes.h"
#include "promql/start_times.h"

namespace mcore {
namespace {

double seconds_between(std::int64_t from_ms, std::int64_t to_ms) noexcept {
  return static_cast<double>(to_ms - from_ms) / 1000;
}

double mean_spacing(const GrowthSpan& span) noexcept {
  return span.gaps > 0 ? seconds_between(span.first_t_ms, span.last_t_ms) / span.gaps : 0;
}

/// How far a gap at an edge is bridged.
double bridged(double gap, double spacing) noexcept {
  return gap >= spacing * 1.1 ? spacing / 2 : gap;
}

double stretched(double sampled, double to_start, double to_end) noexcept {
  return sampled != 0 ? (sampled + to_start + to_end) / sampled : 1;
}

/// Last less first, and for a counter what every reset took away, in order.
double float_growth(const Window& window, bool is_counter, const NoteContext& context) {
  const std::span<const double> value = window.value;
  double growth = value.back() - value.front();
  if (!is_counter) {
    return growth;
  }
  bool overlap_told = false;
  for (std::size_t i = 1; i < value.size(); ++i) {
    const StartedAt before = started_at(window.start_ms, window.t_ms, i - 1);
    const StartedAt now = started_at(window.start_ms, window.t_ms, i);
    if (!overlap_told && starts_overlap(before, now)) {
      note_start_overlap(context);
      overlap_told = true;
    }
    if (value[i] < value[i - 1] || is_start_reset(before, now)) {
      growth += value[i - 1];
    }
  }
  return growth;
}

PointValue float_rate(const Window& window, GrowthKind kind, const NoteContext& context) {
  const GrowthSpan span{.from_ms = window.from_ms,
                        .to_ms = window.to_ms,
                        .first_t_ms = window.t_ms.front(),
                        .last_t_ms = window.t_ms.back(),
                        .gaps = static_cast<double>(window.t_ms.size() - 1)};
  const double first = window.value.front();
  double growth = float_growth(window, kind.is_counter, context);
  double factor = 1;
  if (const std::int64_t start_ms = start_within(window.start_ms, span); kind.is_counter && start_ms != 0) {
    growth += first;
    factor = factor_since_start(span, start_ms);
  } else if (span.gaps == 0) {
    return {};
  } else {
    factor = extrapolation_factor(span, kind.is_counter && growth > 0 && first >= 0 ? first / growth : -1);
  }
  if (kind.is_per_second) {
    factor /= duration_seconds(window.to_ms - window.from_ms);
  }
  return growth * factor;
}

PointValue growth(const Window& window, GrowthKind kind, const NoteContext& context) {
  if (!window.value.empty() && !window.histogram.empty()) {
    note_mixed_samples(context);
    return {};
  }
  const bool is_plain = window.edges == WindowEdges::kPlain;
  if (window.value.empty()) {
    return is_plain ? histogram_rate(window, kind, context) : histogram_rate_to_edges(window, kind, context);
  }
  return is_plain ? float_rate(window, kind, context) : float_rate_to_edges(window, kind);
}

/// Takes the samples of a window from its end, floats and histograms in the order of time.
class NewestFirst {
 public:
  explicit NewestFirst(const Window& window) noexcept
      : window_(window), floats_(window.value.size()), histograms_(window.histogram.size()) {}

  struct Sample {
    StartedAt when{};
    double value = 0;
    const Histogram* histogram = nullptr;  // null: a float
  };
  /// Requires: there is one.
  [[nodiscard]] Sample next() noexcept {
    const bool is_float =
        histograms_ == 0 || (floats_ > 0 && window_.t_ms[floats_ - 1] > window_.histogram_t_ms[histograms_ - 1]);
    if (is_float) {
      --floats_;
      return {.when = started_at(window_.start_ms, window_.t_ms, floats_), .value = window_.value[floats_]};
    }
    --histograms_;
    return {.when = started_at(window_.histogram_start_ms, window_.histogram_t_ms, histograms_),
            .histogram = &window_.histogram[histograms_]};
  }

 private:
  const Window& window_;
  std::size_t floats_;
  std::size_t histograms_;
};

PointValue last_step(const Window& window, bool is_counter, const NoteContext& context) {
  if (window.value.size() + window.histogram.size() < 2) {
    return {};
  }
  NewestFirst samples(window);
  const NewestFirst::Sample last = samples.next();
  const NewestFirst::Sample before = samples.next();
  const std::int64_t interval_ms = last.when.t_ms - before.when.t_ms;
  if (interval_ms == 0) {
    return {};
  }
  if ((last.histogram == nullptr) != (before.histogram == nullptr)) {
    note_mixed_samples(context);
    return {};
  }
  if (last.histogram != nullptr) {
    return histogram_last_step({.when = before.when, .histogram = *before.histogram},
                               {.when = last.when, .histogram = *last.histogram}, is_counter, context);
  }
  const bool is_reset = last.value < before.value || is_start_reset(before.when, last.when);
  const double step = is_counter && is_reset ? last.value : last.value - before.value;
  return is_counter ? step / (static_cast<double>(interval_ms) / 1000) : step;
}

}  // namespace

std::int64_t start_within(std::span<const std::int64_t> start_ms, const GrowthSpan& span) noexcept {
  const bool is_within =
      !start_ms.empty() && start_ms[0] != 0 && start_ms[0] > span.from_ms && start_ms[0] < span.first_t_ms;
  return is_within ? start_ms[0] : 0;
}

double extrapolation_factor(const GrowthSpan& span, double zero_share) noexcept {
  const double sampled = seconds_between(span.first_t_ms, span.last_t_ms);
  const double spacing = mean_spacing(span);
  double to_start = bridged(seconds_between(span.from_ms, span.first_t_ms), spacing);
  if (zero_share >= 0) {
    const double to_zero = sampled * zero_share;
    to_start = to_zero < to_start ? to_zero : to_start;
  }
  return stretched(sampled, to_start, bridged(seconds_between(span.last_t_ms, span.to_ms), spacing));
}

double factor_since_start(const GrowthSpan& span, std::int64_t start_ms) noexcept {
  return stretched(seconds_between(start_ms, span.last_t_ms), 0,
                   bridged(seconds_between(span.last_t_ms, span.to_ms), mean_spacing(span)));
}

PointValue rate(const Window& window, std::span<const double>, const NoteContext& context) {
  return growth(window, {.is_counter = true, .is_per_second = true}, context);
}

PointValue increase(const Window& window, std::span<const double>, const NoteContext& context) {
  return growth(window, {.is_counter = true, .is_per_second = false}, context);
}

PointValue delta(const Window& window, std::span<const double>, const NoteContext& context) {
  return growth(window, {.is_counter = false, .is_per_second = false}, context);
}

PointValue irate(const Window& window, std::span<const double>, const NoteContext& context) {
  return last_step(window, true, context);
}

PointValue idelta(const Window& window, std::span<const double>, const NoteContext& context) {
  return last_step(window, false, context);
}

}  // namespace mcore
