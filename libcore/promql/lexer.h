// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "promql/ast.h"

namespace mcore {

enum class TokenKind : std::uint8_t {
  kEnd,
  kError,  // the lexer's problem() says what is wrong
  kNumber,
  kDuration,
  kString,
  kIdentifier,
  kMetricIdentifier,  // with a colon
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kAssign,  // =
  kRegexp,  // =~
  kNotRegexp,
  kAt,
  kOperator,    // `op` says which, words such as `and` included
  kAggregator,  // `aggregate` says which
  kBool,
  kBy,
  kFill,
  kFillLeft,
  kFillRight,
  kGroupLeft,
  kGroupRight,
  kIgnoring,
  kOffset,
  kOn,
  kWithout,
  kAnchored,
  kSmoothed,
  kStart,
  kEndWord,  // `end`
  kStep,
  kRange,
  kMaxOf,
  kMinOf,
};

/// One word of a query.
///
/// Lifetime: `text` borrows the query's.
struct Token {
  TokenKind kind = TokenKind::kEnd;
  BinaryOp op = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
  std::uint32_t begin = 0;
  std::string_view text{};

  [[nodiscard]] std::uint32_t end() const noexcept { return begin + static_cast<std::uint32_t>(text.size()); }
  [[nodiscard]] SourceRange at() const noexcept { return {begin, end()}; }
};

/// What the lexer could not read.
struct LexProblem {
  std::string message{};
  std::uint32_t at = 0;     // where Prometheus says it is
  std::uint32_t caret = 0;  // where it is: Prometheus points behind a bracket or colon that has no place
};

/// Cuts a query into words. Comments and white space are skipped.
///
/// Shape:    what a character means depends on where it stands: in braces there are no keywords, in brackets no names.
/// Lifetime: borrows the text.
/// Errors:   a token of kError, after which there are no more; problem() tells.
class PromqlLexer {
 public:
  /// Requires: fewer than 2^32 bytes.
  explicit PromqlLexer(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] Token next();
  [[nodiscard]] const LexProblem& problem() const noexcept { return problem_; }
  /// Whether a comment was skipped so far.
  [[nodiscard]] bool had_comment() const noexcept { return had_comment_; }

 private:
  enum class Place : std::uint8_t { kOpen, kBraces, kBrackets };

  Token open_token();
  Token braces_token();
  Token brackets_token();
  Token equals_or_bang(char first);
  Token angle(char first);
  Token parenthesis(char which);
  Token bracket(char which);
  Token word_in_brackets();
  Token word();
  Token quoted_string(char quote);
  Token number_or_duration();

  void skip_blanks_and_comments() noexcept;
  bool scan_number() noexcept;
  bool scan_duration() noexcept;
  /// Takes the escape behind a backslash; false after fail().
  bool scan_escape(char quote);

  Token make(TokenKind kind) noexcept;
  Token operation(BinaryOp op) noexcept;
  Token fail(std::string message);
  Token fail_behind(std::string message);
  Token unexpected(std::string_view what, std::size_t at);

  [[nodiscard]] bool at_end() const noexcept { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] bool next_is(std::string_view set) const noexcept {
    return !at_end() && set.find(text_[at_]) != std::string_view::npos;
  }
  bool take(std::string_view set) noexcept {
    const bool found = next_is(set);
    at_ += found ? 1 : 0;
    return found;
  }
  bool take_run(std::string_view set) noexcept;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the token that is read
  Place place_ = Place::kOpen;
  int paren_depth_ = 0;
  bool in_brackets_ = false;  // from [ to ]; the place is kBrackets up to the first number only
  bool had_colon_ = false;    // in these brackets
  bool had_number_ = false;   // in any brackets
  bool had_comment_ = false;
  bool failed_ = false;
  LexProblem problem_;
};

/// Whether the word means something of its own, in any case: "by", "Sum", "nan".
[[nodiscard]] bool is_promql_keyword(std::string_view word);

}  // namespace mcore
