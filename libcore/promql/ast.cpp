// SPDX-License-Identifier: Apache-2.0
#include "promql/ast.h"

#include <iterator>

#include "promql/function_table.h"

namespace mcore {
namespace {

DurationExprPtr clone_duration(const DurationExprPtr& from) {
  if (from == nullptr) {
    return nullptr;
  }
  auto made = std::make_unique<DurationExpr>();
  made->op = from->op;
  made->seconds = from->seconds;
  made->is_duration = from->is_duration;
  made->is_wrapped = from->is_wrapped;
  made->at = from->at;
  made->left = clone_duration(from->left);
  made->right = clone_duration(from->right);
  return made;
}

QueryDuration clone_duration(const QueryDuration& from) {
  return {.ms = from.ms, .expr = clone_duration(from.expr)};
}

TimeShift clone_shift(const TimeShift& from) {
  return {.at = from.at, .at_ms = from.at_ms, .offset = clone_duration(from.offset)};
}

ExprPtr clone_or_null(const ExprPtr& from) {
  return from == nullptr ? nullptr : clone(*from);
}

std::unique_ptr<VectorSelectorExpr> clone_vector(const VectorSelectorExpr& from) {
  auto made = std::make_unique<VectorSelectorExpr>();
  made->at = from.at;
  made->name = from.name;
  made->matchers = from.matchers;
  made->shift = clone_shift(from.shift);
  made->is_anchored = from.is_anchored;
  made->is_smoothed = from.is_smoothed;
  return made;
}

template <typename T>
std::unique_ptr<T> fresh(const T& from) {
  auto made = std::make_unique<T>();
  made->at = from.at;
  return made;
}

ExprPtr clone_as(const NumberExpr& from) {
  auto made = fresh(from);
  made->value = from.value;
  made->is_duration = from.is_duration;
  return made;
}

ExprPtr clone_as(const StringExpr& from) {
  auto made = fresh(from);
  made->value = from.value;
  return made;
}

ExprPtr clone_as(const ParenExpr& from) {
  auto made = fresh(from);
  made->inner = clone_or_null(from.inner);
  return made;
}

ExprPtr clone_as(const UnaryExpr& from) {
  auto made = fresh(from);
  made->is_minus = from.is_minus;
  made->inner = clone_or_null(from.inner);
  return made;
}

ExprPtr clone_as(const BinaryExpr& from) {
  auto made = fresh(from);
  made->op = from.op;
  made->returns_bool = from.returns_bool;
  made->matching = from.matching;
  made->left = clone_or_null(from.left);
  made->right = clone_or_null(from.right);
  return made;
}

ExprPtr clone_as(const AggregateExpr& from) {
  auto made = fresh(from);
  made->op = from.op;
  made->is_without = from.is_without;
  made->grouping = from.grouping;
  made->param = clone_or_null(from.param);
  made->inner = clone_or_null(from.inner);
  return made;
}

ExprPtr clone_as(const CallExpr& from) {
  auto made = fresh(from);
  made->function = from.function;
  made->args.reserve(from.args.size());
  for (const ExprPtr& arg : from.args) {
    made->args.push_back(clone_or_null(arg));
  }
  return made;
}

ExprPtr clone_as(const MatrixSelectorExpr& from) {
  auto made = fresh(from);
  made->vector = clone_vector(*from.vector);
  made->range = clone_duration(from.range);
  return made;
}

ExprPtr clone_as(const SubqueryExpr& from) {
  auto made = fresh(from);
  made->inner = clone_or_null(from.inner);
  made->range = clone_duration(from.range);
  made->step = clone_duration(from.step);
  made->shift = clone_shift(from.shift);
  return made;
}

}  // namespace

ValueType type_of(const Expr& expr) noexcept {
  const Expr* at = &expr;
  for (;;) {
    switch (at->kind) {
      case ExprKind::kNumber:
        return ValueType::kScalar;
      case ExprKind::kString:
        return ValueType::kString;
      case ExprKind::kParen:
        at = as<ParenExpr>(*at).inner.get();
        continue;
      case ExprKind::kUnary:
        at = as<UnaryExpr>(*at).inner.get();
        continue;
      case ExprKind::kBinary:
        // A scalar if both sides are: the right one, mostly a leaf, is asked first.
        if (type_of(*as<BinaryExpr>(*at).right) != ValueType::kScalar) {
          return ValueType::kVector;
        }
        at = as<BinaryExpr>(*at).left.get();
        continue;
      case ExprKind::kAggregate:
      case ExprKind::kVectorSelector:
        return ValueType::kVector;
      case ExprKind::kCall:
        return as<CallExpr>(*at).function->returns;
      case ExprKind::kMatrixSelector:
      case ExprKind::kSubquery:
        return ValueType::kMatrix;
    }
  }
}

const Expr& unwrap_parens(const Expr& expr) noexcept {
  const Expr* at = &expr;
  while (at->kind == ExprKind::kParen) {
    at = as<ParenExpr>(*at).inner.get();
  }
  return *at;
}

ExprPtr clone(const Expr& expr) {
  ExprPtr made;
  switch (expr.kind) {
    case ExprKind::kNumber:
      made = clone_as(as<NumberExpr>(expr));
      break;
    case ExprKind::kString:
      made = clone_as(as<StringExpr>(expr));
      break;
    case ExprKind::kParen:
      made = clone_as(as<ParenExpr>(expr));
      break;
    case ExprKind::kUnary:
      made = clone_as(as<UnaryExpr>(expr));
      break;
    case ExprKind::kBinary:
      made = clone_as(as<BinaryExpr>(expr));
      break;
    case ExprKind::kAggregate:
      made = clone_as(as<AggregateExpr>(expr));
      break;
    case ExprKind::kCall:
      made = clone_as(as<CallExpr>(expr));
      break;
    case ExprKind::kVectorSelector:
      made = clone_vector(as<VectorSelectorExpr>(expr));
      break;
    case ExprKind::kMatrixSelector:
      made = clone_as(as<MatrixSelectorExpr>(expr));
      break;
    case ExprKind::kSubquery:
      made = clone_as(as<SubqueryExpr>(expr));
      break;
  }
  return made;
}

const char* binary_op_text(BinaryOp op) noexcept {
  constexpr const char* kTexts[] = {
      "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<=", "</", ">/", "and", "or", "unless"};
  static_assert(std::size(kTexts) == static_cast<std::size_t>(BinaryOp::kUnless) + 1);
  return kTexts[static_cast<std::size_t>(op)];
}

const char* aggregate_op_text(AggregateOp op) noexcept {
  constexpr const char* kTexts[] = {"sum",    "avg",      "min",  "max",     "count",        "group",  "stddev",
                                    "stdvar", "quantile", "topk", "bottomk", "count_values", "limitk", "limit_ratio"};
  static_assert(std::size(kTexts) == static_cast<std::size_t>(AggregateOp::kLimitRatio) + 1);
  return kTexts[static_cast<std::size_t>(op)];
}

}  // namespace mcore
