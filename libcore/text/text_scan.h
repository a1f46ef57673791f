// SPDX-License-Identifier: Apache-2.0
// The tokens that both text formats are made of, found 16 bytes at a time where the machine can.
//
// All functions take a position and the end of the body and never read behind the end. They return the position behind
// what they found; a token that is not there leaves the position where it was.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/number_text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mcore::text_scan {

[[nodiscard]] inline bool is_letter(char c) noexcept {
  return static_cast<unsigned char>((c | 0x20) - 'a') < 26;
}
[[nodiscard]] inline bool is_digit(char c) noexcept {
  return static_cast<unsigned char>(c - '0') < 10;
}
[[nodiscard]] inline bool is_metric_start(char c) noexcept {
  return is_letter(c) || c == '_' || c == ':';
}
[[nodiscard]] inline bool is_label_start(char c) noexcept {
  return is_letter(c) || c == '_';
}

/// Behind [a-zA-Z0-9_:]*, what a metric's name goes on with.
[[nodiscard]] inline const char* metric_name_end(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i zero = _mm_setzero_si128();
    // x - lowest <= width, unsigned and saturating: 0 exactly for the bytes in the range.
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const __m128i letter =
        _mm_cmpeq_epi8(_mm_subs_epu8(_mm_sub_epi8(lower, _mm_set1_epi8('a')), _mm_set1_epi8(25)), zero);
    const __m128i digit_or_colon =
        _mm_cmpeq_epi8(_mm_subs_epu8(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), _mm_set1_epi8(10)), zero);
    const __m128i underscore = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'));
    const int good = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letter, digit_or_colon), underscore));
    if (good != 0xFFFF) {
      return p + __builtin_ctz(~static_cast<unsigned>(good));
    }
    p += 16;
  }
#endif
  while (p != end && (is_metric_start(*p) || is_digit(*p))) {
    ++p;
  }
  return p;
}

/// Behind [a-zA-Z0-9_]*. Label names are short: a plain loop wins.
[[nodiscard]] inline const char* label_name_end(const char* p, const char* end) noexcept {
  while (p != end && (is_label_start(*p) || is_digit(*p))) {
    ++p;
  }
  return p;
}

/// The first newline, or the end.
[[nodiscard]] inline const char* line_end(const char* p, const char* end) noexcept {
  const std::size_t at = std::string_view(p, static_cast<std::size_t>(end - p)).find('\n');
  return at == std::string_view::npos ? end : p + at;
}

/// How many newlines stand between two positions. Cost: 16 bytes a step.
[[nodiscard]] inline std::size_t count_newlines(const char* p, const char* end) noexcept {
  std::size_t count = 0;
#if defined(__SSE2__)
  const __m128i newline = _mm_set1_epi8('\n');
  while (end - p >= 16) {
    const char* const stop = end - p < 16 * 255 ? end - 16 : p + 16 * 254;
    __m128i lanes = _mm_setzero_si128();  // each byte counts the newlines of its column, at most 255
    for (; p <= stop; p += 16) {
      lanes = _mm_sub_epi8(lanes, _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), newline));
    }
    const __m128i sums = _mm_sad_epu8(lanes, _mm_setzero_si128());
    count += static_cast<std::size_t>(_mm_cvtsi128_si64(sums)) +
             static_cast<std::size_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
  }
#endif
  for (; p != end; ++p) {
    count += *p == '\n' ? 1 : 0;
  }
  return count;
}

/// One line of free text: where it ends and what must be looked at before it is used.
struct LineScan {
  const char* end = nullptr;  // the newline, or the end
  bool has_backslash = false;
  bool has_high_bit = false;
};

[[nodiscard]] inline LineScan scan_line(const char* p, const char* end) noexcept {
  LineScan line;
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    unsigned high = static_cast<unsigned>(_mm_movemask_epi8(bytes));
    auto backslash = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    const auto newline = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))));
    if (newline != 0) {
      const unsigned before = (newline & -newline) - 1;
      line.has_high_bit |= (high & before) != 0;
      line.has_backslash |= (backslash & before) != 0;
      line.end = p + __builtin_ctz(newline);
      return line;
    }
    line.has_high_bit |= high != 0;
    line.has_backslash |= backslash != 0;
  }
#endif
  for (; p != end && *p != '\n'; ++p) {
    line.has_high_bit |= static_cast<signed char>(*p) < 0;
    line.has_backslash |= *p == '\\';
  }
  line.end = p;
  return line;
}

