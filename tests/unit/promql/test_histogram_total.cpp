// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_total.h"

#include <limits>

#include "model/histogram_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

using Kind = HistogramTotal::Kind;

Histogram plain(double count, double sum, std::vector<double> counts = {}) {
  const auto size = static_cast<std::uint32_t>(counts.size());
  Histogram h{.count = count, .sum = sum};
  if (size > 0) {
    h.positive_spans = {{0, size}};
    h.positive_counts = std::move(counts);
  }
  return h;
}

Histogram total_of(Kind kind, const std::vector<Histogram>& histograms) {
  HistogramTotal total(kind);
  for (const Histogram& h : histograms) {
    REQUIRE(total.add(h));
  }
  CHECK(total.size() == histograms.size());
  return total.take();
}

TEST_CASE("what rounding loses is kept apart until the end", "[promql][histogram]") {
  const std::vector<Histogram> histograms = {plain(1, 1, {1, 1e16}), plain(2, 1e100, {1, 1}), plain(3, 1, {1, 1}),
                                             plain(4, -1e100, {1, -1e16})};
  const Histogram sum = total_of(Kind::kSum, histograms);
  CHECK(histogram_test_text(sum) == "{{count:10 sum:2 buckets:[4 2]}}");
  const Histogram mean = total_of(Kind::kMean, histograms);
  CHECK(histogram_test_text(mean) == "{{count:2.5 sum:0.5 buckets:[1 0.5]}}");
}

TEST_CASE("a mean whose sum overflows is taken step by step", "[promql][histogram]") {
  const std::vector<Histogram> histograms = {plain(1.7976931348623157e+308, 5.3),
                                             plain(1e308, 1e100),
                                             plain(1e-6, 1),
                                             plain(1e-6, -1e100),
                                             plain(1e-6, 2),
                                             plain(1e-6, 0),
                                             plain(1e-6, 0)};
  CHECK(histogram_test_text(total_of(Kind::kSum, histograms)) == "{{count:+Inf sum:8.3}}");
  const Histogram mean = total_of(Kind::kMean, histograms);
  CHECK(mean.count == Approx(3.9967044783747367e+307));
  CHECK(mean.sum == Approx(1.1857142857142857));
}

TEST_CASE("layouts, schemas and zero buckets of a total follow addition", "[promql][histogram]") {
  const Histogram first{.schema = 0,
                        .zero_threshold = 0.001,
                        .zero_count = 4,
                        .count = 25,
                        .sum = 3.1,
                        .positive_spans = {{0, 5}},
                        .negative_spans = {{0, 6}},
                        .positive_counts = {1, 2, 0, 1, 1},
                        .negative_counts = {2, 4, 0, 0, 1, 9}};
  const Histogram second{.schema = 1,
                         .zero_threshold = 0.001,
                         .zero_count = 3,
                         .count = 0,
                         .sum = 1.3,
                         .positive_spans = {{0, 6}},
                         .negative_spans = {{0, 11}},
                         .positive_counts = {2, 4, 2, 3, 2, 2},
                         .negative_counts = {1, 2, 5, 3, 8, 1, 1, 1, 1, 6, 3}};
  const char* const want =
      "{{count:25 sum:4.4 z_bucket:7 z_bucket_w:0.001 buckets:[3 8 5 3 1] n_buckets:[3 11 11 2 3 18]}}";
  CHECK(histogram_test_text(total_of(Kind::kSum, {first, second})) == want);
  CHECK(histogram_test_text(total_of(Kind::kSum, {second, first})) == want);
  const Histogram wide{.schema = -1, .zero_threshold = 1, .zero_count = 1, .count = 1};
  CHECK(
      histogram_test_text(total_of(Kind::kSum, {first, wide, second})) ==
      "{{schema:-1 count:26 sum:4.4 z_bucket:14 z_bucket_w:1 offset:1 buckets:[13 4] n_offset:1 n_buckets:[22 5 18]}}");
}

TEST_CASE("custom bounds and hints are remembered for notes", "[promql][histogram]") {
  Histogram one{.hint = CounterResetHint::kReset,
                .schema = kCustomBucketsSchema,
                .count = 1,
                .sum = 1,
                .positive_spans = {{0, 1}},
                .positive_counts = {1},
                .custom_values = {5}};
  Histogram two = one;
  two.custom_values = {5, 10};
  HistogramTotal total(Kind::kSum);
  CHECK(total.add(one));
  CHECK(total.add(one));
  CHECK_FALSE(total.has_reconciled_bounds());
  CHECK_FALSE(total.has_reset_collision());
  two.hint = CounterResetHint::kNotReset;
  CHECK(total.add(two));
  CHECK(total.has_reconciled_bounds());
  CHECK(total.has_reset_collision());
  CHECK(histogram_test_text(total.take()) == "{{schema:-53 count:3 sum:3 custom_values:[5] buckets:[3]}}");
  CHECK(total.size() == 0);
  CHECK_FALSE(total.has_reset_collision());
}

TEST_CASE("there is no total of exponential and custom buckets", "[promql][histogram]") {
  for (const Kind kind : {Kind::kSum, Kind::kMean}) {
    HistogramTotal total(kind);
    CHECK(total.add(plain(1, 1)));
    CHECK_FALSE(total.add({.schema = kCustomBucketsSchema}));
    total.clear();
    CHECK(total.add({.schema = kCustomBucketsSchema, .count = 3}));
    CHECK(total.take().count == 3);
  }
}

}  // namespace
}  // namespace mcore
