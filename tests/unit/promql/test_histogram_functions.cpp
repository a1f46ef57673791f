// SPDX-License-Identifier: Apache-2.0
// The expected numbers were recorded from a server, but for those whose comment says otherwise.
#include "promql/histogram_functions.h"

#include <cmath>
#include <limits>

#include "support/catch.h"

namespace mcore {
namespace {

using Note = NativeQuantile::Note;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Histogram both_sides() {
  return {.schema = 2,
          .zero_threshold = 0.01,
          .zero_count = 3,
          .count = 37,
          .sum = 61.5,
          .positive_spans = {{-2, 6}},
          .negative_spans = {{1, 2}},
          .positive_counts = {1, 2, 0, 7, 9, 4},
          .negative_counts = {5, 6}};
}

Histogram positive_only() {
  return {.zero_threshold = 0.001,
          .zero_count = 2,
          .count = 12,
          .sum = 100,
          .positive_spans = {{0, 5}},
          .positive_counts = {2, 3, 0, 1, 4}};
}

Histogram custom(std::vector<double> bounds, double count, double sum, std::vector<double> counts) {
  return {.schema = kCustomBucketsSchema,
          .count = count,
          .sum = sum,
          .positive_spans = {{0, static_cast<std::uint32_t>(counts.size())}},
          .positive_counts = std::move(counts),
          .custom_values = std::move(bounds)};
}

/// Fifteen observations, three of them NaN.
Histogram with_nan(std::vector<double> counts) {
  return {.count = 15,
          .sum = kNan,
          .positive_spans = {{0, static_cast<std::uint32_t>(counts.size())}},
          .positive_counts = std::move(counts)};
}

void check_same(double got, double want) {
  CHECK((std::isnan(want) ? std::isnan(got) : got == want));
}

struct QuantileCase {
  double q;
  double want;
  Note note = Note::kNone;
};

void check_quantiles(const Histogram& histogram, const std::vector<QuantileCase>& cases) {
  for (const QuantileCase& c : cases) {
    const NativeQuantile got = native_quantile(c.q, histogram);
    CAPTURE(c.q, got.value, c.want);
    check_same(got.value, c.want);
    CHECK(got.note == c.note);
  }
}

TEST_CASE("quantiles of exponential buckets", "[promql][histogram]") {
  check_quantiles(both_sides(), {{0, -1.414213562373095},
                                 {0.1, -1.2708848624482407},
                                 {0.3, -0.009333333333333336},
                                 {0.5, 1.0378309234981262},
                                 {0.66, 1.1988628856457777},
                                 {0.9, 1.4327133585546161},
                                 {1, 1.6817928305074288}});
  check_quantiles(positive_only(), {{0, 0},
                                    {0.1, 0.0006000000000000001},
                                    {0.3, 0.870550563296124},
                                    {0.5, 1.5874010519681994},
                                    {0.66, 7.568461173804767},
                                    {0.9, 12.99603834169977},
                                    {1, 16}});
}

TEST_CASE("quantiles of custom buckets", "[promql][histogram]") {
  check_quantiles(custom({1, 2.5, 7}, 17, 61.5, {3, 5, 7, 2}), {{0, 0},
                                                                {0.1, 0.5666666666666668},
                                                                {0.3, 1.63},
                                                                {0.5, 2.821428571428571},
                                                                {0.9, 7},  // the last bucket has no end
                                                                {1, 7}});
  check_quantiles(custom({-2, -1, 3}, 6, -3, {1, 2, 3}),
                  {{0.1, -2}, {0.3, -1.6}, {0.66, 0.28}, {0.9, 2.2000000000000006}});
}

TEST_CASE("quantiles that there are none of", "[promql][histogram]") {
  check_quantiles(both_sides(), {{-0.1, -kInfinity}, {1.1, kInfinity}, {kNan, kNan}});
  check_quantiles({}, {{0.5, kNan}, {-1, -kInfinity}});
  check_quantiles({.count = 3, .sum = 1}, {{0.5, 0}});  // counted, but in no bucket
  check_quantiles({.count = 3, .sum = kNan}, {{0.5, kNan, Note::kNanResult}, {1, kNan, Note::kNanResult}});
}

TEST_CASE("NaN observations skew quantiles or are the quantile", "[promql][histogram]") {
  check_quantiles(with_nan({12}), {{0.1, 0.5452538663326288, Note::kNanSkew},
                                   {0.5, 0.7711054127039705, Note::kNanSkew},
                                   {0.9, kNan, Note::kNanResult}});
  // Of more buckets than one, servers interpolate in the last.
  check_quantiles(with_nan({4, 4, 4}), {{0, 2, Note::kNanSkew},
                                        {0.1, 2.5936791093020193, Note::kNanSkew},
                                        {0.3, 2.1810154653305154, Note::kNanSkew},
                                        {0.66, 2.779836439684674, Note::kNanSkew},
                                        {1, kNan, Note::kNanResult}});
  Histogram infinities = with_nan({12});  // +Inf and -Inf were observed, no NaN
  infinities.count = 12;
  check_quantiles(infinities, {{1, 1}});
}

struct FractionCase {
  double lower;
  double upper;
  double want;
};

void check_fractions(const Histogram& histogram, const std::vector<FractionCase>& cases, bool excludes_nan = false) {
  for (const FractionCase& c : cases) {
    const NativeFraction got = native_fraction(c.lower, c.upper, histogram);
    CAPTURE(c.lower, c.upper, got.value);
    check_same(got.value, c.want);
    CHECK(got.excludes_nan == (excludes_nan && c.lower < c.upper));
  }
}

TEST_CASE("fractions of exponential buckets", "[promql][histogram]") {
  check_fractions(both_sides(), {{-kInfinity, 0.7, 0.4038299272616478},
                                 {-1.4, -1.2, 0.1442545435695878},
                                 {1.5, 100, 0.0713675672557161},
                                 {-kInfinity, kInfinity, 1},
                                 {1, 1, 0},
                                 {2, 1, 0},
                                 {kNan, 1, kNan},
                                 {1, kNan, kNan}});
  check_fractions(positive_only(), {{1.5, 2, 0.10375937481971091},
                                    {0, 6, 0.6320802083934297},
                                    {-kInfinity, 0.7, 0.24757113786170692},
                                    {-6, -1, 0},
                                    {0, 1, 0.3333333333333333}});
  check_fractions({}, {{0, 1, kNan}});
  // By hand: the zero bucket is divided linearly.
  check_fractions({.zero_threshold = 1, .zero_count = 8, .count = 8}, {{0.5, 3, 0.25}, {-0.5, 0.5, 0.5}});
}

TEST_CASE("fractions of custom buckets", "[promql][histogram]") {
  // By hand: of 16 observations; the first bucket reaches down to 0 if its end is above.
  check_fractions(custom({1, 2, 4}, 16, 10, {4, 2, 8, 2}), {{0, 0.5, 0.125},
                                                            {-kInfinity, 0.5, 0.125},
                                                            {0.5, 3, 0.5},
                                                            {3, 5, 0.25},  // of the endless last bucket: nothing
                                                            {3, kInfinity, 0.375},
                                                            {-kInfinity, kInfinity, 1}});
  // One that ends below 0 has no lower end: all of it counts as below.
  check_fractions(custom({-2, 2}, 8, 0, {2, 4, 2}), {{-3, 1, 0.25}, {-kInfinity, -3, 0.25}});
}

TEST_CASE("NaN observations are in no fraction", "[promql][histogram]") {
  check_fractions(with_nan({12}), {{-kInfinity, kInfinity, 0.8}, {-kInfinity, 0.7, 0.3883414617361934}, {2, 1, 0}},
                  true);
}

TEST_CASE("mean, variance and deviation", "[promql][histogram]") {
  CHECK(histogram_mean(both_sides()) == 1.662162162162162);
  CHECK(histogram_variance(both_sides()) == 2.8343327573645976);
  CHECK(histogram_deviation(both_sides()) == 1.6835476700600425);
  CHECK(histogram_variance(positive_only()) == 36.793690979272505);
  CHECK(histogram_variance(custom({1, 2.5, 7}, 17, 61.5, {3, 5, 7, 2})) == kInfinity);
  CHECK(histogram_variance(custom({1, 3}, 4, 8, {0, 4})) == 0);
  check_same(histogram_mean({}), kNan);
  check_same(histogram_deviation(with_nan({12})), kNan);
}

}  // namespace
}  // namespace mcore
