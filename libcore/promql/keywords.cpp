// SPDX-License-Identifier: Apache-2.0
#include "promql/keywords.h"

#include <algorithm>
#include <iterator>

namespace mcore {
namespace {

constexpr Keyword aggregator(std::string_view word, AggregateOp op) {
  return {word, TokenKind::kAggregator, BinaryOp::kAdd, op};
}

constexpr Keyword kKeywords[] = {
    {"anchored", TokenKind::kAnchored},
    {"and", TokenKind::kOperator, BinaryOp::kAnd},
    {"atan2", TokenKind::kOperator, BinaryOp::kAtan2},
    aggregator("avg", AggregateOp::kAvg),
    {"bool", TokenKind::kBool},
    aggregator("bottomk", AggregateOp::kBottomk),
    {"by", TokenKind::kBy},
    aggregator("count", AggregateOp::kCount),
    aggregator("count_values", AggregateOp::kCountValues),
    {"end", TokenKind::kEndWord},
    {"fill", TokenKind::kFill},
    {"fill_left", TokenKind::kFillLeft},
    {"fill_right", TokenKind::kFillRight},
    aggregator("group", AggregateOp::kGroup),
    {"group_left", TokenKind::kGroupLeft},
    {"group_right", TokenKind::kGroupRight},
    {"ignoring", TokenKind::kIgnoring},
    {"inf", TokenKind::kNumber},
    aggregator("limit_ratio", AggregateOp::kLimitRatio),
    aggregator("limitk", AggregateOp::kLimitk),
    aggregator("max", AggregateOp::kMax),
    {"max_of", TokenKind::kMaxOf},
    aggregator("min", AggregateOp::kMin),
    {"min_of", TokenKind::kMinOf},
    {"nan", TokenKind::kNumber},
    {"offset", TokenKind::kOffset},
    {"on", TokenKind::kOn},
    {"or", TokenKind::kOperator, BinaryOp::kOr},
    aggregator("quantile", AggregateOp::kQuantile),
    {"range", TokenKind::kRange},
    {"smoothed", TokenKind::kSmoothed},
    {"start", TokenKind::kStart},
    aggregator("stddev", AggregateOp::kStddev),
    aggregator("stdvar", AggregateOp::kStdvar),
    {"step", TokenKind::kStep},
    aggregator("sum", AggregateOp::kSum),
    aggregator("topk", AggregateOp::kTopk),
    {"unless", TokenKind::kOperator, BinaryOp::kUnless},
    {"without", TokenKind::kWithout},
};
static_assert(std::ranges::is_sorted(kKeywords, {}, &Keyword::word));
constexpr std::size_t kLongestKeyword = 12;

}  // namespace

const Keyword* find_keyword(std::string_view word) noexcept {
  if (word.size() > kLongestKeyword) {
    return nullptr;
  }
  char lower[kLongestKeyword];
  std::ranges::transform(word, lower,
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  const std::string_view folded(lower, word.size());
  const auto* const found = std::ranges::lower_bound(kKeywords, folded, {}, &Keyword::word);
  return found != std::end(kKeywords) && found->word == folded ? found : nullptr;
}

}  // namespace mcore
