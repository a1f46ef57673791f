// SPDX-License-Identifier: Apache-2.0
#include "model/histogram.h"

#include <limits>

#include "support/catch.h"

namespace mcore {
namespace {

Histogram seven_observations() {
  return {.schema = 2,
          .zero_threshold = 0.01,
          .zero_count = 1,
          .count = 7,
          .sum = 18.1,
          .positive_spans = {{-6, 1}, {15, 1}, {1, 1}},
          .negative_spans = {{4, 1}},
          .positive_counts = {2, 2, 1},
          .negative_counts = {1}};
}

TEST_CASE("a sound histogram has no fault", "[model][histogram]") {
  CHECK_FALSE(histogram_fault(seven_observations()).has_value());
  CHECK_FALSE(histogram_fault({.schema = kCustomBucketsSchema,
                               .count = 3,
                               .positive_spans = {{0, 3}},
                               .positive_counts = {1, 0, 2},
                               .custom_values = {1, 2}})
                  .has_value());
}

TEST_CASE("histogram_fault names what cannot be stored", "[model][histogram]") {
  struct Case {
    std::string_view name;
    void (*damage)(Histogram&);
  };
  const Case cases[] = {
      {"count too large", [](Histogram& h) { h.count = 99; }},
      {"spans too short", [](Histogram& h) { h.positive_spans.pop_back(); }},
      {"negative bucket", [](Histogram& h) { h.positive_counts[1] = -1; }},
      {"schema 9", [](Histogram& h) { h.schema = 9; }},
      {"schema -10", [](Histogram& h) { h.schema = -10; }},
      {"schema 77", [](Histogram& h) { h.schema = 77; }},
      {"negative gap", [](Histogram& h) { h.positive_spans[1].offset = -1; }},
      {"bounds on exponential", [](Histogram& h) { h.custom_values = {1}; }},
      {"custom with zero bucket", [](Histogram& h) { h.schema = kCustomBucketsSchema; }},
  };
  for (const Case& c : cases) {
    Histogram h = seven_observations();
    c.damage(h);
    CAPTURE(c.name);
    CHECK(histogram_fault(h).has_value());
  }
}

TEST_CASE("with a NaN among the observations the buckets may hold fewer than the count", "[model][histogram]") {
  Histogram h = seven_observations();
  h.sum = std::numeric_limits<double>::quiet_NaN();
  h.count = 8;
  CHECK_FALSE(histogram_fault(h).has_value());
  h.count = 6;
  CHECK(histogram_fault(h).has_value());
}

TEST_CASE("compact_histogram drops empty buckets and joins neighbours", "[model][histogram]") {
  Histogram h;
  h.positive_spans = {{-2, 3}, {0, 2}, {4, 0}, {1, 1}};
  h.positive_counts = {0, 3, 0, 4, 0, 0};
  compact_histogram(h, 0);
  CHECK(h.positive_spans == std::vector<HistogramSpan>{{-1, 1}, {1, 1}});
  CHECK(h.positive_counts == std::vector<double>{3, 4});

  h.positive_spans = {{-1, 1}, {1, 1}};
  h.positive_counts = {3, 4};
  compact_histogram(h, 2);
  CHECK(h.positive_spans == std::vector<HistogramSpan>{{-1, 3}});
  CHECK(h.positive_counts == std::vector<double>{3, 0, 4});
}

TEST_CASE("reduce_histogram_schema merges neighbouring buckets", "[model][histogram]") {
  Histogram h;
  h.schema = 2;
  h.positive_spans = {{-3, 8}};  // buckets -3 to 4
  h.positive_counts = {1, 2, 3, 4, 5, 6, 7, 8};
  reduce_histogram_schema(h, 1);
  // (-3,-2) -> -1, (-1,0) -> 0, (1,2) -> 1, (3,4) -> 2
  CHECK(h.schema == 1);
  CHECK(h.positive_spans == std::vector<HistogramSpan>{{-1, 4}});
  CHECK(h.positive_counts == std::vector<double>{3, 7, 11, 15});
}

}  // namespace
}  // namespace mcore
