// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "promql/evaluator.h"
#include "promql/function_table.h"
#include "promql/quoting.h"
#include "promql/smoothed_value.h"
#include "promql/window_cursor.h"

namespace mcore {
namespace {

/// The samples of a series in the order of time, floats and histograms: the newest at or before moments that move on.
class LatestSample {
 public:
  LatestSample(SeriesSamples& samples, std::int64_t lookback_ms) : samples_(samples), lookback_ms_(lookback_ms) {
    shared_.resize(samples.histogram.size());
  }

  /// Requires: t_ms does not descend from call to call.
  void seek(std::int64_t t_ms) {
    while (float_end_ < samples_.t_ms.size() && samples_.t_ms[float_end_] <= t_ms) {
      ++float_end_;
    }
    while (histogram_end_ < samples_.histogram_t_ms.size() && samples_.histogram_t_ms[histogram_end_] <= t_ms) {
      ++histogram_end_;
    }
    const std::int64_t float_t = float_end_ > 0 ? samples_.t_ms[float_end_ - 1] : kNever;
    const std::int64_t histogram_t = histogram_end_ > 0 ? samples_.histogram_t_ms[histogram_end_ - 1] : kNever;
    t_ms_ = std::max(float_t, histogram_t);
    is_histogram_ = histogram_t > float_t;
    has_ = t_ms_ != kNever && t_ms_ > t_ms - lookback_ms_;
    if (has_) {
      has_ =
          !is_stale_marker(is_histogram_ ? samples_.histogram[histogram_end_ - 1].sum : samples_.value[float_end_ - 1]);
    }
  }
  [[nodiscard]] bool has() const noexcept { return has_; }
  [[nodiscard]] bool is_histogram() const noexcept { return is_histogram_; }
  [[nodiscard]] std::int64_t t_ms() const noexcept { return t_ms_; }
  [[nodiscard]] double value() const noexcept { return samples_.value[float_end_ - 1]; }
  /// The start time of the sample, 0 where none is known.
  [[nodiscard]] std::int64_t start_ms() const noexcept {
    const std::vector<std::int64_t>& starts = is_histogram_ ? samples_.histogram_start_ms : samples_.start_ms;
    return starts.empty() ? 0 : starts[(is_histogram_ ? histogram_end_ : float_end_) - 1];
  }
  [[nodiscard]] HistogramPtr histogram() {
    HistogramPtr& shared = shared_[histogram_end_ - 1];
    if (shared == nullptr) {
      auto copy = std::make_shared<Histogram>(samples_.histogram[histogram_end_ - 1]);
      copy->is_float = true;
      shared = std::move(copy);
    }
    return shared;
  }

 private:
  static constexpr std::int64_t kNever = INT64_MIN;
  SeriesSamples& samples_;
  std::int64_t lookback_ms_;
  std::vector<HistogramPtr> shared_;
  std::size_t float_end_ = 0;
  std::size_t histogram_end_ = 0;
  std::int64_t t_ms_ = 0;
  bool is_histogram_ = false;
  bool has_ = false;
};

/// The same for floats alone, which is what nearly every series has. Whether there is any value.
bool fill_floats(const SeriesSamples& samples, const StepGrid& grid, std::int64_t behind_ms, std::int64_t lookback_ms,
                 std::vector<double>& out) {
  const std::int64_t* const t_ms = samples.t_ms.data();
  const std::size_t size = samples.t_ms.size();
  std::size_t end = 0;
  bool any = false;
  for (std::size_t i = 0; i < grid.count; ++i) {
    const std::int64_t at = grid.t_ms(i) - behind_ms;
    while (end < size && t_ms[end] <= at) {
      ++end;
    }
    if (end > 0 && t_ms[end - 1] > at - lookback_ms) {
      out[i] = samples.value[end - 1];  // a stale marker is what stands for nothing
      any = any || !is_absent(out[i]);
    }
  }
  return any;
}

/// Takes the entries that are marked out of a column that may be empty.
template <typename Value>
void keep_only(std::vector<Value>& column, const std::vector<bool>& kept) {
  std::size_t to = 0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (kept[i]) {
      if (to != i) {
        column[to] = std::move(column[i]);
      }
      ++to;
    }
  }
  column.resize(to);
}

/// Twice the median distance between samples; 0 for less than two of them.
std::int64_t usual_reach(const SeriesSamples& samples) {
  std::vector<std::int64_t> times = samples.t_ms;
  times.insert(times.end(), samples.histogram_t_ms.begin(), samples.histogram_t_ms.end());
  if (times.size() < 2) {
    return 0;
  }
  std::ranges::sort(times);
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < times.size(); ++i) {
    gaps.push_back(times[i] - times[i - 1]);
  }
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::ranges::nth_element(gaps, middle);
  return 2 * *middle;
}

