// SPDX-License-Identifier: Apache-2.0
// promql/: what one step of a range query costs for one series, on one core.
//
//   bench_promql [WORD…]      runs the benchmarks whose names hold one of the words
//
// promql/range/FUNCTION/RANGE/VALUES: 1,440 samples 15 s apart, a step every 15 s unless it says otherwise, all windows
// at once; promql/window/…: one window after the other.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "promql/range_columns.h"
#include "promql/range_functions.h"
#include "support/bench.h"

namespace mcore {
namespace {

constexpr std::size_t kSeries = 64;
constexpr std::size_t kSamples = 1440;
constexpr std::int64_t kStart = 1'700'000'000'000;

struct Series {
  std::vector<std::int64_t> t_ms{};
  std::vector<double> value{};
};

using NextValue = double (*)(double before, std::mt19937_64& random);

double decimal(double, std::mt19937_64& random) {
  return static_cast<double>(random() % 9'000 + 1'000) / 1'000;
}
double both_signs(double, std::mt19937_64& random) {
  return static_cast<double>(random() % 9'000) / 1'000 - 4.5;
}
double counter(double before, std::mt19937_64& random) {
  return before + static_cast<double>(random() % 1'000) / 100;
}
double load(double before, std::mt19937_64& random) {
  return std::max(0.0, std::round((before * 0.98 + static_cast<double>(random() % 9) / 100) * 100) / 100);
}
double bytes(double, std::mt19937_64& random) {
  return static_cast<double>(random() % 1'000'000) * 4096;
}

std::vector<Series> make_series(NextValue next, std::int64_t jitter_ms = 0) {
  std::mt19937_64 random(1);
  std::vector<Series> all(kSeries);
  for (Series& series : all) {
    double value = 0;
    for (std::size_t i = 0; i < kSamples; ++i) {
      value = next(value, random);
      const std::int64_t jitter =
          jitter_ms > 0 ? static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(jitter_ms)) : 0;
      series.t_ms.push_back(kStart + static_cast<std::int64_t>(i) * 15'000 + jitter);
      series.value.push_back(value);
    }
  }
  return all;
}

std::uint64_t checksum_of(const std::vector<double>& out) {
  std::uint64_t sum = 0;
  for (const double value : out) {
    sum += std::bit_cast<std::uint64_t>(value);
  }
  return sum;
}

void bench_columns(const std::string& name, FunctionId id, std::int64_t range_ms, std::int64_t step_ms,
                   const std::vector<Series>& all) {
  const std::size_t steps = static_cast<std::size_t>(static_cast<std::int64_t>(kSamples) * 15'000 / step_ms);
  const std::vector<double> phi(steps, 0.95);
  std::vector<double> out(steps);
  RangeScratch scratch;
  run_benchmark("promql/range/" + name, [&](std::uint64_t& checksum) {
    for (const Series& series : all) {
      const RangeWindows windows{
          .first_t_ms = kStart + 7'000, .step_ms = step_ms, .count = steps, .range_ms = range_ms};
      if (!call_range_columns(id, {.t_ms = series.t_ms, .value = series.value}, windows, phi, scratch, out)) {
        std::abort();
      }
      checksum += checksum_of(out);
    }
    return BenchWork{.operations = steps * all.size(), .bytes = 0};
  });
}

void bench_windows(const std::string& name, FunctionId id, std::int64_t range_ms, const std::vector<Series>& all) {
  const RangeFunction function = find_range_function(id);
  const double phi = 0.95;
  run_benchmark("promql/window/" + name, [&](std::uint64_t& checksum) {
    QueryNotes notes;
    for (std::size_t s = 0; s < 4; ++s) {
      const Series& series = all[s];
      for (std::size_t i = 0; i < kSamples; ++i) {
        const std::int64_t to_ms = kStart + 7'000 + static_cast<std::int64_t>(i) * 15'000;
        const std::size_t begin = i + 1 - std::min<std::size_t>(i + 1, static_cast<std::size_t>(range_ms / 15'000));
        const Window window{.t_ms = std::span(series.t_ms).subspan(begin, i + 1 - begin),
                            .value = std::span(series.value).subspan(begin, i + 1 - begin),
                            .from_ms = to_ms - range_ms,
                            .to_ms = to_ms,
                            .step_t_ms = to_ms};
        const PointValue point = function(window, std::span(&phi, 1), {.notes = notes});
        checksum += std::holds_alternative<double>(point) ? std::bit_cast<std::uint64_t>(std::get<double>(point)) : 0;
      }
    }
    return BenchWork{.operations = 4 * kSamples, .bytes = 0};
  });
}

void run() {
  constexpr std::int64_t kMinute = 60'000;
  constexpr std::int64_t kHour = 3'600'000;
  constexpr std::int64_t kStep = 15'000;
  const std::vector<Series> counters = make_series(counter);
  const std::vector<Series> decimals = make_series(decimal);
  const std::vector<Series> jittered = make_series(decimal, 400);
  const std::vector<Series> signs = make_series(both_signs);
  const std::vector<Series> loads = make_series(load);
  const std::vector<Series> pages = make_series(bytes);
  using Id = FunctionId;
  bench_columns("rate/5m/counter", Id::kRate, 5 * kMinute, kStep, counters);
  bench_columns("rate/1m/counter", Id::kRate, kMinute, kStep, counters);
  bench_columns("rate/1h/gauge", Id::kRate, kHour, kStep, decimals);
  bench_columns("irate/5m/counter", Id::kIrate, 5 * kMinute, kStep, counters);
  bench_columns("avg_over_time/1h/decimals", Id::kAvgOverTime, kHour, kStep, decimals);
  bench_columns("avg_over_time/1h/decimals_with_jitter", Id::kAvgOverTime, kHour, kStep, jittered);
  bench_columns("avg_over_time/1h/both_signs", Id::kAvgOverTime, kHour, kStep, signs);
  bench_columns("avg_over_time/1h/bytes", Id::kAvgOverTime, kHour, kStep, pages);
  bench_columns("avg_over_time/1h/decimals_step_5s", Id::kAvgOverTime, kHour, 5'000, decimals);
  bench_columns("avg_over_time/1h/decimals_step_60s", Id::kAvgOverTime, kHour, kMinute, decimals);
  bench_columns("avg_over_time/1h/decimals_step_86s", Id::kAvgOverTime, kHour, 86'000, decimals);
  bench_columns("sum_over_time/5m/decimals", Id::kSumOverTime, 5 * kMinute, kStep, decimals);
  bench_columns("sum_over_time/1h/decimals", Id::kSumOverTime, kHour, kStep, decimals);
  bench_columns("max_over_time/1h/decimals", Id::kMaxOverTime, kHour, kStep, decimals);
  bench_columns("quantile_over_time/1h/decimals", Id::kQuantileOverTime, kHour, kStep, decimals);
  bench_columns("quantile_over_time/1h/load", Id::kQuantileOverTime, kHour, kStep, loads);
  bench_columns("count_over_time/1h/decimals", Id::kCountOverTime, kHour, kStep, decimals);
  bench_columns("last_over_time/1h/decimals", Id::kLastOverTime, kHour, kStep, decimals);
  bench_windows("rate/5m/counter", Id::kRate, 5 * kMinute, counters);
  bench_windows("avg_over_time/1h/decimals", Id::kAvgOverTime, kHour, decimals);
  bench_windows("max_over_time/1h/decimals", Id::kMaxOverTime, kHour, decimals);
  bench_windows("quantile_over_time/1h/decimals", Id::kQuantileOverTime, kHour, decimals);
  bench_windows("stddev_over_time/1h/decimals", Id::kStddevOverTime, kHour, decimals);
  bench_windows("deriv/1h/decimals", Id::kDeriv, kHour, decimals);
}

}  // namespace
}  // namespace mcore

int main(int argc, char** argv) {
  mcore::select_benchmarks(argc, argv);
  mcore::run();
  return 0;
}
