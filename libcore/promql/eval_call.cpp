// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/server_math.h"
#include "base/server_sort.h"
#include "promql/evaluator.h"
#include "promql/function_table.h"
#include "promql/natural_order.h"
#include "promql/range_columns.h"
#include "promql/range_functions.h"
#include "promql/range_notes.h"
#include "promql/window_cursor.h"

namespace mcore {
namespace {

constexpr double kMsPerSecond = 1000;

std::optional<std::size_t> find_range_arg(const CallExpr& call) {
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const ExprKind kind = unwrap_parens(*call.args[i]).kind;
    if (kind == ExprKind::kMatrixSelector || kind == ExprKind::kSubquery) {
      return i;
    }
  }
  return std::nullopt;
}

/// A range function's operand: where its windows lie, and how their edges are treated.
struct RangeArg {
  const TimeShift* shift = nullptr;
  std::int64_t range_ms = 0;
  WindowEdges edges = WindowEdges::kPlain;
};

RangeArg range_arg_of(const Expr& expr) {
  const Expr& inner = unwrap_parens(expr);
  if (inner.kind == ExprKind::kSubquery) {
    const auto& subquery = as<SubqueryExpr>(inner);
    return {.shift = &subquery.shift, .range_ms = subquery.range.ms};
  }
  const auto& selector = as<MatrixSelectorExpr>(inner);
  const VectorSelectorExpr& vector = *selector.vector;
  return {.shift = &vector.shift,
          .range_ms = selector.range.ms,
          .edges = vector.is_anchored   ? WindowEdges::kAnchored
                   : vector.is_smoothed ? WindowEdges::kSmoothed
                                        : WindowEdges::kPlain};
}

bool is_sort(FunctionId id) noexcept {
  return id == FunctionId::kSort || id == FunctionId::kSortDesc || id == FunctionId::kSortByLabel ||
         id == FunctionId::kSortByLabelDesc;
}

/// Of a subquery the server has lost the place when it calls the function: notes then point to the start of the query.
SourceRange place_of_range(const Expr& arg) noexcept {
  const Expr& inner = unwrap_parens(arg);
  return inner.kind == ExprKind::kSubquery ? SourceRange{} : inner.at;
}

/// One range function over all windows of one series after the other.
class RangeCall {
 public:
  RangeCall(const CallExpr& call, std::size_t arg, const StepGrid& grid, const QueryOptions& options, QueryNotes& notes)
      : function_(*call.function),
        call_(find_range_function(function_.id)),
        arg_(range_arg_of(*call.args[arg])),
        at_(place_of_range(*call.args[arg])),
        grid_(grid),
        options_(options),
        notes_(notes) {
    check_window_edges(function_, arg_.edges);
  }
  /// One column of scalars for each parameter, in order.
  std::vector<std::vector<double>> params{};

  void fill(const RangeSeries& series, Row& row) {
    row.reset(grid_.count);
    if (!fill_columns(series, row)) {
      fill_windows(series, row);
    }
    if (wants_counter(function_.id) && !std::ranges::all_of(row.value, is_absent)) {
      note_possible_non_counter(options_.type_and_unit_labels, context_of(series));
    }
  }

 private:
  [[nodiscard]] NoteContext context_of(const RangeSeries& series) const {
    return {.notes = notes_, .at = at_, .metric_name = series.view().get(kNameLabel), .labels = series.view()};
  }

  /// All windows in one go, where that is the same.
  bool fill_columns(const RangeSeries& series, Row& row) {
    if (!series.samples.histogram.empty() || arg_.edges != WindowEdges::kPlain ||
        (arg_.shift->at != AtKind::kNone && grid_.count > 1) || params.size() > 1 ||
        (options_.use_start_timestamps && uses_start_times(function_.id) && !series.samples.start_ms.empty())) {
      return false;
    }
    const RangeWindows windows{.first_t_ms = shifted_t_ms(*arg_.shift, grid_.first_t_ms, options_),
                               .step_ms = grid_.step_ms,
                               .count = grid_.count,
                               .range_ms = arg_.range_ms};
    const std::span<const double> phi = params.empty() ? std::span<const double>() : std::span(params.front());
    if (!call_range_columns(function_.id, {series.samples.t_ms, series.samples.value}, windows, phi, scratch_,
                            row.value)) {
      return false;
    }
    for (std::size_t i = 0; i < phi.size(); ++i) {
      if (!(phi[i] >= 0 && phi[i] <= 1) && row.has_float(i)) {
        note_bad_quantile(phi[i], context_of(series));
      }
    }
    return true;
  }

