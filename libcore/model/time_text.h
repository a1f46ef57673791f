// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mcore {

/// Which clock on the wall a time without zone is read from, and shown by.
enum class TimeZone : std::uint8_t {
  kLocal,  // $TZ, else what the system is set to
  kUtc,
};

/// The first and last millisecond of the years 1 to 9999: what a time may be.
inline constexpr std::int64_t kFirstTimeMs = -62'135'596'800'000;
inline constexpr std::int64_t kLastTimeMs = 253'402'300'799'999;

/// Reads a point in time, in milliseconds since the Unix epoch.
///
/// Shape:  RFC 3339, `2026-11-19T03:12:00.5+01:00`; a blank may stand for the T, seconds and zone may lack, and so may
///         the time of day: `2026-11-19 03:12`, `2026-11-19` (midnight). Unix seconds, `1763500000.25`; 13 digits are
///         milliseconds. `now`, `now-6h`, `now+5m`, `-6h` (before now; `-90` is 90 seconds before now, not 1969),
///         `today`, `yesterday` (midnight). What is finer than a millisecond is cut off, of Unix seconds rounded.
/// Errors: kUsage: anything else, a day or time of day that does not exist, a year outside 1 to 9999. A local time that
///         daylight saving skips or repeats is one of the two that it may mean.
/// Threads: any number, as long as none changes $TZ.
[[nodiscard]] Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms,
                                              TimeZone zone = TimeZone::kLocal);

/// RFC 3339 in UTC, with milliseconds where there are some: `2026-11-19T03:12:00Z`, `2026-11-19T03:12:00.250Z`. A time
/// outside the years 1 to 9999 is shown as its number of milliseconds.
[[nodiscard]] std::string time_text_utc(std::int64_t t_ms);

/// The same for people, in $TZ with its offset: `2026-11-19 04:12:00+01:00`. parse_time() reads it back.
[[nodiscard]] std::string time_text_local(std::int64_t t_ms);

}  // namespace mcore
