// SPDX-License-Identifier: Apache-2.0
#include "promql/script_cursor.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <limits>

#include "base/number_text.h"
#include "base/utf8.h"

namespace mcore {
namespace {

constexpr std::size_t kMostFoundText = 30;

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == ':';
}

std::size_t digits_at(std::string_view text, std::size_t at) noexcept {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) {
    ++end;
  }
  return end - at;
}

/// The size of the decimal number at the front, 0 if there is none. `0x10` is a 0, and what follows is for the caller.
std::size_t decimal_size(std::string_view text) noexcept {
  std::size_t size = digits_at(text, 0);
  std::size_t digits = size;
  if (size < text.size() && text[size] == '.') {
    const std::size_t fraction = digits_at(text, size + 1);
    digits += fraction;
    size += 1 + fraction;
  }
  if (digits == 0) {
    return 0;
  }
  if (size < text.size() && (text[size] == 'e' || text[size] == 'E')) {
    const std::size_t sign = size + 1 < text.size() && (text[size + 1] == '+' || text[size + 1] == '-') ? 1 : 0;
    const std::size_t exponent = digits_at(text, size + 1 + sign);
    size += exponent > 0 ? 1 + sign + exponent : 0;
  }
  return size;
}

/// Whether `text` starts with `word`, given in lower case, in any case.
bool starts_with_word(std::string_view text, std::string_view word) noexcept {
  if (text.size() < word.size()) {
    return false;
  }
  for (std::size_t i = 0; i < word.size(); ++i) {
    if ((text[i] | 0x20) != word[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool ScriptCursor::take(std::string_view text) noexcept {
  if (!rest().starts_with(text)) {
    return false;
  }
  at_ += text.size();
  return true;
}

void ScriptCursor::expect(std::string_view text) {
  if (!take(text)) {
    fail(fmt::format("'{}'", text));
  }
}

bool ScriptCursor::take_blanks() noexcept {
  const std::size_t before = at_;
  while (is_blank(peek())) {
    ++at_;
  }
  return at_ != before;
}

std::string_view ScriptCursor::take_name() noexcept {
  const std::size_t before = at_;
  while (is_name_character(peek())) {
    ++at_;
  }
  return line_.substr(before, at_ - before);
}

std::string_view ScriptCursor::take_word() noexcept {
  const std::size_t before = at_;
  while (!at_end() && !is_blank(peek())) {
    ++at_;
  }
  return line_.substr(before, at_ - before);
}

bool ScriptCursor::take_number(double& number) {
  for (const std::string_view word : {"inf", "nan"}) {
    if (starts_with_word(rest(), word)) {
      at_ += word.size();
      number = word == "inf" ? std::numeric_limits<double>::infinity() : std::bit_cast<double>(kNormalNanBits);
      return true;
    }
  }
  const std::size_t size = decimal_size(rest());
  if (size == 0) {
    return false;
  }
  if (parse_float(rest().substr(0, size), number) != FloatStatus::kOk) {
    fail("a number that fits a double");
  }
  at_ += size;
  return true;
}

double ScriptCursor::expect_signed_number() {
  const bool is_negative = take("-");
  if (!is_negative) {
    take("+");
  }
  double number = 0;
  if (!take_number(number)) {
    fail("a number");
  }
  return is_negative ? -number : number;
}

std::uint64_t ScriptCursor::expect_count() {
  std::uint64_t count = 0;
  const std::string_view text = rest().substr(0, digits_at(rest(), 0));
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || error != std::errc()) {
    fail("how many times");
  }
  at_ += text.size();
  return count;
}

void ScriptCursor::fail(std::string_view expected) const {
  const std::string found = at_end() ? "the end of the line" : in_quotes(rest(), kMostFoundText);
  throw_script_error(fmt::format("column {}: expected {}, found {}", at_ + 1, expected, found));
}

std::string_view trim_script_line(std::string_view line) noexcept {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t begin = line.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? std::string_view()
                                         : line.substr(begin, line.find_last_not_of(kSpace) - begin + 1);
}

void throw_script_error(std::string_view why) {
  throw Error(ErrorKind::kSyntax, "read test script", "", why);
}

}  // namespace mcore
