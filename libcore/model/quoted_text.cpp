// SPDX-License-Identifier: Apache-2.0
#include "model/quoted_text.h"

#include <charconv>
#include <cstdint>

namespace mcore {
namespace {

constexpr std::uint32_t kLastCodePoint = 0x10FFFF;

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((point >> shift) & 0x3FU)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | (point >> 6U));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | (point >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (point >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// `size` digits at the front of `text` as a number; false if they are not all there.
bool read_digits(std::string_view text, std::size_t size, int base, std::uint32_t& number) {
  if (text.size() < size) {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + size, number, base);
  return error == std::errc() && end == text.data() + size;
}

/// Reads what follows a backslash; returns its size, 0 if it is no escape.
std::size_t read_escape(std::string_view text, char quote, std::string& out) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (text.empty()) {
    return 0;
  }
  if (const std::size_t at = kLetters.find(text[0]); at != std::string_view::npos) {
    out += kMeanings[at];
    return 1;
  }
  if (text[0] == quote) {
    out += quote;
    return 1;
  }
  std::uint32_t number = 0;
  if (text[0] >= '0' && text[0] <= '7') {
    if (!read_digits(text, 3, 8, number) || number > 0xFF) {
      return 0;
    }
    out += static_cast<char>(number);  // a byte, as in Go
    return 3;
  }
  if (text[0] == 'x') {
    if (!read_digits(text.substr(1), 2, 16, number)) {
      return 0;
    }
    out += static_cast<char>(number);
    return 3;
  }
  const std::size_t digits = text[0] == 'u' ? 4 : 8;
  const bool known = text[0] == 'u' || text[0] == 'U';
  if (!known || !read_digits(text.substr(1), digits, 16, number) || number > kLastCodePoint ||
      (number >= 0xD800 && number < 0xE000)) {
    return 0;
  }
  append_utf8(out, number);
  return 1 + digits;
}

}  // namespace

QuotedText read_quoted(std::string_view text) {
  QuotedText read;
  const char quote = text[0];
  std::size_t at = 1;
  for (; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\n' && quote != '`') {
      break;
    }
    if (text[at] != '\\' || quote == '`') {
      read.value += text[at];
      continue;
    }
    const std::size_t size = read_escape(text.substr(at + 1), quote, read.value);
    if (size == 0) {
      read.size = at;
      read.problem = "an escape that PromQL knows";
      return read;
    }
    at += size;
  }
  if (at >= text.size() || text[at] != quote) {
    read.size = at;
    read.problem = quote == '"' ? "a closing \"" : quote == '\'' ? "a closing '" : "a closing `";
    return read;
  }
  read.size = at + 1;
  return read;
}

}  // namespace mcore