/// A piece of the body, with what must be known to use it.
struct Piece {
  const char* data = nullptr;
  std::size_t size = 0;
  bool has_escape = false;
  [[nodiscard]] std::string_view raw() const noexcept { return {data, size}; }
};
struct LabelPiece {
  Piece name;
  Piece value;
};

/// What is in a quoted string, from behind its opening quote.
struct QuotedEnd {
  const char* close = nullptr;  // the closing quote, null if there is none
  bool has_escape = false;
  bool has_high_bit = false;  // a byte that is not ASCII: to be checked as UTF-8
};

/// Finds the closing quote of `"(\\.|[^\\"])*"`; a backslash before a newline closes nothing.
[[nodiscard]] inline QuotedEnd quoted_end(const char* p, const char* end) noexcept {
  QuotedEnd found;
  while (p != end) {
#if defined(__SSE2__)
    while (end - p >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      const int high = _mm_movemask_epi8(bytes);
      const int stops = _mm_movemask_epi8(
          _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
      if (stops == 0) {
        found.has_high_bit |= high != 0;
        p += 16;
        continue;
      }
      const int before = __builtin_ctz(static_cast<unsigned>(stops));
      found.has_high_bit |= (high & ((1 << before) - 1)) != 0;
      p += before;
      break;
    }
    if (p == end) {
      break;
    }
#endif
    if (*p == '"') {
      found.close = p;
      return found;
    }
    if (*p == '\\') {
      found.has_escape = true;
      if (++p == end || *p == '\n') {
        return found;
      }
    }
    found.has_high_bit |= static_cast<signed char>(*p) < 0;
    ++p;
  }
  return found;
}

/// Labels as nearly every body has them, `name="value",name="value"}` without blanks, escapes and bytes beyond ASCII,
/// from behind the opening brace. Returns the position behind the closing brace and sets `count`; null for anything
/// else, right or wrong, which the careful reader then looks at. Writes at most `room` labels.
[[nodiscard]] inline const char* plain_labels(const char* p, const char* end, LabelPiece* out, std::size_t room,
                                              std::size_t& count) noexcept {
  for (count = 0; count < room; ++count) {
    const char* const name = p;
    if (p == end || !is_label_start(*p)) {
      return nullptr;
    }
    p = label_name_end(p + 1, end);
    const char* const value = p + 2;
    if (end - p < 3 || p[0] != '=' || p[1] != '"') {
      return nullptr;
    }
    const QuotedEnd found = quoted_end(value, end);
    if (found.close == nullptr || found.has_escape || found.has_high_bit || end - found.close < 2) {
      return nullptr;
    }
    out[count] = {{name, static_cast<std::size_t>(p - name), false},
                  {value, static_cast<std::size_t>(found.close - value), false}};
    p = found.close + 2;
    if (p[-1] == '}') {
      ++count;
      return p;
    }
    if (p[-1] != ',') {
      return nullptr;
    }
  }
  return nullptr;
}

/// Reads `[-]digits[.digits][e[+-]digits]` that ends at a blank, a newline or the end, when one rounding gives its
/// exact value: nearly every number there is. Returns null for all else, which parse_float() then reads or refuses.
[[nodiscard]] inline const char* plain_number(const char* p, const char* end, double& value) noexcept {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const bool negative = p != end && *p == '-';
  p += negative ? 1 : 0;
  const char* const first = p;
  std::uint64_t mantissa = 0;
  while (p != end && is_digit(*p)) {
    mantissa = mantissa * 10 + static_cast<unsigned char>(*p++ - '0');
  }
  auto digits = p - first;
  int power = 0;
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    while (p != end && is_digit(*p)) {
      mantissa = mantissa * 10 + static_cast<unsigned char>(*p++ - '0');
    }
    digits += p - fraction;
    power = static_cast<int>(fraction - p);
  }
  if (digits == 0 || digits > 19 || mantissa > (std::uint64_t{1} << 53U)) {
    return nullptr;
  }
  if (end - p >= 4 && *p == 'e' && (p[1] == '+' || p[1] == '-') && is_digit(p[2]) && is_digit(p[3])) {
    const int written = (p[2] - '0') * 10 + (p[3] - '0');
    power += p[1] == '-' ? -written : written;
    p += 4;
  }
  if ((p != end && *p != ' ' && *p != '\n' && *p != '\t') || power > 22 || power < -22) {
    return nullptr;
  }
  const auto exact = static_cast<double>(mantissa);
  const double magnitude = power < 0 ? exact / kPowers[-power] : exact * kPowers[power];
  value = negative ? -magnitude : magnitude;
  return p;
}

}  // namespace mcore::text_scan
