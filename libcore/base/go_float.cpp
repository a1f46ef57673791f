// SPDX-License-Identifier: Apache-2.0
#include "base/go_float.h"

#include <charconv>
#include <string>

#include "base/number_text.h"

namespace mcore {
namespace {

bool is_digit(char c, bool is_hex) noexcept {
  return (c >= '0' && c <= '9') || (is_hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/// Without the underscores, if each stands between digits, the prefix 0x counting as one; else nothing.
std::optional<std::string> drop_underscores(std::string_view digits, bool is_hex) {
  std::string text;
  char before = is_hex ? '0' : ' ';
  for (const char c : digits) {
    if (c == '_' ? !is_digit(before, is_hex) : before == '_' && !is_digit(c, is_hex)) {
      return std::nullopt;
    }
    if (c != '_') {
      text += c;
    }
    before = c;
  }
  return before == '_' ? std::nullopt : std::optional(text);
}

/// `digits` is what stands behind "0x".
std::optional<double> read_hex(std::string_view digits) {
  const std::size_t exponent = digits.find_first_of("pP");
  const bool has_digits = !digits.empty() && (is_digit(digits[0], true) || digits[0] == '.');
  if (!has_digits || exponent == std::string_view::npos) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::hex);
  if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) {
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range) {
    return digits.substr(exponent + 1).starts_with('-') ? std::optional(0.0) : std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<double> parse_go_float(std::string_view text) {
  double value = 0;
  const FloatStatus status = parse_float(text, value);
  if (status == FloatStatus::kOk) {
    return value;
  }
  if (status != FloatStatus::kForbidden) {
    return std::nullopt;
  }
  const bool is_minus = text.starts_with('-');
  if (is_minus || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const std::optional<std::string> digits = drop_underscores(text.substr(is_hex ? 2 : 0), is_hex);
  if (!digits || digits->empty() || !(is_digit(digits->front(), is_hex) || digits->front() == '.')) {
    return std::nullopt;
  }
  if (is_hex) {
    const std::optional<double> read = read_hex(*digits);
    return read && is_minus ? std::optional(-*read) : read;
  }
  if (parse_float(*digits, value) != FloatStatus::kOk) {
    return std::nullopt;
  }
  return is_minus ? -value : value;
}

}  // namespace mcore
