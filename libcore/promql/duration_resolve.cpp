// SPDX-License-Identifier: Apache-2.0
#include "promql/duration_resolve.h"

#include <fmt/format.h>

#include <cmath>

#include "promql/literals.h"

namespace mcore {
namespace {

class DurationResolver {
 public:
  DurationResolver(std::int64_t step_ms, std::int64_t range_ms) noexcept
      : step_(seconds(step_ms)), range_(seconds(range_ms)) {}

  /// False once problem() is set, as everywhere below.
  bool visit(Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kNumber:
      case ExprKind::kString:
        return true;
      case ExprKind::kParen:
        return visit(*as<ParenExpr>(expr).inner);
      case ExprKind::kUnary:
        return visit(*as<UnaryExpr>(expr).inner);
      case ExprKind::kBinary:
        return visit(*as<BinaryExpr>(expr).left) && visit(*as<BinaryExpr>(expr).right);
      case ExprKind::kAggregate: {
        auto& aggregate = as<AggregateExpr>(expr);
        return visit(*aggregate.inner) && (aggregate.param == nullptr || visit(*aggregate.param));
      }
      case ExprKind::kCall:
        for (const ExprPtr& arg : as<CallExpr>(expr).args) {
          if (!visit(*arg)) {
            return false;
          }
        }
        return true;
      case ExprKind::kVectorSelector:
        return resolve(as<VectorSelectorExpr>(expr).shift.offset, true);
      case ExprKind::kMatrixSelector: {
        auto& matrix = as<MatrixSelectorExpr>(expr);
        return resolve(matrix.range, false) && visit(*matrix.vector);
      }
      case ExprKind::kSubquery:
        break;
    }
    auto& subquery = as<SubqueryExpr>(expr);
    return resolve(subquery.shift.offset, true) && resolve(subquery.step, false) && resolve(subquery.range, false) &&
           visit(*subquery.inner);
  }

  [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }

 private:
  /// As Go's Duration.Seconds().
  [[nodiscard]] static double seconds(std::int64_t ms) noexcept {
    return static_cast<double>(ms / 1000) + static_cast<double>(ms % 1000 * 1'000'000) / 1e9;
  }

  bool resolve(QueryDuration& duration, bool may_be_negative) {
    if (duration.expr == nullptr) {
      return true;
    }
    const DurationExpr& expr = *duration.expr;
    double value = 0;
    if (!evaluate(expr, value)) {
      return false;
    }
    if (!std::isfinite(value)) {
      return fail(expr, "duration is NaN or infinite");
    }
    if (value <= 0 && !may_be_negative) {
      return fail(expr, "duration must be greater than 0");
    }
    if (is_out_of_duration_range(value)) {
      return fail(expr, "duration is out of range");
    }
    duration.ms = static_cast<std::int64_t>(value * 1000);
    return true;
  }

  bool evaluate(const DurationExpr& expr, double& value) {
    double left = 0;
    double right = 0;
    if ((expr.left != nullptr && !evaluate(*expr.left, left)) ||
        (expr.right != nullptr && !evaluate(*expr.right, right))) {
      return false;
    }
    switch (expr.op) {
      case DurationOp::kNumber:
        value = expr.seconds;
        break;
      case DurationOp::kStep:
        value = step_;
        break;
      case DurationOp::kRange:
        value = range_;
        break;
      case DurationOp::kAdd:
        value = left + right;
        break;
      case DurationOp::kSub:
        value = left - right;
        break;
      case DurationOp::kMul:
        value = left * right;
        break;
      case DurationOp::kDiv:
        if (right == 0) {
          return fail(expr, "division by zero");
        }
        value = left / right;
        break;
      case DurationOp::kMod:
        if (right == 0) {
          return fail(expr, "modulo by zero");
        }
        value = std::fmod(left, right);
        break;
      case DurationOp::kPow:
        value = std::pow(left, right);
        break;
      case DurationOp::kMin:
      case DurationOp::kMax:
        value = extreme(expr.op == DurationOp::kMin, left, right);
        break;
    }
    return true;
  }

  /// An infinity on the side that is asked for wins over NaN, NaN over the rest.
  static double extreme(bool least, double left, double right) noexcept {
    const double edge = least ? -HUGE_VAL : HUGE_VAL;
    if (left == edge || right == edge) {
      return edge;
    }
    if (std::isnan(left) || std::isnan(right)) {
      return left + right;
    }
    return least ? std::fmin(left, right) : std::fmax(left, right);
  }

  bool fail(const DurationExpr& expr, std::string_view why) {
    problem_ = Error(ErrorKind::kUsage, "", fmt::format("{}:{}", expr.at.begin, expr.at.end), why);
    return false;
  }

  double step_;
  double range_;
  std::optional<Error> problem_;
};

}  // namespace

std::optional<Error> resolve_durations(Expr& expr, std::int64_t step_ms, std::int64_t range_ms) {
  DurationResolver resolver(step_ms, range_ms);
  resolver.visit(expr);
  return resolver.problem();
}

}  // namespace mcore
