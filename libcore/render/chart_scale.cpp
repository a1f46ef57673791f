// SPDX-License-Identifier: Apache-2.0
#include "render/chart_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

#include "model/duration.h"

namespace mcore {
namespace {

constexpr double kSecondSteps[] = {60,   120,   300,   600,   900,   1800,   3600,
                                   7200, 10800, 21600, 43200, 86400, 172800, 604800};
constexpr double kFarthest = 1e307;  // differences of what lies within stay finite
constexpr double kSmallestSpan = 1e-290;

double decimal_step(double raw) noexcept {
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * power >= raw * (1 - 1e-9)) {
      return digit * power;
    }
  }
  return 10 * power;
}

/// Powers of two: 512 KiB, 1 MiB, 2 MiB.
double binary_step(double raw) noexcept {
  return raw <= 1 ? decimal_step(raw) : std::exp2(std::ceil(std::log2(raw) - 1e-9));
}

double seconds_step(double raw) noexcept {
  if (raw <= 30) {
    return raw > 10 ? (raw > 20 ? 30 : 20) : decimal_step(raw);
  }
  for (const double step : kSecondSteps) {
    if (step >= raw) {
      return step;
    }
  }
  return 86400 * decimal_step(raw / 86400);
}

double step_of(double raw, ValueUnit unit) noexcept {
  if (unit.kind == UnitKind::kBytes) {
    return binary_step(raw);
  }
  return unit.kind == UnitKind::kSeconds && !unit.per_second ? seconds_step(raw) : decimal_step(raw);
}

/// Decimals that a multiple of `step` needs.
int decimals_of(double step) noexcept {
  int decimals = 0;
  for (; decimals < 18 && std::abs(step - std::round(step)) > 1e-6 * step; ++decimals) {
    step *= 10;
  }
  return decimals;
}

/// What all ticks of an axis are divided by, and what stands behind them.
struct TickUnit {
  double factor = 1;
  std::string suffix{};
};

/// The largest prefix in which neither the size is below 1 nor a step has more than two decimals.
template <std::size_t kCount>
TickUnit prefixed(double size, double step, const std::pair<double, std::string_view> (&prefixes)[kCount],
                  std::string_view unit) {
  for (const auto& [factor, prefix] : prefixes) {
    if (size >= factor && size < 1e21 && decimals_of(step / factor) <= 2) {
      return {factor, std::string(prefix) + std::string(unit)};
    }
  }
  return {1, std::string(unit)};
}
constexpr std::pair<double, std::string_view> kDecimal[] = {{1e18, "E"}, {1e15, "P"}, {1e12, "T"},
                                                            {1e9, "G"},  {1e6, "M"},  {1e3, "k"}};
constexpr std::pair<double, std::string_view> kBinary[] = {{0x1p60, "Ei"}, {0x1p50, "Pi"}, {0x1p40, "Ti"},
                                                           {0x1p30, "Gi"}, {0x1p20, "Mi"}, {0x1p10, "Ki"}};

TickUnit seconds_unit(double size, bool ascii) {
  if (size >= 1 || size == 0) {
    return {1, "s"};
  }
  if (size >= 1e-3) {
    return {1e-3, "ms"};
  }
  return size >= 1e-6 ? TickUnit{1e-6, ascii ? "us" : "µs"} : TickUnit{1e-9, "ns"};
}