void remove_stale(SeriesSamples& samples) {
  if (std::ranges::any_of(samples.value, is_stale_marker)) {
    std::vector<bool> kept(samples.value.size());
    std::transform(samples.value.begin(), samples.value.end(), kept.begin(),
                   [](double value) { return !is_stale_marker(value); });
    keep_only(samples.t_ms, kept);
    keep_only(samples.value, kept);
    keep_only(samples.start_ms, kept);
  }
  const auto is_stale = [](const Histogram& histogram) { return is_stale_marker(histogram.sum); };
  if (std::ranges::any_of(samples.histogram, is_stale)) {
    std::vector<bool> kept(samples.histogram.size());
    std::transform(samples.histogram.begin(), samples.histogram.end(), kept.begin(),
                   [&](const Histogram& one) { return !is_stale(one); });
    keep_only(samples.histogram_t_ms, kept);
    keep_only(samples.histogram, kept);
    keep_only(samples.histogram_start_ms, kept);
  }
  for (Histogram& histogram : samples.histogram) {
    histogram.is_float = true;
  }
}

/// A row as samples at the times of its steps. What is known of resets is forgotten: the steps may have passed over
/// some, or show one twice.
void samples_of(const Row& row, const StepGrid& grid, SeriesSamples& out) {
  out.clear();
  for (std::size_t i = 0; i < grid.count; ++i) {
    if (row.has_float(i)) {
      out.t_ms.push_back(grid.t_ms(i));
      out.value.push_back(row.value[i]);
    } else if (const Histogram* const histogram = row.histogram_at(i); histogram != nullptr) {
      out.histogram_t_ms.push_back(grid.t_ms(i));
      Histogram& copy = out.histogram.emplace_back(*histogram);
      if (copy.hint != CounterResetHint::kGauge) {
        copy.hint = CounterResetHint::kUnknown;
      }
    }
  }
}

