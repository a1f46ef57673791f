// SPDX-License-Identifier: Apache-2.0
#include "model/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "base/number_text.h"
#include "base/utf8.h"
#include "model/duration.h"

namespace mcore {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::string_view kYears = "not within the years 1 to 9999";

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_time(std::int64_t t_ms) noexcept {
  return t_ms >= kFirstTimeMs && t_ms <= kLastTimeMs;
}

Error no_time(std::string_view text, std::string_view why = {}) {
  return Error(ErrorKind::kUsage, "read time", in_quotes(text),
               why.empty() ? "expected one like 2026-11-19, \"2026-11-19 03:12\", 2026-11-19T03:12:00Z, 1763500000, "
                             "now-6h, -6h, today, yesterday"
                           : why);
}

Result<std::int64_t> checked(std::string_view text, std::int64_t t_ms) {
  return is_time(t_ms) ? Result<std::int64_t>(t_ms) : no_time(text, kYears);
}

/// A day and a time of day as they were written.
struct CivilTime {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millisecond = 0;
};

std::int64_t utc_ms(const CivilTime& civil) {
  using namespace std::chrono;
  const year_month_day date{year(civil.year), month(static_cast<unsigned>(civil.month)),
                            day(static_cast<unsigned>(civil.day))};
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  return days * kDayMs + ((civil.hour * 60 + civil.minute) * 60 + civil.second) * std::int64_t{1000} +
         civil.millisecond;
}

/// nullopt where the system's zone data has no answer.
std::optional<std::int64_t> local_ms(const CivilTime& civil) {
  std::tm fields{};
  fields.tm_year = civil.year - 1900;
  fields.tm_mon = civil.month - 1;
  fields.tm_mday = civil.day;
  fields.tm_hour = civil.hour;
  fields.tm_min = civil.minute;
  fields.tm_sec = civil.second;
  fields.tm_isdst = -1;
  fields.tm_wday = -1;  // set by a mktime() that worked: -1 is a time too
  const std::time_t seconds = std::mktime(&fields);
  if (fields.tm_wday == -1) {
    return std::nullopt;
  }
  return std::int64_t{seconds} * 1000 + civil.millisecond;
}

/// Seconds since the epoch, rounded down.
std::time_t whole_seconds(std::int64_t t_ms) noexcept {
  return static_cast<std::time_t>(t_ms / 1000 - (t_ms % 1000 < 0 ? 1 : 0));
}

/// The fields of the wall clock; false where the system refuses.
bool local_fields(std::int64_t t_ms, std::tm& fields) noexcept {
  const std::time_t seconds = whole_seconds(t_ms);
  ::tzset();  // localtime_r() need not look at $TZ
  return ::localtime_r(&seconds, &fields) != nullptr;
}

std::tm utc_fields(std::int64_t t_ms) noexcept {
  const std::time_t seconds = whole_seconds(t_ms);
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);  // cannot fail within the years of is_time()
  return fields;
}

/// Reads what has fixed widths.
class CivilReader {
 public:
  explicit CivilReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  bool take(std::string_view any_of) noexcept {
    if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) {
      return false;
    }
    last_ = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] char last() const noexcept { return last_; }
  bool number(std::size_t digits, int& out) noexcept {
    if (rest_.size() < digits || !std::ranges::all_of(rest_.substr(0, digits), is_digit)) {
      return false;
    }
    out = 0;
    for (const char c : rest_.substr(0, digits)) {
      out = out * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return true;
  }
  /// Digits behind the point, at least one; what is finer than a millisecond is dropped.
  bool fraction(int& milliseconds) noexcept {
    int weight = 100;
    milliseconds = 0;
    const std::size_t before = rest_.size();
    for (; !rest_.empty() && is_digit(rest_[0]); rest_.remove_prefix(1), weight /= 10) {
      milliseconds += weight * (rest_[0] - '0');
    }
    return rest_.size() < before;
  }

 private:
  std::string_view rest_;
  char last_ = '\0';
};

/// Reads `Z` or `+hh:mm`; the offset is what local time is ahead of UTC.
bool read_offset(CivilReader& reader, std::int64_t& offset_ms) {
  if (reader.take("Zz")) {
    offset_ms = 0;
    return true;
  }
  if (!reader.take("+-")) {
    return false;
  }
  const int sign = reader.last() == '-' ? -1 : 1;
  int hours = 0;
  int minutes = 0;
  int seconds = 0;  // of zones before they were rounded, as time_text_local() shows them
  if (!reader.number(2, hours) || !reader.take(":") || !reader.number(2, minutes) ||
      (reader.take(":") && !reader.number(2, seconds))) {
    return false;
  }
  offset_ms = sign * ((hours * 60 + minutes) * 60 + seconds) * std::int64_t{1000};
  return hours < 24 && minutes < 60 && seconds < 60;
}

