// SPDX-License-Identifier: Apache-2.0
#include "render/chart_scale.h"

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <string>

#include "support/catch.h"

namespace mcore {
namespace {

using enum UnitKind;

constexpr std::int64_t kTime = 1'763'521'920'000;  // 2025-11-19T03:12:00Z
constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

struct ValueCase {
  double low;
  double high;
  int most;
  ValueUnit unit;
  std::string_view want;  // the ticks' texts
};
constexpr ValueCase kValues[] = {
    {0, 10, 6, {}, "0 2 4 6 8 10"},
    {0.3, 9.7, 6, {}, "0 2 4 6 8 10"},
    {7, 9.7, 8, {}, "7.0 7.5 8.0 8.5 9.0 9.5 10.0"},  // zero is far
    {-3, 4, 5, {}, "-4 -2 0 2 4"},
    {-9, -1, 6, {}, "-10 -8 -6 -4 -2 0"},
    {0, 0, 6, {}, "0 0.2 0.4 0.6 0.8 1.0"},  // constants stand in the middle, zero at the end
    {5, 5, 6, {}, "0 2 4 6 8 10"},
    {-5, -5, 6, {}, "-10 -8 -6 -4 -2 0"},
    {0, 1'234'567, 5, {}, "0 0.5M 1.0M 1.5M"},
    {1'000'000, 1'000'004, 5, {}, "1000000 1000001 1000002 1000003 1000004"},
    {0, 4e-9, 5, {}, "0 1e-09 2e-09 3e-09 4e-09"},
    {0, 0.004, 5, {}, "0 0.001 0.002 0.003 0.004"},
    {-1e308, 1e308, 5, {}, "-1e+307 -5e+306 0 5e+306 1e+307"},  // what lies beyond is cut off
    {0, 5e-324, 3, {}, "0 0.5 1.0"},
    {0, 3e9, 5, {kBytes}, "0 1GiB 2GiB 3GiB"},
    {0, 1'500'000, 5, {kBytes}, "0 0.5MiB 1.0MiB 1.5MiB"},
    {0, 700, 5, {kBytes, true}, "0 256B 512B 768B"},
    {0, 1e9, 6, {kBits, true}, "0 0.2Gbit 0.4Gbit 0.6Gbit 0.8Gbit 1.0Gbit"},
    {0, 0.8, 5, {kRatio}, "0 20% 40% 60% 80%"},
    {0.92, 0.99, 5, {kRatio}, "92% 94% 96% 98% 100%"},
    {20, 22, 5, {kCelsius}, "20.0°C 20.5°C 21.0°C 21.5°C 22.0°C"},
    {0, 0.03, 4, {kSeconds}, "0 10ms 20ms 30ms"},
    {0, 0.000'012, 4, {kSeconds}, "0 5µs 10µs 15µs"},
    {0, 50, 6, {kSeconds}, "0 10s 20s 30s 40s 50s"},
    {0, 1000, 6, {kSeconds}, "0 5m 10m 15m 20m"},
    {0, 100'000, 5, {kSeconds}, "0 12h 1d 1d12h"},
    {1'763'521'920, 1'763'607'000, 6, {kTimestamp}, "06:00 12:00 18:00 Nov 20"},
};

TEST_CASE("axes of values have round ticks in one prefix", "[render][chart]") {
  for (const ValueCase& c : kValues) {
    const ValueScale scale = value_scale(c.low, c.high, c.most, c.unit, {.zone = TimeZone::kUtc});
    std::string got;
    for (const ValueTick& tick : scale.ticks) {
      got += (got.empty() ? "" : " ") + tick.text;
    }
    INFO(c.low << " to " << c.high);
    CHECK(got == c.want);
    CHECK(scale.low < scale.high);
    CHECK(std::isfinite(scale.high - scale.low));
    CHECK(scale.ticks.size() <= static_cast<std::size_t>(c.most));
  }
}

TEST_CASE("a place on the axis is a share of its length", "[render][chart]") {
  const ValueScale scale = value_scale(0, 10, 6, {});
  CHECK(scale.place(0) == 0);
  CHECK(scale.place(10) == 1);
  CHECK(scale.place(2.5) == 0.25);
  CHECK(scale.place(20) == 2);
}

TEST_CASE("axes end for any range", "[render][chart]") {
  const double edges[] = {-1.7e308, -1e300, -1e22, -3, -5e-324, 0, 5e-324, 1e-300, 1e-7, 0.1, 3, 1e15, 1e22, 1.7e308};
  for (const double low : edges) {
    for (const double high : edges) {
      for (const UnitKind kind : {kPlain, kBytes, kSeconds, kTimestamp, kRatio, kBits}) {
        if (low <= high) {
          const ValueScale scale = value_scale(low, high, 7, {kind});
          CHECK(scale.ticks.size() >= 2);
          CHECK(scale.ticks.size() <= 7);
        }
      }
    }
  }
}

struct TimeCase {
  std::int64_t start_ms;
  std::int64_t end_ms;
  int most;
  std::string_view want;
};
constexpr TimeCase kTimes[] = {
    {kTime, kTime + kHour, 7, "03:20 03:30 03:40 03:50 04:00 04:10"},
    {kTime, kTime + 6 * kHour, 7, "04:00 05:00 06:00 07:00 08:00 09:00"},
    {kTime, kTime + 24 * kHour, 5, "06:00 12:00 18:00 Nov 20"},
    {kTime, kTime + 7 * kDay, 8, "Nov 20 Nov 21 Nov 22 Nov 23 Nov 24 Nov 25 Nov 26"},
    {kTime, kTime + 30 * kDay, 6, "Nov 24 Dec 1 Dec 8 Dec 15"},  // Mondays
    {kTime, kTime + 200 * kDay, 8, "Dec 2026 Feb Mar Apr May Jun"},
    {kTime, kTime + 4000 * kDay, 6, "2026 2028 2030 2032 2034 2036"},
    {kTime, kTime + 30'000, 5, "03:12:00 03:12:10 03:12:20 03:12:30"},
    {kTime, kTime + 300, 5, "03:12:00.000 03:12:00.100 03:12:00.200 03:12:00.300"},
    {kTime, kTime, 5, "03:12"},
    {kTime + 250, kTime + 250, 5, "03:12:00.250"},
    {kTime, kTime - 1, 5, ""},
    {kFirstTimeMs, kLastTimeMs, 4, "2000 4000 6000 8000"},
};

std::string joined(const std::vector<TimeTick>& ticks) {
  std::string got;
  for (const TimeTick& tick : ticks) {
    got += (got.empty() ? "" : " ") + tick.text;
  }
  return got;
}

TEST_CASE("axes of times have ticks at round times", "[render][chart]") {
  for (const TimeCase& c : kTimes) {
    CHECK(joined(time_ticks(c.start_ms, c.end_ms, c.most, TimeZone::kUtc)) == c.want);
  }
  CHECK(time_ticks(kTime, kTime + kHour, 7, TimeZone::kUtc)[0].t_ms == kTime + 8 * kMinute);
}

TEST_CASE("times of the wall clock stay round across daylight saving", "[render][chart]") {
  const char* const set = std::getenv("TZ");
  const std::string before = set == nullptr ? "" : set;
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  ::tzset();
  constexpr std::int64_t kEve = 1'761'418'800'000;  // 2025-10-25 21:00 CEST; the night has 25 hours
  CHECK(joined(time_ticks(kEve, kEve + 18 * kHour, 8, TimeZone::kLocal)) == "21:00 Oct 26 03:00 06:00 09:00 12:00");
  CHECK(time_range_text(kEve, kEve + 18 * kHour, TimeZone::kLocal) == "2025-10-25 21:00 to 2025-10-26 14:00 +01:00");
  CHECK(utc_offset_ms(kEve, TimeZone::kLocal) == 2 * kHour);
  if (set == nullptr) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", before.c_str(), 1);
  }
  ::tzset();
}

TEST_CASE("a range is written short", "[render][chart]") {
  CHECK(time_range_text(kTime, kTime + kHour, TimeZone::kUtc) == "2025-11-19 03:12 to 04:12 UTC");
  CHECK(time_range_text(kTime, kTime + kDay, TimeZone::kUtc) == "2025-11-19 03:12 to 2025-11-20 03:12 UTC");
  CHECK(time_range_text(kTime, kTime + 1500, TimeZone::kUtc) == "2025-11-19 03:12:00 to 03:12:01 UTC");
  CHECK(time_range_text(kTime, kTime, TimeZone::kUtc) == "2025-11-19 03:12 UTC");
}

}  // namespace
}  // namespace mcore