/// Whether two rows of an expression may have one label set, as long as they have no sample at one step.
bool may_repeat(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kParen:
      return may_repeat(*as<ParenExpr>(expr).inner);
    case ExprKind::kVectorSelector:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::unique_ptr<SeriesSet> Evaluator::select(const Selector& matchers, TimeRange range) {
  return querier_.select(std::span(&matchers, 1), range);
}

TimeRange Evaluator::instant_range(std::int64_t first_t_ms, std::int64_t last_t_ms) const {
  if (options_.widens_lookback) {
    return {.max_t_ms = std::max(last_t_ms, options_.end_t_ms)};
  }
  return {first_t_ms - options_.lookback_ms + 1, last_t_ms};
}

std::int64_t Evaluator::lookback_of(const SeriesSamples& samples) const {
  return options_.widens_lookback ? std::max(options_.lookback_ms, usual_reach(samples)) : options_.lookback_ms;
}

void Evaluator::vector_selector(const VectorSelectorExpr& selector, const StepGrid& grid, const RowSink& sink) {
  if (selector.is_smoothed) {
    smoothed_selector(selector, grid, sink);
    return;
  }
  const std::int64_t first = shifted_t_ms(selector.shift, grid.first_t_ms, options_);
  const std::int64_t last = shifted_t_ms(selector.shift, grid.last_t_ms(), options_);
  const auto set = select(selector.matchers, instant_range(first, last));
  SeriesSamples samples;
  Row row;
  while (set->next()) {
    check_running();
    set->samples(samples);
    if (samples.empty()) {
      continue;
    }
    const std::int64_t lookback = lookback_of(samples);
    row.reset(grid.count);
    row.drops_name = false;
    bool any = false;
    if (samples.histogram.empty()) {
      any = fill_floats(samples, grid, grid.first_t_ms - first, lookback, row.value);
    } else {
      LatestSample latest(samples, lookback);
      for (std::size_t i = 0; i < grid.count; ++i) {
        latest.seek(grid.t_ms(i) - (grid.first_t_ms - first));
        any = any || latest.has();
        if (latest.has() && latest.is_histogram()) {
          row.set(i, latest.histogram());
        } else if (latest.has()) {
          row.value[i] = latest.value();
        }
      }
    }
    if (any) {
      row.labels = set->labels().bytes();
      sink(row);
    }
  }
}

std::vector<Row> Evaluator::sample_times(const VectorSelectorExpr& selector, const StepGrid& grid, SampleTime which) {
  const std::int64_t first = shifted_t_ms(selector.shift, grid.first_t_ms, options_);
  const std::int64_t last = shifted_t_ms(selector.shift, grid.last_t_ms(), options_);
  const auto set = select(selector.matchers, instant_range(first, last));
  SeriesSamples samples;
  std::vector<Row> all;
  while (set->next()) {
    check_running();
    set->samples(samples);
    Row row;
    row.reset(grid.count);
    LatestSample latest(samples, lookback_of(samples));
    for (std::size_t i = 0; i < grid.count; ++i) {
      latest.seek(shifted_t_ms(selector.shift, grid.t_ms(i), options_));
      if (latest.has() && latest.is_histogram() && which == SampleTime::kOfInfo) {
        throw_query_error("this should be an info metric, with float samples: " + quoted_labels(set->labels()));
      }
      if (latest.has()) {
        row.value[i] = static_cast<double>(which == SampleTime::kStart ? latest.start_ms() : latest.t_ms());
      }
    }
    if (!row.empty()) {
      row.labels = set->labels().bytes();
      all.push_back(std::move(row));
    }
  }
  return all;
}

void Evaluator::timestamp_of_selector(const CallExpr& call, const VectorSelectorExpr& selector, const StepGrid& grid,
                                      const RowSink& sink) {
  constexpr double kMsPerSecond = 1000;
  RowCheck check = check_after_drop(*call.args[0], RowCheck::Rule::kNoOverlap);
  const bool is_start = call.function->id == FunctionId::kStartTimestamp;
  if (is_start && !options_.use_start_timestamps) {
    return;
  }
  for (Row& row : sample_times(selector, grid, is_start ? SampleTime::kStart : SampleTime::kOwn)) {
    for (double& value : row.value) {
      value = is_absent(value) ? value : value / kMsPerSecond;
    }
    drop_name(row);
    check.add(row);
    sink(row);
  }
}

void Evaluator::smoothed_selector(const VectorSelectorExpr& selector, const StepGrid& grid, const RowSink& sink) {
  const std::int64_t first = shifted_t_ms(selector.shift, grid.first_t_ms, options_);
  const std::int64_t last = shifted_t_ms(selector.shift, grid.last_t_ms(), options_);
  const std::int64_t reach = options_.lookback_ms;
  const auto set = select(selector.matchers, {first - reach + 1, last + reach});
  RangeSeries series;
  Row row;
  while (set->next()) {
    check_running();
    set->samples(series.samples);
    remove_stale(series.samples);
    series.labels = set->labels().bytes();
    row.reset(grid.count);
    row.labels = series.labels;
    const NoteContext context{
        .notes = notes_, .at = selector.at, .metric_name = row.metric_name(), .labels = row.view()};
    WindowCursor cursor(series.samples);
    for (std::size_t i = 0; i < grid.count; ++i) {
      const std::int64_t at = shifted_t_ms(selector.shift, grid.t_ms(i), options_);
      PointValue point = smoothed_value(cursor.move(at - reach, at + reach), at, context);
      if (auto* const value = std::get_if<double>(&point)) {
        row.value[i] = *value;
      } else if (auto* const histogram = std::get_if<Histogram>(&point)) {
        row.set(i, std::make_shared<Histogram>(std::move(*histogram)));
      }
    }
    if (!row.empty()) {
      sink(row);
    }
  }
}

void Evaluator::matrix_selector(const MatrixSelectorExpr& selector, const StepGrid& grid, const RangeSink& sink) {
  const VectorSelectorExpr& vector = *selector.vector;
  std::int64_t from = shifted_t_ms(vector.shift, grid.first_t_ms, options_) - selector.range.ms + 1;
  std::int64_t to = shifted_t_ms(vector.shift, grid.last_t_ms(), options_);
  from -= vector.is_anchored || vector.is_smoothed ? options_.lookback_ms : 0;
  to += vector.is_smoothed ? options_.lookback_ms : 0;
  const auto set = select(vector.matchers, {from, to});
  RangeSeries series;
  while (set->next()) {
    check_running();
    set->samples(series.samples);
    remove_stale(series.samples);
    if (!series.samples.empty()) {
      series.labels = set->labels().bytes();
      sink(series);
    }
  }
}

void Evaluator::range_vector(const Expr& expr, const StepGrid& grid, const RangeSink& sink) {
  const Expr& inner = unwrap_parens(expr);
  if (inner.kind != ExprKind::kMatrixSelector) {
    ranges(expr, grid, sink);
    return;
  }
  const auto& selector = as<MatrixSelectorExpr>(inner);
  const VectorSelectorExpr& vector = *selector.vector;
  Window window;
  window.to_ms = shifted_t_ms(vector.shift, grid.first_t_ms, options_);
  window.from_ms = window.to_ms - selector.range.ms;
  window.edges = vector.is_smoothed ? WindowEdges::kSmoothed : WindowEdges::kAnchored;
  ranges(expr, grid, [&](RangeSeries& series) {
    if (vector.is_anchored || vector.is_smoothed) {
      if (!series.samples.histogram.empty()) {
        throw_query_error(std::string(vector.is_anchored ? "anchored" : "smoothed") +
                          " modifier is not supported with histograms");
      }
      cut_to_edges(series.samples, window);
    }
    if (!series.samples.empty()) {
      sink(series);
    }
  });
}

void Evaluator::subquery(const SubqueryExpr& subquery, const StepGrid& grid, const RangeSink& sink) {
  const std::int64_t step = subquery.step.ms != 0 ? subquery.step.ms : options_.subquery_step_ms;
  const std::int64_t from = shifted_t_ms(subquery.shift, grid.first_t_ms, options_) - subquery.range.ms;
  const std::int64_t to = shifted_t_ms(subquery.shift, grid.last_t_ms(), options_);
  std::int64_t first = step * (from / step);  // on multiples of the step, behind the window's open end
  first += first <= from ? step : 0;
  if (to < first) {
    return;
  }
  const StepGrid inner{first, step, static_cast<std::size_t>((to - first) / step) + 1};
  RangeSeries series;
  const auto give = [&](Row& row) {
    samples_of(row, inner, series.samples);
    series.labels = row.labels;
    series.drops_name = row.drops_name;
    if (!series.samples.empty()) {
      sink(series);
    }
  };
  if (!may_repeat(*subquery.inner)) {
    rows(*subquery.inner, inner, give);
    return;
  }
  std::vector<Row> all = collect(*subquery.inner, inner);
  if (!options_.delayed_name_removal) {
    merge_repeated(all);
  }
  std::ranges::for_each(all, give);
}

}  // namespace mcore
