// SPDX-License-Identifier: Apache-2.0
#include "promql/range_histograms.h"

#include <algorithm>
#include <optional>

#include "promql/histogram_math.h"
#include "promql/histogram_reset.h"
#include "promql/histogram_total.h"
#include "promql/range_notes.h"

namespace mcore {
namespace {

bool has_custom_buckets(const Histogram& histogram) noexcept {
  return histogram.schema == kCustomBucketsSchema;
}

bool is_gauge(const Histogram& histogram) noexcept {
  return histogram.hint == CounterResetHint::kGauge;
}

/// A histogram as it comes out of a query: its counts are floats from here on.
Histogram as_floats(Histogram histogram) {
  histogram.is_float = true;
  return histogram;
}

HistogramAt histogram_at(const Window& window, std::size_t i) noexcept {
  return {.when = started_at(window.histogram_start_ms, window.histogram_t_ms, i), .histogram = window.histogram[i]};
}

bool is_reset(const HistogramAt& before, const HistogramAt& now) {
  return is_start_reset(before.when, now.when) || is_histogram_reset(now.histogram, before.histogram);
}

/// What the growth of a counter goes from. A first sample before a reset counts as nothing, in the layout of the
/// second: its own buckets need not agree with the rest.
Histogram growth_base(const Window& window, bool is_counter) {
  const Histogram& first = window.histogram.front();
  if (is_counter && is_reset(histogram_at(window, 0), histogram_at(window, 1))) {
    const Histogram& second = window.histogram[1];
    return {.is_float = true, .schema = second.schema, .custom_values = second.custom_values};
  }
  return first;
}

/// The lowest resolution that the growth of a counter meets; nullopt if its buckets are of two kinds.
std::optional<std::int32_t> common_schema(const Window& window, const Histogram& base, const NoteContext& context) {
  std::int32_t schema = std::min(base.schema, window.histogram.back().schema);
  for (const Histogram& histogram : window.histogram.subspan(1, window.histogram.size() - 2)) {
    if (is_gauge(histogram)) {
      note_not_counter(context);
    }
    schema = std::min(schema, histogram.schema);
    if (has_custom_buckets(histogram) != has_custom_buckets(base)) {
      return std::nullopt;
    }
  }
  return schema;
}

/// Adds to the growth what every reset took away.
bool add_lost_to_resets(Histogram& growth, const Window& window, const Histogram& base, const NoteContext& context) {
  const Histogram* before = &base;
  bool overlap_told = false;
  for (std::size_t i = 1; i < window.histogram.size(); ++i) {
    const StartedAt started_before = histogram_at(window, i - 1).when;
    const HistogramAt now = histogram_at(window, i);
    if (!overlap_told && starts_overlap(started_before, now.when)) {
      note_start_overlap(context);
      overlap_told = true;
    }
    if ((is_start_reset(started_before, now.when) || is_histogram_reset(now.histogram, *before)) &&
        !add_with_notes(growth, *before, context)) {
      return false;
    }
    before = &now.histogram;
  }
  return true;
}

/// Last less first, resets made up for; nullopt, with a note, if the layouts cannot be brought together.
/// Requires: two samples.
std::optional<Histogram> histogram_growth(const Window& window, bool is_counter, const NoteContext& context) {
  const Histogram& first = window.histogram.front();
  const Histogram& last = window.histogram.back();
  QueryNotes notes;
  const NoteContext trial{
      .notes = notes, .at = context.at, .metric_name = context.metric_name, .labels = context.labels};
  if (is_counter && (is_gauge(first) || is_gauge(last))) {
    note_not_counter(trial);
  }
  const Histogram base = growth_base(window, is_counter);
  if (has_custom_buckets(last) != has_custom_buckets(base)) {
    context.notes.join(notes);
    note_mixed_buckets(context);
    return std::nullopt;
  }
  // Where the growth fails further on, only the note on mixed buckets is left of its notes.
  std::optional<std::int32_t> schema = std::min(base.schema, last.schema);
  if (is_counter) {
    schema = common_schema(window, base, trial);
  }
  std::optional<Histogram> growth;
  if (schema.has_value()) {
    growth = as_floats(histogram_at_schema(last, *schema));
    const bool is_whole =
        subtract_with_notes(*growth, base, trial) && (!is_counter || add_lost_to_resets(*growth, window, base, trial));
    if (!is_whole) {
      growth.reset();
    }
  }
  if (!growth.has_value()) {
    note_mixed_buckets(context);
    return growth;
  }
  context.notes.join(notes);
  if (!is_counter && !(is_gauge(first) && is_gauge(last))) {
    note_not_gauge(context);
  }
  growth->hint = CounterResetHint::kGauge;
  compact_histogram(*growth, 0);
  return growth;
}

PointValue total_over_time(const Window& window, HistogramTotal::Kind kind, const NoteContext& context) {
  HistogramTotal total(kind);
  for (const Histogram& histogram : window.histogram) {
    if (!total.add(histogram)) {
      note_mixed_buckets(context);
      return {};
    }
  }
  if (total.has_reset_collision()) {
    note_conflicting_resets("aggregation", context);
  }
  if (total.has_reconciled_bounds()) {
    note_reconciled_bounds("aggregation", context);
  }
  return as_floats(total.take());
}

}  // namespace

bool add_with_notes(Histogram& to, const Histogram& other, const NoteContext& context) {
  const HistogramOutcome outcome = add_histogram(to, other);
  if (outcome.is_incompatible) {
    note_mixed_buckets(context);
    return false;
  }
  if (outcome.has_reconciled_bounds) {
    note_reconciled_bounds("addition", context);
  }
  return true;
}

bool subtract_with_notes(Histogram& from, const Histogram& other, const NoteContext& context) {
  const HistogramOutcome outcome = subtract_histogram(from, other);
  if (outcome.is_incompatible) {
    note_mixed_buckets(context);
    return false;
  }
  if (outcome.has_reconciled_bounds) {
    note_reconciled_bounds("subtraction", context);
  }
  return true;
}

PointValue histogram_rate(const Window& window, GrowthKind kind, const NoteContext& context) {
  const GrowthSpan span{.from_ms = window.from_ms,
                        .to_ms = window.to_ms,
                        .first_t_ms = window.histogram_t_ms.front(),
                        .last_t_ms = window.histogram_t_ms.back(),
                        .gaps = static_cast<double>(window.histogram.size() - 1)};
  std::optional<Histogram> growth;
  if (window.histogram.size() > 1) {
    growth = histogram_growth(window, kind.is_counter, context);
    if (!growth.has_value()) {
      return {};
    }
  }
  const Histogram& first = window.histogram.front();
  const std::int64_t start_ms = kind.is_counter ? start_within(window.histogram_start_ms, span) : 0;
  double factor = 1;
  if (start_ms != 0) {
    if (!growth.has_value()) {
      growth = as_floats(first);
    } else if (!add_with_notes(*growth, first, context)) {
      return {};
    }
    factor = factor_since_start(span, start_ms);
  } else if (!growth.has_value()) {
    return {};
  } else {
    const bool may_reach_zero = kind.is_counter && growth->count > 0 && first.count >= 0;
    factor = extrapolation_factor(span, may_reach_zero ? first.count / growth->count : -1);
  }
  if (kind.is_per_second) {
    factor /= duration_seconds(window.to_ms - window.from_ms);
  }
  multiply_histogram(*growth, factor);
  return *std::move(growth);
}

PointValue histogram_sum_over_time(const Window& window, const NoteContext& context) {
  return total_over_time(window, HistogramTotal::Kind::kSum, context);
}

PointValue histogram_avg_over_time(const Window& window, const NoteContext& context) {
  return total_over_time(window, HistogramTotal::Kind::kMean, context);
}

PointValue histogram_last_step(const HistogramAt& before, const HistogramAt& last, bool is_counter,
                               const NoteContext& context) {
  const bool one_is_gauge = is_gauge(before.histogram) || is_gauge(last.histogram);
  const bool both_are_gauges = is_gauge(before.histogram) && is_gauge(last.histogram);
  if (is_counter && one_is_gauge) {
    note_not_counter(context);
  }
  if (!is_counter && !both_are_gauges) {
    note_not_gauge(context);
  }
  Histogram step = as_floats(last.histogram);
  if ((!is_counter || !is_reset(before, last)) && !subtract_with_notes(step, before.histogram, context)) {
    return {};
  }
  step.hint = CounterResetHint::kGauge;
  compact_histogram(step, 0);
  if (is_counter) {
    divide_histogram(step, static_cast<double>(last.when.t_ms - before.when.t_ms) / 1000);
  }
  return step;
}

}  // namespace mcore
