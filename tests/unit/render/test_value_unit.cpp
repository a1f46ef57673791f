// SPDX-License-Identifier: Apache-2.0
#include "render/value_unit.h"

#include <cmath>
#include <limits>
#include <string>

#include "support/catch.h"

namespace mcore {
namespace {

using enum UnitKind;

struct NameCase {
  std::string_view name;
  ValueUnit want;
};
constexpr NameCase kNames[] = {
    {"", {}},
    {"up", {}},
    {"bytes", {kBytes}},
    {"node_memory_MemAvailable_bytes", {kBytes}},
    {"node_network_receive_bytes_total", {kBytes}},
    {"http_request_duration_seconds", {kSeconds}},
    {"http_request_duration_seconds_sum", {kSeconds}},
    {"http_request_duration_seconds_count", {}},
    {"http_request_duration_seconds_bucket", {}},
    {"node_load_megabytes", {}},  // a word of its own, not an ending of one
    {"process_start_time_seconds", {kTimestamp}},
    {"backup_last_success_timestamp_seconds", {kTimestamp}},
    {"node_disk_io_time_seconds_total", {kSeconds}},  // a counter is no point in time
    {"cache_hit_ratio", {kRatio}},
    {"node_hwmon_temp_celsius", {kCelsius}},
    {"job:net_bytes:rate5m", {kBytes, true}},
    {"job:cpu_seconds:rate5m", {}},
    {"instance:node_memory_used_bytes:sum", {kBytes}},
};

TEST_CASE("a metric's name ends in its unit", "[render][unit]") {
  for (const NameCase& c : kNames) {
    INFO(c.name);
    CHECK(unit_of_name(c.name) == c.want);
  }
}

constexpr NameCase kExpressions[] = {
    {"", {}},
    {"up", {}},
    {"a_bytes", {kBytes}},
    {R"~(a_bytes{job="x)",y='}'} offset 5m)~", {kBytes}},
    {R"({"a.b_bytes", job="x"})", {kBytes}},
    {R"({__name__="a_bytes",job="x"}[5m:1m] @ end())", {kBytes}},
    {"rate(net_bytes_total[5m])", {kBytes, true}},
    {"sum by (job, le) (irate(net_bytes_total[5m])) * 8", {kBits, true}},
    {"8 * sum(rate(net_bytes_total[5m])) by (device)", {kBits, true}},
    {"a_bytes / 1024", {}},  // no longer bytes
    {"1 - avail_bytes / size_bytes", {kRatio}},
    {"100 * (1 - avail_bytes / on (instance) group_left (fs) size_bytes)", {kPercent}},
    {"rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m])", {kSeconds}},
    {"sum by (mode) (rate(node_cpu_seconds_total[5m]))", {}},
    {"histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[5m])))", {kSeconds}},
    {"histogram_avg(rate(x_bytes[5m]))", {kBytes}},
    {"rate(requests_total[5m])", {kPlain, true}},
    {"sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))", {}},
    {"time() - backup_timestamp_seconds", {kSeconds}},
    {"count(a_bytes)", {}},
    {"topk(5, a_bytes)", {kBytes}},
    {"quantile_over_time(0.95, a_seconds[1h])", {kSeconds}},
    {"max_over_time(rate(a_bytes_total[5m])[1h:])", {kBytes, true}},
    {"a_bytes > 100", {kBytes}},
    {"a_bytes > bool 100", {}},
    {"a_bytes and on (job) up", {kBytes}},
    {"increase(a_bytes_total[1h])", {kBytes}},
    {"a_bytes_total / uptime_seconds", {kBytes, true}},
    {"-a_bytes", {kBytes}},
    {"a_celsius * 1.8 + 32", {}},
    {"a_bytes # comment / 5\n * 8", {kBits}},
    {")(", {}},
    {"sum(", {}},
    {"a_bytes{\"", {kBytes}},
};

TEST_CASE("the unit of an expression follows from the names, functions and operators in it", "[render][unit]") {
  for (const NameCase& c : kExpressions) {
    INFO(c.name);
    CHECK(unit_of_expression(c.name) == c.want);
  }
}

TEST_CASE("a guess at deep nesting ends", "[render][unit]") {
  CHECK(unit_of_expression(std::string(100'000, '(') + "a_bytes") == ValueUnit());
  CHECK(unit_of_expression(std::string(100'000, '-') + "a_bytes") == ValueUnit());
}

struct HumanCase {
  double value;
  ValueUnit unit;
  std::string_view want;
};
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr HumanCase kHuman[] = {
    {0, {}, "0"},
    {-0.0, {}, "0"},
    {1, {}, "1"},
    {0.123456, {}, "0.123"},
    {999.4, {}, "999"},
    {999.6, {}, "1k"},
    {1234, {}, "1.23k"},
    {-999'600, {}, "-1M"},
    {1.5e18, {}, "1.5E"},
    {1e30, {}, "1.00e+30"},
    {1.5e-7, {}, "1.5e-07"},
    {12.5, {kPlain, true}, "12.5/s"},
    {512, {kBytes}, "512B"},
    {1023, {kBytes}, "1023B"},
    {1023.6, {kBytes}, "1KiB"},
    {1500, {kBytes}, "1.46KiB"},
    {1'048'000, {kBytes}, "1023KiB"},
    {1'048'575, {kBytes}, "1MiB"},
    {3.5e9, {kBytes, true}, "3.26GiB/s"},
    {1.2e9, {kBits, true}, "1.2Gbit/s"},
    {0.25, {kSeconds}, "250ms"},
    {0.000'012'5, {kSeconds}, "12.5µs"},
    {2e-9, {kSeconds}, "2ns"},
    {5e-12, {kSeconds}, "5e-12s"},
    {1.5, {kSeconds}, "1.5s"},
    {99.9, {kSeconds}, "99.9s"},
    {100, {kSeconds}, "1m40s"},
    {7500, {kSeconds}, "2h5m"},
    {7199.9, {kSeconds}, "2h"},
    {86399, {kSeconds}, "1d"},
    {-300'000, {kSeconds}, "-3d11h"},
    {1'763'521'920, {kTimestamp}, "2025-11-19T03:12:00Z"},
    {1e300, {kTimestamp}, "1e+300s"},
    {0.3525, {kRatio}, "35.2%"},
    {1, {kRatio}, "100%"},
    {12.34, {kRatio}, "1234%"},
    {99.95, {kPercent}, "100%"},
    {21.54, {kCelsius}, "21.5°C"},
    {2.4e9, {kHertz}, "2.4GHz"},
    {NAN, {kBytes}, "NaN"},
    {-kInf, {kSeconds}, "-Inf"},
};

TEST_CASE("numbers for people have three digits and a unit", "[render][unit]") {
  for (const HumanCase& c : kHuman) {
    INFO(c.want);
    CHECK(human_text(c.value, c.unit, {.zone = TimeZone::kUtc}) == c.want);
  }
  CHECK(human_text(1e-6, {kSeconds}, {.ascii = true}) == "1us");
  CHECK(human_text(21, {kCelsius}, {.ascii = true}) == "21degC");
}

TEST_CASE("axes are titled with the unit", "[render][unit]") {
  CHECK(unit_title({}).empty());
  CHECK(unit_title({kPlain, true}) == "per second");
  CHECK(unit_title({kBytes, true}) == "bytes/s");
  CHECK(unit_title({kSeconds}) == "seconds");
  CHECK(unit_title({kRatio}) == "%");
}

}  // namespace
}  // namespace mcore
