// SPDX-License-Identifier: Apache-2.0
// Functions, aggregations, and the labels of a clause.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "model/quoted_text.h"
#include "promql/expr_parser.h"
#include "promql/function_table.h"
#include "promql/quoting.h"

namespace mcore {
namespace {

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

}  // namespace mcore