TickUnit tick_unit(double size, double step, ValueUnit unit, HumanStyle style) {
  switch (unit.kind) {
    case UnitKind::kBytes:
      return prefixed(size, step, kBinary, "B");
    case UnitKind::kSeconds:
      return seconds_unit(size, style.ascii);
    case UnitKind::kRatio:
      return {0.01, "%"};
    case UnitKind::kPercent:
      return {1, "%"};
    case UnitKind::kCelsius:
      return {1, style.ascii ? "degC" : "°C"};
    case UnitKind::kBits:
      return prefixed(size, step, kDecimal, "bit");
    case UnitKind::kHertz:
      return prefixed(size, step, kDecimal, "Hz");
    case UnitKind::kVolts:
      return prefixed(size, step, kDecimal, "V");
    case UnitKind::kAmperes:
      return prefixed(size, step, kDecimal, "A");
    case UnitKind::kWatts:
      return prefixed(size, step, kDecimal, "W");
    case UnitKind::kJoules:
      return prefixed(size, step, kDecimal, "J");
    case UnitKind::kMeters:
      return prefixed(size, step, kDecimal, "m");
    case UnitKind::kGrams:
      return prefixed(size, step, kDecimal, "g");
    case UnitKind::kPlain:
    case UnitKind::kTimestamp:
      break;
  }
  return prefixed(size, step, kDecimal, "");
}

std::string tick_text(double value, double size, double step, const TickUnit& tick) {
  const double scaled = value / tick.factor;
  const double scaled_step = step / tick.factor;
  std::string digits;
  if (value == 0) {
    return "0";
  }
  if (size / tick.factor >= 1e15 || scaled_step < 1e-6) {
    const int significant = std::clamp(static_cast<int>(std::ceil(std::log10(size / step))) + 1, 1, 17);
    digits = fmt::format("{:.{}g}", scaled, significant);
  } else {
    digits = fmt::format("{:.{}f}", scaled, decimals_of(scaled_step));
  }
  return digits + tick.suffix;
}

/// Widens a range that is too narrow to have an axis, and takes zero in where it is near.
void widen(double& low, double& high) noexcept {
  low = std::clamp(low, -kFarthest, kFarthest);
  high = std::clamp(high, -kFarthest, kFarthest);
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low < kSmallestSpan || high - low < size * 1e-11) {
    const double middle = low + (high - low) / 2;
    const double half = size < kSmallestSpan ? 1 : size;
    low = middle > 0 ? 0 : middle - half;
    high = middle < 0 ? 0 : middle + half;
    if (size < kSmallestSpan) {
      low = 0;
      high = 1;
    }
    return;
  }
  if (low > 0 && low < high / 2) {
    low = 0;
  } else if (high < 0 && high > low / 2) {
    high = 0;
  }
}

