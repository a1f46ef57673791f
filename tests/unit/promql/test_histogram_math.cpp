// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_math.h"

#include <cmath>
#include <limits>

#include "model/histogram_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

Histogram positive(std::int32_t schema, std::vector<HistogramSpan> spans, std::vector<double> counts) {
  double count = 0;
  for (const double c : counts) {
    count += c;
  }
  return {.schema = schema,
          .count = count,
          .sum = 1,
          .positive_spans = std::move(spans),
          .positive_counts = std::move(counts)};
}

Histogram custom(std::vector<double> bounds, std::vector<double> counts) {
  Histogram h = positive(kCustomBucketsSchema, {{0, static_cast<std::uint32_t>(counts.size())}}, counts);
  h.custom_values = std::move(bounds);
  return h;
}

TEST_CASE("histograms of one layout are added bucket by bucket", "[promql][histogram]") {
  Histogram h = positive(1, {{-1, 2}, {3, 1}}, {1, 2, 3});
  const HistogramOutcome outcome = add_histogram(h, positive(1, {{-1, 2}, {3, 1}}, {10, 20, 30}));
  CHECK(histogram_test_text(h) == "{{schema:1 count:66 sum:2 offset:-1 buckets:[11 22 0 0 0 33]}}");
  CHECK(h.is_float);
  CHECK_FALSE(outcome.is_incompatible);
  CHECK_FALSE(outcome.has_reset_collision);
  CHECK_FALSE(outcome.has_reconciled_bounds);
}

TEST_CASE("new buckets find the span that a server gives them", "[promql][histogram]") {
  struct Case {
    std::vector<HistogramSpan> mine;
    std::vector<HistogramSpan> theirs;
    std::vector<HistogramSpan> want;
  };
  const Case cases[] = {
      {{}, {{3, 2}, {1, 1}}, {{3, 2}, {1, 1}}},
      {{{3, 2}}, {{2, 1}}, {{2, 3}}},          // before the first: extends it
      {{{3, 2}}, {{1, 1}}, {{1, 1}, {1, 2}}},  // apart from it: its own
      {{{3, 2}}, {{1, 2}}, {{1, 2}, {0, 2}}},  // the second one extends the new span, which then touches the next
      {{{0, 1}, {1, 1}}, {{1, 1}}, {{0, 2}, {0, 1}}},  // fills a gap: extends what is before it
      {{{0, 1}, {2, 1}}, {{2, 1}}, {{0, 1}, {1, 2}}},  // right before the next
      {{{0, 1}, {5, 1}}, {{3, 1}}, {{0, 1}, {2, 1}, {2, 1}}},
      {{{0, 2}}, {{5, 1}}, {{0, 2}, {3, 1}}},
      {{{0, 2}, {0, 2}}, {{1, 2}}, {{0, 2}, {0, 2}}},  // spans that touch stay two
  };
  for (const Case& c : cases) {
    const auto filled = [](const std::vector<HistogramSpan>& spans) {
      std::size_t size = 0;
      for (const HistogramSpan& span : spans) {
        size += span.length;
      }
      return positive(0, spans, std::vector<double>(size, 1));
    };
    Histogram h = filled(c.mine);
    add_histogram(h, filled(c.theirs));
    CHECK(h.positive_spans == c.want);
    double sum = 0;
    for (const double count : h.positive_counts) {
      sum += count;
    }
    CHECK(sum == h.count);
  }
}

TEST_CASE("the coarser schema wins, whichever side has it", "[promql][histogram]") {
  Histogram fine = positive(1, {{-3, 6}}, {0, 1, 2, 3, 4, 5});
  Histogram coarse = positive(0, {{0, 2}}, {1, 2});
  Histogram one = fine;
  add_histogram(one, coarse);
  CHECK(histogram_test_text(one) == "{{count:18 sum:2 offset:-1 buckets:[1 6 11]}}");
  Histogram other = coarse;
  add_histogram(other, fine);
  CHECK(histogram_test_text(other) == "{{count:18 sum:2 offset:-1 buckets:[1 6 11]}}");
}

TEST_CASE("the wider zero bucket takes the buckets it covers", "[promql][histogram]") {
  Histogram narrow = positive(0, {{-3, 4}}, {1, 2, 3, 4});  // up to 0.125, 0.25, 0.5, 1
  narrow.negative_spans = {{-1, 1}};
  narrow.negative_counts = {5};
  Histogram wide{.zero_threshold = 0.2, .zero_count = 10, .count = 10};
  Histogram h = narrow;
  add_histogram(h, wide);  // 0.2 ends inside (0.125, 0.25]: up to 0.25; the negative bucket ends at -0.5
  CHECK(h.zero_threshold == 0.25);
  CHECK(h.zero_count == 13);
  CHECK(histogram_test_text(h) ==
        "{{count:20 sum:1 z_bucket:13 z_bucket_w:0.25 offset:-1 buckets:[3 4] n_offset:-1 n_buckets:[5]}}");
  Histogram other = wide;
  add_histogram(other, narrow);
  CHECK(histogram_test_text(other) == histogram_test_text(h));
}

TEST_CASE("subtraction mirrors addition and leaves a minus zero for an empty new bucket", "[promql][histogram]") {
  Histogram h = positive(0, {{0, 2}}, {5, 6});
  subtract_histogram(h, positive(0, {{1, 3}}, {1, 0, 2}));
  CHECK(h.positive_counts == std::vector<double>{5, 5, 0, -2});
  CHECK(std::signbit(h.positive_counts[2]));
  CHECK(h.count == 8);
  CHECK(h.sum == 0);
}

