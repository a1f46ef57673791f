// SPDX-License-Identifier: Apache-2.0
#include "promql/classic_histogram.h"

#include <cmath>
#include <limits>

#include "support/catch.h"

namespace mcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Buckets = std::vector<ClassicBucket>;

void check_same(double got, double want) {
  CHECK((std::isnan(want) ? std::isnan(got) : got == want));
}

Buckets latencies() {
  return {{1, 6}, {kInfinity, 10}, {0.5, 2}, {4, 8}};
}

TEST_CASE("quantiles of classic buckets in any order", "[promql][histogram]") {
  const std::pair<double, double> cases[] = {{0, 0},     {0.1, 0.25},      {0.4, 0.75},    {0.6, 1},
                                             {0.7, 2.5}, {0.9, 4},  // the last bucket has no end
                                             {1, 4},     {-1, -kInfinity}, {2, kInfinity}, {kNan, kNan}};
  for (const auto& [q, want] : cases) {
    Buckets buckets = latencies();
    const ClassicQuantile got = classic_quantile(q, buckets);
    CAPTURE(q);
    check_same(got.value, want);
    CHECK_FALSE(got.was_forced);
  }
}

TEST_CASE("a first bucket that ends at or below zero has no inside", "[promql][histogram]") {
  for (const double q : {0.0, 0.3}) {
    Buckets buckets = {{-1, 3}, {1, 7}, {kInfinity, 9}};
    CHECK(classic_quantile(q, buckets).value == -1);
  }
  Buckets buckets = {{-1, 3}, {1, 7}, {kInfinity, 9}};
  CHECK(classic_quantile(0.5, buckets).value == -0.25);
}

TEST_CASE("buckets that make no histogram have no quantile", "[promql][histogram]") {
  const Buckets cases[] = {{}, {{kInfinity, 3}}, {{1, 2}, {2, 3}}, {{1, 0}, {kInfinity, 0}}, {{1, 2}, {kNan, 3}}};
  for (Buckets buckets : cases) {
    check_same(classic_quantile(0.5, buckets).value, kNan);
  }
}

TEST_CASE("counts that fall are raised, and it is said where", "[promql][histogram]") {
  // "1" and "1.0" are one bucket, of 11.
  Buckets buckets = {{0.1, 3}, {0.5, 10}, {1, 9}, {1, 2}, {2, 10.5}, {kInfinity, 15}};
  const ClassicQuantile got = classic_quantile(0.7, buckets);
  CHECK(got.value == 0.75);
  CHECK(got.was_forced);
  CHECK(got.min_bound == 2);
  CHECK(got.max_bound == 2);
  CHECK(got.max_difference == 0.5);

  Buckets falling = {{1, 9}, {2, 5}, {3, 10}, {4, 3}, {kInfinity, 10}};
  const ClassicQuantile worse = classic_quantile(0.5, falling);
  CHECK(worse.min_bound == 2);
  CHECK(worse.max_bound == 4);
  CHECK(worse.max_difference == 7);
}

TEST_CASE("rounding is put right without a word", "[promql][histogram]") {
  Buckets buckets = {{1, 1000}, {2, 1000 - 1e-10}, {3, 1000 + 1e-10}, {kInfinity, 1000}};
  const ClassicQuantile got = classic_quantile(1, buckets);
  CHECK_FALSE(got.was_forced);
  CHECK(got.value == 1);
  Buckets zeros = {{1, 0}, {2, 5e-324}, {kInfinity, 0}};
  CHECK_FALSE(classic_quantile(1, zeros).was_forced);
}

TEST_CASE("a second quantile is asked of what the first left", "[promql][histogram]") {
  Buckets buckets = {{1, 4}, {1, 4}, {2, 10}, {kInfinity, 20}};
  CHECK(classic_quantile(0.5, buckets).value == 2);
  // The merged bucket left a second one to +Inf behind.
  CHECK(classic_quantile(0.3, buckets).value == 2);
}

TEST_CASE("fractions of classic buckets", "[promql][histogram]") {
  struct Case {
    Buckets buckets;
    double lower;
    double upper;
    double want;
  };
  const Buckets below_zero = {{1, 7}, {-1, 3}, {kInfinity, 9}};
  const Case cases[] = {
      {latencies(), 0.25, 2.5, 0.6},
      {latencies(), -kInfinity, 0.25, 0.1},
      {latencies(), -5, 0.25, 0.1},
      {latencies(), 2.5, 100, 0.1},  // nothing of the endless bucket
      {latencies(), 2.5, kInfinity, 0.3},
      {latencies(), 3, 3, 0},
      {latencies(), kNan, 3, kNan},
      {latencies(), 3, kNan, kNan},
      {below_zero, -3, 0, 2.0 / 9},
      {below_zero, -kInfinity, kInfinity, 1},
      {{{1, 2}}, 0, 1, kNan},
      {{{1, 0}, {kInfinity, 0}}, 0, 1, kNan},
      {{}, 0, 1, kNan},
  };
  for (Case c : cases) {
    CAPTURE(c.lower, c.upper);
    check_same(classic_fraction(c.lower, c.upper, c.buckets), c.want);
  }
}

TEST_CASE("bounds that are no numbers are sorted somewhere, in any amount", "[promql][histogram]") {
  for (const std::size_t size : {3U, 40U}) {
    Buckets buckets;
    for (std::size_t i = 0; i < size; ++i) {
      buckets.push_back({i % 3 == 0 ? kNan : static_cast<double>(size - i), 1});
    }
    buckets.push_back({kInfinity, 2});
    (void)classic_quantile(0.5, buckets);
    (void)classic_fraction(0, 1, buckets);
    CHECK(buckets.size() == size + 1);
  }
}

LabelsView labels_of(LabelBuilder& builder, std::initializer_list<Label> labels) {
  builder.clear();
  for (const Label& label : labels) {
    builder.add(label.name, label.value);
  }
  return builder.build();
}

TEST_CASE("series that differ in le only are one histogram", "[promql][histogram]") {
  LabelBuilder b;
  ClassicGroups groups;
  const auto first = groups.add(labels_of(b, {{"__name__", "h_bucket"}, {"job", "a"}, {"le", "0.5"}}));
  const auto last = groups.add(labels_of(b, {{"__name__", "h_bucket"}, {"job", "a"}, {"le", "+Inf"}}));
  const auto other = groups.add(labels_of(b, {{"__name__", "h_bucket"}, {"job", "b"}, {"le", "1"}}));
  CHECK(first.group == last.group);
  CHECK(first.group != other.group);
  CHECK(first.bound == 0.5);
  CHECK(last.bound == kInfinity);
  CHECK(groups.size() == 2);
  CHECK(groups.labels(other.group) == labels_of(b, {{"__name__", "h_bucket"}, {"job", "b"}}));

  CHECK(groups.find(labels_of(b, {{"__name__", "h_bucket"}, {"job", "a"}})) == first.group);
  CHECK_FALSE(groups.find(labels_of(b, {{"__name__", "h"}, {"job", "a"}})).has_value());
  CHECK_FALSE(groups.find(labels_of(b, {{"__name__", "h_bucket"}, {"job", "a"}, {"le", "0.5"}})).has_value());
}

TEST_CASE("a series without a bound is in its group all the same", "[promql][histogram]") {
  LabelBuilder b;
  ClassicGroups groups;
  CHECK_FALSE(groups.add(labels_of(b, {{"job", "a"}})).bound.has_value());
  CHECK_FALSE(groups.add(labels_of(b, {{"job", "a"}, {"le", "x"}})).bound.has_value());
  CHECK(groups.size() == 1);
}

}  // namespace
}  // namespace mcore
