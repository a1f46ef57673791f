// SPDX-License-Identifier: Apache-2.0
#include "promql/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "promql/quoting.h"

namespace mcore {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) noexcept {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word_character(char c) noexcept {
  return is_letter(c) || is_digit(c);
}

struct Keyword {
  std::string_view word;
  TokenKind kind;
  BinaryOp op = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
};

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

bool is_duration_word(TokenKind kind) noexcept {
  return kind == TokenKind::kStep || kind == TokenKind::kRange || kind == TokenKind::kMaxOf ||
         kind == TokenKind::kMinOf;
}

std::optional<BinaryOp> arithmetic(char c) noexcept {
  switch (c) {
    case '+':
      return BinaryOp::kAdd;
    case '-':
      return BinaryOp::kSub;
    case '*':
      return BinaryOp::kMul;
    case '/':
      return BinaryOp::kDiv;
    case '%':
      return BinaryOp::kMod;
    case '^':
      return BinaryOp::kPow;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_promql_keyword(std::string_view word) {
  return find_keyword(word) != nullptr;
}

Token PromqlLexer::next() {
  if (failed_) {
    return {.kind = TokenKind::kError};
  }
  skip_blanks_and_comments();
  switch (place_) {
    case Place::kBraces:
      return braces_token();
    case Place::kBrackets:
      return brackets_token();
    case Place::kOpen:
      break;
  }
  return open_token();
}

void PromqlLexer::skip_blanks_and_comments() noexcept {
  for (;;) {
    while (take(kBlanks)) {
    }
    if (peek() != '#' || place_ == Place::kBrackets) {
      break;
    }
    had_comment_ = true;
    at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
  }
  begin_ = at_;
}

Token PromqlLexer::open_token() {
  if (at_end()) {
    if (paren_depth_ != 0) {
      return fail("unclosed left parenthesis");
    }
    return in_brackets_ ? fail("unclosed left bracket") : make(TokenKind::kEnd);
  }
  const char c = text_[at_++];
  if (const auto op = arithmetic(c)) {
    return operation(*op);
  }
  if (is_digit(c) || (c == '.' && is_digit(peek()))) {
    --at_;
    return number_or_duration();
  }
  if (is_letter(c) || c == ':') {
    --at_;
    return in_brackets_ ? word_in_brackets() : word();
  }
  switch (c) {
    case ',':
      return make(TokenKind::kComma);
    case '=':
    case '!':
      return equals_or_bang(c);
    case '<':
    case '>':
      return angle(c);
    case '"':
    case '\'':
    case '`':
      return quoted_string(c);
    case '(':
    case ')':
      return parenthesis(c);
    case '{':
      place_ = Place::kBraces;
      return make(TokenKind::kLeftBrace);
    case '[':
    case ']':
      return bracket(c);
    case '@':
      return make(TokenKind::kAt);
    default:
      return unexpected("unexpected character", begin_);
  }
}

Token PromqlLexer::braces_token() {
  if (at_end()) {
    return fail("unexpected end of input inside braces");
  }
  const char c = text_[at_++];
  if (is_letter(c)) {
    while (is_word_character(peek())) {
      ++at_;
    }
    return make(TokenKind::kIdentifier);
  }
  switch (c) {
    case ',':
      return make(TokenKind::kComma);
    case '"':
    case '\'':
    case '`':
      return quoted_string(c);
    case '=':
      return make(take("~") ? TokenKind::kRegexp : TokenKind::kAssign);
    case '!':
      if (take("~")) {
        return make(TokenKind::kNotRegexp);
      }
      return take("=") ? operation(BinaryOp::kNotEqual)
                       : unexpected("unexpected character after '!' inside braces", at_);
    case '{':
      return fail("unexpected left brace '{'");
    case '}':
      place_ = Place::kOpen;
      return make(TokenKind::kRightBrace);
    default:
      return unexpected("unexpected character inside braces", begin_);
  }
}

/// Between [ and the first number: durations and what computes them.
Token PromqlLexer::brackets_token() {
  if (at_end()) {
    return fail("unexpected end of input in duration expression");
  }
  const char c = text_[at_++];
  if (const auto op = arithmetic(c)) {
    return operation(*op);
  }
  if (is_digit(c) || (c == '.' && is_digit(peek()))) {
    --at_;
    had_number_ = true;
    place_ = Place::kOpen;
    return number_or_duration();
  }
  switch (c) {
    case ']':
      return bracket(c);
    case ':':
      if (!had_number_) {
        return fail_behind("unexpected colon before duration in duration expression");
      }
      if (had_colon_) {
        return fail_behind("unexpected repeated colon in duration expression");
      }
      had_colon_ = true;
      return make(TokenKind::kColon);
    case '(':
    case ')':
      return parenthesis(c);
    case ',':
      return make(TokenKind::kComma);
    default:
      --at_;
      return is_letter(c) ? word_in_brackets() : unexpected("unexpected character in duration expression", begin_);
  }
}

Token PromqlLexer::equals_or_bang(char first) {
  if (first == '=') {
    if (next_is("~")) {
      return unexpected("unexpected character after '='", at_);
    }
    return take("=") ? operation(BinaryOp::kEqual) : make(TokenKind::kAssign);
  }
  return take("=") ? operation(BinaryOp::kNotEqual) : unexpected("unexpected character after '!'", at_);
}

Token PromqlLexer::angle(char first) {
  const bool less = first == '<';
  if (take("=")) {
    return operation(less ? BinaryOp::kLessEqual : BinaryOp::kGreaterEqual);
  }
  if (take("/")) {
    return operation(less ? BinaryOp::kTrimUpper : BinaryOp::kTrimLower);
  }
  return operation(less ? BinaryOp::kLess : BinaryOp::kGreater);
}

Token PromqlLexer::parenthesis(char which) {
  if (which == '(') {
    ++paren_depth_;
    return make(TokenKind::kLeftParen);
  }
  --paren_depth_;
  return paren_depth_ < 0 ? fail_behind("unexpected right parenthesis ')'") : make(TokenKind::kRightParen);
}

Token PromqlLexer::bracket(char which) {
  if (which == '[') {
    if (in_brackets_) {
      return fail("unexpected left bracket '['");
    }
    in_brackets_ = true;
    had_colon_ = false;
    place_ = Place::kBrackets;
    return make(TokenKind::kLeftBracket);
  }
  if (!in_brackets_) {
    return fail("unexpected right bracket ']'");
  }
  in_brackets_ = false;
  place_ = Place::kOpen;
  return make(TokenKind::kRightBracket);
}

/// A letter or colon in brackets: the colon of a subquery, or one of the four words of duration expressions.
Token PromqlLexer::word_in_brackets() {
  const bool before_number = place_ == Place::kBrackets;
  if (peek() == ':') {
    if (had_colon_) {
      return fail("unexpected colon ':'");
    }
    had_colon_ = true;
    ++at_;
    return make(TokenKind::kColon);
  }
  while (is_letter(peek())) {
    ++at_;
  }
  const Keyword* const keyword = find_keyword(text_.substr(begin_, at_ - begin_));
  if (keyword != nullptr && is_duration_word(keyword->kind)) {
    return make(keyword->kind);
  }
  const std::string first = quoted_rune(static_cast<unsigned char>(text_[begin_]));
  return fail(before_number ? "unexpected character in duration expression: " + first
                            : "unexpected character: " + first + ", expected ':'");
}

Token PromqlLexer::word() {
  while (is_word_character(peek()) || peek() == ':') {
    ++at_;
  }
  const std::string_view text = text_.substr(begin_, at_ - begin_);
  const Keyword* const keyword = find_keyword(text);
  if (keyword == nullptr) {
    return make(text.find(':') == std::string_view::npos ? TokenKind::kIdentifier : TokenKind::kMetricIdentifier);
  }
  if (keyword->kind == TokenKind::kFill || keyword->kind == TokenKind::kFillLeft ||
      keyword->kind == TokenKind::kFillRight) {
    // Younger than many a metric of that name: a keyword only before its parenthesis.
    const std::size_t behind = text_.find_first_not_of(kBlanks, at_);
    if (behind == std::string_view::npos || text_[behind] != '(') {
      return make(TokenKind::kIdentifier);
    }
  }
  Token token = make(keyword->kind);
  token.op = keyword->op;
  token.aggregate = keyword->aggregate;
  return token;
}

Token PromqlLexer::quoted_string(char quote) {
  for (;;) {
    if (at_end() || (text_[at_] == '\n' && quote != '`')) {
      return fail(quote == '`' ? "unterminated raw string" : "unterminated quoted string");
    }
    const Rune rune = first_rune(text_.substr(at_));
    at_ += rune.size;
    if (rune.point == 0xFFFD) {  // the character itself too, as in Prometheus
      return fail("invalid UTF-8 rune");
    }
    if (rune.point == static_cast<unsigned char>(quote)) {
      return make(TokenKind::kString);
    }
    if (rune.point == '\\' && quote != '`' && !scan_escape(quote)) {
      return {.kind = TokenKind::kError};
    }
  }
}

bool PromqlLexer::scan_escape(char quote) {
  const auto refuse = [this](std::string message) {
    fail(std::move(message));
    return false;
  };
  if (take("abfnrtv\\") || take({&quote, 1})) {
    return true;
  }
  if (at_end()) {
    return refuse("escape sequence not terminated");
  }
  int digits = 3;
  std::uint32_t base = 8;
  std::uint32_t most = 0xFF;
  if (!next_is("01234567")) {
    const char kind = text_[at_];
    if (kind != 'x' && kind != 'u' && kind != 'U') {
      return refuse("unknown escape sequence " + rune_name(first_rune(text_.substr(at_)).point));
    }
    ++at_;
    base = 16;
    digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
    most = kind == 'x' ? 0xFF : 0x10FFFF;
  }
  std::uint32_t value = 0;
  for (; digits > 0; --digits) {
    if (at_end()) {
      return refuse("escape sequence not terminated");
    }
    const std::size_t digit = kHexDigits.find(text_[at_]);
    const auto worth = static_cast<std::uint32_t>(digit > 15 ? digit - 6 : digit);
    if (digit == std::string_view::npos || worth >= base) {
      return refuse("illegal character " + rune_name(first_rune(text_.substr(at_)).point) + " in escape sequence");
    }
    value = value * base + worth;
    ++at_;
  }
  return (value <= most && (value < 0xD800 || value >= 0xE000)) ||
         refuse("escape sequence is an invalid Unicode code point");
}

Token PromqlLexer::number_or_duration() {
  if (scan_number()) {
    return make(TokenKind::kNumber);
  }
  if (scan_duration()) {
    return make(TokenKind::kDuration);
  }
  return fail("bad number or duration syntax: " + quoted(text_.substr(begin_, at_ - begin_)));
}

/// Takes what looks like a number, whether it is one or not; false where it cannot end here. Leaves the position where
/// it gave up: scan_duration() goes on from there.
bool PromqlLexer::scan_number() noexcept {
  std::string_view digits = kDigits;
  bool is_hex = false;
  if (take("0") && take("xX")) {
    take("_");
    digits = kHexDigits;
    is_hex = true;
  }
  take(".");
  take(digits);
  bool had_dot = false;
  bool had_exponent = false;
  while (next_is("._eE") || next_is(digits)) {
    if ((had_dot && take(".")) || (had_exponent && take("eE"))) {
      return false;
    }
    if (take(".")) {
      had_dot = true;
      if (take("_.") || is_hex) {
        return false;
      }
    } else if (take("eE")) {
      had_exponent = true;
      take("+-");
      if (take("._eE") || at_end()) {
        return false;
      }
    } else if (take("_")) {
      if (take("._eE") || at_end()) {
        return false;
      }
    } else {
      take_run(digits);
    }
  }
  return !is_word_character(peek());
}

/// Takes the rest of a duration behind its first digits. Whether its units are in order, the parser checks.
bool PromqlLexer::scan_duration() noexcept {
  if (!take("smhdwy")) {
    return false;
  }
  take("s");
  while (take_run(kDigits)) {
    if (!take("smhdw")) {
      return false;
    }
    take("s");
  }
  if (is_word_character(peek())) {
    ++at_;  // the message shows it
    return false;
  }
  return true;
}

bool PromqlLexer::take_run(std::string_view set) noexcept {
  const bool found = take(set);
  while (take(set)) {
  }
  return found;
}

Token PromqlLexer::make(TokenKind kind) noexcept {
  return {.kind = kind, .begin = static_cast<std::uint32_t>(begin_), .text = text_.substr(begin_, at_ - begin_)};
}

Token PromqlLexer::operation(BinaryOp op) noexcept {
  Token token = make(TokenKind::kOperator);
  token.op = op;
  return token;
}

Token PromqlLexer::fail(std::string message) {
  failed_ = true;
  problem_ = {.message = std::move(message),
              .at = static_cast<std::uint32_t>(begin_),
              .caret = static_cast<std::uint32_t>(begin_)};
  return {.kind = TokenKind::kError};
}

Token PromqlLexer::fail_behind(std::string message) {
  const Token token = fail(std::move(message));
  problem_.at = static_cast<std::uint32_t>(at_);
  return token;
}

/// Fails over the character at `at`.
Token PromqlLexer::unexpected(std::string_view what, std::size_t at) {
  constexpr std::uint32_t kNothing = 0xFFFD;  // what Go shows for the end
  const std::uint32_t point = at < text_.size() ? first_rune(text_.substr(at)).point : kNothing;
  return fail(fmt::format("{}: {}", what, quoted_rune(point)));
}

}  // namespace mcore
