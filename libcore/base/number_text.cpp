// SPDX-License-Identifier: Apache-2.0
#include "base/number_text.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace mcore {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int kMaxExactPower = 22;
constexpr std::uint64_t kMaxExactInteger = std::uint64_t{1} << 53U;

bool is_digit(char c) noexcept {
  return static_cast<unsigned char>(c - '0') < 10;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) {
      return false;
    }
  }
  return true;
}

/// Everything the fast path leaves: words, long digits, large exponents, mistakes.
FloatStatus parse_float_slowly(std::string_view text, double& value) noexcept {
  if (text.find_first_of("pP_") != std::string_view::npos) {
    return FloatStatus::kForbidden;
  }
  std::string_view rest = text;
  bool negative = false;
  bool has_sign = false;
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    has_sign = true;
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (equals_ignoring_case(rest, "inf") || equals_ignoring_case(rest, "infinity")) {
    value = negative ? -HUGE_VAL : HUGE_VAL;
    return FloatStatus::kOk;
  }
  if (!has_sign && equals_ignoring_case(rest, "nan")) {
    value = std::bit_cast<double>(kNormalNanBits);
    return FloatStatus::kOk;
  }
  // from_chars would also take "nan(...)", "inf" and a second sign.
  if (rest.empty() || !(is_digit(rest[0]) || rest[0] == '.')) {
    return FloatStatus::kSyntax;
  }
  double magnitude = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), magnitude);
  if (end != rest.data() + rest.size() || error == std::errc::invalid_argument) {
    return FloatStatus::kSyntax;
  }
  if (error == std::errc::result_out_of_range) {
    // Too small is zero, too large is an error, as in Go; from_chars does not tell which: the exponent does. A text
    // without one is out of range only by more than 308 digits before or behind the point.
    const std::size_t e = rest.find_first_of("eE");
    const bool tiny =
        e != std::string_view::npos ? rest.substr(e + 1).starts_with('-') : rest.find_first_not_of("0.") > 300;
    if (!tiny) {
      return FloatStatus::kRange;
    }
    magnitude = 0;
  }
  value = negative ? -magnitude : magnitude;
  return FloatStatus::kOk;
}

/// Lays decimal digits out as Go's 'g': value = 0.DIGITS * 10^point. Requires: the first digit is not 0.
char* lay_out(char* out, const char* digits, int count, int point) noexcept {
  const int exponent = point - 1;
  if (exponent < -4 || exponent >= 6) {
    *out++ = digits[0];
    if (count > 1) {
      *out++ = '.';
      std::memcpy(out, digits + 1, static_cast<std::size_t>(count - 1));
      out += count - 1;
    }
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    const int magnitude = exponent < 0 ? -exponent : exponent;
    if (magnitude < 10) {
      *out++ = '0';
    }
    return std::to_chars(out, out + 4, magnitude).ptr;
  }
  if (point <= 0) {
    *out++ = '0';
    *out++ = '.';
    for (int i = point; i < 0; ++i) {
      *out++ = '0';
    }
    std::memcpy(out, digits, static_cast<std::size_t>(count));
    return out + count;
  }
  for (int i = 0; i < point; ++i) {
    *out++ = i < count ? digits[i] : '0';
  }
  if (count > point) {
    *out++ = '.';
    std::memcpy(out, digits + point, static_cast<std::size_t>(count - point));
    out += count - point;
  }
  return out;
}

}  // namespace

FloatStatus parse_float(std::string_view text, double& value) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool negative = p != end && *p == '-';
  if (negative) {
    ++p;
  }
  std::uint64_t mantissa = 0;
  int exponent = 0;
  const char* const first = p;
  while (p != end && is_digit(*p)) {
    mantissa = mantissa * 10 + static_cast<unsigned char>(*p++ - '0');
  }
  auto digits = p - first;
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    while (p != end && is_digit(*p)) {
      mantissa = mantissa * 10 + static_cast<unsigned char>(*p++ - '0');
    }
    exponent = static_cast<int>(fraction - p);
    digits += p - fraction;
  }
  if (digits == 0 || digits > 19) {
    return parse_float_slowly(text, value);
  }
  if (p != end && (*p | 0x20) == 'e') {
    ++p;
    const bool minus = p != end && *p == '-';
    if (p != end && (*p == '-' || *p == '+')) {
      ++p;
    }
    const char* const power = p;
    int written = 0;
    while (p != end && is_digit(*p) && p - power < 4) {
      written = written * 10 + (*p++ - '0');
    }
    if (p == power) {
      return FloatStatus::kSyntax;
    }
    exponent += minus ? -written : written;
  }
  // One rounding only: the mantissa and the power of ten are both exact.
  if (p != end || mantissa > kMaxExactInteger || exponent > kMaxExactPower || exponent < -kMaxExactPower) {
    return parse_float_slowly(text, value);
  }
  const auto exact = static_cast<double>(mantissa);
  const double magnitude = exponent < 0 ? exact / kPowersOfTen[-exponent] : exact * kPowersOfTen[exponent];
  value = negative ? -magnitude : magnitude;
  return FloatStatus::kOk;
}

char* write_float(char* out, double value) noexcept {
  if (value == 0) {
    if (std::signbit(value)) {
      *out++ = '-';
    }
    *out++ = '0';
    return out;
  }
  if (!std::isfinite(value)) {
    const std::string_view word = std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    std::memcpy(out, word.data(), word.size());
    return out + word.size();
  }
  if (value < 0) {
    *out++ = '-';
    value = -value;
  }
  char digits[kFloatTextSize];
  int count = 0;
  int point = 0;
  if (value < static_cast<double>(kMaxExactInteger) && value == std::floor(value)) {
    count =
        static_cast<int>(std::to_chars(digits, digits + sizeof digits, static_cast<std::uint64_t>(value)).ptr - digits);
    point = count;
    while (digits[count - 1] == '0') {
      --count;
    }
    return lay_out(out, digits, count, point);
  }
  // d[.ddd]e[+-]dd, the shortest digits that read back the same.
  char text[kFloatTextSize];
  const char* const end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  const char* p = text;
  for (; *p != 'e'; ++p) {
    if (*p != '.') {
      digits[count++] = *p;
    }
  }
  p += p[1] == '+' ? 2 : 1;
  std::from_chars(p, end, point);
  return lay_out(out, digits, count, point + 1);
}

std::string float_text(double value) {
  char text[kFloatTextSize];
  return {text, write_float(text, value)};
}

std::string decimal_text(double value) {
  if (!std::isfinite(value) || value == 0) {
    return float_text(value);
  }
  // d[.ddd]e[+-]dd: std::to_chars in fixed notation would print every digit of a large number, not zeros.
  char text[kFloatTextSize];
  const char* const end = std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view shortest(text, static_cast<std::size_t>(end - text));
  const std::size_t mark = shortest.find('e');
  std::string digits(shortest.substr(0, mark));
  std::erase(digits, '.');
  int exponent = 0;
  std::from_chars(text + mark + (text[mark + 1] == '+' ? 2 : 1), end, exponent);
  std::string out = value < 0 ? "-" : "";
  if (exponent < 0) {
    return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    return out + digits + std::string(whole - digits.size(), '0');
  }
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string openmetrics_float_text(double value) {
  std::string text = float_text(value);
  if (std::isfinite(value) && text.find_first_of("e.") == std::string::npos) {
    text += ".0";
  }
  return text == "-0.0" ? "0.0" : text;
}

}  // namespace mcore