TEST_CASE("custom bounds that differ are reduced to those both have", "[promql][histogram]") {
  Histogram h = custom({1, 2, 5}, {1, 2, 3, 4});
  const HistogramOutcome outcome = add_histogram(h, custom({2, 3, 5}, {10, 20, 30, 40}));
  CHECK(outcome.has_reconciled_bounds);
  CHECK(histogram_test_text(h) == "{{schema:-53 count:110 sum:2 custom_values:[2 5] buckets:[13 53 44]}}");

  Histogram none = custom({1}, {1, 2});
  add_histogram(none, custom({2}, {3, 4}));
  CHECK(histogram_test_text(none) == "{{schema:-53 count:10 sum:2 custom_values:[] buckets:[10]}}");
}

TEST_CASE("exponential and custom buckets do not mix", "[promql][histogram]") {
  Histogram h = positive(0, {{0, 1}}, {1});
  CHECK(add_histogram(h, custom({1}, {1})).is_incompatible);
  CHECK(histogram_test_text(h) == "{{count:1 sum:1 buckets:[1]}}");
  Histogram c = custom({1}, {1});
  CHECK(subtract_histogram(c, positive(0, {{0, 1}}, {1})).is_incompatible);
}

TEST_CASE("hints of sums", "[promql][histogram]") {
  using enum CounterResetHint;
  struct Case {
    CounterResetHint mine;
    CounterResetHint other;
    CounterResetHint want;
    bool collides = false;
  };
  constexpr Case kCases[] = {
      {kUnknown, kUnknown, kUnknown},
      {kReset, kReset, kReset},
      {kReset, kUnknown, kUnknown},
      {kUnknown, kNotReset, kUnknown},
      {kGauge, kReset, kGauge},
      {kNotReset, kGauge, kGauge},
      {kReset, kNotReset, kUnknown, true},
      {kNotReset, kReset, kUnknown, true},
  };
  for (const Case& c : kCases) {
    Histogram h = positive(0, {{0, 1}}, {1});
    Histogram other = h;
    h.hint = c.mine;
    other.hint = c.other;
    CHECK(add_histogram(h, other).has_reset_collision == c.collides);
    CHECK(h.hint == c.want);
  }
}

TEST_CASE("factors and divisors", "[promql][histogram]") {
  Histogram h = positive(0, {{0, 2}}, {1, 2});
  multiply_histogram(h, 2);
  CHECK(histogram_test_text(h) == "{{count:6 sum:2 buckets:[2 4]}}");
  divide_histogram(h, -4);
  CHECK(histogram_test_text(h) == "{{count:-1.5 sum:-0.5 counter_reset_hint:gauge buckets:[-0.5 -1]}}");
  divide_histogram(h, 0);
  CHECK(histogram_test_text(h) == "{{count:-Inf sum:-Inf z_bucket:NaN counter_reset_hint:gauge}}");
}

TEST_CASE("equality sees the layout and every bit, but no hint", "[promql][histogram]") {
  const Histogram h = positive(0, {{0, 2}}, {1, 2});
  Histogram other = h;
  other.hint = CounterResetHint::kGauge;
  other.is_float = true;
  CHECK(equal_histograms(h, other));
  other.positive_spans = {{-1, 0}, {1, 2}, {4, 0}};  // spans of length 0 say nothing
  CHECK(equal_histograms(h, other));
  other.positive_spans = {{0, 1}, {0, 1}};
  CHECK_FALSE(equal_histograms(h, other));
  CHECK_FALSE(equal_histograms(h, positive(0, {{0, 3}}, {1, 2, 0})));
  other = h;
  other.zero_count = -0.0;
  CHECK_FALSE(equal_histograms(h, other));
  other = h;
  other.sum = std::nan("");
  CHECK(equal_histograms(other, other));
  CHECK_FALSE(equal_histograms(custom({1}, {1}), custom({2}, {1})));
}

TEST_CASE("a copy of lower resolution has no hint", "[promql][histogram]") {
  Histogram h = positive(1, {{1, 4}}, {1, 2, 3, 4});
  h.hint = CounterResetHint::kReset;
  CHECK(histogram_test_text(histogram_at_schema(h, 0)) == "{{count:10 sum:1 offset:1 buckets:[3 7]}}");
  CHECK(histogram_at_schema(h, 1).hint == CounterResetHint::kReset);
}

TEST_CASE("an infinite number is an overflow", "[promql][histogram]") {
  Histogram h = positive(0, {{0, 1}}, {1});
  CHECK_FALSE(has_overflow(h));
  h.positive_counts[0] = -std::numeric_limits<double>::infinity();
  CHECK(has_overflow(h));
  CHECK_FALSE(has_overflow({.sum = std::nan("")}));
}

TEST_CASE("thresholds that are no numbers end", "[promql][histogram]") {
  Histogram h{.zero_threshold = std::nan(""), .zero_count = 1};
  add_histogram(h, {.zero_threshold = 1, .zero_count = 2});
  CHECK(h.zero_count == 3);
  Histogram endless = positive(0, {{1, 1}}, {1});
  add_histogram(endless, {.zero_threshold = std::numeric_limits<double>::infinity(), .zero_count = 2});
  CHECK(endless.zero_count == 3);
  CHECK(endless.positive_counts.empty());
}

}  // namespace
}  // namespace mcore
