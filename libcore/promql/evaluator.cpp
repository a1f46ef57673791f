// SPDX-License-Identifier: Apache-2.0
#include "promql/evaluator.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "promql/function_table.h"

namespace mcore {
namespace {

/// Functions whose value depends on the time of evaluation itself.
bool depends_on_step(FunctionId id) noexcept {
  switch (id) {
    case FunctionId::kDaysInMonth:
    case FunctionId::kDayOfMonth:
    case FunctionId::kDayOfWeek:
    case FunctionId::kDayOfYear:
    case FunctionId::kHour:
    case FunctionId::kMinute:
    case FunctionId::kMonth:
    case FunctionId::kYear:
    case FunctionId::kPredictLinear:
    case FunctionId::kTime:
    case FunctionId::kTimestamp:
      return true;
    default:
      return false;
  }
}

bool is_invariant_call(const CallExpr& call) noexcept {
  const bool all = std::ranges::all_of(call.args, [](const ExprPtr& arg) { return is_step_invariant(*arg); });
  if (call.function->id == FunctionId::kTimestamp) {  // of a pinned selector it is the sample's time
    return all && unwrap_parens(*call.args[0]).kind == ExprKind::kVectorSelector;
  }
  return all && !depends_on_step(call.function->id);
}

/// Of an expression that has one value for all steps the row that has it at each.
void stretch(Row& row, std::size_t steps) {
  row.value.resize(steps, row.value[0]);
  if (!row.histogram.empty()) {
    row.histogram.resize(steps, row.histogram[0]);
  }
}

/// Whether the rows of an expression stay different from each other when the metric's name goes.
bool stay_different(const Expr& expr) noexcept;

bool names_metric(const VectorSelectorExpr& selector) noexcept {
  return std::ranges::any_of(selector.matchers, [](const Matcher& matcher) {
    return matcher.name() == kNameLabel && matcher.type() == MatchType::kEqual && !matcher.value().empty();
  });
}

bool stay_different(const AggregateExpr& aggregate) noexcept {
  switch (aggregate.op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return stay_different(*aggregate.inner);
    case AggregateOp::kCountValues:
      return false;
    default:
      return aggregate.is_without || std::ranges::none_of(aggregate.grouping, is_metadata_label);
  }
}

bool stay_different(const BinaryExpr& binary) noexcept {
  if (binary.op == BinaryOp::kOr) {
    return false;
  }
  if (is_set_operator(binary.op)) {
    return stay_different(*binary.left);
  }
  if (is_comparison(binary.op) && !binary.returns_bool) {
    return stay_different(*binary.left) && stay_different(*binary.right);
  }
  return binary.op != BinaryOp::kTrimLower && binary.op != BinaryOp::kTrimUpper;
}

bool stay_different(const CallExpr& call) noexcept {
  switch (call.function->id) {
    case FunctionId::kLabelReplace:
    case FunctionId::kLabelJoin:
    case FunctionId::kInfo:
      return false;
    case FunctionId::kLastOverTime:
    case FunctionId::kFirstOverTime:
    case FunctionId::kSort:
    case FunctionId::kSortDesc:
    case FunctionId::kSortByLabel:
    case FunctionId::kSortByLabelDesc:
      return stay_different(*call.args[0]);
    default:
      return true;
  }
}

bool stay_different(const Expr& expr) noexcept {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return names_metric(as<VectorSelectorExpr>(expr));
    case ExprKind::kMatrixSelector:
      return names_metric(*as<MatrixSelectorExpr>(expr).vector);
    case ExprKind::kSubquery:
      return stay_different(*as<SubqueryExpr>(expr).inner);
    case ExprKind::kParen:
      return stay_different(*as<ParenExpr>(expr).inner);
    case ExprKind::kUnary:
      return as<UnaryExpr>(expr).is_minus || stay_different(*as<UnaryExpr>(expr).inner);
    case ExprKind::kBinary:
      return stay_different(as<BinaryExpr>(expr));
    case ExprKind::kAggregate:
      return stay_different(as<AggregateExpr>(expr));
    case ExprKind::kCall:
      return stay_different(as<CallExpr>(expr));
    case ExprKind::kNumber:
    case ExprKind::kString:
      return true;
  }
  return false;
}

}  // namespace

bool is_step_invariant(const Expr& expr) noexcept {
  switch (expr.kind) {
    case ExprKind::kNumber:
    case ExprKind::kString:
      return true;
    case ExprKind::kParen:
      return is_step_invariant(*as<ParenExpr>(expr).inner);
    case ExprKind::kUnary:
      return is_step_invariant(*as<UnaryExpr>(expr).inner);
    case ExprKind::kBinary:
      return is_step_invariant(*as<BinaryExpr>(expr).left) && is_step_invariant(*as<BinaryExpr>(expr).right);
    case ExprKind::kAggregate:  // its parameter does not count
      return is_step_invariant(*as<AggregateExpr>(expr).inner);
    case ExprKind::kCall:
      return is_invariant_call(as<CallExpr>(expr));
    case ExprKind::kVectorSelector:
      return as<VectorSelectorExpr>(expr).shift.at != AtKind::kNone;
    case ExprKind::kMatrixSelector:
      return as<MatrixSelectorExpr>(expr).vector->shift.at != AtKind::kNone;
    case ExprKind::kSubquery:
      return as<SubqueryExpr>(expr).shift.at != AtKind::kNone;
  }
  return false;
}

std::int64_t shifted_t_ms(const TimeShift& shift, std::int64_t t_ms, const QueryOptions& options) noexcept {
  switch (shift.at) {
    case AtKind::kNone:
      break;
    case AtKind::kTime:
      t_ms = shift.at_ms;
      break;
    case AtKind::kStart:
      t_ms = options.start_t_ms;
      break;
    case AtKind::kEnd:
      t_ms = options.end_t_ms;
      break;
  }
  return t_ms - shift.offset.ms;
}

