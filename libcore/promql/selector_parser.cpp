// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/number_text.h"
#include "model/quoted_text.h"
#include "promql/expr_parser.h"
#include "promql/literals.h"
#include "promql/matcher_error.h"

namespace mcore {
namespace {

constexpr std::string_view kNeedsSelector =
    "must be preceded by an instant vector selector or range vector selector or a subquery";

/// What `@` and `offset` change of an expression that may have them: null if it may not.
TimeShift* shift_of(Expr& of) noexcept {
  switch (of.kind) {
    case ExprKind::kVectorSelector:
      return &as<VectorSelectorExpr>(of).shift;
    case ExprKind::kMatrixSelector:
      return &as<MatrixSelectorExpr>(of).vector->shift;
    case ExprKind::kSubquery:
      return &as<SubqueryExpr>(of).shift;
    default:
      return nullptr;
  }
}

VectorSelectorExpr* vector_of(Expr& of) noexcept {
  switch (of.kind) {
    case ExprKind::kVectorSelector:
      return &as<VectorSelectorExpr>(of);
    case ExprKind::kMatrixSelector:
      return as<MatrixSelectorExpr>(of).vector.get();
    default:
      return nullptr;
  }
}

MatchType match_type(const Token& token) noexcept {
  switch (token.kind) {
    case TokenKind::kRegexp:
      return MatchType::kRegexp;
    case TokenKind::kNotRegexp:
      return MatchType::kNotRegexp;
    case TokenKind::kOperator:
      return MatchType::kNotEqual;
    default:
      return MatchType::kEqual;
  }
}

bool is_match_operator(const Token& token) noexcept {
  return token.kind == TokenKind::kAssign || token.kind == TokenKind::kRegexp || token.kind == TokenKind::kNotRegexp ||
         (token.kind == TokenKind::kOperator && token.op == BinaryOp::kNotEqual);
}

bool is_out_of_time_range(double seconds) noexcept {
  constexpr double kMost = 9223372036854775808.0;  // 2^63
  return !(seconds > -kMost && seconds < kMost);   // NaN too
}

std::int64_t rounded_ms(double seconds) noexcept {
  constexpr double kMost = 9223372036854775807.0;
  const double ms = std::round(seconds * 1000);
  return ms >= kMost    ? std::numeric_limits<std::int64_t>::max()
         : ms <= -kMost ? std::numeric_limits<std::int64_t>::min()
                        : static_cast<std::int64_t>(ms);
}

std::string go_fixed(double value) {
  return std::isfinite(value) ? fmt::format("{:f}", value) : float_text(value);
}

}  // namespace

// --- Vector selectors ----------------------------------------------------------------------------------------------

/// `name` is read already; without one a brace is next.
ExprParser::Tree ExprParser::vector_selector(const Token* name) {
  auto made = std::make_unique<VectorSelectorExpr>();
  if (name != nullptr) {
    made->name = name->text;
    made->at = name->at();
  }
  if (next_is(TokenKind::kLeftBrace)) {
    const Token open = take();
    matchers(made->matchers);
    made->at = {name != nullptr ? name->begin : open.begin, take().end()};
  }
  if (name != nullptr) {
    made->matchers.push_back(Matcher::make(MatchType::kEqual, std::string(kNameLabel), made->name).value_or_throw());
  }
  return grown(std::move(made), 0);
}

/// Up to the closing brace, which is left.
void ExprParser::matchers(Selector& into) {
  while (!next_is(TokenKind::kRightBrace)) {
    matcher(into);
    const InPlace place(*this, {"label matching", "\",\" or \"}\""});
    if (next_is(TokenKind::kRightBrace)) {
      return;
    }
    expect(TokenKind::kComma);
  }
}

void ExprParser::matcher(Selector& into) {
  const InPlace place(*this, {"label matching", "identifier or \"}\""});
  const bool is_string = next_is(TokenKind::kString);
  if (!is_string && !next_is(TokenKind::kIdentifier)) {
    unexpected();
  }
  const Token label = take();
  std::string name = is_string ? read_quoted(label.text).value : std::string(label.text);
  if (!is_match_operator(peek())) {
    if (is_string) {  // a metric's name
      into.push_back(Matcher::make(MatchType::kEqual, std::string(kNameLabel), std::move(name)).value_or_throw());
      return;
    }
    const InPlace behind(*this, {"label matching", "label matching operator"});
    unexpected();
  }
  const Token op = take();
  const InPlace behind(*this, {"label matching", "string"});
  add_matcher(into, label, std::move(name), op, expect(TokenKind::kString));
}

void ExprParser::add_matcher(Selector& into, const Token& label, std::string name, const Token& op,
                             const Token& value) {
  auto made = Matcher::make(match_type(op), std::move(name), read_quoted(value.text).value);
  if (!made.ok()) {
    refuse({label.begin, value.end()}, matcher_error_text(made.error()));
    return;
  }
  into.push_back(std::move(made).value());
}

// --- What stands behind --------------------------------------------------------------------------------------------

ExprParser::Tree ExprParser::modified(Tree of) {
  for (;;) {
    switch (peek().kind) {
      case TokenKind::kLeftBracket:
        of = brackets(std::move(of));
        break;
      case TokenKind::kOffset:
        take();
        offset(*of.expr);
        break;
      case TokenKind::kAt:
        take();
        at_modifier(*of.expr);
        break;
      case TokenKind::kAnchored:
      case TokenKind::kSmoothed:
        window_edges(*of.expr, take().kind == TokenKind::kSmoothed);
        break;
      default:
        return of;
    }
  }
}

ExprParser::Tree ExprParser::brackets(Tree of) {
  const Token open = take();
  QueryDuration range;
  QueryDuration step;
  {
    const InPlace place(*this, {"subquery or range selector", "number, duration, step(), or range()"});
    range = positive_duration();
  }
  if (next_is(TokenKind::kRightBracket)) {
    const Token close = take();
    return matrix_selector(std::move(of), std::move(range), open, close);
  }
  {
    const InPlace place(*this, {"subquery or range", "\":\" or \"]\""});
    expect(TokenKind::kColon);
  }
  if (!next_is(TokenKind::kRightBracket)) {
    const InPlace place(*this, {"subquery selector", "number, duration, step(), range(), or \"]\""});
    step = positive_duration();
  }
  const InPlace place(*this, {"subquery selector", "\"]\""});
  const Token close = expect(TokenKind::kRightBracket);
  return subquery(std::move(of), std::move(range), std::move(step), close);
}

ExprParser::Tree ExprParser::matrix_selector(Tree of, QueryDuration range, const Token& open, const Token& close) {
  const SourceRange in_brackets{open.begin, close.end()};
  auto made = std::make_unique<MatrixSelectorExpr>();
  made->at = {of.expr->at.begin, last_closing_};
  made->range = std::move(range);
  if (of.expr->kind != ExprKind::kVectorSelector) {
    refuse(in_brackets, "ranges only allowed for vector selectors");
    made->vector = std::make_unique<VectorSelectorExpr>();
    made->vector->at = of.expr->at;
    return grown(std::move(made), of.height);
  }
  made->vector.reset(static_cast<VectorSelectorExpr*>(of.expr.release()));
  const TimeShift& shift = made->vector->shift;
  if (shift.offset.ms != 0) {
    refuse(in_brackets, "no offset modifiers allowed before range");
  } else if (shift.at == AtKind::kTime) {
    refuse(in_brackets, "no @ modifiers allowed before range");
  }
  return grown(std::move(made), of.height);
}

ExprParser::Tree ExprParser::subquery(Tree of, QueryDuration range, QueryDuration step, const Token& close) {
  auto made = std::make_unique<SubqueryExpr>();
  made->at = {of.expr->at.begin, close.end()};
  made->inner = std::move(of.expr);
  made->range = std::move(range);
  made->step = std::move(step);
  return grown(std::move(made), of.height);
}

void ExprParser::offset(Expr& of) {
  DurationTree read;
  {
    const InPlace place(*this, {"offset", "number, duration, step(), or range()"});
    read = offset_duration();
  }
  TimeShift* const shift = shift_of(of);
  if (shift == nullptr) {
    refuse(of.at, fmt::format("offset modifier {}", kNeedsSelector));
    return;
  }
  if (shift->offset.ms != 0 || shift->offset.expr != nullptr) {
    refuse(of.at, "offset may not be set multiple times");
  } else if (read.expr->op == DurationOp::kNumber) {
    shift->offset.ms = duration_ms(read.expr->seconds);
  } else {
    shift->offset.expr = std::move(read.expr);
  }
  of.at.end = last_closing_;
}

void ExprParser::at_modifier(Expr& of) {
  AtKind kind = AtKind::kTime;
  double seconds = 0;
  {
    const InPlace place(*this, {"@", "timestamp"});
    if (next_is(TokenKind::kStart) || next_is(TokenKind::kEndWord)) {
      kind = take().kind == TokenKind::kStart ? AtKind::kStart : AtKind::kEnd;
      expect(TokenKind::kLeftParen);
      expect(TokenKind::kRightParen);
    } else {
      const bool minus = is_sign(peek()) && take().op == BinaryOp::kSub;
      if (!next_is(TokenKind::kNumber) && !next_is(TokenKind::kDuration)) {
        unexpected();
      }
      seconds = number_value(take());
      seconds = minus ? -seconds : seconds;
    }
  }
  if (is_out_of_time_range(seconds)) {
    refuse(of.at, "timestamp out of bounds for @ modifier: " + go_fixed(seconds));
    return;
  }
  TimeShift* const shift = shift_of(of);
  if (shift == nullptr) {
    refuse(of.at, fmt::format("@ modifier {}", kNeedsSelector));
    return;
  }
  if (shift->at != AtKind::kNone) {
    refuse(of.at, "@ <timestamp> may not be set multiple times");
    return;
  }
  shift->at = kind;
  shift->at_ms = kind == AtKind::kTime ? rounded_ms(seconds) : 0;
  of.at.end = last_closing_;
}

void ExprParser::window_edges(Expr& of, bool smoothed) {
  const std::string_view name = smoothed ? "smoothed" : "anchored";
  if (!options_.extended_range_selectors) {
    refuse(of.at, fmt::format("{} modifier is experimental and not enabled", name));
    return;
  }
  VectorSelectorExpr* const vector = vector_of(of);
  if (vector == nullptr) {
    refuse(of.at, of.kind == ExprKind::kSubquery ? fmt::format("{} modifier is not supported for subqueries", name)
                                                 : fmt::format("{} modifier not implemented", name));
    return;
  }
  (smoothed ? vector->is_smoothed : vector->is_anchored) = true;
  if (vector->is_smoothed && vector->is_anchored) {
    refuse(of.at, "anchored and smoothed modifiers cannot be used together");
  }
}

}  // namespace mcore
