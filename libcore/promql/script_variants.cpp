// SPDX-License-Identifier: Apache-2.0
#include "promql/script_variants.h"

#include "base/strings.h"
#include "promql/function_table.h"

namespace mcore {
namespace {

void pin(TimeShift& shift, std::int64_t t_ms) noexcept {
  if (shift.at != AtKind::kTime) {  // start() and end() are this time, as the query is an instant one
    shift.at = AtKind::kTime;
    shift.at_ms = t_ms;
  }
}

bool looks_at_time(std::string_view function) noexcept {
  return is_one_of(function, {"days_in_month", "day_of_month", "day_of_week", "day_of_year", "end", "hour", "minute",
                              "month", "predict_linear", "range", "start", "step", "time", "timestamp", "year"});
}

}  // namespace

bool pin_selectors(Expr& expr, std::int64_t t_ms) {
  switch (expr.kind) {
    case ExprKind::kNumber:
    case ExprKind::kString:
      return true;
    case ExprKind::kParen:
      return pin_selectors(*as<ParenExpr>(expr).inner, t_ms);
    case ExprKind::kUnary:
      return pin_selectors(*as<UnaryExpr>(expr).inner, t_ms);
    case ExprKind::kBinary:
      return pin_selectors(*as<BinaryExpr>(expr).left, t_ms) && pin_selectors(*as<BinaryExpr>(expr).right, t_ms);
    case ExprKind::kAggregate: {
      auto& aggregate = as<AggregateExpr>(expr);
      return (aggregate.param == nullptr || pin_selectors(*aggregate.param, t_ms)) &&
             pin_selectors(*aggregate.inner, t_ms);
    }
    case ExprKind::kCall: {
      auto& call = as<CallExpr>(expr);
      bool is_good = !looks_at_time(call.function->name);
      for (const ExprPtr& arg : call.args) {
        is_good = is_good && pin_selectors(*arg, t_ms);
      }
      return is_good;
    }
    case ExprKind::kVectorSelector:
      pin(as<VectorSelectorExpr>(expr).shift, t_ms);
      return true;
    case ExprKind::kMatrixSelector:
      pin(as<MatrixSelectorExpr>(expr).vector->shift, t_ms);
      return true;
    case ExprKind::kSubquery:
      pin(as<SubqueryExpr>(expr).shift, t_ms);
      return true;
  }
  return false;
}

std::vector<std::int64_t> pinned_query_times(std::int64_t t_ms) {
  if (t_ms == 0) {
    return {-1000, 0, 1000};
  }
  return {-10 * t_ms, 0, t_ms / 5, t_ms, 10 * t_ms};
}

bool depends_on_query_range(std::string_view query) noexcept {
  for (const std::string_view call : {"start()", "end()", "range()", "step()"}) {
    if (query.find(call) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace mcore
