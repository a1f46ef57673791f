// SPDX-License-Identifier: Apache-2.0
#include "promql/literals.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "base/number_text.h"
#include "promql/quoting.h"

namespace mcore {
namespace {

constexpr double kNanosPerSecond = 1e9;
constexpr double kMaxNanos = 9223372036854775808.0;  // 2^63, the first that does not fit

Error wrong(std::string_view why) {
  return Error(ErrorKind::kSyntax, "read literal", "", why);
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Underscores stand between digits, or between 0x and one.
bool has_good_underscores(std::string_view text, bool is_hex) noexcept {
  enum class Last { kOther, kDigit, kUnderscore } last = Last::kOther;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool digit = is_digit(c) || (is_hex && (i < 2 || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
    if (c == '_') {
      if (last != Last::kDigit) {
        return false;
      }
      last = Last::kUnderscore;
    } else if (digit) {
      last = Last::kDigit;
    } else if (last == Last::kUnderscore) {
      return false;
    } else {
      last = Last::kOther;
    }
  }
  return last != Last::kUnderscore;
}

/// An integer with the base that its prefix says; nothing if it is none or does not fit 63 bits.
std::optional<std::int64_t> read_integer(std::string_view digits, bool is_hex) noexcept {
  int base = 10;
  if (is_hex) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
    digits.remove_prefix(1);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

Result<double> read_promql_number(std::string_view text) {
  const bool is_hex = text.size() >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  const std::string_view go_name = "error parsing number: strconv.ParseFloat: parsing ";
  const std::string_view invalid = ": invalid syntax";
  std::string digits(text);
  if (text.find('_') != std::string_view::npos) {
    if (!has_good_underscores(text, is_hex)) {
      return wrong(std::string(go_name) + quoted(text) + std::string(invalid));
    }
    std::erase(digits, '_');
  }
  if (const auto integer = read_integer(digits, is_hex)) {
    return static_cast<double>(*integer);
  }
  double value = 0;
  switch (is_hex ? FloatStatus::kSyntax : parse_float(digits, value)) {
    case FloatStatus::kOk:
      return value;
    case FloatStatus::kRange:
      return wrong(std::string(go_name) + quoted(text) + ": value out of range");
    default:
      return wrong(std::string(go_name) + quoted(text) + std::string(invalid));
  }
}

Result<double> read_promql_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t ms;
  };
  constexpr Unit kUnits[] = {{"y", 31'536'000'000}, {"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000},
                             {"m", 60'000},         {"s", 1'000},       {"ms", 1}};
  constexpr std::uint64_t kMostMs = std::numeric_limits<std::int64_t>::max() / 1'000'000;
  const Unit* next = std::begin(kUnits);
  std::uint64_t total = 0;
  for (std::string_view rest = text; !rest.empty();) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    if (error != std::errc() || name.empty()) {
      return wrong("not a valid duration string: " + quoted(text));
    }
    const Unit* unit = std::begin(kUnits);
    while (unit != std::end(kUnits) && unit->name != name) {
      ++unit;
    }
    if (unit == std::end(kUnits)) {
      return wrong("unknown unit " + quoted(name) + " in duration " + quoted(text));
    }
    if (unit < next) {
      return wrong("not a valid duration string: " + quoted(text));
    }
    if (number > kMostMs / unit->ms || (total += number * unit->ms) > kMostMs) {
      return wrong("duration out of range");
    }
    next = unit + 1;
    rest.remove_prefix(name.size());
  }
  return static_cast<double>(total / 1000) + static_cast<double>(total % 1000 * 1'000'000) / kNanosPerSecond;
}

std::int64_t duration_ms(double seconds) noexcept {
  const double nanos = std::round(seconds * kNanosPerSecond);
  if (!(nanos < kMaxNanos && nanos >= -kMaxNanos)) {
    return nanos < 0 ? std::numeric_limits<std::int64_t>::min() / 1'000'000
                     : std::numeric_limits<std::int64_t>::max() / 1'000'000;
  }
  return static_cast<std::int64_t>(nanos) / 1'000'000;
}

bool is_out_of_duration_range(double seconds) noexcept {
  constexpr double kMost = kMaxNanos / kNanosPerSecond;
  return !(seconds <= kMost && seconds >= -kMost);
}

}  // namespace mcore