// --- Times ---------------------------------------------------------------------------------------------------------

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kTimeSteps[] = {
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    kSecond,
    2 * kSecond,
    5 * kSecond,
    10 * kSecond,
    15 * kSecond,
    30 * kSecond,
    kMinute,
    2 * kMinute,
    5 * kMinute,
    10 * kMinute,
    15 * kMinute,
    30 * kMinute,
    kHour,
    2 * kHour,
    3 * kHour,
    6 * kHour,
    12 * kHour,
    kDay,
    2 * kDay,
    7 * kDay,
    14 * kDay,
};
constexpr int kMonthSteps[] = {1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 24000, 60000};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::int64_t floor_to(std::int64_t value, std::int64_t step) noexcept {
  const std::int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

std::chrono::year_month_day date_of(std::int64_t wall_ms) noexcept {
  return std::chrono::year_month_day(
      std::chrono::sys_days(std::chrono::days(static_cast<int>(floor_to(wall_ms, kDay) / kDay))));
}

/// The moment when the wall clock shows `wall_ms`. Where daylight saving skips or repeats it, one of the two that it
/// may mean.
std::int64_t moment_of(std::int64_t wall_ms, TimeZone zone) noexcept {
  const std::int64_t guess = wall_ms - utc_offset_ms(wall_ms, zone);
  return wall_ms - utc_offset_ms(guess, zone);
}

std::string day_text(std::int64_t wall_ms) {
  const auto date = date_of(wall_ms);
  return fmt::format("{} {}", kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<unsigned>(date.day()));
}

std::string clock_text(std::int64_t wall_ms, std::int64_t step) {
  const std::int64_t of_day = wall_ms - floor_to(wall_ms, kDay);
  if (of_day == 0 && step >= kMinute) {
    return day_text(wall_ms);
  }
  std::string out = fmt::format("{:02}:{:02}", of_day / kHour, of_day / kMinute % 60);
  if (step < kMinute) {
    out += fmt::format(":{:02}", of_day / kSecond % 60);
  }
  return step < kSecond ? out + fmt::format(".{:03}", of_day % kSecond) : out;
}

std::vector<TimeTick> month_ticks(std::int64_t start_ms, std::int64_t end_ms, int months, TimeZone zone) {
  std::vector<TimeTick> ticks;
  const auto first = date_of(start_ms + utc_offset_ms(start_ms, zone));
  int month = static_cast<int>(first.year()) * 12 + static_cast<int>(static_cast<unsigned>(first.month())) - 1;
  for (month -= month % months;; month += months) {
    using namespace std::chrono;
    const year_month_day date(year(month / 12), std::chrono::month(static_cast<unsigned>(month % 12 + 1)), day(1));
    const std::int64_t t_ms = moment_of(sys_days(date).time_since_epoch().count() * kDay, zone);
    if (t_ms > end_ms) {
      return ticks;
    }
    if (t_ms >= start_ms) {
      ticks.push_back({t_ms, month % 12 == 0 ? fmt::format("{}", month / 12) : std::string(kMonths[month % 12])});
    }
  }
}

std::string stamp(std::int64_t wall_ms, bool with_date, bool with_seconds) {
  const std::int64_t of_day = wall_ms - floor_to(wall_ms, kDay);
  const auto date = date_of(wall_ms);
  std::string out = with_date ? fmt::format("{:04}-{:02}-{:02} ", static_cast<int>(date.year()),
                                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()))
                              : "";
  out += fmt::format("{:02}:{:02}", of_day / kHour, of_day / kMinute % 60);
  return with_seconds ? out + fmt::format(":{:02}", of_day / kSecond % 60) : out;
}

}  // namespace

double ValueScale::place(double value) const noexcept {
  return (value - low) / (high - low);
}

ValueScale value_scale(double low, double high, int most_ticks, ValueUnit unit, HumanStyle style) {
  widen(low, high);
  ValueScale scale;
  if (unit.kind == UnitKind::kTimestamp && std::abs(low) < 2e11 && std::abs(high) < 2e11) {
    scale.low = low;
    scale.high = high;
    for (TimeTick& tick : time_ticks(static_cast<std::int64_t>(low * 1000), static_cast<std::int64_t>(high * 1000),
                                     most_ticks, style.zone)) {
      scale.ticks.push_back({static_cast<double>(tick.t_ms) / 1000, std::move(tick.text)});
    }
    if (scale.ticks.size() >= 2) {
      return scale;
    }
    scale.ticks.clear();
  }
  double step = step_of((high - low) / (most_ticks - 1), unit);
  constexpr double kSlack = 1e-9;  // of a step: an end that misses a tick by its last digit stands on it
  double first = std::floor(low / step + kSlack);
  double last = std::ceil(high / step - kSlack);
  while (last - first + 1 > most_ticks) {  // the ends were not round
    step = step_of(step * 1.01, unit);
    first = std::floor(low / step + kSlack);
    last = std::ceil(high / step - kSlack);
  }
  if (last - first < 1) {
    last = first + 1;
  }
  scale.low = first * step;
  scale.high = last * step;
  const double size = std::max(std::abs(scale.low), std::abs(scale.high));
  const TickUnit tick = tick_unit(size, step, unit, style);
  const bool long_spans = unit.kind == UnitKind::kSeconds && !unit.per_second && size >= 100 && step >= 1 && size < 1e9;
  for (double i = first; i <= last; ++i) {
    const double value = i * step;
    const std::string text = long_spans ? duration_text(std::chrono::milliseconds(std::llround(value) * 1000))
                                        : tick_text(value, size, step, tick);
    scale.ticks.push_back({value, value == 0 && long_spans ? "0" : text});
  }
  return scale;
}

