// SPDX-License-Identifier: Apache-2.0
#include "promql/range_columns.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "base/number_text.h"
#include "promql/range_functions.h"
#include "support/catch.h"

using namespace mcore;

namespace {

using Id = FunctionId;

constexpr Id kAll[] = {Id::kRate,
                       Id::kIncrease,
                       Id::kDelta,
                       Id::kIrate,
                       Id::kIdelta,
                       Id::kChanges,
                       Id::kResets,
                       Id::kSumOverTime,
                       Id::kAvgOverTime,
                       Id::kMinOverTime,
                       Id::kMaxOverTime,
                       Id::kTsOfMinOverTime,
                       Id::kTsOfMaxOverTime,
                       Id::kQuantileOverTime,
                       Id::kCountOverTime,
                       Id::kPresentOverTime,
                       Id::kFirstOverTime,
                       Id::kLastOverTime,
                       Id::kTsOfFirstOverTime,
                       Id::kTsOfLastOverTime};

struct Series {
  std::vector<std::int64_t> t_ms{};
  std::vector<double> value{};
};

/// How the samples of a series lie and what they hold.
struct Shape {
  const char* name;
  std::int64_t jitter_ms;  // 0: as the clock
  bool has_gaps;
  double (*next)(double before, std::mt19937_64& random);
};

double real_in(double from, double to, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(from, to)(random);
}

double counter(double before, std::mt19937_64& random) {
  return random() % 50 == 0 ? real_in(0, 5, random) : before + real_in(0, 3, random);
}
double whole_counter(double before, std::mt19937_64& random) {
  return random() % 90 == 0 ? 0 : before + static_cast<double>(random() % 1000);
}
double decimals(double, std::mt19937_64& random) {
  return std::round(real_in(10, 99, random) * 100) / 100;
}
double any_sign(double, std::mt19937_64& random) {
  return real_in(-1, 1, random);
}
double few_values(double, std::mt19937_64& random) {
  constexpr double kValues[] = {-0.0, 0.0, 1, 1, 2, -1};
  return kValues[random() % std::size(kValues)];
}
double wide(double, std::mt19937_64& random) {
  return std::ldexp(real_in(-1, 1, random), static_cast<int>(random() % 200) - 100);
}
double huge(double, std::mt19937_64& random) {
  return real_in(-1.7e308, 1.7e308, random);
}
double huge_multiples(double, std::mt19937_64& random) {
  return std::ldexp(static_cast<double>(random() % 4), 1021);
}
double broken(double, std::mt19937_64& random) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  switch (random() % 40) {
    case 0:
      return std::bit_cast<double>(kNormalNanBits);
    case 1:
      return kInf;
    case 2:
      return -kInf;
    default:
      return real_in(-1, 1, random);
  }
}
double all_nan(double, std::mt19937_64&) {
  return std::bit_cast<double>(kNormalNanBits);
}

constexpr Shape kShapes[] = {
    {"a counter as the clock", 0, false, counter},
    {"a counter with jitter and gaps", 900, true, counter},
    {"a whole counter", 0, true, whole_counter},
    {"decimals as the clock", 0, false, decimals},
    {"decimals with jitter", 400, false, decimals},
    {"both signs", 0, true, any_sign},
    {"few values with zeros of both signs", 0, false, few_values},
    {"values of every size", 0, false, wide},
    {"sums that overflow", 0, false, huge},
    {"whole multiples that overflow", 0, false, huge_multiples},
    {"NaN and infinities", 200, true, broken},
    {"nothing but NaN", 0, false, all_nan},
};

Series series_of(const Shape& shape, std::size_t count, std::mt19937_64& random) {
  Series series;
  std::int64_t t_ms = 1'000'000;
  double value = 1;
  for (std::size_t i = 0; i < count; ++i) {
    t_ms += shape.has_gaps && random() % 60 == 0 ? static_cast<std::int64_t>(random() % 400'000) + 1 : 15'000;
    const std::int64_t jitter =
        shape.jitter_ms > 0 ? static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(shape.jitter_ms)) : 0;
    value = shape.next(value, random);
    series.t_ms.push_back(t_ms + jitter);
    series.value.push_back(value);
  }
  for (std::size_t i = 1; i < count; ++i) {  // strictly ascending after all
    series.t_ms[i] = std::max(series.t_ms[i], series.t_ms[i - 1] + 1);
  }
  return series;
}

/// One window after the other, by the function for one.
double slow_answer(Id id, const Series& series, const RangeWindows& windows, std::size_t step, double phi) {
  const std::int64_t to_ms = windows.first_t_ms + static_cast<std::int64_t>(step) * windows.step_ms;
  const std::int64_t from_ms = to_ms - windows.range_ms;
  const auto begin = static_cast<std::size_t>(std::ranges::upper_bound(series.t_ms, from_ms) - series.t_ms.begin());
  const auto end = static_cast<std::size_t>(std::ranges::upper_bound(series.t_ms, to_ms) - series.t_ms.begin());
  if (begin == end) {
    return std::bit_cast<double>(kStaleNanBits);
  }
  QueryNotes notes;
  const Window window{.t_ms = std::span(series.t_ms).subspan(begin, end - begin),
                      .value = std::span(series.value).subspan(begin, end - begin),
                      .from_ms = from_ms,
                      .to_ms = to_ms,
                      .step_t_ms = to_ms};
  const PointValue point = find_range_function(id)(window, std::span(&phi, 1), {.notes = notes});
  const double* value = std::get_if<double>(&point);
  return value != nullptr ? *value : std::bit_cast<double>(kStaleNanBits);
}

