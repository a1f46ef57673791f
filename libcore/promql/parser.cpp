// SPDX-License-Identifier: Apache-2.0
#include "promql/parser.h"

#include <algorithm>

#include "base/utf8.h"
#include "promql/expr_parser.h"
#include "promql/parse_hint.h"
#include "promql/query_notes.h"
#include "promql/type_check.h"

namespace mcore {
namespace {

constexpr std::size_t kMaxQueryBytes = std::size_t{1} << 30U;  // far below what a SourceRange can hold
constexpr std::size_t kShownBytes = 100;
constexpr std::size_t kShownBefore = 70;  // the caret, of a longer line

/// Whether byte `at` of a text is inside a character, so that the text cannot be cut there.
bool is_inside_character(std::string_view text, std::size_t at) noexcept {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

/// What a terminal shows as one column a character, whatever the bytes are.
std::string shown(std::string_view text, std::size_t& columns) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (size == 0 || byte < 0x20 || byte == 0x7F) {
      out += byte == '\t' ? ' ' : '?';
    } else {
      out += text.substr(0, size);
    }
    ++columns;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

}  // namespace

ParseOutcome parse_query(std::string_view text, const ParseOptions& options) {
  ParseOutcome outcome;
  if (text.size() > kMaxQueryBytes) {
    outcome.errors.push_back({.message = "the query is longer than 1 GiB"});
    return outcome;
  }
  ExprParser parser(text, options, outcome.errors);
  outcome.expr = parser.run();
  outcome.has_comments = parser.had_comment();
  if (outcome.ok()) {
    check_types(*outcome.expr, text, outcome.errors);
  }
  if (!outcome.ok()) {
    outcome.expr = nullptr;
    outcome.errors.front().hint = parse_hint(text, outcome.errors.front());
  }
  return outcome;
}

Result<ExprPtr> parse_promql(std::string_view text, const ParseOptions& options) {
  ParseOutcome outcome = parse_query(text, options);
  if (!outcome.ok()) {
    return parse_error_for_person(text, outcome.errors.front());
  }
  return std::move(outcome.expr);
}

std::string parse_error_text(std::string_view query, const ParseError& error) {
  return (query.empty() ? "unknown position" : source_position(query, error.at.begin)) +
         ": parse error: " + error.message;
}

Error parse_error_for_person(std::string_view query, const ParseError& error, std::string_view file) {
  std::string why = error.message;
  if (!error.hint.empty()) {
    why += "; " + error.hint;
  }
  std::string where(file);
  if (!query.empty()) {
    where += where.empty() ? "" : ":";
    where += source_position(query, error.caret);
    why += "\n" + source_excerpt(query, error.caret);
  }
  return Error(ErrorKind::kUsage, "parse query", where, why);
}

std::string source_excerpt(std::string_view query, std::uint32_t offset) {
  const std::size_t at = std::min<std::size_t>(offset, query.size());
  const std::size_t newline = at == 0 ? std::string_view::npos : query.rfind('\n', at - 1);
  std::size_t begin = newline + 1;  // npos + 1 is 0
  std::size_t end = std::min(query.find('\n', at), query.size());
  const bool is_long = end - begin > kShownBytes;
  const bool cut_front = is_long && at - begin > kShownBefore;
  begin = cut_front ? at - kShownBefore : begin;
  const bool cut_back = is_long && end - begin > kShownBytes;
  end = cut_back ? begin + kShownBytes : end;
  while (is_inside_character(query, begin) && begin < at) {
    ++begin;
  }
  while (is_inside_character(query, end) && end > at) {
    --end;
  }
  std::size_t columns = cut_front ? 3 : 0;
  std::size_t rest = 0;
  std::string line = cut_front ? "..." : "";
  line += shown(query.substr(begin, at - begin), columns);
  line += shown(query.substr(at, end - at), rest);
  line += cut_back ? "..." : "";
  return "    " + line + "\n    " + std::string(columns, ' ') + "^";
}

}  // namespace mcore
