// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "promql/ast.h"
#include "promql/engine.h"
#include "promql/query_notes.h"
#include "promql/row.h"
#include "promql/row_check.h"
#include "promql/window.h"
#include "storage/querier.h"

namespace mcore {

/// Samples of one series of a range vector, without stale markers.
struct RangeSeries {
  std::string labels{};
  bool drops_name = false;  // of a subquery: see Row
  SeriesSamples samples{};
  [[nodiscard]] LabelsView view() const noexcept { return LabelsView(labels); }
};
using RangeSink = std::function<void(RangeSeries&)>;

/// Evaluates a tree whose durations are known: rows flow from the selectors up through sinks, one series after the
/// other over all steps, so that only what needs many series at once holds many.
///
/// A part of the tree that is pinned by `@` is evaluated at the first step and its rows stretched over the others.
///
/// Lifetime: borrows the querier and the notes.
/// Errors:   throws Error: kUsage with Prometheus' text for what is wrong with the query, kLimit for limits and
///           cancellation, and what the querier throws.
/// Threads:  one.
class Evaluator {
 public:
  Evaluator(Querier& querier, const QueryOptions& options, QueryNotes& notes);

  /// The rows of a vector, in the order in which Prometheus has the series. Requires: a vector or scalar expression.
  void rows(const Expr& expr, const StepGrid& grid, const RowSink& sink);
  [[nodiscard]] std::vector<Row> collect(const Expr& expr, const StepGrid& grid);
  /// One value a step. Requires: a scalar expression.
  [[nodiscard]] std::vector<double> scalars(const Expr& expr, const StepGrid& grid);
  /// The series of a range vector, for all windows of the grid. Requires: a selector or subquery.
  void ranges(const Expr& expr, const StepGrid& grid, const RangeSink& sink);
  /// What a range vector shows by itself at one time. Requires: a grid of one step.
  void range_vector(const Expr& expr, const StepGrid& grid, const RangeSink& sink);

 private:
  // --- eval_selector.cpp
  void vector_selector(const VectorSelectorExpr& selector, const StepGrid& grid, const RowSink& sink);
  void smoothed_selector(const VectorSelectorExpr& selector, const StepGrid& grid, const RowSink& sink);
  enum class SampleTime : std::uint8_t {
    kOwn,
    kStart,   // the start time
    kOfInfo,  // its own; a histogram is an error
  };
  /// Rows whose values are the times, in milliseconds, of the samples that the selector has.
  [[nodiscard]] std::vector<Row> sample_times(const VectorSelectorExpr& selector, const StepGrid& grid,
                                              SampleTime which = SampleTime::kOwn);
  void timestamp_of_selector(const CallExpr& call, const VectorSelectorExpr& selector, const StepGrid& grid,
                             const RowSink& sink);
  void matrix_selector(const MatrixSelectorExpr& selector, const StepGrid& grid, const RangeSink& sink);
  void subquery(const SubqueryExpr& subquery, const StepGrid& grid, const RangeSink& sink);
  /// What an instant selector needs to see, and how old a sample of a series may be.
  [[nodiscard]] TimeRange instant_range(std::int64_t first_t_ms, std::int64_t last_t_ms) const;
  [[nodiscard]] std::int64_t lookback_of(const SeriesSamples& samples) const;
  [[nodiscard]] std::unique_ptr<SeriesSet> select(const Selector& matchers, TimeRange range);

  // --- eval_call.cpp
  void call(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  void range_call(const CallExpr& call, std::size_t range_arg, const StepGrid& grid, const RowSink& sink);
  void absent_over_time(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  void absent(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  void sort(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  [[nodiscard]] std::vector<double> scalar_call(const CallExpr& call, const StepGrid& grid);
  // --- eval_math.cpp
  bool math_call(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  bool date_call(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  /// Rows of the argument with each float changed, names dropped; histograms are left out.
  void map_floats(const Expr& arg, const StepGrid& grid, const RowSink& sink,
                  const std::function<void(std::vector<double>&)>& change);
  // --- eval_labels.cpp
  void label_replace(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  void label_join(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  // --- eval_histogram.cpp
  bool histogram_call(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  void histogram_quantile(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  void histogram_quantiles(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  void histogram_fraction(const CallExpr& call, const StepGrid& grid, const RowSink& sink);
  void give_histogram_row(Row& row, std::string labels, RowCheck& check, const RowSink& sink);
  // --- eval_info.cpp
  void info(const CallExpr& call, const StepGrid& grid, const RowSink& sink);

  // --- eval_binary.cpp
  void unary(const UnaryExpr& unary, const StepGrid& grid, const RowSink& sink);
  void binary(const BinaryExpr& binary, const StepGrid& grid, const RowSink& sink);
  void with_scalar(const BinaryExpr& binary, const StepGrid& grid, const RowSink& sink);
  void set_operation(const BinaryExpr& binary, const StepGrid& grid, const RowSink& sink);
  void vector_operation(const BinaryExpr& binary, const StepGrid& grid, const RowSink& sink);
  [[nodiscard]] std::vector<double> scalar_binary(const BinaryExpr& binary, const StepGrid& grid);

  // --- eval_aggregate.cpp
  void aggregate(const AggregateExpr& aggregate, const StepGrid& grid, const RowSink& sink);
  void pick_series(const AggregateExpr& aggregate, const std::vector<double>& values, const StepGrid& grid,
                   const RowSink& sink);
  void count_values(const AggregateExpr& aggregate, const StepGrid& grid, const RowSink& sink);

  /// Takes away the name now, or has it taken away at the end.
  void drop_name(Row& row) const;
  /// What must hold for rows of `expr` whose names are dropped.
  [[nodiscard]] RowCheck check_after_drop(const Expr& expr, RowCheck::Rule rule) const;
  /// Ends the evaluation if it is cancelled or out of time.
  void check_running();
  /// Counts samples that are held; releases what the scope took when it ends.
  void count_samples(std::size_t samples);

  Querier& querier_;
  const QueryOptions& options_;
  QueryNotes& notes_;
  std::uint64_t samples_ = 0;
};

/// Whether all steps of a range query give the same, as Prometheus sees it.
[[nodiscard]] bool is_step_invariant(const Expr& expr) noexcept;
/// The time of the data that a selector or subquery wants at a step: what `@` and offset make of it.
[[nodiscard]] std::int64_t shifted_t_ms(const TimeShift& shift, std::int64_t t_ms,
                                        const QueryOptions& options) noexcept;
/// Label names that mean the metric, not the series: `__name__`, `__type__`, `__unit__`.
[[nodiscard]] bool is_metadata_label(std::string_view name) noexcept;
/// The set without those labels.
[[nodiscard]] std::string without_metadata(LabelsView labels);
/// Labels of what an absent series would have had.
[[nodiscard]] std::string labels_of_absent(const Expr& arg);

[[noreturn]] void throw_query_error(std::string text);

}  // namespace mcore
