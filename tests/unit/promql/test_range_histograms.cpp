// SPDX-License-Identifier: Apache-2.0
#include "promql/range_histograms.h"

#include <optional>

#include "support/catch.h"
#include "support/range_window.h"

using namespace mcore;

namespace {

using Id = FunctionId;
using Hint = CounterResetHint;

/// Buckets (0.5, 1], (1, 2] and so on; as many observations as they hold, each as large as its bucket's end.
Histogram exponential(std::vector<double> counts, Hint hint = Hint::kUnknown) {
  Histogram h{.is_float = true, .hint = hint};
  h.positive_spans = {{.offset = 0, .length = static_cast<std::uint32_t>(counts.size())}};
  double end = 1;
  for (const double count : counts) {
    h.count += count;
    h.sum += count * end;
    end *= 2;
  }
  h.positive_counts = std::move(counts);
  return h;
}

Histogram custom(std::vector<double> bounds, std::vector<double> counts, Hint hint = Hint::kUnknown) {
  Histogram h = exponential(std::move(counts), hint);
  h.schema = kCustomBucketsSchema;
  h.custom_values = std::move(bounds);
  return h;
}

/// 10 s apart, the first at 10 s, the window (0 s, 60 s].
RangeWindow window_of(std::vector<Histogram> histograms) {
  RangeWindow window;
  for (std::size_t i = 0; i < histograms.size(); ++i) {
    window.histogram_t_ms.push_back(10'000 * (static_cast<std::int64_t>(i) + 1));
  }
  window.histogram = std::move(histograms);
  return window;
}

RangeWindow edges_window(WindowEdges edges, std::vector<std::int64_t> t_ms, std::vector<Histogram> histograms) {
  RangeWindow window{.from_ms = 30'000, .edges = edges};
  window.histogram_t_ms = std::move(t_ms);
  window.histogram = std::move(histograms);
  return window;
}

/// What a histogram of one span comes down to.
struct Want {
  double count;
  double sum;
  std::vector<double> counts;
};

void check(const RangeAnswer& got, const std::optional<Want>& want, const std::vector<std::string>& notes = {}) {
  CHECK(got.notes == notes);
  if (!want.has_value()) {
    CHECK(std::holds_alternative<std::monostate>(got.point));
    return;
  }
  REQUIRE(std::holds_alternative<Histogram>(got.point));
  const auto& h = std::get<Histogram>(got.point);
  CHECK(h.is_float);
  CHECK(h.count == want->count);
  CHECK(h.sum == want->sum);
  CHECK(h.positive_counts == want->counts);
}

Hint hint_of(const RangeAnswer& answer) {
  return std::get<Histogram>(answer.point).hint;
}

const std::string kNotCounter = "PromQL warning: this native histogram metric is not a counter: \"m\" (1:1)";
const std::string kNotGauge = "PromQL warning: this native histogram metric is not a gauge: \"m\" (1:1)";
const std::string kMixedSamples =
    "PromQL warning: encountered a mix of histograms and floats for metric name \"m\" (1:1)";
const std::string kMixedBuckets =
    "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
    "\"m\" (1:1)";

}  // namespace

TEST_CASE("a rate of histograms is a gauge of every bucket's rate", "[promql][range]") {
  const RangeWindow window = window_of(
      {exponential({1, 2}), exponential({2, 2}), exponential({3, 2}), exponential({3, 4}), exponential({6, 8})});
  const RangeAnswer increase = call_range(Id::kIncrease, window);
  check(increase, Want{16.5, 25.5, {7.5, 9}});  // 40 s stretched to 60 s
  CHECK(hint_of(increase) == Hint::kGauge);
}

TEST_CASE("a reset of histograms counts what was there before", "[promql][range]") {
  RangeWindow window = window_of({exponential({4}), exponential({6}), exponential({1}), exponential({5})});
  window.from_ms = 10'000;
  window.to_ms = 40'000;
  check(call_range(Id::kIncrease, window), Want{7, 7, {7}});
  window.histogram[2].hint = Hint::kNotReset;
  check(call_range(Id::kIncrease, window), Want{1, 1, {1}});
}

TEST_CASE("only the second sample's layout counts if the first was reset", "[promql][range]") {
  RangeWindow window = window_of({custom({1}, {9}), exponential({2}), exponential({6})});
  window.from_ms = 10'000;
  window.to_ms = 30'000;
  window.histogram[1].hint = Hint::kReset;
  check(call_range(Id::kIncrease, window), Want{6, 6, {6}});
}

TEST_CASE("one histogram has a rate if it began in the window", "[promql][range]") {
  RangeWindow window = window_of({exponential({4}, Hint::kReset)});
  check(call_range(Id::kIncrease, window), std::nullopt);
  window.histogram_start_ms = {4'000};
  const RangeAnswer began = call_range(Id::kIncrease, window);
  check(began, Want{4, 4, {4}});
  CHECK(hint_of(began) == Hint::kReset);  // as it was stored
  check(call_range(Id::kDelta, window), std::nullopt);
}

TEST_CASE("rates want counters, deltas gauges", "[promql][range]") {
  const RangeWindow gauges = window_of({exponential({1}, Hint::kGauge), exponential({3}, Hint::kGauge)});
  const RangeWindow counters = window_of({exponential({1}), exponential({3})});
  CHECK(call_range(Id::kRate, gauges).notes == std::vector<std::string>{kNotCounter});
  CHECK(call_range(Id::kRate, counters).notes.empty());
  CHECK(call_range(Id::kDelta, gauges).notes.empty());
  CHECK(call_range(Id::kDelta, counters).notes == std::vector<std::string>{kNotGauge});
  CHECK(call_range(Id::kIrate, gauges).notes == std::vector<std::string>{kNotCounter});
  CHECK(call_range(Id::kIdelta, counters).notes == std::vector<std::string>{kNotGauge});
  check(call_range(Id::kIrate, counters), Want{0.2, 0.2, {0.2}});
  check(call_range(Id::kIdelta, gauges), Want{2, 2, {2}});
}

TEST_CASE("exponential and custom buckets do not go together", "[promql][range]") {
  const RangeWindow window = window_of({exponential({1}), custom({1}, {1}), exponential({3})});
  for (const Id id : {Id::kRate, Id::kSumOverTime, Id::kAvgOverTime}) {
    check(call_range(id, window), std::nullopt, {kMixedBuckets});
  }
  check(call_range(Id::kIdelta, window), std::nullopt, {kNotGauge, kMixedBuckets});
  check(call_range(Id::kIrate, window), Want{0.3, 0.3, {0.3}});  // the kind changed: a reset
  // Where the growth fails within, the note on gauges goes with it.
  const RangeWindow gauges =
      window_of({exponential({1}, Hint::kGauge), exponential({1}), custom({1}, {1}), exponential({3}, Hint::kGauge)});
  check(call_range(Id::kRate, gauges), std::nullopt, {kMixedBuckets});
}

TEST_CASE("custom bounds that differ are brought to those they share", "[promql][range]") {
  RangeWindow window = window_of({custom({1, 2, 4}, {1, 1, 1}, Hint::kGauge), custom({1, 4}, {2, 4}, Hint::kGauge)});
  window.to_ms = 20'000;
  check(call_range(Id::kDelta, window), Want{6, 6, {2, 4}},
        {"PromQL info: mismatched custom buckets were reconciled during subtraction (1:1)"});
  check(call_range(Id::kSumOverTime, window), Want{9, 17, {3, 6}},
        {"PromQL info: mismatched custom buckets were reconciled during aggregation (1:1)"});
}

TEST_CASE("floats beside histograms make a mix, or are told", "[promql][range]") {
  RangeWindow window = window_of({exponential({1}), exponential({3})});
  window.t_ms = {15'000};
  window.value = {7};
  for (const Id id : {Id::kRate, Id::kDelta, Id::kAvgOverTime, Id::kSumOverTime, Id::kIrate}) {
    check(call_range(id, window), std::nullopt, {kMixedSamples});
  }
  const RangeAnswer least = call_range(Id::kMinOverTime, window);
  CHECK(std::get<double>(least.point) == 7);
  CHECK(least.notes == std::vector<std::string>{"PromQL info: ignored histograms in a range containing both floats and "
                                                "histograms for metric name \"m\" (1:1)"});
  check(call_range(Id::kDeriv, window), std::nullopt, least.notes);
  CHECK(std::get<double>(call_range(Id::kCountOverTime, window).point) == 3);
  CHECK(std::get<double>(call_range(Id::kTsOfLastOverTime, window).point) == 20);
  CHECK(std::get<double>(call_range(Id::kChanges, window).point) == 2);
  CHECK(std::get<double>(call_range(Id::kResets, window).point) == 2);
  check(call_range(Id::kFirstOverTime, window), Want{1, 1, {1}});
  window.t_ms = {25'000};
  CHECK(std::get<double>(call_range(Id::kLastOverTime, window).point) == 7);
  check(call_range(Id::kMinOverTime, window_of({exponential({1})})), std::nullopt);
}

TEST_CASE("the last two samples decide whether an irate is mixed", "[promql][range]") {
  RangeWindow window = window_of({exponential({1}), exponential({3})});
  window.t_ms = {5'000};
  window.value = {7};
  check(call_range(Id::kIrate, window), Want{0.2, 0.2, {0.2}});
}

TEST_CASE("sums and means of histograms add every bucket", "[promql][range]") {
  const RangeWindow window = window_of({exponential({1, 2}, Hint::kReset), exponential({3, 4}, Hint::kNotReset)});
  const std::vector<std::string> collision = {
      "PromQL warning: conflicting counter resets during histogram aggregation (1:1)"};
  check(call_range(Id::kSumOverTime, window), Want{10, 16, {4, 6}}, collision);
  check(call_range(Id::kAvgOverTime, window), Want{5, 8, {2, 3}}, collision);
}

TEST_CASE("changes and resets of histograms", "[promql][range]") {
  const RangeWindow window =
      window_of({exponential({1}), exponential({1}), exponential({3}), exponential({2}), exponential({2, 1})});
  CHECK(std::get<double>(call_range(Id::kChanges, window).point) == 3);
  CHECK(std::get<double>(call_range(Id::kResets, window).point) == 1);
}

TEST_CASE("anchored growth of histograms goes from the sample before", "[promql][range]") {
  const auto window = [](std::vector<Histogram> histograms) {
    return edges_window(WindowEdges::kAnchored, {10'000, 20'000, 40'000, 50'000}, std::move(histograms));
  };
  const auto counters = window({exponential({9}), exponential({1}), exponential({4}), exponential({6})});
  check(call_range(Id::kIncrease, counters), Want{5, 5, {5}});
  const auto reset = window({exponential({9}), exponential({3}), exponential({1}), exponential({2})});
  check(call_range(Id::kIncrease, reset), Want{2, 2, {2}});
  check(call_range(Id::kDelta, counters), Want{5, 5, {5}}, {kNotGauge});
  const auto mixed = window({exponential({9}), exponential({3}), custom({1}, {1}), exponential({2})});
  check(call_range(Id::kRate, mixed), std::nullopt, {kMixedBuckets});
}

TEST_CASE("smoothed growth of histograms is interpolated at both edges", "[promql][range]") {
  const auto window = [](std::vector<Histogram> histograms) {
    return edges_window(WindowEdges::kSmoothed, {20'000, 40'000, 50'000, 70'000}, std::move(histograms));
  };
  check(call_range(Id::kIncrease, window({exponential({2}), exponential({4}), exponential({5}), exponential({9})})),
        Want{4, 4, {4}});
  // Across the start it fell: half of what came after it was there then. Across the end nothing is lost.
  check(call_range(Id::kIncrease, window({exponential({8}), exponential({4}), exponential({5}), exponential({9})})),
        Want{5, 5, {5}});
  // Across the end it fell: 5 were there, and half of 4 came after.
  check(call_range(Id::kIncrease, window({exponential({2}), exponential({4}), exponential({5}), exponential({4})})),
        Want{4, 4, {4}});
}

TEST_CASE("a float in the lookback of an anchored window makes a mix", "[promql][range]") {
  RangeWindow window = edges_window(WindowEdges::kAnchored, {20'000, 40'000}, {exponential({1}), exponential({4})});
  window.t_ms = {10'000};
  window.value = {7};
  check(call_range(Id::kIncrease, window), std::nullopt, {kMixedSamples});
  CHECK(std::get<double>(call_range(Id::kResets, window).point) == 0);  // begins with the newest sample before
}
