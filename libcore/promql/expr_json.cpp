// SPDX-License-Identifier: Apache-2.0
#include "promql/expr_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/decimal_text.h"
#include "base/number_text.h"
#include "promql/function_table.h"

namespace mcore {
namespace {

using Json = nlohmann::json;

Json tree(const Expr& expr);

const char* match_type_text(MatchType type) noexcept {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegexp:
      return "=~";
    case MatchType::kNotRegexp:
      break;
  }
  return "!~";
}

const char* cardinality_text(MatchCardinality cardinality) noexcept {
  switch (cardinality) {
    case MatchCardinality::kOneToOne:
      return "one-to-one";
    case MatchCardinality::kManyToOne:
      return "many-to-one";
    case MatchCardinality::kOneToMany:
      return "one-to-many";
    case MatchCardinality::kManyToMany:
      break;
  }
  return "many-to-many";
}

const char* duration_op_text(DurationOp op) noexcept {
  constexpr const char* kTexts[] = {"", "step", "range", "+", "-", "*", "/", "%", "^", "min_of", "max_of"};
  return kTexts[static_cast<std::size_t>(op)];
}

Json duration(const DurationExprPtr& expr) {
  if (expr == nullptr) {
    return nullptr;
  }
  if (expr->op == DurationOp::kNumber) {
    return {{"type", "numberLiteral"}, {"val", decimal_text(expr->seconds)}, {"duration", expr->is_duration}};
  }
  return {{"type", "durationExpr"},
          {"op", duration_op_text(expr->op)},
          {"lhs", duration(expr->left)},
          {"rhs", duration(expr->right)},
          {"wrapped", expr->is_wrapped}};
}

Json matchers(const Selector& selector) {
  Json list = Json::array();
  for (const Matcher& one : selector) {
    list.push_back({{"name", one.name()}, {"value", one.value()}, {"type", match_type_text(one.type())}});
  }
  return list;
}

void add_shift(Json& node, const TimeShift& shift) {
  node["offset"] = shift.offset.expr == nullptr ? shift.offset.ms : 0;
  node["offsetExpr"] = duration(shift.offset.expr);
  node["timestamp"] = shift.at == AtKind::kTime ? Json(shift.at_ms) : Json(nullptr);
  node["startOrEnd"] = shift.at == AtKind::kStart ? Json("start")
                       : shift.at == AtKind::kEnd ? Json("end")
                                                  : Json(nullptr);
}

void add_duration(Json& node, const char* name, const QueryDuration& length) {
  node[name] = length.expr == nullptr ? length.ms : 0;
  node[std::string(name) + "Expr"] = duration(length.expr);
}

Json selector(const VectorSelectorExpr& vector, const char* type) {
  Json node = {{"type", type},
               {"name", vector.name},
               {"matchers", matchers(vector.matchers)},
               {"anchored", vector.is_anchored},
               {"smoothed", vector.is_smoothed}};
  add_shift(node, vector.shift);
  return node;
}

/// JSON has no NaN and no infinity: null.
Json fill_value(const std::optional<double>& value) {
  constexpr double kMostExact = 9007199254740992.0;
  if (!value || !std::isfinite(*value)) {
    return nullptr;
  }
  return std::trunc(*value) == *value && std::fabs(*value) < kMostExact ? Json(static_cast<std::int64_t>(*value))
                                                                        : Json(*value);
}

Json matching(const std::optional<VectorMatching>& matching) {
  if (!matching) {
    return nullptr;
  }
  return {{"card", cardinality_text(matching->cardinality)},
          {"labels", matching->labels},
          {"on", matching->is_on},
          {"include", matching->include},
          {"fillValues", {{"lhs", fill_value(matching->fill_left)}, {"rhs", fill_value(matching->fill_right)}}}};
}

Json binary(const BinaryExpr& expr) {
  return {{"type", "binaryExpr"},     {"op", binary_op_text(expr.op)},       {"lhs", tree(*expr.left)},
          {"rhs", tree(*expr.right)}, {"matching", matching(expr.matching)}, {"bool", expr.returns_bool}};
}

Json aggregation(const AggregateExpr& expr) {
  return {{"type", "aggregation"},     {"op", aggregate_op_text(expr.op)},
          {"expr", tree(*expr.inner)}, {"param", expr.param == nullptr ? Json(nullptr) : tree(*expr.param)},
          {"grouping", expr.grouping}, {"without", expr.is_without}};
}

Json call(const CallExpr& expr) {
  const PromqlFunction& function = *expr.function;
  Json types = Json::array();
  for (const ValueType type : function.args) {
    types.push_back(value_type_text(type));
  }
  Json args = Json::array();
  for (const ExprPtr& arg : expr.args) {
    args.push_back(tree(*arg));
  }
  return {{"type", "call"},
          {"func",
           {{"name", function.name},
            {"argTypes", std::move(types)},
            {"variadic", function.variadic},
            {"returnType", value_type_text(function.returns)}}},
          {"args", std::move(args)}};
}

Json subquery(const SubqueryExpr& expr) {
  Json node = {{"type", "subquery"}, {"expr", tree(*expr.inner)}};
  add_duration(node, "range", expr.range);
  add_duration(node, "step", expr.step);
  add_shift(node, expr.shift);
  return node;
}

Json tree(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNumber:
      return {{"type", "numberLiteral"}, {"val", decimal_text(as<NumberExpr>(expr).value)}};
    case ExprKind::kString:
      return {{"type", "stringLiteral"}, {"val", as<StringExpr>(expr).value}};
    case ExprKind::kParen:
      return {{"type", "parenExpr"}, {"expr", tree(*as<ParenExpr>(expr).inner)}};
    case ExprKind::kUnary:
      return {{"type", "unaryExpr"},
              {"op", as<UnaryExpr>(expr).is_minus ? "-" : "+"},
              {"expr", tree(*as<UnaryExpr>(expr).inner)}};
    case ExprKind::kBinary:
      return binary(as<BinaryExpr>(expr));
    case ExprKind::kAggregate:
      return aggregation(as<AggregateExpr>(expr));
    case ExprKind::kCall:
      return call(as<CallExpr>(expr));
    case ExprKind::kVectorSelector:
      return selector(as<VectorSelectorExpr>(expr), "vectorSelector");
    case ExprKind::kMatrixSelector: {
      const auto& matrix = as<MatrixSelectorExpr>(expr);
      Json node = selector(*matrix.vector, "matrixSelector");
      add_duration(node, "range", matrix.range);
      return node;
    }
    case ExprKind::kSubquery:
      break;
  }
  return subquery(as<SubqueryExpr>(expr));
}

}  // namespace

std::string expr_json(const Expr& expr, int indent) {
  return tree(expr).dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace mcore
