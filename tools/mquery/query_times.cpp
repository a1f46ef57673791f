// SPDX-License-Identifier: Apache-2.0
#include "query_times.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "model/duration.h"

namespace mcore {
namespace {

constexpr std::int64_t kPictureRangeMs = 3'600'000;
constexpr std::int64_t kStepsPerRange = 250;
constexpr std::int64_t kLeastStepMs = 1'000;

Error wrong(std::string_view option, const std::string& text, std::string_view why) {
  return Error(ErrorKind::kUsage, "option " + std::string(option), in_quotes(text), why);
}

std::int64_t time_of(std::string_view option, const std::string& text, std::int64_t now_ms, TimeZone zone) {
  const auto time = parse_time(text, now_ms, zone);
  if (!time.ok()) {
    throw wrong(option, text, time.error().why());
  }
  return time.value();
}

std::int64_t duration_of(std::string_view option, const std::string& text) {
  const auto duration = parse_duration(text);
  if (!duration.ok()) {
    throw wrong(option, text, duration.error().why());
  }
  if (duration.value().count() <= 0) {
    throw wrong(option, text, "expected more than nothing");
  }
  return duration.value().count();
}

/// A step that gives a chart's number of points: whole seconds, as promtool takes it.
std::int64_t default_step(std::int64_t range_ms) noexcept {
  return std::max(range_ms / kStepsPerRange / kLeastStepMs * kLeastStepMs, kLeastStepMs);
}

}  // namespace

void QueryTimes::declare(OptionSet& set) {
  set.text("--time", "TIME", &time_, "Evaluate at this time, such as -1h, yesterday, 2026-11-19 03:12");
  set.text("--last", "D", &last_, "Evaluate over this long before the end, such as 6h");
  set.text("--start", "TIME", &start_, "Evaluate from this time on");
  set.text("--end", "TIME", &end_, "Evaluate up to this time");
  set.text("--step", "D", &step_, "Evaluate this far apart");
  set.default_text("a 250th of the range, at least 1s");
  set.flag("--at-end", &at_end_, "Take the time of the newest sample for the time of day");
  set.rare();
  set.text("--now", "TIME", &now_, "Take this for the time of day");
  set.flag("--utc", &utc_, "Read and show times in UTC instead of $TZ");
}

bool QueryTimes::wants_newest(bool is_lone_stream) const noexcept {
  return at_end_ || (is_lone_stream && now_.empty());
}

std::int64_t QueryTimes::now_ms(const Clock& clock, std::optional<std::int64_t> newest_t_ms) const {
  if (!now_.empty()) {
    if (at_end_) {
      throw wrong("--now", now_, "either --now or --at-end sets the clock");
    }
    return time_of("--now", now_, clock.now_ms(), zone());
  }
  return newest_t_ms.value_or(clock.now_ms());
}

void QueryTimes::resolve(const Clock& clock, std::optional<std::int64_t> newest_t_ms, bool needs_range,
                         QueryOptions& options) const {
  const std::int64_t now = now_ms(clock, newest_t_ms);
  if (!has_range() && !needs_range) {
    options.start_t_ms = options.end_t_ms = time_.empty() ? now : time_of("--time", time_, now, zone());
    return;
  }
  if (!time_.empty()) {
    if (has_range()) {
      throw wrong("--time", time_, "an instant has no range: --time alone, or --last, --start, --end, --step");
    }
    options.end_t_ms = time_of("--time", time_, now, zone());
  } else {
    options.end_t_ms = end_.empty() ? now : time_of("--end", end_, now, zone());
  }
  if (!start_.empty() && !last_.empty()) {
    throw wrong("--last", last_, "either --start or --last begins the range");
  }
  if (start_.empty() && last_.empty() && !needs_range) {
    throw wrong(end_.empty() ? "--step" : "--end", end_.empty() ? step_ : end_,
                "a range begins with --start or --last");
  }
  options.start_t_ms = !start_.empty()  ? time_of("--start", start_, now, zone())
                       : !last_.empty() ? options.end_t_ms - duration_of("--last", last_)
                                        : options.end_t_ms - kPictureRangeMs;
  if (options.start_t_ms > options.end_t_ms) {
    throw wrong("--start", start_, "the range ends before it begins");
  }
  options.step_ms = step_.empty() ? default_step(options.end_t_ms - options.start_t_ms) : duration_of("--step", step_);
}

}  // namespace mcore