bool same(double one, double other) {
  if (is_stale_marker(one) || is_stale_marker(other)) {
    return is_stale_marker(one) && is_stale_marker(other);
  }
  return (std::isnan(one) && std::isnan(other)) ||
         std::bit_cast<std::uint64_t>(one) == std::bit_cast<std::uint64_t>(other);
}

void check_all(const Series& series, const RangeWindows& windows, RangeScratch& scratch, std::mt19937_64& random) {
  std::vector<double> phi(windows.count);
  for (double& p : phi) {
    p = random() % 10 == 0 ? static_cast<double>(random() % 4) - 1 : real_in(0, 1, random);
  }
  std::vector<double> out(windows.count);
  for (const Id id : kAll) {
    std::ranges::fill(out, 12345.0);
    REQUIRE(call_range_columns(id, {.t_ms = series.t_ms, .value = series.value}, windows, phi, scratch, out));
    for (std::size_t step = 0; step < windows.count; ++step) {
      const double want = slow_answer(id, series, windows, step, phi[step]);
      if (!same(out[step], want)) {
        FAIL("function " << static_cast<int>(id) << ", step " << step << " of " << windows.count << ", range "
                         << windows.range_ms << ", step " << windows.step_ms << ": " << float_text(out[step])
                         << ", want " << float_text(want));
      }
    }
  }
}

}  // namespace

TEST_CASE("all windows at once have the bits of each alone", "[promql][range]") {
  std::mt19937_64 random(1);
  RangeScratch scratch;
  constexpr std::int64_t kRanges[] = {1, 15'000, 60'000, 61'000, 300'000, 3'600'000};
  constexpr std::int64_t kSteps[] = {1'000, 5'000, 15'000, 20'000, 60'000, 86'000, 900'000};
  for (const Shape& shape : kShapes) {
    DYNAMIC_SECTION(shape.name) {
      for (const std::int64_t range_ms : kRanges) {
        for (const std::int64_t step_ms : kSteps) {
          const Series series = series_of(shape, 300, random);
          const std::int64_t first = series.t_ms.front() - 20'000 + static_cast<std::int64_t>(random() % 15'000);
          const auto count = static_cast<std::size_t>((series.t_ms.back() + range_ms - first) / step_ms + 2);
          check_all(series,
                    {.first_t_ms = first,
                     .step_ms = step_ms,
                     .count = std::min<std::size_t>(count, 400),
                     .range_ms = range_ms},
                    scratch, random);
        }
      }
    }
  }
}

TEST_CASE("few samples and few steps are windows too", "[promql][range]") {
  std::mt19937_64 random(2);
  RangeScratch scratch;
  for (std::size_t samples = 0; samples < 40; ++samples) {
    const Series series = series_of(kShapes[3], samples, random);
    for (const std::size_t steps : {0, 1, 2, 3, 15, 16, 17, 40}) {
      check_all(series, {.first_t_ms = 1'090'000, .step_ms = 15'000, .count = steps, .range_ms = 120'000}, scratch,
                random);
    }
  }
}

TEST_CASE("a rate over the steps of a range", "[promql][range]") {
  const std::vector<std::int64_t> t_ms{0, 15'000, 30'000, 45'000, 60'000};
  const std::vector<double> value{0, 15, 30, 5, 20};
  RangeScratch scratch;
  std::vector<double> out(7);
  REQUIRE(call_range_columns(Id::kIncrease, {.t_ms = t_ms, .value = value},
                             {.first_t_ms = 0, .step_ms = 15'000, .count = 7, .range_ms = 30'000}, {}, scratch, out));
  CHECK(is_stale_marker(out[0]));
  CHECK(out[1] == 15);  // from zero on, where the first sample stands
  CHECK(out[2] == 30);
  CHECK(out[3] == 10);  // 5 after a reset, twice as long
  CHECK(out[4] == 20);  // the counter was zero 5 s before the first sample
  CHECK(is_stale_marker(out[5]));
  CHECK(is_stale_marker(out[6]));
}

TEST_CASE("functions that want each window alone are refused", "[promql][range]") {
  RangeScratch scratch;
  for (const Id id : {Id::kDeriv, Id::kPredictLinear, Id::kMadOverTime, Id::kAbs, Id::kAbsentOverTime}) {
    CHECK_FALSE(call_range_columns(id, {}, {.step_ms = 1, .range_ms = 1}, {}, scratch, {}));
  }
}
