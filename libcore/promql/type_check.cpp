// SPDX-License-Identifier: Apache-2.0
#include "promql/type_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "promql/function_table.h"
#include "promql/quoting.h"

namespace mcore {
namespace {

const char* documented(ValueType type) noexcept {
  switch (type) {
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
    default:
      return value_type_text(type);
  }
}

class TypeChecker {
 public:
  TypeChecker(std::string_view query, std::vector<ParseError>& errors) noexcept : query_(query), errors_(errors) {}

  ValueType check(Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kNumber:
        return ValueType::kScalar;
      case ExprKind::kString:
        return ValueType::kString;
      case ExprKind::kParen:
        return check(*as<ParenExpr>(expr).inner);
      case ExprKind::kUnary:
        return check_unary(as<UnaryExpr>(expr));
      case ExprKind::kBinary:
        return check_binary(as<BinaryExpr>(expr));
      case ExprKind::kAggregate:
        return check_aggregate(as<AggregateExpr>(expr));
      case ExprKind::kCall:
        return check_call(as<CallExpr>(expr));
      case ExprKind::kVectorSelector:
        check_selector(as<VectorSelectorExpr>(expr), expr.at, false);
        return ValueType::kVector;
      case ExprKind::kMatrixSelector:
        check(*as<MatrixSelectorExpr>(expr).vector);
        return ValueType::kMatrix;
      case ExprKind::kSubquery:
        break;
    }
    auto& subquery = as<SubqueryExpr>(expr);
    if (const ValueType type = check(*subquery.inner); type != ValueType::kVector) {
      refuse(expr.at, fmt::format("subquery is only allowed on instant vector, got {} instead", value_type_text(type)));
    }
    return ValueType::kMatrix;
  }

 private:
  void refuse(SourceRange at, std::string message) {
    errors_.push_back({.at = at, .message = std::move(message), .caret = at.begin});
  }

  void expect(Expr& expr, ValueType wanted, std::string_view where) {
    if (const ValueType type = check(expr); type != wanted) {
      refuse(expr.at, fmt::format("expected type {} in {}, got {}", documented(wanted), where, documented(type)));
    }
  }

  ValueType check_unary(UnaryExpr& unary) {
    const ValueType type = check(*unary.inner);
    if (type != ValueType::kScalar && type != ValueType::kVector) {
      refuse(unary.at,
             fmt::format("unary expression only allowed on expressions of type scalar or instant vector, got \"{}\"",
                         documented(type)));
    }
    return type;
  }

  ValueType check_aggregate(AggregateExpr& aggregate) {
    expect(*aggregate.inner, ValueType::kVector, "aggregation expression");
    if (aggregate.param != nullptr) {
      expect(*aggregate.param, aggregate.op == AggregateOp::kCountValues ? ValueType::kString : ValueType::kScalar,
             "aggregation parameter");
    }
    return ValueType::kVector;
  }

  // --- Binary expressions ---

  ValueType check_binary(BinaryExpr& binary) {
    const ValueType left = check(*binary.left);
    const ValueType right = check(*binary.right);
    const bool scalars = left == ValueType::kScalar && right == ValueType::kScalar;
    check_operator(binary, scalars);
    check_operand(*binary.left, left);
    check_operand(*binary.right, right);
    check_matching(binary, left == ValueType::kVector && right == ValueType::kVector);
    if (is_set_operator(binary.op) && (left == ValueType::kScalar || right == ValueType::kScalar)) {
      refuse(binary.at,
             fmt::format("set operator \"{}\" not allowed in binary scalar expression", binary_op_text(binary.op)));
    }
    return scalars ? ValueType::kScalar : ValueType::kVector;
  }

  void check_operator(const BinaryExpr& binary, bool scalars) {
    if (binary.returns_bool && !is_comparison(binary.op)) {
      refuse(operator_at(binary), "bool modifier can only be used on comparison operators");
    }
    if (is_comparison(binary.op) && !binary.returns_bool && scalars) {
      refuse(operator_at(binary), "comparisons between scalars must use BOOL modifier");
    }
    if (!binary.matching->is_on) {
      return;
    }
    for (const std::string& label : binary.matching->labels) {
      for (auto n = std::ranges::count(binary.matching->include, label); n > 0; --n) {
        refuse(operator_at(binary),
               fmt::format("label {} must not occur in ON and GROUP clause at once", quoted(label)));
      }
    }
  }

  void check_operand(const Expr& operand, ValueType type) {
    if (type != ValueType::kScalar && type != ValueType::kVector) {
      refuse(operand.at, "binary expression must contain only scalar and instant vector types");
    }
  }

