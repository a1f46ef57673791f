// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <string>
#include <vector>

#include "base/number_text.h"
#include "storage/series_diff.h"
#include "support/catch.h"

namespace mcore {
namespace {

constexpr double kStale = std::bit_cast<double>(kStaleNanBits);
constexpr double kNan = std::bit_cast<double>(kNormalNanBits);

struct FakeSeries {
  std::string name;
  SeriesSamples samples;
};

class FakeSet final : public SeriesSet {
 public:
  explicit FakeSet(std::vector<FakeSeries> series) : series_(std::move(series)) {}
  bool next() override {
    if (at_ == series_.size()) {
      return false;
    }
    builder_.clear();
    builder_.add(kNameLabel, series_[at_++].name);
    labels_ = LabelSet(builder_.build());
    return true;
  }
  [[nodiscard]] LabelsView labels() const override { return labels_.view(); }
  void samples(SeriesSamples& out) override { out = series_[at_ - 1].samples; }

 private:
  std::vector<FakeSeries> series_;
  std::size_t at_ = 0;
  LabelBuilder builder_;
  LabelSet labels_;
};

Histogram histogram(std::vector<HistogramSpan> spans, std::vector<double> counts) {
  Histogram one;
  one.count = 3;
  one.sum = 4.5;
  one.positive_spans = std::move(spans);
  one.positive_counts = std::move(counts);
  return one;
}

/// `10 1/2 20 -/3`: times with what each has.
std::string text(const SeriesSamples& a, const SeriesSamples& b) {
  std::vector<SampleDifference> differences;
  (void)compare_samples(a, b, differences);
  std::string out;
  for (const SampleDifference& one : differences) {
    out += (out.empty() ? "" : " ") + std::to_string(one.t_ms) + " " + (one.a ? sample_text(*one.a) : "-") + "/" +
           (one.b ? sample_text(*one.b) : "-");
  }
  return out;
}

TEST_CASE("samples are compared bit by bit, by time", "[storage][diff]") {
  struct Case {
    SeriesSamples a;
    SeriesSamples b;
    std::string want;
  };
  const Case cases[] = {
      {{}, {}, ""},
      {{.t_ms = {10, 20}, .value = {1, 2}}, {.t_ms = {10, 20}, .value = {1, 2}}, ""},
      {{.t_ms = {10, 20}, .value = {1, 2}}, {.t_ms = {10, 15}, .value = {3, 4}}, "10 1/3 15 -/4 20 2/-"},
      {{.t_ms = {10}, .value = {0.0}}, {.t_ms = {10}, .value = {-0.0}}, "10 0/-0"},
      {{.t_ms = {10}, .value = {kNan}}, {.t_ms = {10}, .value = {kNan}}, ""},
      {{.t_ms = {10}, .value = {kNan}}, {.t_ms = {10}, .value = {kStale}}, "10 NaN/stale"},
      {{.t_ms = {10}, .value = {1}},
       {.histogram_t_ms = {10}, .histogram = {histogram({{0, 1}}, {3})}},
       "10 1/{count:3, sum:4.5, schema:0, pos:[0:3]}"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION("'" << c.want << "'") {
      CHECK(text(c.a, c.b) == c.want);
    }
  }
}

TEST_CASE("histograms are the same if all that holds something is", "[storage][diff]") {
  const Histogram plain = histogram({{1, 2}}, {1, 2});
  CHECK(says_the_same(plain, plain));
  // A chunk widens spans so that all its histograms have the same.
  CHECK(says_the_same(plain, histogram({{0, 5}}, {0, 1, 2, 0, 0})));
  CHECK(says_the_same(histogram({{1, 1}, {1, 1}}, {1, 2}), histogram({{1, 3}}, {1, 0, 2})));
  CHECK_FALSE(says_the_same(plain, histogram({{2, 2}}, {1, 2})));
  CHECK_FALSE(says_the_same(plain, histogram({{1, 2}}, {2, 1})));
  Histogram other = plain;
  other.hint = CounterResetHint::kReset;
  CHECK(says_the_same(plain, other));
  other.is_float = true;
  CHECK_FALSE(says_the_same(plain, other));
  Histogram stale;
  stale.sum = kStale;
  other.sum = kStale;
  CHECK(says_the_same(stale, other));
  CHECK_FALSE(says_the_same(stale, plain));
}

TEST_CASE("a histogram's text shows what it holds", "[storage][diff]") {
  Histogram one = histogram({{-1, 2}, {2, 1}}, {1, 0, 2});
  one.zero_threshold = 0.001;
  one.zero_count = 1;
  one.negative_spans = {{3, 1}};
  one.negative_counts = {4};
  one.is_float = true;
  CHECK(sample_text({.histogram = &one}) ==
        "{count:3, sum:4.5, schema:0, zero:1 below 0.001, neg:[3:4], pos:[-1:1 3:2], float}");
  one = histogram({{0, 2}}, {1, 2});
  one.schema = kCustomBucketsSchema;
  one.custom_values = {0.5, 1};
  CHECK(sample_text({.histogram = &one}) == "{count:3, sum:4.5, schema:-53, pos:[0:1 1:2], bounds:[0.5 1]}");
}

TEST_CASE("two sets are walked side by side", "[storage][diff]") {
  FakeSet a({{"a", {.t_ms = {1}, .value = {1}}}, {"b", {.t_ms = {1, 2}, .value = {1, 2}}}, {"empty", {}}});
  FakeSet b({{"b", {.t_ms = {1, 2}, .value = {1, 3}}}, {"c", {.t_ms = {1}, .value = {1}}}, {"empty", {}}});
  SeriesDiff diff(a, b);
  std::string got;
  while (diff.next()) {
    got += labels_text(diff.labels()) + (diff.in_a() ? " a" : "") + (diff.in_b() ? " b" : "") + " " +
           std::to_string(diff.same()) + "+" + std::to_string(diff.differences().size()) + "; ";
  }
  CHECK(got == "a a 0+1; b a b 1+1; c b 0+1; ");
}

}  // namespace
}  // namespace mcore
