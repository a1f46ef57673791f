// SPDX-License-Identifier: Apache-2.0
#include "base/decimal_text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mcore {
namespace {

constexpr double kMaxExactInteger = 9007199254740992.0;  // 2^53

/// The digits of a finite value above 0, without zeros at either end: 0.DIGITS * 10^point.
struct Digits {
  char text[24];
  int count = 0;
  int point = 0;
};

/// A number of few decimals is found by trying: if whole / 10^places is the value again, `whole` has its digits. Below
/// 10^15 no two decimals are the same double, so they are the shortest, once zeros at the end are gone.
bool find_few(double value, Digits& out) noexcept {
  constexpr double kScale = 1e4;
  constexpr double kMost = 1e14;
  constexpr int kPlaces = 4;
  const double scaled = value * kScale;
  if (!(scaled < kMost) || scaled < 1) {
    return false;
  }
  const auto whole = static_cast<std::int64_t>(scaled + 0.5);
  if (static_cast<double>(whole) / kScale != value) {
    return false;
  }
  out.count = static_cast<int>(std::to_chars(out.text, out.text + sizeof out.text, whole).ptr - out.text);
  out.point = out.count - kPlaces;
  while (out.text[out.count - 1] == '0') {
    --out.count;
  }
  return true;
}

void find_shortest(double value, Digits& out) noexcept {
  char text[32];  // d[.ddd]e[+-]dd
  const char* const end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  const char* at = text;
  out.text[out.count++] = *at++;
  if (*at == '.') {
    ++at;
    while (*at != 'e') {
      out.text[out.count++] = *at++;
    }
  }
  ++at;  // the e
  const bool negative = *at++ == '-';
  int exponent = 0;
  while (at != end) {
    exponent = exponent * 10 + (*at++ - '0');
  }
  out.point = (negative ? -exponent : exponent) + 1;
}

char* lay_out_plainly(char* out, const Digits& digits) noexcept {
  const auto count = static_cast<std::size_t>(digits.count);
  if (digits.point <= 0) {
    const auto zeros = static_cast<std::size_t>(-digits.point);
    *out++ = '0';
    *out++ = '.';
    std::memset(out, '0', zeros);
    std::memcpy(out + zeros, digits.text, count);
    return out + zeros + count;
  }
  const auto whole = static_cast<std::size_t>(digits.point);
  if (count <= whole) {  // std::chars_format::fixed would print what lies behind the 17th digit instead of zeros
    std::memcpy(out, digits.text, count);
    std::memset(out + count, '0', whole - count);
    return out + whole;
  }
  std::memcpy(out, digits.text, whole);
  out[whole] = '.';
  std::memcpy(out + whole + 1, digits.text + whole, count - whole);
  return out + count + 1;
}

char* lay_out_with_exponent(char* out, const Digits& digits) noexcept {
  *out++ = digits.text[0];
  if (digits.count > 1) {
    *out++ = '.';
    std::memcpy(out, digits.text + 1, static_cast<std::size_t>(digits.count - 1));
    out += digits.count - 1;
  }
  const int exponent = digits.point - 1;
  const int magnitude = exponent < 0 ? -exponent : exponent;
  *out++ = 'e';
  *out++ = exponent < 0 ? '-' : '+';
  if (magnitude < 10) {
    *out++ = '0';
  }
  return std::to_chars(out, out + 4, magnitude).ptr;
}

char* write(char* out, double value, bool may_have_exponent) noexcept {
  const bool negative = std::signbit(value) && !std::isnan(value);
  if (negative) {
    *out++ = '-';
    value = -value;
  }
  if (value < kMaxExactInteger) {
    const auto whole = static_cast<std::uint64_t>(value);
    if (static_cast<double>(whole) == value) {
      return std::to_chars(out, out + kApiFloatTextSize, whole).ptr;
    }
  } else if (!std::isfinite(value)) {
    const std::string_view word = std::isnan(value) ? "NaN" : negative ? "Inf" : "+Inf";
    std::memcpy(out, word.data(), word.size());
    return out + word.size();
  }
  Digits digits;
  if (!find_few(value, digits)) {
    find_shortest(value, digits);
  }
  return may_have_exponent && (value < 1e-6 || value >= 1e21) ? lay_out_with_exponent(out, digits)
                                                              : lay_out_plainly(out, digits);
}

}  // namespace

char* write_decimal(char* out, double value) noexcept {
  return write(out, value, false);
}

char* write_api_float(char* out, double value) noexcept {
  return write(out, value, true);
}

std::string decimal_text(double value) {
  char text[kDecimalTextSize];
  return {text, write_decimal(text, value)};
}

std::string api_float_text(double value) {
  char text[kApiFloatTextSize];
  return {text, write_api_float(text, value)};
}

}  // namespace mcore