bool is_metadata_label(std::string_view name) noexcept {
  return name == kNameLabel || name == "__type__" || name == "__unit__";
}

std::string without_metadata(LabelsView labels) {
  const std::string_view bytes = labels.bytes();
  std::string kept;
  kept.reserve(bytes.size());
  const char* from = bytes.data();
  for (auto at = labels.begin(), end = labels.end(); at != end;) {
    const bool goes = is_metadata_label((*at).name);
    const char* const next = (*at).value.data() + (*at).value.size();
    ++at;
    if (!goes) {
      kept.append(from, next);
    }
    from = next;
  }
  return kept;
}

void throw_query_error(std::string text) {
  throw Error(ErrorKind::kUsage, "evaluate query", "", text);
}

Evaluator::Evaluator(Querier& querier, const QueryOptions& options, QueryNotes& notes)
    : querier_(querier), options_(options), notes_(notes) {}

void Evaluator::rows(const Expr& expr, const StepGrid& grid, const RowSink& sink) {
  check_running();
  const std::uint64_t samples = samples_;
  if (type_of(expr) == ValueType::kScalar) {
    Row row;
    row.value = scalars(expr, grid);
    sink(row);
  } else if (grid.count > 1 && is_step_invariant(expr)) {
    rows(expr, grid.first(), [&](Row& row) {
      stretch(row, grid.count);
      sink(row);
    });
  } else {
    switch (expr.kind) {
      case ExprKind::kParen:
        rows(*as<ParenExpr>(expr).inner, grid, sink);
        break;
      case ExprKind::kUnary:
        unary(as<UnaryExpr>(expr), grid, sink);
        break;
      case ExprKind::kBinary:
        binary(as<BinaryExpr>(expr), grid, sink);
        break;
      case ExprKind::kAggregate:
        aggregate(as<AggregateExpr>(expr), grid, sink);
        break;
      case ExprKind::kCall:
        call(as<CallExpr>(expr), grid, sink);
        break;
      case ExprKind::kVectorSelector:
        vector_selector(as<VectorSelectorExpr>(expr), grid, sink);
        break;
      case ExprKind::kNumber:
      case ExprKind::kString:
      case ExprKind::kMatrixSelector:
      case ExprKind::kSubquery:
        throw_query_error("a range vector or string where a vector belongs");
    }
  }
  samples_ = samples;
}

std::vector<Row> Evaluator::collect(const Expr& expr, const StepGrid& grid) {
  std::vector<Row> all;
  std::size_t samples = 0;
  rows(expr, grid, [&](Row& row) {
    samples += row.value.size();
    if (samples_ + samples > options_.max_samples) {
      count_samples(samples);
    }
    all.push_back(std::move(row));
    row = Row();
  });
  count_samples(samples);
  return all;
}

std::vector<double> Evaluator::scalars(const Expr& expr, const StepGrid& grid) {
  if (expr.kind == ExprKind::kNumber) {
    return std::vector<double>(grid.count, as<NumberExpr>(expr).value);
  }
  if (grid.count > 1 && is_step_invariant(expr)) {
    return std::vector<double>(grid.count, scalars(expr, grid.first()).front());
  }
  switch (expr.kind) {
    case ExprKind::kParen:
      return scalars(*as<ParenExpr>(expr).inner, grid);
    case ExprKind::kUnary: {
      std::vector<double> values = scalars(*as<UnaryExpr>(expr).inner, grid);
      if (as<UnaryExpr>(expr).is_minus) {
        std::ranges::transform(values, values.begin(), std::negate<>());
      }
      return values;
    }
    case ExprKind::kBinary:
      return scalar_binary(as<BinaryExpr>(expr), grid);
    case ExprKind::kCall:
      return scalar_call(as<CallExpr>(expr), grid);
    default:
      throw_query_error("a vector where a scalar belongs");
  }
}

void Evaluator::ranges(const Expr& expr, const StepGrid& grid, const RangeSink& sink) {
  check_running();
  const Expr& inner = unwrap_parens(expr);
  if (inner.kind == ExprKind::kSubquery) {
    subquery(as<SubqueryExpr>(inner), grid, sink);
  } else {
    matrix_selector(as<MatrixSelectorExpr>(inner), grid, sink);
  }
}

void Evaluator::drop_name(Row& row) const {
  if (options_.delayed_name_removal) {
    row.drops_name = true;
  } else {
    row.labels = without_metadata(row.view());
  }
}

RowCheck Evaluator::check_after_drop(const Expr& expr, RowCheck::Rule rule) const {
  const bool is_safe = options_.delayed_name_removal || (stay_different(expr) && !options_.type_and_unit_labels);
  return RowCheck(is_safe ? RowCheck::Rule::kNone : rule);
}

void Evaluator::check_running() {
  if (options_.is_cancelled && options_.is_cancelled()) {
    throw Error(ErrorKind::kLimit, "evaluate query", "", "query was canceled in expression evaluation");
  }
  if (options_.deadline.has_value() && std::chrono::steady_clock::now() > *options_.deadline) {
    throw Error(ErrorKind::kLimit, "evaluate query", "", "query timed out in expression evaluation");
  }
}

void Evaluator::count_samples(std::size_t samples) {
  samples_ += samples;
  if (samples_ > options_.max_samples) {
    throw Error(ErrorKind::kLimit, "evaluate query", "",
                "query processing would load too many samples into memory in query execution");
  }
}

}  // namespace mcore
