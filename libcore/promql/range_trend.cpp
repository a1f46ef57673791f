// SPDX-License-Identifier: Apache-2.0
#include "promql/range_trend.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "promql/kahan_sum.h"
#include "promql/range_notes.h"

namespace mcore {
namespace {

struct Line {
  double slope;
  double intercept;
};

/// Seconds from `origin_ms` to `t_ms`. With `@` any two times meet here, so the difference may wrap, as it does in Go.
double seconds_since(std::int64_t origin_ms, std::int64_t t_ms) noexcept {
  const auto difference =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(t_ms) - static_cast<std::uint64_t>(origin_ms));
  return static_cast<double>(difference) / 1e3;
}

/// The line of least squares; its intercept is the value at `origin_ms`. A constant series has slope 0 exactly.
Line least_squares(const Window& window, std::int64_t origin_ms) noexcept {
  KahanSum x_sum;
  KahanSum y_sum;
  KahanSum xy_sum;
  KahanSum xx_sum;
  const double first = window.value[0];
  bool is_constant = true;
  for (std::size_t i = 0; i < window.value.size(); ++i) {
    const double x = seconds_since(origin_ms, window.t_ms[i]);
    const double y = window.value[i];
    is_constant = is_constant && (i == 0 || y == first);
    x_sum.add(x);
    y_sum.add(y);
    xy_sum.add(x * y);
    xx_sum.add(x * x);
  }
  if (is_constant) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return std::isinf(first) ? Line{kNan, kNan} : Line{0, first};
  }
  const auto n = static_cast<double>(window.value.size());
  const double x = x_sum.sum + x_sum.lost;
  const double y = y_sum.sum + y_sum.lost;
  const double covariance = (xy_sum.sum + xy_sum.lost) - x * y / n;
  const double variance = (xx_sum.sum + xx_sum.lost) - x * x / n;
  const double slope = covariance / variance;
  return {.slope = slope, .intercept = y / n - slope * x / n};
}

/// Whether there are the two floats that every function here wants; histograms beside a float leave a note.
bool has_two_floats(const Window& window, const NoteContext& context) {
  if (!window.value.empty() && !window.histogram.empty()) {
    note_ignored_histograms(context);
  }
  return window.value.size() >= 2;
}

/// A number as Go's %f prints it.
std::string fixed_text(double value) {
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  return fmt::format("{:.6f}", value);
}

void check_factor(const char* name, const char* symbol, double factor) {
  if (factor <= 0 || factor >= 1) {  // NaN passes, as in Prometheus
    throw Error(ErrorKind::kUsage, "evaluate query", "",
                fmt::format("invalid {} factor. Expected: 0 < {} < 1, got: {}", name, symbol, fixed_text(factor)));
  }
}

}  // namespace

PointValue deriv(const Window& window, std::span<const double>, const NoteContext& context) {
  if (!has_two_floats(window, context)) {
    return {};
  }
  // Times relative to a near one keep their squares small.
  return least_squares(window, window.t_ms[0]).slope;
}

PointValue predict_linear(const Window& window, std::span<const double> params, const NoteContext& context) {
  if (!has_two_floats(window, context)) {
    return {};
  }
  const Line line = least_squares(window, window.step_t_ms);
  return line.slope * params[0] + line.intercept;
}

PointValue double_exponential_smoothing(const Window& window, std::span<const double> params,
                                        const NoteContext& context) {
  const double smoothing = params[0];
  const double trend_factor = params[1];
  check_factor("smoothing", "sf", smoothing);
  check_factor("trend", "tf", trend_factor);
  if (!has_two_floats(window, context)) {
    return {};
  }
  const std::span<const double> value = window.value;
  double before = 0;
  double smoothed = value[0];
  double trend = value[1] - value[0];
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (i > 1) {
      trend = trend_factor * (smoothed - before) + (1 - trend_factor) * trend;
    }
    const double next = smoothing * value[i] + (1 - smoothing) * (smoothed + trend);
    before = smoothed;
    smoothed = next;
  }
  return smoothed;
}

}  // namespace mcore
