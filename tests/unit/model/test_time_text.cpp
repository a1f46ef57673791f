// SPDX-License-Identifier: Apache-2.0
#include "model/time_text.h"

#include <cstdlib>
#include <ctime>
#include <optional>

#include "support/catch.h"

namespace mcore {
namespace {

/// $TZ for as long as it lives. POSIX rules need no zone files.
class ZoneSetting {
 public:
  explicit ZoneSetting(const char* zone) {
    if (const char* const old = std::getenv("TZ")) {
      old_ = old;
    }
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~ZoneSetting() {
    if (old_) {
      ::setenv("TZ", old_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  ZoneSetting(const ZoneSetting&) = delete;
  ZoneSetting& operator=(const ZoneSetting&) = delete;

 private:
  std::optional<std::string> old_;
};
constexpr const char* kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";

constexpr std::int64_t kNow = 1'763'521'920'250;  // 2025-11-19T03:12:00.250Z

struct TimeCase {
  std::string_view text;
  std::optional<std::int64_t> want_utc;    // nullopt: must be refused
  std::optional<std::int64_t> want_local;  // in Berlin
};
constexpr TimeCase kTimes[] = {
    {"2025-11-19T03:12:00Z", 1'763'521'920'000, 1'763'521'920'000},
    {"2025-11-19t03:12:00z", 1'763'521'920'000, 1'763'521'920'000},
    {"2025-11-19T03:12:00.25Z", kNow, kNow},
    {"2025-11-19T03:12:00.250999999999Z", kNow, kNow},
    {"2025-11-19T04:12:00+01:00", 1'763'521'920'000, 1'763'521'920'000},
    {"2025-11-18 23:42:00-03:30", 1'763'521'920'000, 1'763'521'920'000},
    {"2025-11-19 04:05:28+00:53:28", 1'763'521'920'000, 1'763'521'920'000},
    {"2025-11-19 03:12", 1'763'521'920'000, 1'763'518'320'000},
    {"2025-11-19 03:12:00.25", kNow, 1'763'518'320'250},
    {"2025-11-19T03:12", 1'763'521'920'000, 1'763'518'320'000},
    {"2025-11-19", 1'763'510'400'000, 1'763'506'800'000},
    {"2025-07-01", 1'751'328'000'000, 1'751'320'800'000},  // summer time
    {"2024-02-29", 1'709'164'800'000, 1'709'161'200'000},
    {"1969-12-31T23:59:59Z", -1'000, -1'000},
    {"1969-12-31 23:59:59", -1'000, -3'601'000},
    {"1970-01-01 00:59:59", 3'599'000, -1'000},  // the -1 second that mktime() also says for a failure
    {"0001-01-01T00:00:00Z", kFirstTimeMs, kFirstTimeMs},
    {"9999-12-31T23:59:59.999Z", kLastTimeMs, kLastTimeMs},
    {"1763521920", 1'763'521'920'000, 1'763'521'920'000},
    {"1763521920.25", kNow, kNow},
    {"1763521920.2504", kNow, kNow},
    {"1763521920.9996", 1'763'521'921'000, 1'763'521'921'000},
    {"1.76352192e9", 1'763'521'920'000, 1'763'521'920'000},
    {"1.76352192025e+09", kNow, kNow},
    {"1763521920250", kNow, kNow},
    {"0", 0, 0},
    {"0.001", 1, 1},
    {"253402300799", 253'402'300'799'000, 253'402'300'799'000},
    {"now", kNow, kNow},
    {"now-6h", kNow - 21'600'000, kNow - 21'600'000},
    {"now+5m", kNow + 300'000, kNow + 300'000},
    {"now-90", kNow - 90'000, kNow - 90'000},
    {"-6h", kNow - 21'600'000, kNow - 21'600'000},
    {"-1h30m", kNow - 5'400'000, kNow - 5'400'000},
    {"-90", kNow - 90'000, kNow - 90'000},
    {"today", 1'763'510'400'000, 1'763'506'800'000},
    {"yesterday", 1'763'424'000'000, 1'763'420'400'000},
};

TEST_CASE("parse_time reads every spelling of a time", "[model][time]") {
  const ZoneSetting zone(kBerlin);
  for (const TimeCase& c : kTimes) {
    CAPTURE(c.text);
    const auto utc = parse_time(c.text, kNow, TimeZone::kUtc);
    REQUIRE(utc.ok());
    CHECK(utc.value() == c.want_utc);
    const auto local = parse_time(c.text, kNow);
    REQUIRE(local.ok());
    CHECK(local.value() == c.want_local);
  }
}

TEST_CASE("yesterday is a day of the calendar, however long", "[model][time]") {
  const ZoneSetting zone(kBerlin);
  const std::int64_t noon = 1'774'778'400'000;                                              // 2026-03-29T10:00:00Z
  CHECK(parse_time("today", noon).value() == 1'774'738'800'000);                            // 2026-03-28T23:00:00Z
  CHECK(parse_time("today", noon + 86'400'000).value() == 1'774'738'800'000 + 82'800'000);  // 23 hours later
  CHECK(parse_time("yesterday", noon + 86'400'000).value() == 1'774'738'800'000);
}

struct RefusedCase {
  std::string_view text;
  std::string_view want;  // a piece of the reason
};
constexpr RefusedCase kRefused[] = {
    {"", "expected one like"},
    {" now", "expected one like"},
    {"noon", "expected one like"},
    {"nowish", "expected one like"},
    {"Today", "expected one like"},
    {"+5m", "expected one like"},
    {"5m", "expected one like"},
    {"now-", "expected a duration"},
    {"now-6", ""},
    {"now-6x", "expected a duration"},
    {"now--6h", "expected a duration"},
    {"-", "expected a duration"},
    {"-6h-5m", "expected a duration"},
    {"-2025-11-19", "expected a duration"},
    {"2025-11", "expected one like"},
    {"2025-11-19T", "expected one like"},
    {"2025-11-19 3:12", "expected one like"},
    {"2025-11-19T03", "expected one like"},
    {"2025-11-19T03:12:00.", "expected one like"},
    {"2025-11-19T03:12:00.Z", "expected one like"},
    {"20251119", ""},  // Unix seconds of 1970
    {"2025-11-19T03:12:00+0100", "expected Z or an offset"},
    {"2025-11-19T03:12:00+24:00", "expected Z or an offset"},
    {"2025-11-19T03:12:00ZZ", "expected Z or an offset"},
    {"2025-11-19 03:12 UTC", "expected Z or an offset"},
    {"2025-11-19Z", "expected one like"},
    {"2025-02-29", "no such day"},
    {"2025-13-01", "no such day"},
    {"2025-00-10", "no such day"},
    {"2025-11-31", "no such day"},
    {"2025-11-19 24:00", "no such time of day"},
    {"2025-11-19 23:60", "no such time of day"},
    {"2025-11-19T23:59:60Z", "no such time of day"},
    {"0000-01-01", "years 1 to 9999"},
    {"0001-01-01T00:00:00+01:00", "years 1 to 9999"},
    {"9999-12-31T23:59:59-01:00", "years 1 to 9999"},
    {"10000-01-01", "expected one like"},
    {"253402300800", "milliseconds have 13 digits"},
    {"17635219202500", "milliseconds have 13 digits"},
    {"1763521920250000000", "milliseconds have 13 digits"},
    {"1e300", "milliseconds have 13 digits"},
    {"1e999", "expected one like"},
    {"0x10", "expected one like"},
    {"1_000", "expected one like"},
    {"NaN", "expected one like"},
    {"inf", "expected one like"},
};

TEST_CASE("parse_time refuses with the reason", "[model][time]") {
  for (const RefusedCase& c : kRefused) {
    CAPTURE(c.text);
    const auto got = parse_time(c.text, kNow, TimeZone::kUtc);
    REQUIRE(got.ok() == c.want.empty());
    if (!got.ok()) {
      CHECK(got.error().kind() == ErrorKind::kUsage);
      CHECK(got.error().why().find(c.want) != std::string::npos);
    }
  }
}

TEST_CASE("a clock out of bounds does not overflow", "[model][time]") {
  CHECK(parse_time("now", INT64_MAX).value() == kLastTimeMs);
  CHECK_FALSE(parse_time("now+100y", INT64_MAX).ok());
  CHECK_FALSE(parse_time("now-100y", INT64_MIN).ok());
  CHECK_FALSE(parse_time("yesterday", INT64_MIN, TimeZone::kUtc).ok());
  CHECK(parse_time("today", INT64_MIN, TimeZone::kUtc).value() == kFirstTimeMs);
}

TEST_CASE("times are written in UTC, or in the local zone with its offset", "[model][time]") {
  const ZoneSetting zone(kBerlin);
  CHECK(time_text_utc(1'763'521'920'000) == "2025-11-19T03:12:00Z");
  CHECK(time_text_utc(kNow) == "2025-11-19T03:12:00.250Z");
  CHECK(time_text_utc(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(time_text_utc(kFirstTimeMs) == "0001-01-01T00:00:00Z");
  CHECK(time_text_utc(kLastTimeMs) == "9999-12-31T23:59:59.999Z");
  CHECK(time_text_utc(kLastTimeMs + 1) == "253402300800000");
  CHECK(time_text_utc(INT64_MIN) == "-9223372036854775808");
  CHECK(time_text_utc(INT64_MAX) == "9223372036854775807");
  CHECK(time_text_local(kNow) == "2025-11-19 04:12:00.250+01:00");
  CHECK(time_text_local(1'751'328'000'000) == "2025-07-01 02:00:00+02:00");
  CHECK(time_text_local(INT64_MAX) == "9223372036854775807");
  CHECK(time_text_local(kLastTimeMs) == "9999-12-31T23:59:59.999Z");
  CHECK(parse_time(time_text_local(kNow), 0, TimeZone::kUtc).value() == kNow);
}

TEST_CASE("a zone with seconds in its offset reads back", "[model][time]") {
  const ZoneSetting west("XXX3:30:15");
  CHECK(time_text_local(0) == "1969-12-31 20:29:45-03:30:15");
  CHECK(parse_time("1969-12-31 20:29:45-03:30:15", 0).value() == 0);
}

}  // namespace
}  // namespace mcore
