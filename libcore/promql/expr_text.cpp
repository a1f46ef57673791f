// SPDX-License-Identifier: Apache-2.0
#include "promql/expr_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/decimal_text.h"
#include "base/number_text.h"
#include "model/duration.h"
#include "promql/expr_writer.h"
#include "promql/function_table.h"
#include "promql/lexer.h"
#include "promql/quoting.h"

namespace mcore {
namespace {

std::string ms_text(std::int64_t ms) {
  return duration_text(std::chrono::milliseconds(ms));
}

/// A number as it is written in a query.
std::string number_text(double value, bool is_duration) {
  constexpr double kMostMs = 9.2e18;
  if (!is_duration || !(std::fabs(value) * 1000 < kMostMs)) {
    return decimal_text(value);
  }
  return ms_text(std::llround(value * 1000));
}

/// Labels in a clause are read as words of the language, of which a few cannot be labels.
bool needs_quotes(std::string_view label) {
  if (!is_legacy_label_name(label)) {
    return true;
  }
  if (!is_promql_keyword(label)) {
    return false;
  }
  const TokenKind kind = PromqlLexer(label).next().kind;
  return kind == TokenKind::kWithout || kind == TokenKind::kNumber;
}

bool is_leaf(const DurationExpr& expr) noexcept {
  return expr.op == DurationOp::kNumber || expr.op == DurationOp::kStep || expr.op == DurationOp::kRange;
}
bool is_call(const DurationExpr& expr) noexcept {
  return expr.op == DurationOp::kMin || expr.op == DurationOp::kMax;
}

const char* duration_op_text(DurationOp op) noexcept {
  switch (op) {
    case DurationOp::kAdd:
      return "+";
    case DurationOp::kSub:
      return "-";
    case DurationOp::kMul:
      return "*";
    case DurationOp::kDiv:
      return "/";
    case DurationOp::kMod:
      return "%";
    case DurationOp::kPow:
      return "^";
    case DurationOp::kMin:
      return "min_of";
    case DurationOp::kMax:
      return "max_of";
    case DurationOp::kStep:
      return "step()";
    case DurationOp::kRange:
      return "range()";
    case DurationOp::kNumber:
      break;
  }
  return "";
}

void append_duration(std::string& out, const DurationExpr& expr) {
  out += expr.is_wrapped ? "(" : "";
  if (expr.op == DurationOp::kNumber) {
    out += number_text(expr.seconds, expr.is_duration);
  } else if (is_leaf(expr)) {
    out += duration_op_text(expr.op);
  } else if (is_call(expr)) {
    out += duration_op_text(expr.op);
    out += '(';
    append_duration(out, *expr.left);
    out += ", ";
    append_duration(out, *expr.right);
    out += ')';
  } else if (expr.left == nullptr) {
    out += expr.op == DurationOp::kSub ? "-" : "";
    append_duration(out, *expr.right);
  } else {
    // A sign binds less than ^: of (-5)^2 the tree has forgotten the parentheses.
    const bool wraps = expr.op == DurationOp::kPow && expr.left->op == DurationOp::kNumber && expr.left->seconds < 0;
    out += wraps ? "(" : "";
    append_duration(out, *expr.left);
    out += wraps ? ")" : "";
    out += fmt::format(" {} ", duration_op_text(expr.op));
    append_duration(out, *expr.right);
  }
  out += expr.is_wrapped ? ")" : "";
}

/// Whether `x offset EXPR` would end the offset before the expression's first operator.
bool is_cut_behind_offset(const DurationExpr& expr) noexcept {
  const DurationExpr* at = &expr;
  if (at->is_wrapped || is_leaf(*at) || is_call(*at) || at->left == nullptr) {
    return false;
  }
  while (!at->is_wrapped && !is_leaf(*at) && !is_call(*at) && at->left != nullptr) {
    const bool wraps = at->op == DurationOp::kPow && at->left->op == DurationOp::kNumber && at->left->seconds < 0;
    if (wraps) {
      return false;
    }
    at = at->left.get();
  }
  return !at->is_wrapped;
}

}  // namespace

std::string duration_expr_text(const DurationExpr& expr) {
  std::string out;
  append_duration(out, expr);
  return out;
}

// --- Pieces of an expression ---------------------------------------------------------------------------------------

void ExprWriter::aggregate_head(const AggregateExpr& expr) {
  out_ += aggregate_op_text(expr.op);
  if (expr.is_without || !expr.grouping.empty()) {
    out_ += expr.is_without ? " without (" : " by (";
    labels(expr.grouping);
    out_ += ") ";
  }
}

void ExprWriter::binary_operator(const BinaryExpr& expr) {
  out_ += binary_op_text(expr.op);
  out_ += expr.returns_bool ? " bool" : "";
  if (!expr.matching) {
    return;
  }
  const VectorMatching& matching = *expr.matching;
  const bool groups =
      matching.cardinality == MatchCardinality::kManyToOne || matching.cardinality == MatchCardinality::kOneToMany;
  if (!matching.labels.empty() || matching.is_on || groups) {
    out_ += matching.is_on ? " on (" : " ignoring (";
    labels(matching.labels);
    out_ += ')';
  }
  if (groups) {
    out_ += matching.cardinality == MatchCardinality::kManyToOne ? " group_left (" : " group_right (";
    labels(matching.include);
    out_ += ')';
  }
  const auto& left = matching.fill_left;
  const auto& right = matching.fill_right;
  if (left && right && *left == *right) {
    out_ += fmt::format(" fill ({})", float_text(*left));
    return;
  }
  out_ += left ? fmt::format(" fill_left ({})", float_text(*left)) : "";
  out_ += right ? fmt::format(" fill_right ({})", float_text(*right)) : "";
}

void ExprWriter::labels(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    out_ += &name == names.data() ? "" : ", ";
    out_ += needs_quotes(name) ? quoted(name) : name;
  }
}