  void check_matching(BinaryExpr& binary, bool vectors) {
    VectorMatching& matching = *binary.matching;
    const bool fills = matching.fill_left || matching.fill_right;
    if (!vectors) {
      if (!matching.labels.empty()) {
        refuse(binary.at, "vector matching only allowed between instant vectors");
      }
      if (fills) {
        refuse(binary.at, "filling in missing series only allowed between instant vectors");
      }
      binary.matching.reset();
      return;
    }
    if (!is_set_operator(binary.op)) {
      return;
    }
    if (matching.cardinality != MatchCardinality::kOneToOne) {
      refuse(binary.at, fmt::format("no grouping allowed for \"{}\" operation", binary_op_text(binary.op)));
      refuse(binary.at, "set operations must always be many-to-many");
    }
    if (fills) {
      refuse(binary.at, "filling in missing series not allowed for set operators");
    }
    matching.cardinality = MatchCardinality::kManyToMany;
  }

  /// The operator and what is written behind it, up to the right operand.
  [[nodiscard]] SourceRange operator_at(const BinaryExpr& binary) const noexcept {
    const auto is_blank = [&](std::size_t i) {
      return i < query_.size() && std::string_view(" \t\r\n").find(query_[i]) != std::string_view::npos;
    };
    SourceRange at{binary.left->at.end, binary.right->at.begin};
    while (is_blank(at.begin)) {
      ++at.begin;
    }
    at.end = std::max(at.begin, at.end == 0 ? 0 : at.end - 1);
    while (at.end > at.begin && is_blank(at.end)) {
      --at.end;
    }
    return at;
  }

  // --- Calls ---

  ValueType check_call(CallExpr& call) {
    const PromqlFunction& function = *call.function;
    check_argument_count(call, function);
    const bool is_info = function.id == FunctionId::kInfo && call.args.size() > 1;
    if (is_info) {
      check_info_selector(call);
    }
    for (std::size_t i = 0; i < call.args.size(); ++i) {
      if (i >= function.args.size() && function.variadic == 0) {
        break;  // too many, which was said
      }
      Expr& arg = *call.args[i];
      if (is_info && i == 1 && arg.kind == ExprKind::kVectorSelector) {
        check_selector(as<VectorSelectorExpr>(arg), arg.at, true);
        continue;
      }
      expect(arg, function.args[std::min(i, function.args.size() - 1)],
             fmt::format("call to function {}", quoted(function.name)));
    }
    return function.returns;
  }

  void check_argument_count(const CallExpr& call, const PromqlFunction& function) {
    const std::size_t given = call.args.size();
    const std::size_t listed = function.args.size();
    const auto say = [&](std::string_view bound, std::size_t wanted) {
      refuse(call.at, fmt::format("expected {}{} argument(s) in call to {}, got {}", bound, wanted,
                                  quoted(function.name), given));
    };
    if (function.variadic == 0) {
      if (given != listed) {
        say("", listed);
      }
      return;
    }
    const std::size_t least = listed - 1;
    if (given < least) {
      say("at least ", least);
    } else if (function.variadic > 0 && given > least + static_cast<std::size_t>(function.variadic)) {
      say("at most ", least + static_cast<std::size_t>(function.variadic));
    }
  }

  /// The second argument of info() is a selector only in its looks: conditions without a metric.
  void check_info_selector(const CallExpr& call) {
    const Expr& arg = *call.args[1];
    if (const ValueType type = type_of(arg); type != ValueType::kVector) {
      refuse(call.at,
             fmt::format("expected type instant vector in call to function \"info\", got {}", documented(type)));
    }
    if (arg.kind != ExprKind::kVectorSelector) {
      refuse(arg.at, "expected label selectors only");
    } else if (!as<VectorSelectorExpr>(arg).name.empty()) {
      refuse(arg.at, "expected label selectors only, got vector selector instead");
    }
  }

  void check_selector(const VectorSelectorExpr& vector, SourceRange at, bool may_match_all) {
    const Selector& matchers = vector.matchers;
    if (!vector.name.empty()) {
      for (std::size_t i = 0; i + 1 < matchers.size(); ++i) {
        if (matchers[i].name() == kNameLabel) {
          refuse(at, fmt::format("metric name must not be set twice: {} or {}", quoted(vector.name),
                                 quoted(matchers[i].value())));
        }
      }
      return;
    }
    if (!may_match_all && std::ranges::all_of(matchers, &Matcher::matches_empty)) {
      refuse(at, "vector selector must contain at least one non-empty matcher");
    }
  }

  std::string_view query_;
  std::vector<ParseError>& errors_;
};

}  // namespace

void check_types(Expr& expr, std::string_view query, std::vector<ParseError>& errors) {
  TypeChecker(query, errors).check(expr);
}

}  // namespace mcore
