// SPDX-License-Identifier: Apache-2.0
#include "promql/expr_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "model/quoted_text.h"
#include "promql/function_table.h"
#include "promql/literals.h"
#include "promql/quoting.h"

namespace mcore {
namespace {

/// A token as yacc's parser there names it: `identifier "b"`, `<op:and>`, `end of input`.
std::string described(const Token& token) {
  constexpr std::size_t kShown = 10;
  std::string shown = quoted(token.text);
  if (token.text.size() > kShown) {
    std::string_view rest = token.text;
    for (std::size_t i = 0; i < kShown && !rest.empty(); ++i) {
      rest.remove_prefix(first_rune(rest).size);
    }
    shown = quoted(token.text.substr(0, token.text.size() - rest.size())) + "...";
  }
  switch (token.kind) {
    case TokenKind::kEnd:
    case TokenKind::kError:
      return "end of input";
    case TokenKind::kIdentifier:
      return "identifier " + quoted(token.text);
    case TokenKind::kMetricIdentifier:
      return "metric identifier " + quoted(token.text);
    case TokenKind::kString:
      return "string " + shown;
    case TokenKind::kNumber:
      return "number " + shown;
    case TokenKind::kDuration:
      return "duration " + shown;
    case TokenKind::kOperator:
    case TokenKind::kRegexp:
    case TokenKind::kNotRegexp:
    case TokenKind::kAt:
      return fmt::format("<op:{}>", token.text);
    case TokenKind::kAggregator:
      return fmt::format("<aggr:{}>", token.text);
    default:
      return token.kind >= TokenKind::kBool && token.kind <= TokenKind::kSmoothed ? fmt::format("<{}>", token.text)
                                                                                  : shown;
  }
}

bool is_set_word(const Token& token) noexcept {
  return token.kind == TokenKind::kOperator && is_set_operator(token.op);
}

/// Whether a word may be the name of a metric as it stands.
bool may_be_metric(const Token& token) noexcept {
  switch (token.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAggregator:
    case TokenKind::kBy:
    case TokenKind::kFill:
    case TokenKind::kFillLeft:
    case TokenKind::kFillRight:
    case TokenKind::kOffset:
    case TokenKind::kWithout:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
    case TokenKind::kStart:
    case TokenKind::kEndWord:
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMaxOf:
    case TokenKind::kMinOf:
      return true;
    default:
      return is_set_word(token);
  }
}

bool may_be_function(TokenKind kind) noexcept {
  return kind == TokenKind::kIdentifier || kind >= TokenKind::kStart;
}

/// Whether a word may be the name of a label as it stands. `without` may not: an oversight there, kept.
bool may_be_label(const Token& token) noexcept {
  switch (token.kind) {
    case TokenKind::kBool:
    case TokenKind::kGroupLeft:
    case TokenKind::kGroupRight:
    case TokenKind::kIgnoring:
    case TokenKind::kOn:
      return true;
    case TokenKind::kWithout:
      return false;
    default:
      return may_be_metric(token) || (token.kind == TokenKind::kOperator && token.op == BinaryOp::kAtan2);
  }
}

bool may_start_expression(const Token& token) noexcept {
  switch (token.kind) {
    case TokenKind::kLeftParen:
    case TokenKind::kLeftBrace:
    case TokenKind::kNumber:
    case TokenKind::kDuration:
    case TokenKind::kString:
      return true;
    default:
      return may_be_metric(token) || is_sign(token);
  }
}

bool takes_parameter(AggregateOp op) noexcept {
  switch (op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kCountValues:
    case AggregateOp::kQuantile:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return true;
    default:
      return false;
  }
}

}  // namespace

int precedence(BinaryOp op) noexcept {
  switch (op) {
    case BinaryOp::kOr:
      return kLowestPrecedence;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kAdd:
    case BinaryOp::kSub:
      return 4;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPow:
      return kPowerPrecedence;
    default:
      return 3;  // comparisons and trims
  }
}

ExprPtr ExprParser::run() {
  try {
    if (next_is(TokenKind::kEnd)) {
      refuse({}, "no expression found in input");
      return nullptr;
    }
    Tree tree = expression(kLowestPrecedence);
    if (!next_is(TokenKind::kEnd)) {
      unexpected();
    }
    return std::move(tree.expr);
  } catch (const Stop&) {
    return nullptr;
  }
}

// --- Operators -----------------------------------------------------------------------------------------------------

ExprParser::Tree ExprParser::expression(int least_precedence) {
  const Deeper deeper(*this);
  Tree left = operand();
  while (next_is(TokenKind::kOperator) && precedence(peek().op) >= least_precedence) {
    left = binary(std::move(left));
  }
  return left;
}

ExprParser::Tree ExprParser::binary(Tree left) {
  auto made = std::make_unique<BinaryExpr>();
  made->op = take().op;
  made->matching = vector_matching(made->returns_bool);
  Tree right = expression(right_precedence(made->op));
  made->at = {left.expr->at.begin, right.expr->at.end};
  if (!options_.fill_modifiers && (made->matching->fill_left || made->matching->fill_right)) {
    refuse(made->at, "binop fill modifiers are experimental and not enabled");
  }
  made->left = std::move(left.expr);
  made->right = std::move(right.expr);
  return grown(std::move(made), std::max(left.height, right.height));
}

VectorMatching ExprParser::vector_matching(bool& returns_bool) {
  VectorMatching matching;
  if (next_is(TokenKind::kBool)) {
    take();
    returns_bool = true;
  }
  if (next_is(TokenKind::kOn) || next_is(TokenKind::kIgnoring)) {
    matching.is_on = take().kind == TokenKind::kOn;
    matching.labels = grouping_labels();
    grouping_modifiers(matching);
  }
  fill_modifiers(matching);
  return matching;
}

void ExprParser::grouping_modifiers(VectorMatching& matching) {
  if (!next_is(TokenKind::kGroupLeft) && !next_is(TokenKind::kGroupRight)) {
    return;
  }
  matching.cardinality =
      take().kind == TokenKind::kGroupLeft ? MatchCardinality::kManyToOne : MatchCardinality::kOneToMany;
  if (next_is(TokenKind::kLeftParen)) {
    matching.include = grouping_labels();
  }
}

void ExprParser::fill_modifiers(VectorMatching& matching) {
  if (next_is(TokenKind::kFill)) {
    take();
    matching.fill_left = fill_value();
    matching.fill_right = matching.fill_left;
    return;
  }
  // Each side once, in any order.
  for (int i = 0; i < 2; ++i) {
    if (next_is(TokenKind::kFillLeft) && !matching.fill_left) {
      take();
      matching.fill_left = fill_value();
    } else if (next_is(TokenKind::kFillRight) && !matching.fill_right) {
      take();
      matching.fill_right = fill_value();
    }
  }
}

double ExprParser::fill_value() {
  expect(TokenKind::kLeftParen);
  const bool minus = is_sign(peek()) && take().op == BinaryOp::kSub;
  if (!next_is(TokenKind::kNumber) && !next_is(TokenKind::kDuration)) {
    unexpected();
  }
  const double value = number_value(take());
  expect(TokenKind::kRightParen);
  return minus ? -value : value;
}

// --- Operands ------------------------------------------------------------------------------------------------------

ExprParser::Tree ExprParser::operand() {
  return is_sign(peek()) ? sign() : modified(primary());
}

/// A sign binds like a product, so that -2^2 is -(2^2); in front of a number it is part of it.
ExprParser::Tree ExprParser::sign() {
  const Token sign = take();
  Tree inner = expression(kPowerPrecedence);
  if (inner.expr->kind == ExprKind::kNumber) {
    auto& number = as<NumberExpr>(*inner.expr);
    number.value = sign.op == BinaryOp::kSub ? -number.value : number.value;
    number.at.begin = sign.begin;
    return inner;
  }
  auto made = std::make_unique<UnaryExpr>();
  made->is_minus = sign.op == BinaryOp::kSub;
  made->at = {sign.begin, inner.expr->at.end};
  made->inner = std::move(inner.expr);
  return grown(std::move(made), inner.height);
}

ExprParser::Tree ExprParser::primary() {
  switch (peek().kind) {
    case TokenKind::kLeftParen:
      return parenthesized();
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return number();
    case TokenKind::kString:
      return string();
    case TokenKind::kLeftBrace:
      return vector_selector(nullptr);
    default:
      return word_operand();
  }
}

/// A word is what the token behind it makes of it: sum(x), sum{x="y"}, sum.
ExprParser::Tree ExprParser::word_operand() {
  if (!may_be_metric(peek())) {
    unexpected();
  }
  const Token name = take();
  if (name.kind == TokenKind::kAggregator &&
      (next_is(TokenKind::kLeftParen) || next_is(TokenKind::kBy) || next_is(TokenKind::kWithout))) {
    return aggregation(name);
  }
  if (may_be_function(name.kind) && next_is(TokenKind::kLeftParen)) {
    return call(name);
  }
  return vector_selector(&name);
}

ExprParser::Tree ExprParser::parenthesized() {
  auto made = std::make_unique<ParenExpr>();
  const Token open = take();
  Tree inner = expression(kLowestPrecedence);
  made->at = {open.begin, expect(TokenKind::kRightParen).end()};
  made->inner = std::move(inner.expr);
  return grown(std::move(made), inner.height);
}

double ExprParser::number_value(const Token& token) {
  const auto value =
      token.kind == TokenKind::kNumber ? read_promql_number(token.text) : read_promql_duration(token.text);
  if (!value.ok()) {
    refuse(token.at(), value.error().why());
    return 0;
  }
  return value.value();
}

ExprParser::Tree ExprParser::number() {
  const Token token = take();
  auto made = std::make_unique<NumberExpr>();
  made->at = token.at();
  made->is_duration = token.kind == TokenKind::kDuration;
  made->value = number_value(token);
  return grown(std::move(made), 0);
}

ExprParser::Tree ExprParser::string() {
  const Token token = take();
  auto made = std::make_unique<StringExpr>();
  made->at = token.at();
  made->value = read_quoted(token.text).value;
  return grown(std::move(made), 0);
}

// --- Calls ---------------------------------------------------------------------------------------------------------

ExprParser::Tree ExprParser::call(const Token& name) {
  auto made = std::make_unique<CallExpr>();
  std::vector<Tree> args = call_arguments();
  made->at = {name.begin, last_closing_};
  made->function = find_function(name.text);
  if (made->function == nullptr) {
    refuse(name.at(), "unknown function with name " + quoted(name.text));
  } else if (made->function->is_experimental && !options_.experimental_functions) {
    refuse(name.at(), "function " + quoted(name.text) + " is not enabled");
  }
  std::size_t height = 0;
  for (Tree& arg : args) {
    height = std::max(height, arg.height);
    made->args.push_back(std::move(arg.expr));
  }
  return grown(std::move(made), height);
}

std::vector<ExprParser::Tree> ExprParser::call_arguments() {
  std::vector<Tree> args;
  expect(TokenKind::kLeftParen);
  if (next_is(TokenKind::kRightParen)) {
    take();
    return args;
  }
  args.push_back(expression(kLowestPrecedence));
  while (next_is(TokenKind::kComma)) {
    const Token comma = take();
    if (may_start_expression(peek())) {
      args.push_back(expression(kLowestPrecedence));
    } else {
      refuse(comma.at(), "trailing commas not allowed in function call args");
    }
  }
  expect(TokenKind::kRightParen);
  return args;
}

ExprParser::Tree ExprParser::aggregation(const Token& name) {
  auto made = std::make_unique<AggregateExpr>();
  made->op = name.aggregate;
  std::size_t height = 0;
  const auto clause = [&] {
    if (!next_is(TokenKind::kBy) && !next_is(TokenKind::kWithout)) {
      return false;
    }
    made->is_without = take().kind == TokenKind::kWithout;
    made->grouping = grouping_labels();
    return true;
  };
  std::vector<Tree> args;
  bool read_ahead = false;
  {
    const InPlace place(*this, {"aggregation", ""});
    const bool has_clause = clause();
    args = call_arguments();
    read_ahead = !has_clause && !clause();
  }
  made->at = {name.begin, last_closing_};
  if (read_ahead && next_is(TokenKind::kRightParen)) {
    // The parenthesis that follows was read already; find the own one before it, if only blanks stand between.
    const std::size_t own = text_.find_last_not_of(" \t\r\n", peek().begin - 1);
    made->at.end =
        own != std::string_view::npos && text_[own] == ')' ? static_cast<std::uint32_t>(own + 1) : last_closing_;
  }
  for (const Tree& arg : args) {
    height = std::max(height, arg.height);
  }
  check_aggregation(*made, std::move(args));
  return grown(std::move(made), height);
}

void ExprParser::check_aggregation(AggregateExpr& made, std::vector<Tree> args) {
  if (args.empty()) {
    refuse(made.at, "no arguments for aggregate expression provided");
    return;
  }
  const bool is_experimental = made.op == AggregateOp::kLimitk || made.op == AggregateOp::kLimitRatio;
  if (is_experimental && !options_.experimental_functions) {
    refuse(made.at, fmt::format("{}() is experimental and must be enabled with "
                                "--enable-feature=promql-experimental-functions",
                                aggregate_op_text(made.op)));
    return;
  }
  const std::size_t wanted = takes_parameter(made.op) ? 2 : 1;
  if (args.size() != wanted) {
    refuse(made.at, fmt::format("wrong number of arguments for aggregate expression provided, expected {}, got {}",
                                wanted, args.size()));
    return;
  }
  made.param = wanted == 2 ? std::move(args.front().expr) : nullptr;
  made.inner = std::move(args.back().expr);
}

std::vector<std::string> ExprParser::grouping_labels() {
  std::vector<std::string> labels;
  {
    const InPlace place(*this, {"grouping opts", "\"(\""});
    expect(TokenKind::kLeftParen);
  }
  while (!next_is(TokenKind::kRightParen)) {
    labels.push_back(grouping_label());
    const InPlace place(*this, {"grouping opts", "\",\" or \")\""});
    if (next_is(TokenKind::kRightParen)) {
      break;
    }
    expect(TokenKind::kComma);
  }
  expect(TokenKind::kRightParen);
  return labels;
}

std::string ExprParser::grouping_label() {
  const InPlace place(*this, {"grouping opts", "label"});
  const bool is_string = next_is(TokenKind::kString);
  if (!is_string && !may_be_label(peek())) {
    unexpected();
  }
  const Token token = take();
  std::string label = is_string ? read_quoted(token.text).value : std::string(token.text);
  if (label.empty() || !is_valid_utf8(label)) {
    refuse(token.at(), "invalid label name for grouping: " + quoted(label));
  }
  return label;
}

// --- Words and errors ----------------------------------------------------------------------------------------------

const Token& ExprParser::peek() {
  if (!has_next_) {
    next_ = lexer_.next();
    has_next_ = true;
    switch (next_.kind) {
      case TokenKind::kError: {
        const LexProblem& problem = lexer_.problem();
        refuse({problem.at, static_cast<std::uint32_t>(text_.size())}, problem.message);
        errors_.back().caret = problem.caret;
        throw Stop();
      }
      case TokenKind::kRightBrace:
      case TokenKind::kRightParen:
      case TokenKind::kRightBracket:
      case TokenKind::kDuration:
      case TokenKind::kNumber:
        last_closing_ = next_.end();
        break;
      default:
        break;
    }
  }
  return next_;
}

Token ExprParser::take() {
  const Token token = peek();
  has_next_ = false;
  return token;
}

Token ExprParser::expect(TokenKind kind) {
  if (!next_is(kind)) {
    unexpected();
  }
  return take();
}

void ExprParser::refuse(SourceRange at, std::string message) {
  errors_.push_back({.at = at, .message = std::move(message), .caret = at.begin});
}

void ExprParser::unexpected() {
  const Token& token = peek();
  std::string message = "unexpected " + described(token);
  if (!place_.rule.empty()) {
    message += fmt::format(" in {}", place_.rule);
  }
  if (!place_.expected.empty()) {
    message += fmt::format(", expected {}", place_.expected);
  }
  refuse(token.at(), std::move(message));
  throw Stop();
}

void ExprParser::too_deep(std::uint32_t at) {
  refuse({at, at}, fmt::format("the expression nests deeper than {} levels", kMaxExprNesting));
  throw Stop();
}

ExprParser::Tree ExprParser::grown(ExprPtr expr, std::size_t height) {
  if (height >= kMaxExprHeight) {
    refuse(expr->at, fmt::format("the expression is a tree of more than {} levels", kMaxExprHeight));
    throw Stop();
  }
  return {.expr = std::move(expr), .height = height + 1};
}

}  // namespace mcore