Result<std::int64_t> parse_civil(std::string_view text, TimeZone zone) {
  CivilReader reader(text);
  CivilTime civil;
  std::optional<std::int64_t> offset_ms;
  if (!reader.number(4, civil.year) || !reader.take("-") || !reader.number(2, civil.month) || !reader.take("-") ||
      !reader.number(2, civil.day)) {
    return no_time(text);
  }
  if (!reader.done()) {
    if (!reader.take("Tt ") || !reader.number(2, civil.hour) || !reader.take(":") || !reader.number(2, civil.minute)) {
      return no_time(text);
    }
    if (reader.take(":") &&
        (!reader.number(2, civil.second) || (reader.take(".") && !reader.fraction(civil.millisecond)))) {
      return no_time(text);
    }
    if (!reader.done() && !(read_offset(reader, offset_ms.emplace()) && reader.done())) {
      return no_time(text, "expected Z or an offset such as +01:00 behind the time of day");
    }
  }
  using namespace std::chrono;
  if (!year_month_day(year(civil.year), month(static_cast<unsigned>(civil.month)),
                      day(static_cast<unsigned>(civil.day)))
           .ok()) {
    return no_time(text, "there is no such day");
  }
  if (civil.hour > 23 || civil.minute > 59 || civil.second > 59) {
    return no_time(text, "there is no such time of day");
  }
  if (civil.year == 0) {
    return no_time(text, kYears);
  }
  if (offset_ms || zone == TimeZone::kUtc) {
    return checked(text, utc_ms(civil) - offset_ms.value_or(0));
  }
  const std::optional<std::int64_t> local = local_ms(civil);
  return local ? checked(text, *local) : no_time(text, "the system's time zone has no such time");
}

Result<std::int64_t> parse_unix(std::string_view text) {
  constexpr std::size_t kMillisecondDigits = 13;
  double seconds = 0;
  if (text.size() == kMillisecondDigits && std::ranges::all_of(text, is_digit)) {
    std::int64_t t_ms = 0;
    for (const char c : text) {
      t_ms = t_ms * 10 + (c - '0');
    }
    return t_ms;
  }
  if (parse_float(text, seconds) != FloatStatus::kOk) {
    return no_time(text);
  }
  if (!(seconds >= 0 && seconds <= static_cast<double>(kLastTimeMs) / 1000)) {
    return no_time(text, "beyond the year 9999 as Unix seconds; milliseconds have 13 digits");
  }
  double whole = 0;
  const double fraction = std::modf(seconds, &whole);
  return checked(text, static_cast<std::int64_t>(whole) * 1000 + std::llround(fraction * 1000));
}

/// `sign` and `text` behind it are a distance from now.
Result<std::int64_t> parse_distance(std::string_view whole, std::string_view text, int sign, std::int64_t now_ms) {
  const auto distance = parse_duration(text);
  if (!distance.ok()) {
    return no_time(whole, "expected a duration such as 6h, 1h30m or seconds behind the sign");
  }
  return checked(whole, now_ms + sign * distance.value().count());
}

/// The midnight that began the day of now, or one of the days before.
Result<std::int64_t> parse_day(std::string_view text, std::int64_t now_ms, int days_before, TimeZone zone) {
  std::tm fields = utc_fields(now_ms);
  if (zone == TimeZone::kLocal && !local_fields(now_ms, fields)) {
    return no_time(text, "the system's time zone has no such day");
  }
  using namespace std::chrono;
  const sys_days today = year_month_day(year(fields.tm_year + 1900), month(static_cast<unsigned>(fields.tm_mon + 1)),
                                        day(static_cast<unsigned>(fields.tm_mday)));
  const year_month_day date(today - days(days_before));
  CivilTime civil;
  civil.year = static_cast<int>(date.year());
  civil.month = static_cast<int>(static_cast<unsigned>(date.month()));
  civil.day = static_cast<int>(static_cast<unsigned>(date.day()));
  const std::optional<std::int64_t> midnight = zone == TimeZone::kUtc ? utc_ms(civil) : local_ms(civil);
  return midnight ? checked(text, *midnight) : no_time(text, "the system's time zone has no such day");
}

std::string fields_text(const std::tm& fields, std::int64_t t_ms, char separator) {
  std::string out = fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", fields.tm_year + 1900, fields.tm_mon + 1,
                                fields.tm_mday, separator, fields.tm_hour, fields.tm_min, fields.tm_sec);
  if (const std::int64_t ms = (t_ms % 1000 + 1000) % 1000; ms != 0) {
    out += fmt::format(".{:03}", ms);
  }
  return out;
}

}  // namespace

Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms, TimeZone zone) {
  now_ms = std::clamp(now_ms, kFirstTimeMs, kLastTimeMs);
  if (text == "now") {
    return now_ms;
  }
  if (text == "today" || text == "yesterday") {
    return parse_day(text, now_ms, text == "today" ? 0 : 1, zone);
  }
  const std::string_view behind_now = text.starts_with("now") ? text.substr(3) : text;
  if (behind_now.starts_with('-')) {
    return parse_distance(text, behind_now.substr(1), -1, now_ms);
  }
  if (behind_now.starts_with('+') && behind_now.size() < text.size()) {
    return parse_distance(text, behind_now.substr(1), 1, now_ms);
  }
  if (text.empty() || !is_digit(text[0])) {
    return no_time(text);
  }
  return text.find_first_of("-:", 1) != std::string_view::npos && text.find_first_of("eE.") > 4
             ? parse_civil(text, zone)
             : parse_unix(text);
}

std::string time_text_utc(std::int64_t t_ms) {
  return is_time(t_ms) ? fields_text(utc_fields(t_ms), t_ms, 'T') + "Z" : std::to_string(t_ms);
}

std::string time_text_local(std::int64_t t_ms) {
  std::tm fields{};
  // The local day at either end may lie in a year of another width.
  if (!is_time(t_ms) || t_ms - kFirstTimeMs < kDayMs || kLastTimeMs - t_ms < kDayMs || !local_fields(t_ms, fields)) {
    return time_text_utc(t_ms);
  }
  const long offset = std::labs(fields.tm_gmtoff);
  std::string out = fields_text(fields, t_ms, ' ');
  out += fmt::format("{}{:02}:{:02}", fields.tm_gmtoff < 0 ? '-' : '+', offset / 3600, offset / 60 % 60);
  if (offset % 60 != 0) {
    out += fmt::format(":{:02}", offset % 60);
  }
  return out;
}

}  // namespace mcore