std::int64_t utc_offset_ms(std::int64_t t_ms, TimeZone zone) noexcept {
  if (zone == TimeZone::kUtc || t_ms < kFirstTimeMs || t_ms > kLastTimeMs) {
    return 0;
  }
  const auto seconds = static_cast<std::time_t>(floor_to(t_ms, kSecond) / kSecond);
  std::tm fields{};
  ::tzset();  // localtime_r() need not look at $TZ
  return ::localtime_r(&seconds, &fields) == nullptr ? 0 : fields.tm_gmtoff * kSecond;
}

std::vector<TimeTick> time_ticks(std::int64_t start_ms, std::int64_t end_ms, int most_ticks, TimeZone zone) {
  start_ms = std::clamp(start_ms, kFirstTimeMs + kDay, kLastTimeMs - kDay);
  end_ms = std::clamp(end_ms, kFirstTimeMs + kDay, kLastTimeMs - kDay);
  const std::int64_t range = end_ms - start_ms;
  if (range < 0 || most_ticks < 1) {
    return {};
  }
  if (range == 0) {
    const std::int64_t wall_ms = start_ms + utc_offset_ms(start_ms, zone);
    return {{start_ms, clock_text(wall_ms, wall_ms % kMinute == 0 ? kMinute : wall_ms % kSecond == 0 ? kSecond : 1)}};
  }
  const auto* const step =
      std::ranges::find_if(kTimeSteps, [&](std::int64_t candidate) { return range / candidate + 1 <= most_ticks; });
  if (step == std::end(kTimeSteps)) {
    for (const int months : kMonthSteps) {
      if (range / (31 * kDay) / months > most_ticks) {
        continue;
      }
      std::vector<TimeTick> ticks = month_ticks(start_ms, end_ms, months, zone);
      if (static_cast<int>(ticks.size()) <= most_ticks) {
        return ticks;
      }
    }
    return {};
  }
  std::vector<TimeTick> ticks;
  // Weeks begin on Mondays; the epoch was a Thursday.
  const std::int64_t anchor = *step >= 7 * kDay ? 4 * kDay : 0;
  std::int64_t wall = floor_to(start_ms + utc_offset_ms(start_ms, zone) - anchor, *step) + anchor - *step;
  for (; wall <= end_ms + 2 * kDay; wall += *step) {
    const std::int64_t t_ms = moment_of(wall, zone);
    if (t_ms > end_ms && wall > end_ms + utc_offset_ms(end_ms, zone)) {
      break;
    }
    if (t_ms >= start_ms && t_ms <= end_ms && (ticks.empty() || ticks.back().t_ms < t_ms)) {
      ticks.push_back({t_ms, *step >= kDay ? day_text(wall) : clock_text(wall, *step)});
    }
  }
  return ticks;
}

std::string time_range_text(std::int64_t start_ms, std::int64_t end_ms, TimeZone zone) {
  start_ms = std::clamp(start_ms, kFirstTimeMs + kDay, kLastTimeMs - kDay);
  end_ms = std::clamp(end_ms, kFirstTimeMs + kDay, kLastTimeMs - kDay);
  const std::int64_t offset = utc_offset_ms(end_ms, zone);
  const std::int64_t wall_start = start_ms + utc_offset_ms(start_ms, zone);
  const std::int64_t wall_end = end_ms + offset;
  const bool seconds = wall_start % kMinute != 0 || wall_end % kMinute != 0;
  std::string out = stamp(wall_start, true, seconds);
  if (start_ms != end_ms) {
    out += " to " + stamp(wall_end, floor_to(wall_start, kDay) != floor_to(wall_end, kDay), seconds);
  }
  if (zone == TimeZone::kUtc) {
    return out + " UTC";
  }
  const std::int64_t minutes = std::abs(offset) / kMinute;
  return out + fmt::format(" {}{:02}:{:02}", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace mcore
