// SPDX-License-Identifier: Apache-2.0
#include "promql/engine.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "promql/duration_resolve.h"
#include "promql/evaluator.h"

namespace mcore {
namespace {

StepGrid grid_of(const QueryOptions& options) {
  if (options.is_instant()) {
    return {.first_t_ms = options.start_t_ms};
  }
  return {.first_t_ms = options.start_t_ms,
          .step_ms = options.step_ms,
          .count = static_cast<std::size_t>((options.end_t_ms - options.start_t_ms) / options.step_ms) + 1};
}

/// The row as samples at the times of its steps.
SeriesSamples samples_of(Row& row, const StepGrid& grid) {
  SeriesSamples samples;
  const bool is_full = row.histogram.empty() && std::ranges::none_of(row.value, is_absent);
  samples.t_ms.reserve(row.histogram.empty() ? grid.count : 0);
  samples.value.reserve(row.histogram.empty() && !is_full ? grid.count : 0);
  for (std::size_t i = 0; i < grid.count; ++i) {
    if (row.has_float(i)) {
      samples.t_ms.push_back(grid.t_ms(i));
      if (!is_full) {
        samples.value.push_back(row.value[i]);
      }
    } else if (row.histogram_at(i) != nullptr) {
      samples.histogram_t_ms.push_back(grid.t_ms(i));
      samples.histogram.push_back(*row.histogram[i]);
    }
  }
  if (is_full) {
    samples.value = std::move(row.value);
  }
  return samples;
}

void finish_names(std::vector<Row>& rows) {
  for (Row& row : rows) {
    if (std::exchange(row.drops_name, false)) {
      row.labels = without_metadata(row.view());
    }
  }
}

std::vector<QuerySeries> series_of(std::vector<Row> rows, const StepGrid& grid) {
  std::vector<QuerySeries> series;
  for (Row& row : rows) {
    if (!row.empty()) {
      series.push_back({.labels = LabelSet(row.view()), .samples = samples_of(row, grid)});
    }
  }
  return series;
}

void sort_by_labels(std::vector<QuerySeries>& series) {
  std::ranges::sort(series,
                    [](const QuerySeries& a, const QuerySeries& b) { return a.labels.view() < b.labels.view(); });
}

/// A vector, or over several steps what becomes a matrix.
void answer_vector(Evaluator& evaluator, const Expr& expr, const QueryOptions& options, QueryValue& value) {
  const StepGrid grid = grid_of(options);
  std::vector<Row> rows = evaluator.collect(expr, grid);
  finish_names(rows);
  merge_repeated(rows);
  value.series = series_of(std::move(rows), grid);
  if (!options.is_instant()) {
    sort_by_labels(value.series);
  }
}

/// A range vector at one time: the samples as they are.
void answer_matrix(Evaluator& evaluator, const Expr& expr, const QueryOptions& options, QueryValue& value) {
  evaluator.range_vector(expr, grid_of(options), [&](RangeSeries& series) {
    const bool drops = series.drops_name;
    std::string labels = drops ? without_metadata(series.view()) : std::move(series.labels);
    value.series.push_back({.labels = LabelSet(LabelsView(labels)), .samples = std::move(series.samples)});
    series = {};
  });
  sort_by_labels(value.series);
  const auto repeated = std::ranges::adjacent_find(
      value.series, [](const QuerySeries& a, const QuerySeries& b) { return a.labels.view() == b.labels.view(); });
  if (repeated != value.series.end()) {
    throw_repeated_labels();
  }
}

}  // namespace

QueryAnswer evaluate_query(const Expr& expr, std::string_view text, Querier& querier, const QueryOptions& options) {
  const ValueType type = type_of(expr);
  if (!options.is_instant() && (type == ValueType::kMatrix || type == ValueType::kString)) {
    throw_query_error(std::string("invalid expression type \"") +
                      (type == ValueType::kMatrix ? "range vector" : "string") +
                      "\" for range query, must be Scalar or instant Vector");
  }
  const ExprPtr resolved = clone(expr);
  if (auto error = resolve_durations(*resolved, options.step_ms, options.end_t_ms - options.start_t_ms);
      error.has_value()) {
    throw Error(*error);
  }
  QueryNotes notes;
  Evaluator evaluator(querier, options, notes);
  QueryAnswer answer;
  answer.value.t_ms = options.start_t_ms;
  answer.value.type = options.is_instant() ? type : ValueType::kMatrix;
  switch (type) {
    case ValueType::kString:
      answer.value.type = ValueType::kString;
      answer.value.string = as<StringExpr>(unwrap_parens(*resolved)).value;
      break;
    case ValueType::kScalar:
      if (options.is_instant()) {
        answer.value.scalar = evaluator.scalars(*resolved, grid_of(options)).front();
        break;
      }
      [[fallthrough]];
    case ValueType::kVector:
      answer_vector(evaluator, *resolved, options, answer.value);
      break;
    case ValueType::kMatrix:
      answer_matrix(evaluator, *resolved, options, answer.value);
      break;
  }
  answer.notes = notes.texts(text);
  return answer;
}

}  // namespace mcore
