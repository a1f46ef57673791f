// SPDX-License-Identifier: Apache-2.0
#include "model/histogram_buckets.h"

#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "model/histogram_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMost = std::numeric_limits<double>::max();

struct BoundCase {
  std::int32_t schema;
  std::int64_t index;
  double want;
};
constexpr BoundCase kBounds[] = {
    {0, 0, 1},
    {0, -3, 0.125},
    {1, 1, 1.414213562373095},  // servers' table; the nearest double is ...0951
    {3, 6, 1.6817928305074288},
    {3, -2, 0.8408964152537144},
    {5, -1, 0.9785720620876999},
    {8, 255, 1.9945921121709396},
    {8, -1, 0.9972960560854698},
    {-1, 2, 16},
    {-4, -1, 0x1p-16},
    {-9, 1, 0x1p512},
    {0, 1024, kMost},  // the bucket of the largest numbers ends at the largest,
    {0, 1025, kInfinity},
    {8, 1024 * 256, kMost},
    {8, 1024 * 256 + 1, kInfinity},
    {-4, 64, kMost},
    {0, -1074, 5e-324},
    {0, -1080, 0},
    {2, -4 * 1074 + 1, 5e-324},
    {8, std::numeric_limits<std::int32_t>::max(), kInfinity},
    {-9, std::numeric_limits<std::int32_t>::min(), 0},
};

TEST_CASE("bounds of exponential buckets are those of the servers", "[model][histogram]") {
  for (const BoundCase& c : kBounds) {
    CAPTURE(c.schema, c.index);
    CHECK(histogram_bound(c.schema, c.index, {}) == c.want);
  }
}

TEST_CASE("custom bounds end at infinity on both sides", "[model][histogram]") {
  const std::vector<double> bounds = {-1, 2.5};
  CHECK(histogram_bound(kCustomBucketsSchema, -1, bounds) == -kInfinity);
  CHECK(histogram_bound(kCustomBucketsSchema, 0, bounds) == -1);
  CHECK(histogram_bound(kCustomBucketsSchema, 1, bounds) == 2.5);
  CHECK(histogram_bound(kCustomBucketsSchema, 2, bounds) == kInfinity);
  CHECK(histogram_bound(kCustomBucketsSchema, 1'000'000, bounds) == kInfinity);
}

/// "rule lower upper count" of each bucket, as the API has them.
std::vector<std::string> walk(const Histogram& histogram, HistogramWalk::Order order) {
  std::vector<std::string> buckets;
  for (HistogramWalk at(histogram, order); at.next();) {
    const HistogramBucket& b = at.bucket();
    char text[100];
    std::snprintf(text, sizeof text, "%d %g %g %g", b.boundary_rule(), b.lower, b.upper, b.count);
    buckets.emplace_back(text);
  }
  return buckets;
}

Histogram both_sides() {
  return {.schema = 0,
          .zero_threshold = 0.75,
          .zero_count = 3,
          .count = 14,
          .sum = 2.5,
          .positive_spans = {{0, 2}, {1, 1}},
          .negative_spans = {{0, 1}, {0, 0}, {2, 1}},
          .positive_counts = {1, 0, 4},
          .negative_counts = {1, 5}};
}

TEST_CASE("all buckets are walked upwards and downwards, cut at the zero bucket", "[model][histogram]") {
  const std::vector<std::string> up = {"1 -8 -4 5",  "1 -1 -0.75 1", "3 -0.75 0.75 3",
                                       "0 0.75 1 1", "0 1 2 0",      "0 4 8 4"};
  CHECK(walk(both_sides(), HistogramWalk::Order::kAscending) == up);
  CHECK(walk(both_sides(), HistogramWalk::Order::kDescending) == std::vector<std::string>(up.rbegin(), up.rend()));
}

TEST_CASE("a zero bucket without observations is no bucket", "[model][histogram]") {
  Histogram h = both_sides();
  h.zero_count = 0;
  CHECK(walk(h, HistogramWalk::Order::kAscending).size() == 5);
  CHECK(walk(Histogram{}, HistogramWalk::Order::kAscending).empty());
}

TEST_CASE("custom buckets include their upper bound, the first one both", "[model][histogram]") {
  const Histogram h{.schema = kCustomBucketsSchema,
                    .count = 6,
                    .positive_spans = {{0, 3}},
                    .positive_counts = {1, 2, 3},
                    .custom_values = {1, 2}};
  CHECK(walk(h, HistogramWalk::Order::kAscending) == std::vector<std::string>{"3 -inf 1 1", "0 1 2 2", "0 2 inf 3"});
}

TEST_CASE("counts that are missing end the walk", "[model][histogram]") {
  const Histogram h{.positive_spans = {{0, 3}}, .positive_counts = {1}};
  CHECK(walk(h, HistogramWalk::Order::kAscending).size() == 1);
  CHECK(walk({.positive_counts = {1}}, HistogramWalk::Order::kAscending).empty());
}

TEST_CASE("a bucket is divided on a linear or a logarithmic scale", "[model][histogram]") {
  const HistogramBucket positive{.lower = 1, .upper = 4};
  CHECK(positive.fraction_below(2, true) == 1.0 / 3);
  CHECK(positive.fraction_below(2, false) == 0.5);
  const HistogramBucket negative{.lower = -4, .upper = -1};
  CHECK(negative.fraction_below(-2, false) == 0.5);
}

TEST_CASE("a histogram is printed from the lowest bucket up, without empty ones", "[model][histogram]") {
  CHECK(histogram_text(both_sides()) ==
        "{count:14, sum:2.5, [-8,-4):5, [-1,-0.5):1, [-0.75,0.75]:3, (0.5,1]:1, (4,8]:4}");
  CHECK(histogram_text({}) == "{count:0, sum:0}");
  CHECK(histogram_text({.count = 1e6, .sum = kInfinity}) == "{count:1e+06, sum:+Inf}");
}

TEST_CASE("a histogram is written as the test language has it", "[model][histogram]") {
  CHECK(histogram_test_text(both_sides()) ==
        "{{count:14 sum:2.5 z_bucket:3 z_bucket_w:0.75 buckets:[1 0 0 4] n_buckets:[1 0 0 5]}}");
  CHECK(histogram_test_text({}) == "{{}}");
  CHECK(histogram_test_text({.hint = CounterResetHint::kGauge,
                             .schema = kCustomBucketsSchema,
                             .count = 2,
                             .sum = 1,
                             .positive_spans = {{1, 1}},
                             .positive_counts = {2},
                             .custom_values = {5, 10}}) ==
        "{{schema:-53 count:2 sum:1 custom_values:[5 10] counter_reset_hint:gauge offset:1 buckets:[2]}}");
  CHECK(histogram_test_text({.positive_spans = {{-3, 1}, {2'000'000'000, 1}}, .positive_counts = {1, 1}}).empty());
}

}  // namespace
}  // namespace mcore
