// SPDX-License-Identifier: Apache-2.0
#include "model/duration.h"

#include <optional>

#include "support/catch.h"

namespace mcore {
namespace {

struct DurationCase {
  std::string_view text;
  std::optional<std::int64_t> want_ms;  // nullopt: must be refused
};
constexpr DurationCase kDurations[] = {
    {"1h30m", 5'400'000},
    {"250ms", 250},
    {"1d", 86'400'000},
    {"2w", 1'209'600'000},
    {"0", 0},
    {"90", 90'000},
    {"0.5", 500},
    {"1e3", 1'000'000},
    {"", std::nullopt},
    {"5x", std::nullopt},
    {"h", std::nullopt},
    {"30m1h", std::nullopt},
    {"1h1h", std::nullopt},
    {"-5m", std::nullopt},
    {"-5", std::nullopt},
    {"1h 30m", std::nullopt},
    {"Inf", std::nullopt},
    {"NaN", std::nullopt},
    {"101y", std::nullopt},
    {"99999999999999999999s", std::nullopt},
};

TEST_CASE("parse_duration reads the PromQL spelling and plain seconds", "[model][duration]") {
  for (const DurationCase& c : kDurations) {
    CAPTURE(c.text);
    const auto got = parse_duration(c.text);
    REQUIRE(got.ok() == c.want_ms.has_value());
    if (got.ok()) {
      CHECK(got.value().count() == *c.want_ms);
    }
  }
  CHECK(parse_duration("1y2w3d4h5m6s7ms").value().count() ==
        31'536'000'000 + 2 * 604'800'000LL + 3 * 86'400'000LL + 4 * 3'600'000 + 5 * 60'000 + 6'000 + 7);
}

struct SizeCase {
  std::string_view text;
  std::optional<std::uint64_t> want;
};
constexpr SizeCase kSizes[] = {
    {"0", 0},
    {"100", 100},
    {"100B", 100},
    {"64KB", 65'536},
    {"64KiB", 65'536},
    {"1MiB", 1 << 20},
    {"2G", std::uint64_t{2} << 30U},
    {"1T", std::uint64_t{1} << 40U},
    {"", std::nullopt},
    {"KB", std::nullopt},
    {"1.5MB", std::nullopt},
    {"-1", std::nullopt},
    {"1XB", std::nullopt},
    {"18446744073709551615K", std::nullopt},
};

TEST_CASE("parse_byte_size reads sizes as Prometheus does", "[model][size]") {
  for (const SizeCase& c : kSizes) {
    CAPTURE(c.text);
    const auto got = parse_byte_size(c.text);
    REQUIRE(got.ok() == c.want.has_value());
    if (got.ok()) {
      CHECK(got.value() == *c.want);
    }
  }
}

struct TextCase {
  std::int64_t ms;
  std::string_view want;
};
constexpr TextCase kTexts[] = {
    {0, "0s"},
    {5'400'000, "1h30m"},
    {250, "250ms"},
    {-250, "-250ms"},
    {90'061'001, "1d1h1m1s1ms"},
    {7'776'000'000, "90d"},
    {1'209'600'000, "2w"},
    {31'536'000'000, "1y"},
    {INT64_MAX, "106751991167d7h12m55s807ms"},
    {INT64_MIN, "-106751991167d7h12m55s808ms"},
};

TEST_CASE("duration_text writes what Prometheus writes", "[model][duration]") {
  for (const TextCase& c : kTexts) {
    CHECK(duration_text(std::chrono::milliseconds(c.ms)) == c.want);
  }
}

}  // namespace
}  // namespace mcore