  void fill_windows(const RangeSeries& series, Row& row) const {
    const NoteContext context = context_of(series);
    const std::int64_t reach = arg_.edges != WindowEdges::kPlain ? options_.lookback_ms : 0;
    const std::int64_t reach_ahead = arg_.edges == WindowEdges::kSmoothed ? options_.lookback_ms : 0;
    WindowCursor cursor(series.samples);
    std::vector<double> values(params.size());
    for (std::size_t i = 0; i < grid_.count; ++i) {
      const std::int64_t to = shifted_t_ms(*arg_.shift, grid_.t_ms(i), options_);
      const std::int64_t from = to - arg_.range_ms;
      (void)cursor.move(from - reach, to + reach_ahead);
      Window& window = cursor.window();
      if (window.t_ms.empty() && window.histogram_t_ms.empty()) {
        continue;
      }
      window.from_ms = from;
      window.to_ms = to;
      window.step_t_ms = grid_.t_ms(i);
      window.edges = arg_.edges;
      if (!options_.use_start_timestamps || !uses_start_times(function_.id)) {
        window.start_ms = window.histogram_start_ms = {};
      }
      for (std::size_t p = 0; p < params.size(); ++p) {
        values[p] = params[p][i];
      }
      PointValue point = call_(window, values, context);
      if (auto* const value = std::get_if<double>(&point)) {
        row.value[i] = *value;
      } else if (auto* const histogram = std::get_if<Histogram>(&point)) {
        row.set(i, std::make_shared<Histogram>(std::move(*histogram)));
      }
    }
  }

  const PromqlFunction& function_;
  RangeFunction call_;
  RangeArg arg_;
  SourceRange at_;
  const StepGrid& grid_;
  const QueryOptions& options_;
  QueryNotes& notes_;
  RangeScratch scratch_{};
};

}  // namespace

void Evaluator::call(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const FunctionId id = call.function->id;
  if (id == FunctionId::kAbsentOverTime) {
    absent_over_time(call, grid, sink);
  } else if (const auto range_arg = find_range_arg(call); range_arg.has_value()) {
    range_call(call, *range_arg, grid, sink);
  } else if (is_sort(id)) {
    sort(call, grid, sink);
  } else if (id == FunctionId::kLabelReplace) {
    label_replace(call, grid, sink);
  } else if (id == FunctionId::kLabelJoin) {
    label_join(call, grid, sink);
  } else if (id == FunctionId::kInfo) {
    info(call, grid, sink);
  } else if (id == FunctionId::kAbsent) {
    absent(call, grid, sink);
  } else if (id == FunctionId::kVector) {
    Row row;
    row.value = scalars(*call.args[0], grid);
    sink(row);
  } else if (!math_call(call, grid, sink) && !date_call(call, grid, sink) && !histogram_call(call, grid, sink)) {
    throw_query_error("function " + std::string(call.function->name) + " is not known here");
  }
}

void Evaluator::range_call(const CallExpr& call, std::size_t range_arg, const StepGrid& grid, const RowSink& sink) {
  RangeCall range(call, range_arg, grid, options_, notes_);
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (i != range_arg) {
      range.params.push_back(scalars(*call.args[i], grid));
    }
  }
  const bool keeps_name = keeps_metric_name(call.function->id);
  RowCheck check = check_after_drop(*call.args[range_arg], RowCheck::Rule::kNoRepeat);
  Row row;
  ranges(*call.args[range_arg], grid, [&](RangeSeries& series) {
    range.fill(series, row);
    if (row.empty()) {
      return;
    }
    row.labels = series.labels;
    row.drops_name = series.drops_name;
    if (!keeps_name) {
      drop_name(row);
    }
    check.add(row);
    sink(row);
  });
}

void Evaluator::absent_over_time(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const RangeArg arg = range_arg_of(*call.args[0]);
  check_window_edges(*call.function, arg.edges);
  Row row;
  row.value.assign(grid.count, 1);
  ranges(*call.args[0], grid, [&](const RangeSeries& series) {
    WindowCursor cursor(series.samples);
    for (std::size_t i = 0; i < grid.count; ++i) {
      const std::int64_t to = shifted_t_ms(*arg.shift, grid.t_ms(i), options_);
      const Window& window = cursor.move(to - arg.range_ms, to);
      if (!window.t_ms.empty() || !window.histogram_t_ms.empty()) {
        row.value[i] = absent_value();
      }
    }
  });
  if (!row.empty()) {
    row.labels = labels_of_absent(*call.args[0]);
    row.drops_name = options_.delayed_name_removal;
    sink(row);
  }
}

void Evaluator::absent(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  Row absent;
  absent.value.assign(grid.count, 1);
  rows(*call.args[0], grid, [&](const Row& row) {
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (row.has(i)) {
        absent.value[i] = absent_value();
      }
    }
  });
  if (!absent.empty()) {
    absent.labels = labels_of_absent(*call.args[0]);
    sink(absent);
  }
}

