// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_trim.h"

#include <cmath>
#include <limits>

#include "model/histogram_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Buckets (1,4]: 8, (4,16]: 2 and, of the negative side, [-4,-1): 6.
Histogram wide() {
  return {.schema = -1,
          .zero_threshold = 0.5,
          .count = 16,
          .sum = 7,
          .positive_spans = {{1, 2}},
          .negative_spans = {{1, 1}},
          .positive_counts = {8, 2},
          .negative_counts = {6}};
}

Histogram custom() {
  return {.schema = kCustomBucketsSchema,
          .count = 7,
          .sum = 42,
          .positive_spans = {{0, 3}},
          .positive_counts = {2, 4, 1},
          .custom_values = {5, 10}};
}

std::string trimmed(Histogram histogram, double at, TrimKeep keep) {
  trim_histogram(histogram, at, keep);
  return histogram_test_text(histogram);
}

struct Case {
  Histogram histogram;
  double at;
  TrimKeep keep;
  const char* want;
};

TEST_CASE("trims divide the bucket they fall into and estimate the sum", "[promql][histogram]") {
  using enum TrimKeep;
  const Case cases[] = {
      // sqrt(1 * 2) * 4, then -2 * 6
      {wide(), 2, kBelow,
       "{{schema:-1 count:10 sum:-6.343145750507619 z_bucket_w:0.5 offset:1 buckets:[4] n_offset:1 n_buckets:[6]}}"},
      // sqrt(8 * 16) * 1
      {wide(), 8, kAbove, "{{schema:-1 count:1 sum:11.313708498984761 z_bucket_w:0.5 offset:2 buckets:[1]}}"},
      // -sqrt(4 * 2) * 3
      {wide(), -2, kBelow, "{{schema:-1 count:3 sum:-8.485281374238571 z_bucket_w:0.5 n_offset:1 n_buckets:[3]}}"},
      {wide(), -4, kBelow, "{{schema:-1 z_bucket_w:0.5}}"},
      {wide(), 16, kBelow,  // nothing to take away: count and sum stay
       "{{schema:-1 count:16 sum:7 z_bucket_w:0.5 offset:1 buckets:[8 2] n_offset:1 n_buckets:[6]}}"},
      {custom(), 7.5, kBelow, "{{schema:-53 count:4 sum:17.5 custom_values:[5 10] buckets:[2 2]}}"},
      {custom(), 2.5, kBelow, "{{schema:-53 count:1 sum:1.25 custom_values:[5 10] buckets:[1]}}"},
      {custom(), 2.5, kAbove, "{{schema:-53 count:6 sum:43.75 custom_values:[5 10] buckets:[1 4 1]}}"},
      {custom(), 20, kBelow, "{{schema:-53 count:6 sum:35 custom_values:[5 10] buckets:[2 4]}}"},
      {custom(), 20, kAbove, "{{schema:-53 count:1 sum:20 custom_values:[5 10] offset:2 buckets:[1]}}"},
      {custom(), -1, kAbove, "{{schema:-53 count:5 sum:40 custom_values:[5 10] offset:1 buckets:[4 1]}}"},
      {custom(), kInfinity, kBelow, "{{schema:-53 count:7 sum:42 custom_values:[5 10] buckets:[2 4 1]}}"},
      {custom(), std::nan(""), kBelow, "{{schema:-53 custom_values:[5 10]}}"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.at);
    CHECK(trimmed(c.histogram, c.at, c.keep) == c.want);
  }
}

TEST_CASE("the zero bucket is divided where the histogram has observations", "[promql][histogram]") {
  using enum TrimKeep;
  const Histogram alone{.zero_threshold = 1, .zero_count = 8, .count = 8, .sum = 3};
  CHECK(trimmed(alone, 0.5, kBelow) == "{{count:6 sum:-1.5 z_bucket:6 z_bucket_w:1}}");
  CHECK(trimmed(alone, 0.5, kAbove) == "{{count:2 sum:1.5 z_bucket:2 z_bucket_w:1}}");
  CHECK(trimmed(alone, -1, kBelow) == "{{z_bucket_w:1}}");
  CHECK(trimmed(alone, 1, kBelow) == "{{count:8 sum:3 z_bucket:8 z_bucket_w:1}}");
  Histogram positive = alone;
  positive.positive_spans = {{1, 1}};
  positive.positive_counts = {2};
  CHECK(trimmed(positive, 0.5, kBelow) == "{{count:4 sum:1 z_bucket:4 z_bucket_w:1}}");
  Histogram negative = alone;
  negative.negative_spans = {{1, 1}};
  negative.negative_counts = {2};
  CHECK(trimmed(negative, -0.5, kAbove) == "{{count:4 sum:-1 z_bucket:4 z_bucket_w:1}}");
}

TEST_CASE("a histogram keeps its hint when trimmed", "[promql][histogram]") {
  Histogram h = wide();
  h.hint = CounterResetHint::kReset;
  trim_histogram(h, 2, TrimKeep::kBelow);
  CHECK(h.hint == CounterResetHint::kReset);
  CHECK(h.is_float);
}

}  // namespace
}  // namespace mcore
