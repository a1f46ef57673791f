// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_reset.h"

#include "model/histogram.h"
#include "support/catch.h"

namespace mcore {
namespace {

Histogram before() {
  return {.schema = 1,
          .zero_threshold = 0.125,
          .zero_count = 2,
          .count = 12,
          .positive_spans = {{-3, 2}, {1, 2}},  // up to 0.35.., 0.5; 1, 1.4..
          .negative_spans = {{1, 1}},
          .positive_counts = {1, 2, 3, 2},
          .negative_counts = {2}};
}

struct Case {
  const char* name;
  void (*change)(Histogram&);
  bool is_reset;
};

const Case kCases[] = {
    {"nothing", [](Histogram&) {}, false},
    {"the hint says so", [](Histogram& h) { h.hint = CounterResetHint::kReset; }, true},
    {"the hint says no, whatever the buckets say",
     [](Histogram& h) {
       h.count = 0;
       h.hint = CounterResetHint::kNotReset;
     },
     false},
    {"gauges are compared", [](Histogram& h) { h.hint = CounterResetHint::kGauge; }, false},
    {"fewer observations", [](Histogram& h) { h.count = 11; }, true},
    {"fewer in a bucket", [](Histogram& h) { h.positive_counts[1] = 1; }, true},
    {"fewer in a negative bucket", [](Histogram& h) { h.negative_counts[0] = 1; }, true},
    {"fewer in the zero bucket", [](Histogram& h) { h.zero_count = 1; }, true},
    {"more everywhere",
     [](Histogram& h) {
       h.positive_counts = {2, 3, 4, 5};
     },
     false},
    {"a new bucket",
     [](Histogram& h) {
       h.positive_spans = {{-4, 3}, {1, 2}};
       h.positive_counts = {1, 1, 2, 3, 2};
     },
     false},
    {"a bucket less",
     [](Histogram& h) {
       h.positive_spans = {{-3, 1}, {2, 2}};
       h.positive_counts = {9, 9, 9};
     },
     true},
    {"no bucket left",
     [](Histogram& h) {
       h.positive_spans = {};
       h.positive_counts = {};
     },
     true},
    {"a finer schema", [](Histogram& h) { h.schema = 2; }, true},
    {"a coarser schema with the same counts",
     [](Histogram& h) {
       h.schema = 0;
       h.positive_spans = {{-1, 3}};  // up to 0.5, 1, 2
       h.positive_counts = {3, 3, 2};
     },
     false},
    {"a coarser schema with fewer",
     [](Histogram& h) {
       h.schema = 0;
       h.positive_spans = {{-1, 3}};
       h.positive_counts = {2, 9, 9};
     },
     true},
    {"a narrower zero bucket", [](Histogram& h) { h.zero_threshold = 0.1; }, true},
    {"a wider zero bucket that took its buckets",
     [](Histogram& h) {
       h.zero_threshold = 0.5;
       h.zero_count = 5;
       h.positive_spans = {{0, 2}};
       h.positive_counts = {3, 2};
     },
     false},
    {"a wider zero bucket that did not count them",
     [](Histogram& h) {
       h.zero_threshold = 0.5;
       h.zero_count = 4;
     },
     true},
    {"a zero bucket that ends inside a populated bucket",
     [](Histogram& h) {
       h.zero_threshold = 0.4;
       h.zero_count = 9;
     },
     true},
    {"custom buckets", [](Histogram& h) { h.schema = kCustomBucketsSchema; }, true},
};

TEST_CASE("resets of exponential histograms", "[promql][histogram]") {
  for (const Case& c : kCases) {
    Histogram h = before();
    c.change(h);
    CAPTURE(c.name);
    CHECK(is_histogram_reset(h, before()) == c.is_reset);
  }
}

TEST_CASE("an empty bucket that vanishes is no reset", "[promql][histogram]") {
  const Histogram old{.positive_spans = {{0, 3}}, .positive_counts = {1, 0, 1}};
  const Histogram now{.positive_spans = {{0, 1}, {1, 1}}, .positive_counts = {1, 1}};
  CHECK_FALSE(is_histogram_reset(now, old));
  CHECK(is_histogram_reset(now, {.positive_spans = {{0, 3}}, .positive_counts = {1, 1, 1}}));
  CHECK_FALSE(is_histogram_reset({}, {.positive_spans = {{0, 1}}, .positive_counts = {0}}));
}

Histogram custom(std::vector<double> bounds, std::vector<double> counts) {
  double count = 0;
  for (const double c : counts) {
    count += c;
  }
  return {.schema = kCustomBucketsSchema,
          .count = count,
          .positive_spans = {{0, static_cast<std::uint32_t>(counts.size())}},
          .positive_counts = std::move(counts),
          .custom_values = std::move(bounds)};
}

TEST_CASE("resets of custom buckets are looked for between shared bounds", "[promql][histogram]") {
  CHECK_FALSE(is_histogram_reset(custom({1, 2}, {3, 3, 3}), custom({1, 2}, {3, 2, 3})));
  CHECK(is_histogram_reset(custom({1, 2}, {3, 1, 9}), custom({1, 2}, {3, 2, 3})));
  CHECK_FALSE(is_histogram_reset(custom({2}, {5, 3}), custom({1, 2}, {3, 2, 3})));
  CHECK(is_histogram_reset(custom({2}, {4, 9}), custom({1, 2}, {3, 2, 3})));
  CHECK_FALSE(is_histogram_reset(custom({1, 2, 3}, {2, 3, 1, 2}), custom({2}, {5, 3})));
  CHECK_FALSE(is_histogram_reset(custom({7}, {0, 8}), custom({1, 2}, {3, 2, 3})));  // only +Inf is shared
  CHECK(is_histogram_reset(custom({1}, {9, 9}), {.positive_spans = {{0, 1}}, .positive_counts = {1}}));
}

}  // namespace
}  // namespace mcore
