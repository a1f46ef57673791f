// SPDX-License-Identifier: Apache-2.0
#include "model/duration.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/number_text.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace mcore {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr Unit kUnits[] = {{"y", 31'536'000'000}, {"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000},
                           {"m", 60'000},         {"s", 1'000},       {"ms", 1}};
constexpr std::int64_t kMostMs = 100 * kUnits[0].ms;

Error no_duration(std::string_view text) {
  return Error(ErrorKind::kUsage, "read duration", in_quotes(text), "expected one like 1h30m, 250ms or seconds");
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  double seconds = 0;
  if (parse_float(text, seconds) == FloatStatus::kOk) {
    const double ms = seconds * 1000;
    if (!(ms >= 0 && ms <= static_cast<double>(kMostMs)) || text.starts_with('+')) {
      return no_duration(text);
    }
    return std::chrono::milliseconds(std::llround(ms));
  }
  std::int64_t total = 0;
  const Unit* next = std::begin(kUnits);
  std::string_view rest = text;
  if (rest.empty()) {
    return no_duration(text);
  }
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || rest[0] == '-') {
      return no_duration(text);
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    while (next != std::end(kUnits) && next->name != name) {
      ++next;
    }
    if (next == std::end(kUnits) || number > kMostMs / next->ms) {
      return no_duration(text);
    }
    total += number * next->ms;
    ++next;
    rest.remove_prefix(name.size());
  }
  if (total > kMostMs) {
    return no_duration(text);
  }
  return std::chrono::milliseconds(total);
}

std::string duration_text(std::chrono::milliseconds duration) {
  std::string out = duration.count() < 0 ? "-" : "";
  std::uint64_t left = static_cast<std::uint64_t>(duration.count());
  left = duration.count() < 0 ? 0 - left : left;
  if (left == 0) {
    return "0s";
  }
  for (const Unit& unit : kUnits) {
    const auto size = static_cast<std::uint64_t>(unit.ms);
    const bool only_whole = unit.name == "y" || unit.name == "w";  // 90d reads better than 12w6d
    if (left >= size && (!only_whole || left % size == 0)) {
      out += std::to_string(left / size);
      out += unit.name;
      left %= size;
    }
  }
  return out;
}

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  unsigned shift = 0;
  bool good = error == std::errc() && end != text.data();
  if (is_one_of(unit, {"K", "KB", "KiB"})) {
    shift = 10;
  } else if (is_one_of(unit, {"M", "MB", "MiB"})) {
    shift = 20;
  } else if (is_one_of(unit, {"G", "GB", "GiB"})) {
    shift = 30;
  } else if (is_one_of(unit, {"T", "TB", "TiB"})) {
    shift = 40;
  } else {
    good = good && is_one_of(unit, {"", "B"});
  }
  if (!good || number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
    return Error(ErrorKind::kUsage, "read size", in_quotes(text), "expected one like 100, 64KB or 1MiB");
  }
  return number << shift;
}

}  // namespace mcore