void ExprWriter::subquery_suffix(const SubqueryExpr& expr) {
  out_ += '[';
  duration(expr.range);
  out_ += ':';
  if (expr.step.ms != 0 || expr.step.expr != nullptr) {
    duration(expr.step);
  }
  out_ += ']';
  at(expr.shift);
  offset(expr.shift);
}

void ExprWriter::duration(const QueryDuration& duration) {
  out_ += duration.expr != nullptr ? duration_expr_text(*duration.expr) : ms_text(duration.ms);
}

void ExprWriter::at(const TimeShift& shift) {
  switch (shift.at) {
    case AtKind::kNone:
      break;
    case AtKind::kTime:
      out_ += fmt::format(" @ {:.3f}", static_cast<double>(shift.at_ms) / 1000);
      break;
    case AtKind::kStart:
      out_ += " @ start()";
      break;
    case AtKind::kEnd:
      out_ += " @ end()";
      break;
  }
}

void ExprWriter::offset(const TimeShift& shift) {
  if (shift.offset.expr != nullptr) {
    const bool wraps = is_cut_behind_offset(*shift.offset.expr);
    out_ += wraps ? " offset (" : " offset ";
    append_duration(out_, *shift.offset.expr);
    out_ += wraps ? ")" : "";
  } else if (shift.offset.ms != 0) {
    out_ += " offset " + ms_text(shift.offset.ms);
  }
}

void ExprWriter::selector(const VectorSelectorExpr& expr) {
  std::vector<std::string> texts;
  for (const Matcher& one : expr.matchers) {
    const bool is_the_name =
        one.name() == kNameLabel && one.type() == MatchType::kEqual && one.value() == expr.name && !expr.name.empty();
    if (!is_the_name) {
      std::string text = is_legacy_label_name(one.name()) ? one.name() : quoted(one.name());
      text += one.type() == MatchType::kEqual      ? "="
              : one.type() == MatchType::kNotEqual ? "!="
              : one.type() == MatchType::kRegexp   ? "=~"
                                                   : "!~";
      texts.push_back(text + quoted(one.value()));
    }
  }
  std::ranges::sort(texts);
  out_ += expr.name;
  if (!texts.empty() || expr.name.empty()) {
    out_ += '{';
    for (const std::string& text : texts) {
      out_ += &text == texts.data() ? "" : ",";
      out_ += text;
    }
    out_ += '}';
  }
}

void ExprWriter::edges(const VectorSelectorExpr& expr) {
  out_ += expr.is_anchored ? " anchored" : expr.is_smoothed ? " smoothed" : "";
}

// --- Whole expressions ---------------------------------------------------------------------------------------------

void ExprWriter::write(const Expr& expr) {
  if (out_.size() > limit_) {
    return;
  }
  switch (expr.kind) {
    case ExprKind::kNumber:
      out_ += number_text(as<NumberExpr>(expr).value, as<NumberExpr>(expr).is_duration);
      break;
    case ExprKind::kString:
      out_ += quoted(as<StringExpr>(expr).value);
      break;
    case ExprKind::kParen:
      out_ += '(';
      write(*as<ParenExpr>(expr).inner);
      out_ += ')';
      break;
    case ExprKind::kUnary:
      out_ += as<UnaryExpr>(expr).is_minus ? '-' : '+';
      write(*as<UnaryExpr>(expr).inner);
      break;
    case ExprKind::kBinary:
      write_binary(as<BinaryExpr>(expr));
      break;
    case ExprKind::kAggregate:
      write_aggregate(as<AggregateExpr>(expr));
      break;
    case ExprKind::kCall:
      write_call(as<CallExpr>(expr));
      break;
    case ExprKind::kVectorSelector: {
      const auto& vector = as<VectorSelectorExpr>(expr);
      selector(vector);
      at(vector.shift);
      edges(vector);
      offset(vector.shift);
      break;
    }
    case ExprKind::kMatrixSelector: {
      const auto& matrix = as<MatrixSelectorExpr>(expr);
      selector(*matrix.vector);
      out_ += '[';
      duration(matrix.range);
      out_ += ']';
      edges(*matrix.vector);
      at(matrix.vector->shift);
      offset(matrix.vector->shift);
      break;
    }
    case ExprKind::kSubquery:
      write(*as<SubqueryExpr>(expr).inner);
      subquery_suffix(as<SubqueryExpr>(expr));
      break;
  }
}

void ExprWriter::write_binary(const BinaryExpr& expr) {
  const Expr& left = *expr.left;
  if (expr.op == BinaryOp::kPow && left.kind == ExprKind::kNumber && std::isinf(as<NumberExpr>(left).value)) {
    out_ += "Inf";  // the sign of +Inf would be one of the power
  } else {
    write(left);
  }
  out_ += ' ';
  binary_operator(expr);
  out_ += ' ';
  write(*expr.right);
}

void ExprWriter::write_aggregate(const AggregateExpr& expr) {
  aggregate_head(expr);
  out_ += '(';
  if (expr.param != nullptr) {
    write(*expr.param);
    out_ += ", ";
  }
  write(*expr.inner);
  out_ += ')';
}

void ExprWriter::write_call(const CallExpr& expr) {
  out_ += expr.function->name;
  out_ += '(';
  for (const ExprPtr& arg : expr.args) {
    out_ += &arg == expr.args.data() ? "" : ", ";
    write(*arg);
  }
  out_ += ')';
}

std::string expr_text(const Expr& expr) {
  std::string out;
  ExprWriter(out).write(expr);
  return out;
}

}  // namespace mcore
