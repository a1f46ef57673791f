// SPDX-License-Identifier: Apache-2.0
#include "promql/range_over_time.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "promql/kahan_sum.h"
#include "promql/quantile.h"
#include "promql/range_histograms.h"
#include "promql/range_notes.h"

namespace mcore {
namespace {

/// For functions of floats: whether there are any; histograms beside them are passed over with a note.
bool has_floats(const Window& window, const NoteContext& context) {
  if (window.value.empty()) {
    return false;
  }
  if (!window.histogram.empty()) {
    note_ignored_histograms(context);
  }
  return true;
}

/// A histogram as it comes out of a query: its counts are floats from here on.
PointValue as_point(Histogram histogram) {
  histogram.is_float = true;
  return histogram;
}

/// The index of the extreme value. A NaN gives way to whatever comes next, a NaN included; a number never to a NaN.
template <typename Better>
std::size_t extreme_index(std::span<const double> values, Better is_better) noexcept {
  std::size_t best = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_better(values[i], values[best]) || std::isnan(values[best])) {
      best = i;
    }
  }
  return best;
}

/// Welford's variance with both running values compensated.
double float_variance(std::span<const double> values) noexcept {
  double count = 0;
  KahanSum mean;
  KahanSum squares;
  for (const double value : values) {
    ++count;
    const double delta = value - (mean.sum + mean.lost);
    mean.add(delta / count);
    squares.add(delta * (value - (mean.sum + mean.lost)));
  }
  return (squares.sum + squares.lost) / count;
}

double seconds_of(std::int64_t t_ms) noexcept {
  return static_cast<double>(t_ms) / 1000;
}

}  // namespace

double float_average(std::span<const double> values) noexcept {
  KahanSum sum{.sum = values[0], .lost = 0};
  double count = 1;
  std::size_t i = 1;
  for (; i < values.size(); ++i) {
    KahanSum next = sum;
    next.add(values[i]);
    if (std::isinf(next.sum)) {
      break;
    }
    sum = next;
    ++count;
  }
  if (i == values.size()) {
    return sum.sum / count + sum.lost / count;
  }
  // The sum leaves the range of doubles: from here on a running mean, which does not.
  KahanSum mean{.sum = sum.sum / count, .lost = sum.lost / count};
  for (; i < values.size(); ++i) {
    ++count;
    const double kept = (count - 1) / count;
    mean = {.sum = kept * mean.sum, .lost = kept * mean.lost};
    mean.add(values[i] / count);
  }
  return mean.sum + mean.lost;
}

double float_sum(std::span<const double> values) noexcept {
  KahanSum sum;
  for (const double value : values) {
    sum.add(value);
  }
  return std::isinf(sum.sum) ? sum.sum : sum.sum + sum.lost;
}

PointValue avg_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!window.value.empty() && !window.histogram.empty()) {
    note_mixed_samples(context);
    return {};
  }
  if (window.value.empty()) {
    return histogram_avg_over_time(window, context);
  }
  return float_average(window.value);
}

PointValue sum_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!window.value.empty() && !window.histogram.empty()) {
    note_mixed_samples(context);
    return {};
  }
  if (window.value.empty()) {
    return histogram_sum_over_time(window, context);
  }
  return float_sum(window.value);
}

PointValue min_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!has_floats(window, context)) {
    return {};
  }
  return window.value[extreme_index(window.value, std::less<>())];
}

PointValue max_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!has_floats(window, context)) {
    return {};
  }
  return window.value[extreme_index(window.value, std::greater<>())];
}

PointValue count_over_time(const Window& window, std::span<const double>, const NoteContext&) {
  return static_cast<double>(window.value.size() + window.histogram.size());
}

PointValue present_over_time(const Window&, std::span<const double>, const NoteContext&) {
  return 1.0;
}

PointValue first_over_time(const Window& window, std::span<const double>, const NoteContext&) {
  const bool is_float =
      window.histogram.empty() || (!window.value.empty() && window.t_ms.front() < window.histogram_t_ms.front());
  return is_float ? PointValue(window.value.front()) : as_point(window.histogram.front());
}

PointValue last_over_time(const Window& window, std::span<const double>, const NoteContext&) {
  const bool is_float =
      window.histogram.empty() || (!window.value.empty() && window.t_ms.back() > window.histogram_t_ms.back());
  return is_float ? PointValue(window.value.back()) : as_point(window.histogram.back());
}

PointValue quantile_over_time(const Window& window, std::span<const double> params, const NoteContext& context) {
  if (window.value.empty()) {
    return {};
  }
  const double phi = params[0];
  if (std::isnan(phi) || phi < 0 || phi > 1) {
    note_bad_quantile(phi, context);
  }
  if (!window.histogram.empty()) {
    note_ignored_histograms(context);
  }
  std::vector<double> values(window.value.begin(), window.value.end());
  return quantile_of(phi, values);
}

PointValue stddev_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!has_floats(window, context)) {
    return {};
  }
  return std::sqrt(float_variance(window.value));
}

PointValue stdvar_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!has_floats(window, context)) {
    return {};
  }
  return float_variance(window.value);
}

PointValue mad_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!has_floats(window, context)) {
    return {};
  }
  std::vector<double> values(window.value.begin(), window.value.end());
  if (std::ranges::any_of(values, [](double value) { return std::isnan(value); })) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double median = quantile_of(0.5, values);
  for (double& value : values) {
    value = std::abs(value - median);
  }
  return quantile_of(0.5, values);
}

PointValue ts_of_first_over_time(const Window& window, std::span<const double>, const NoteContext&) {
  constexpr auto kNever = std::numeric_limits<std::int64_t>::max();
  const std::int64_t of_float = window.t_ms.empty() ? kNever : window.t_ms.front();
  const std::int64_t of_histogram = window.histogram_t_ms.empty() ? kNever : window.histogram_t_ms.front();
  return seconds_of(std::min(of_float, of_histogram));
}

PointValue ts_of_last_over_time(const Window& window, std::span<const double>, const NoteContext&) {
  // Prometheus takes the epoch where a kind is missing, so an older answer than that does not come out.
  const std::int64_t of_float = window.t_ms.empty() ? 0 : window.t_ms.back();
  const std::int64_t of_histogram = window.histogram_t_ms.empty() ? 0 : window.histogram_t_ms.back();
  return seconds_of(std::max(of_float, of_histogram));
}

PointValue ts_of_min_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!has_floats(window, context)) {
    return {};
  }
  return seconds_of(window.t_ms[extreme_index(window.value, std::less_equal<>())]);
}

PointValue ts_of_max_over_time(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!has_floats(window, context)) {
    return {};
  }
  return seconds_of(window.t_ms[extreme_index(window.value, std::greater_equal<>())]);
}

}  // namespace mcore
