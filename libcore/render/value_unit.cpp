// SPDX-License-Identifier: Apache-2.0
#include "render/value_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/number_text.h"

namespace mcore {
namespace {

struct NamedUnit {
  std::string_view word;  // at the end of a name
  UnitKind kind;
};
constexpr NamedUnit kUnits[] = {
    {"bytes", UnitKind::kBytes},       {"bits", UnitKind::kBits},       {"seconds", UnitKind::kSeconds},
    {"ratio", UnitKind::kRatio},       {"percent", UnitKind::kPercent}, {"celsius", UnitKind::kCelsius},
    {"hertz", UnitKind::kHertz},       {"volts", UnitKind::kVolts},     {"amperes", UnitKind::kAmperes},
    {"watts", UnitKind::kWatts},       {"joules", UnitKind::kJoules},   {"meters", UnitKind::kMeters},
    {"metres", UnitKind::kMeters},     {"grams", UnitKind::kGrams},     {"percentage", UnitKind::kPercent},
    {"created", UnitKind::kTimestamp},
};

/// Takes `_word` off the end.
bool take_end(std::string_view& name, std::string_view word) noexcept {
  if (name.size() <= word.size() || !name.ends_with(word) || name[name.size() - word.size() - 1] != '_') {
    return false;
  }
  name.remove_suffix(word.size() + 1);
  return true;
}

/// Three significant digits, no zeros at the end: 12.3, 0.00123, 123.
std::string three_digits(double value) {
  return fmt::format("{:.3g}", value);
}

struct Prefix {
  double factor;
  std::string_view text;
};
constexpr Prefix kBinary[] = {
    {0x1p60, "Ei"}, {0x1p50, "Pi"}, {0x1p40, "Ti"}, {0x1p30, "Gi"}, {0x1p20, "Mi"}, {0x1p10, "Ki"},
};
constexpr Prefix kDecimal[] = {{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};

/// A number with the prefix that leaves at most three digits before the point. A number that rounding lifts to the next
/// prefix gets that one.
template <std::size_t kCount>
std::string scaled(double value, const Prefix (&prefixes)[kCount], std::string_view unit) {
  const double size = std::abs(value);
  if (size >= 1e21) {
    return fmt::format("{:.2e}{}", value, unit);
  }
  for (const Prefix& prefix : prefixes) {
    const double in_prefix = size / prefix.factor;
    if (in_prefix >= 0.9995) {
      // 1000 to 1023 KiB are not yet a MiB; %g would give them an exponent.
      const std::string digits =
          in_prefix >= 999.5 ? fmt::format("{:.0f}", value / prefix.factor) : three_digits(value / prefix.factor);
      return fmt::format("{}{}{}", digits, prefix.text, unit);
    }
  }
  return fmt::format("{}{}", size >= 999.5 ? fmt::format("{:.0f}", value) : three_digits(value), unit);
}

/// The two largest parts of a span of time: 3d4h, 2h5m, 2m30s.
std::string span_text(double seconds) {
  struct Part {
    double seconds;
    std::string_view unit;
    double seconds_of_next;
    std::string_view next;
  };
  constexpr Part kParts[] = {
      {31'536'000, "y", 86400, "d"}, {86400, "d", 3600, "h"}, {3600, "h", 60, "m"}, {60, "m", 1, "s"}};
  for (const Part& part : kParts) {
    const double rounded = std::round(seconds / part.seconds_of_next) * part.seconds_of_next;
    if (rounded >= part.seconds) {
      const double whole = std::floor(rounded / part.seconds);
      const double rest = std::round((rounded - whole * part.seconds) / part.seconds_of_next);
      return rest > 0 ? fmt::format("{:.0f}{}{:.0f}{}", whole, part.unit, rest, part.next)
                      : fmt::format("{:.0f}{}", whole, part.unit);
    }
  }
  return three_digits(seconds) + "s";
}

std::string seconds_text(double value, bool per_second, bool ascii) {
  const double size = std::abs(value);
  if (size >= 99.95 && size < 1e12 && !per_second) {
    return (value < 0 ? "-" : "") + span_text(size);
  }
  constexpr double kSmallest = 0.9995e-9;
  if (size == 0 || size >= 0.9995 || size < kSmallest) {
    return three_digits(value) + "s";
  }
  if (size >= 0.9995e-3) {
    return three_digits(value * 1e3) + "ms";
  }
  return size >= 0.9995e-6 ? three_digits(value * 1e6) + (ascii ? "us" : "µs") : three_digits(value * 1e9) + "ns";
}

std::string timestamp_text(double value, HumanStyle style) {
  const double ms = std::floor(value * 1000);
  if (!(ms >= static_cast<double>(kFirstTimeMs) && ms <= static_cast<double>(kLastTimeMs))) {
    return three_digits(value) + "s";
  }
  const auto t_ms = static_cast<std::int64_t>(ms);
  return style.zone == TimeZone::kLocal ? time_text_local(t_ms) : time_text_utc(t_ms);
}

std::string plain_or_percent(double value, std::string_view unit) {
  return std::abs(value) >= 999.5 && std::abs(value) < 1e6 ? fmt::format("{:.0f}{}", value, unit)
                                                           : three_digits(value) + std::string(unit);
}

std::string text_of_one(double value, ValueUnit unit, HumanStyle style) {
  switch (unit.kind) {
    case UnitKind::kBytes:
      return scaled(value, kBinary, "B");
    case UnitKind::kBits:
      return scaled(value, kDecimal, "bit");
    case UnitKind::kSeconds:
      return seconds_text(value, unit.per_second, style.ascii);
    case UnitKind::kTimestamp:
      return timestamp_text(value, style);
    case UnitKind::kRatio:
      return plain_or_percent(value * 100, "%");
    case UnitKind::kPercent:
      return plain_or_percent(value, "%");
    case UnitKind::kCelsius:
      return plain_or_percent(value, style.ascii ? "degC" : "°C");
    case UnitKind::kHertz:
      return scaled(value, kDecimal, "Hz");
    case UnitKind::kVolts:
      return scaled(value, kDecimal, "V");
    case UnitKind::kAmperes:
      return scaled(value, kDecimal, "A");
    case UnitKind::kWatts:
      return scaled(value, kDecimal, "W");
    case UnitKind::kJoules:
      return scaled(value, kDecimal, "J");
    case UnitKind::kMeters:
      return scaled(value, kDecimal, "m");
    case UnitKind::kGrams:
      return scaled(value, kDecimal, "g");
    case UnitKind::kPlain:
      break;
  }
  return scaled(value, kDecimal, "");
}

}  // namespace

ValueUnit unit_of_name(std::string_view metric_name) noexcept {
  std::string_view name = metric_name;
  ValueUnit unit;
  if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {  // level:metric:operations
    std::string_view rest = name.substr(colon + 1);
    const std::size_t second = rest.find(':');
    if (second != std::string_view::npos) {
      const std::string_view operations = rest.substr(second + 1);
      unit.per_second = operations.find("rate") != std::string_view::npos;
      rest = rest.substr(0, second);
    }
    name = rest;
  }
  if (name.ends_with("_count") || name.ends_with("_bucket")) {
    return unit;
  }
  const bool is_counter = name.ends_with("_total") || name.ends_with("_sum");
  for (const std::string_view end : {"total", "sum", "min", "max", "avg"}) {
    take_end(name, end);
  }
  for (const NamedUnit& known : kUnits) {
    if (name == known.word || take_end(name, known.word)) {
      unit.kind = known.kind;
      break;
    }
  }
  // process_start_time_seconds, job_last_success_timestamp_seconds; but disk_io_time_seconds_total is a span.
  if (unit.kind == UnitKind::kSeconds && !is_counter && (name.ends_with("timestamp") || name.ends_with("_time"))) {
    unit.kind = UnitKind::kTimestamp;
  }
  if (unit == ValueUnit{UnitKind::kSeconds, true}) {
    return {};  // seconds in a second: how many at once
  }
  return unit;
}

std::string human_text(double value, ValueUnit unit, HumanStyle style) {
  if (!std::isfinite(value)) {
    return float_text(value);
  }
  return text_of_one(value == 0 ? 0 : value, unit, style) + (unit.per_second ? "/s" : "");
}

std::string unit_title(ValueUnit unit, HumanStyle style) {
  constexpr std::pair<UnitKind, std::string_view> kTitles[] = {
      {UnitKind::kBytes, "bytes"},    {UnitKind::kBits, "bits"},     {UnitKind::kSeconds, "seconds"},
      {UnitKind::kTimestamp, "time"}, {UnitKind::kRatio, "%"},       {UnitKind::kPercent, "%"},
      {UnitKind::kHertz, "hertz"},    {UnitKind::kVolts, "volts"},   {UnitKind::kAmperes, "amperes"},
      {UnitKind::kWatts, "watts"},    {UnitKind::kJoules, "joules"}, {UnitKind::kMeters, "meters"},
      {UnitKind::kGrams, "grams"},
  };
  std::string title;
  if (unit.kind == UnitKind::kCelsius) {
    title = style.ascii ? "degC" : "°C";
  }
  const auto* const found = std::ranges::find(kTitles, unit.kind, &std::pair<UnitKind, std::string_view>::first);
  if (found != std::end(kTitles)) {
    title = found->second;
  }
  if (!unit.per_second) {
    return title;
  }
  return title.empty() ? "per second" : title + "/s";
}

}  // namespace mcore