void Evaluator::sort(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const FunctionId id = call.function->id;
  const bool by_value = id == FunctionId::kSort || id == FunctionId::kSortDesc;
  const bool descends = id == FunctionId::kSortDesc || id == FunctionId::kSortByLabelDesc;
  if (grid.count > 1) {
    notes_.warn(call.at, "sort is ineffective for range queries since results are always ordered by labels");
  }
  std::vector<Row> all = collect(*call.args[0], grid);
  if (by_value) {
    for (Row& row : all) {
      row.histogram.clear();
    }
    std::erase_if(all, [](const Row& row) { return row.empty(); });
  }
  if (grid.count == 1 && by_value) {
    server_sort(all, [&](const Row& a, const Row& b) {  // NaN last, either way; of two, each before the other
      const double x = a.value[0];
      const double y = b.value[0];
      return std::isnan(y) || (descends ? x > y : x < y);
    });
  } else if (grid.count == 1) {
    std::vector<std::string_view> names;
    for (std::size_t i = 1; i < call.args.size(); ++i) {
      names.push_back(as<StringExpr>(unwrap_parens(*call.args[i])).value);
    }
    server_sort(all, [&](const Row& a, const Row& b) {
      for (const std::string_view name : names) {
        const std::string_view x = a.view().get(name);
        const std::string_view y = b.view().get(name);
        if (x != y) {
          return natural_less(x, y) != descends;  // not `y before x`: of two values, either may come before the other
        }
      }
      return descends ? b.view() < a.view() : a.view() < b.view();
    });
  }
  std::ranges::for_each(all, sink);
}

std::vector<double> Evaluator::scalar_call(const CallExpr& call, const StepGrid& grid) {
  const auto constant = [&](double value) { return std::vector<double>(grid.count, value); };
  switch (call.function->id) {
    case FunctionId::kPi:
      return constant(M_PI);
    case FunctionId::kTime: {
      std::vector<double> values(grid.count);
      for (std::size_t i = 0; i < grid.count; ++i) {
        values[i] = static_cast<double>(grid.t_ms(i)) / kMsPerSecond;
      }
      return values;
    }
    case FunctionId::kStart:
      return constant(static_cast<double>(options_.start_t_ms) / kMsPerSecond);
    case FunctionId::kEnd:
      return constant(static_cast<double>(options_.end_t_ms) / kMsPerSecond);
    case FunctionId::kRange:
      return constant(static_cast<double>(options_.end_t_ms - options_.start_t_ms) / kMsPerSecond);
    case FunctionId::kStep:
      return constant(options_.start_t_ms == options_.end_t_ms ? 0
                                                               : static_cast<double>(options_.step_ms) / kMsPerSecond);
    case FunctionId::kMinOf:
    case FunctionId::kMaxOf: {
      std::vector<double> values = scalars(*call.args[0], grid);
      const std::vector<double> others = scalars(*call.args[1], grid);
      const bool is_min = call.function->id == FunctionId::kMinOf;
      std::ranges::transform(values, others, values.begin(),
                             [&](double a, double b) { return is_min ? server_min(a, b) : server_max(a, b); });
      return values;
    }
    case FunctionId::kScalar: {
      std::vector<double> values = constant(std::numeric_limits<double>::quiet_NaN());
      std::vector<bool> seen(grid.count);
      rows(*call.args[0], grid, [&](const Row& row) {
        for (std::size_t i = 0; i < grid.count; ++i) {
          if (row.has_float(i)) {
            values[i] = seen[i] ? std::numeric_limits<double>::quiet_NaN() : row.value[i];
            seen[i] = true;
          }
        }
      });
      return values;
    }
    default:
      throw_query_error("function " + std::string(call.function->name) + " is no scalar");
  }
}

std::string labels_of_absent(const Expr& arg) {
  const Expr& inner = unwrap_parens(arg);
  const Selector none;
  const Selector* const matchers = inner.kind == ExprKind::kVectorSelector ? &as<VectorSelectorExpr>(inner).matchers
                                   : inner.kind == ExprKind::kMatrixSelector
                                       ? &as<MatrixSelectorExpr>(inner).vector->matchers
                                       : &none;
  std::map<std::string_view, std::string_view> labels;
  std::set<std::string_view> had;
  for (const Matcher& matcher : *matchers) {
    if (matcher.type() == MatchType::kEqual && had.insert(matcher.name()).second) {
      labels[matcher.name()] = matcher.value();
    } else {
      labels.erase(matcher.name());  // a second matcher leaves the value open
    }
  }
  labels.erase(kNameLabel);
  LabelBuilder builder;
  for (const auto& [name, value] : labels) {
    builder.add(name, value);
  }
  return std::string(builder.build().bytes());
}

}  // namespace mcore
