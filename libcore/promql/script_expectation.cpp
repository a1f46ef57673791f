// SPDX-License-Identifier: Apache-2.0
#include "promql/script_expectation.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

#include "base/number_text.h"
#include "base/utf8.h"
#include "model/duration.h"
#include "model/quoted_text.h"

namespace mcore {
namespace {

constexpr std::int64_t kMostSteps = 1'000'000;

ScriptTextRule pattern_rule(std::string_view pattern) {
  if (const auto alone = AnchoredRegex::make(pattern); !alone.ok()) {
    throw_script_error(fmt::format("regular expression {}: {}", in_quotes(pattern), alone.error().why()));
  }
  // It is to be found anywhere, and our regular expressions match whole texts.
  return {.text = std::string(pattern),
          .is_any = false,
          .pattern = AnchoredRegex::make(fmt::format("(?:.*?)(?:{})(?:.*)", pattern)).value_or_throw()};
}

ScriptTextRule text_rule(std::string_view text) {
  return {.text = std::string(text), .is_any = false};
}

/// What follows the kind on an `expect` line: nothing, `msg: TEXT` or `regex: RE`.
ScriptTextRule read_rule(ScriptCursor& in) {
  in.take_blanks();
  if (in.at_end()) {
    return {};
  }
  const bool is_message = in.take("msg:");
  if (!is_message && !in.take("regex:")) {
    in.fail("msg: or regex:");
  }
  const std::string_view text = trim_script_line(in.rest());
  if (text.empty()) {
    in.fail("a text");
  }
  return is_message ? text_rule(text) : pattern_rule(text);
}

void expect_end(ScriptCursor& in) {
  in.take_blanks();
  if (!in.at_end()) {
    in.fail("the end of the line");
  }
}

void read_string(ScriptCursor& in, ScriptEval& eval) {
  in.take_blanks();
  if (in.peek() != '"' && in.peek() != '`' && in.peek() != '\'') {
    in.fail("a quoted text");
  }
  QuotedText read = read_quoted(in.rest());
  in.skip(read.size);
  if (!read.problem.empty()) {
    in.fail(read.problem);
  }
  expect_end(in);
  eval.expected.string = std::move(read.value);
}

void read_range_vector(ScriptCursor& in, ScriptEval& eval) {
  in.take_blanks();
  if (eval.is_range) {
    in.fail("no range vector in a range query");
  }
  expect_script_word(in, "vector");
  expect_script_word(in, "from");
  read_script_times(in, eval);
  expect_end(in);
  eval.expected.is_range_vector = true;
}

/// Behind `expect`.
void read_expect(ScriptCursor& in, ScriptEval& eval) {
  ScriptExpectation& expected = eval.expected;
  const ScriptCursor before = in;
  const std::string_view kind = in.take_word();
  if (kind == "range") {
    read_range_vector(in, eval);
  } else if (kind == "string") {
    read_string(in, eval);
  } else if (kind == "ordered") {
    expected.is_ordered = true;
  } else if (kind == "fail") {
    if (expected.failure.has_value()) {
      before.fail("one line about the failure");
    }
    expected.failure = read_rule(in);
  } else if (kind == "warn") {
    expected.warnings.push_back(read_rule(in));
  } else if (kind == "info") {
    expected.infos.push_back(read_rule(in));
  } else if (kind == "no_warn") {
    expected.has_no_warnings = true;
  } else if (kind == "no_info") {
    expected.has_no_infos = true;
  } else {
    before.fail("fail, ordered, warn, no_warn, info, no_info, string or range vector");
  }
  if ((expected.has_no_warnings && !expected.warnings.empty()) || (expected.has_no_infos && !expected.infos.empty())) {
    before.fail("either some notes of a kind or none");
  }
}

/// A whole number with the prefixes of Go's literals, `0x1F`, `0b11`, `0o17`, `017`.
bool read_prefixed(std::string_view text, double& number) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text.size() < 2 || text[0] != '0') {
    return false;
  }
  const char letter = static_cast<char>(text[1] | 0x20);
  const int base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
  text.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  std::uint64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return false;
  }
  number = static_cast<double>(whole) * (is_negative ? -1 : 1);
  return true;
}

bool read_number(std::string_view text, double& number) {
  return read_prefixed(text, number) || parse_float(text, number) == FloatStatus::kOk;
}

/// The older way to say what a failure's text is.
bool read_old_failure(std::string_view line, ScriptExpectation& expected) {
  constexpr std::string_view kMessage = "expected_fail_message";
  constexpr std::string_view kPattern = "expected_fail_regexp";
  if (!expected.failure.has_value()) {
    return false;
  }
  if (line.starts_with(kMessage)) {
    expected.failure = text_rule(trim_script_line(line.substr(kMessage.size())));
    return true;
  }
  if (line.starts_with(kPattern)) {
    expected.failure = pattern_rule(trim_script_line(line.substr(kPattern.size())));
    return true;
  }
  return false;
}

void add_series(ScriptSeries series, ScriptEval& eval) {
  if (series.values.empty()) {
    throw_script_error("expected a value behind the series");
  }
  if (!eval.is_range && !eval.expected.is_range_vector && series.values.size() > 1) {
    throw_script_error("expected one value for an instant query; \"expect range vector\" allows several");
  }
  std::erase_if(eval.expected.series,
                [&](const ScriptSeries& other) { return other.labels.view() == series.labels.view(); });
  eval.expected.series.push_back(std::move(series));
}

}  // namespace

bool ScriptTextRule::matches(std::string_view actual) const {
  return is_any || (pattern.has_value() ? pattern->match(actual).has_value() : actual == text);
}

bool read_expectation(std::string_view line, ScriptEval& eval, std::size_t& room) {
  ScriptCursor in(line);
  if (read_old_failure(line, eval.expected)) {
    return false;
  }
  if (in.take_word() == "expect") {
    in.take_blanks();
    read_expect(in, eval);
    return true;
  }
  if (double number = 0; read_number(line, number)) {
    eval.expected.scalar = number;
    return false;
  }
  add_series(read_script_series(line, room), eval);
  return true;
}

std::int64_t read_script_duration(std::string_view text, std::string_view what) {
  const auto duration = parse_duration(text);
  if (!duration.ok()) {
    throw_script_error(fmt::format("expected {} such as 0, 30s or 1h30m, found {}", what, in_quotes(text)));
  }
  return duration.value().count();
}

void expect_script_word(ScriptCursor& in, std::string_view word) {
  const ScriptCursor before = in;
  if (in.take_word() != word) {
    before.fail(fmt::format("'{}'", word));
  }
  in.take_blanks();
}

void read_script_times(ScriptCursor& in, ScriptEval& eval) {
  eval.start_t_ms = read_script_duration(in.take_word(), "the first time");
  in.take_blanks();
  expect_script_word(in, "to");
  eval.end_t_ms = read_script_duration(in.take_word(), "the last time");
  in.take_blanks();
  expect_script_word(in, "step");
  eval.step_ms = read_script_duration(in.take_word(), "a step");
  in.take_blanks();
  if (eval.end_t_ms < eval.start_t_ms) {
    throw_script_error("the last time is before the first");
  }
  if (eval.step_ms == 0 || (eval.end_t_ms - eval.start_t_ms) / eval.step_ms >= kMostSteps) {
    throw_script_error("a step of 0, or more than a million steps");
  }
}

}  // namespace mcore
