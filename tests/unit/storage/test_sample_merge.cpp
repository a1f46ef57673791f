// SPDX-License-Identifier: Apache-2.0
#include "storage/sample_merge.h"

#include <limits>
#include <utility>

#include "support/catch.h"
#include "support/series_text.h"

namespace mcore {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

/// Floats at the times given, with `value`; histograms with that sum.
SeriesSamples samples(double value, std::vector<std::int64_t> floats, std::vector<std::int64_t> histograms = {}) {
  SeriesSamples out;
  for (const std::int64_t t_ms : floats) {
    out.t_ms.push_back(t_ms);
    out.value.push_back(value);
  }
  for (const std::int64_t t_ms : histograms) {
    out.histogram_t_ms.push_back(t_ms);
    out.histogram.push_back(test_histogram(value));
  }
  return out;
}

std::string merged(SeriesSamples into, SeriesSamples more) {
  merge_samples(into, std::move(more));
  CHECK(std::ranges::is_sorted(into.t_ms));
  CHECK(std::ranges::is_sorted(into.histogram_t_ms));
  return samples_text(into);
}

TEST_CASE("merge_samples puts samples in order of time and keeps the first of two at one time", "[storage][merge]") {
  struct Case {
    SeriesSamples into;
    SeriesSamples more;
    std::string_view want;
  };
  const Case cases[] = {
      {samples(1, {}), samples(2, {}), ""},
      {samples(1, {10, 20}), samples(2, {}), "10=1 20=1"},
      {samples(1, {}), samples(2, {10}, {20}), "10=2 20=h2"},
      {samples(1, {10}), samples(2, {20}), "10=1 20=2"},
      {samples(1, {20}), samples(2, {10}), "10=2 20=1"},
      {samples(1, {10, 30}), samples(2, {20, 40}), "10=1 20=2 30=1 40=2"},
      {samples(1, {10, 20}), samples(2, {20, 30}), "10=1 20=1 30=2"},
      {samples(1, {10}, {20}), samples(2, {20}, {10}), "10=1 20=h1"},
      {samples(1, {}, {10, 30}), samples(2, {20, 30}), "10=h1 20=2 30=h1"},
      {samples(1, {10}, {30}), samples(2, {20}, {25}), "10=1 20=2 25=h2 30=h1"},
      {samples(1, {kFirst}), samples(2, {kFirst, kLast}), "-9223372036854775808=1 9223372036854775807=2"},
      {samples(1, {kLast}), samples(2, {kFirst}, {kLast}), "-9223372036854775808=2 9223372036854775807=1"},
      {samples(1, {}, {kLast}), samples(2, {kLast}), "9223372036854775807=h1"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION("'" << c.want << "'") {
      CHECK(merged(c.into, c.more) == c.want);
    }
  }
}

TEST_CASE("merge_samples keeps each sample's start time, unknown where its source knew none", "[storage][merge]") {
  using Times = std::vector<std::int64_t>;
  struct Case {
    std::string_view name;
    SeriesSamples into;
    Times into_start;
    SeriesSamples more;
    Times more_start;
    Times want;
  };
  const Case cases[] = {
      {"none known", samples(1, {10}), {}, samples(2, {20}), {}, {}},
      {"behind, known in the first", samples(1, {10}), {5}, samples(2, {20}), {}, {5, 0}},
      {"behind, known in the second", samples(1, {10}), {}, samples(2, {20}), {15}, {0, 15}},
      {"between", samples(1, {10, 30}), {5, 5}, samples(2, {20}), {15}, {5, 15, 5}},
      {"the first of two at one time", samples(1, {10}), {5}, samples(2, {10, 20}), {6, 7}, {5, 7}},
      {"into nothing", samples(1, {}), {}, samples(2, {20}), {15}, {15}},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      SeriesSamples into = c.into;
      SeriesSamples more = c.more;
      into.start_ms = c.into_start;
      more.start_ms = c.more_start;
      merge_samples(into, std::move(more));
      CHECK(into.start_ms == c.want);
      CHECK(into.histogram_start_ms.empty());
    }
  }
  SeriesSamples floats = samples(1, {10});
  SeriesSamples histograms = samples(2, {}, {5, 15});
  histograms.histogram_start_ms = {1, 2};
  merge_samples(floats, std::move(histograms));
  CHECK(floats.start_ms.empty());
  CHECK(floats.histogram_start_ms == Times{1, 2});
}

/// Series with one float each; the labels are a name.
class ListedSet final : public SeriesSet {
 public:
  struct One {
    std::string name;
    SeriesSamples samples;
  };
  explicit ListedSet(std::vector<One> series) : series_(std::move(series)) {}
  bool next() override {
    ++at_;
    if (at_ > series_.size()) {
      return false;
    }
    labels_ = test_label_set({{kNameLabel, series_[at_ - 1].name}});
    return true;
  }
  [[nodiscard]] LabelsView labels() const override { return labels_.view(); }
  void samples(SeriesSamples& out) override { out = series_[at_ - 1].samples; }

 private:
  std::vector<One> series_;
  std::size_t at_ = 0;
  LabelSet labels_;
};

std::unique_ptr<SeriesSet> listed(std::vector<ListedSet::One> series) {
  return std::make_unique<ListedSet>(std::move(series));
}

TEST_CASE("merge_series gives each label set once, with the samples of all sets", "[storage][merge]") {
  std::vector<std::unique_ptr<SeriesSet>> sets;
  sets.push_back(listed({{"b", samples(1, {10})}, {"d", samples(1, {10})}}));
  sets.push_back(listed({{"a", samples(2, {10})}, {"b", samples(2, {10, 20})}, {"c", samples(2, {10})}}));
  sets.push_back(listed({}));
  sets.push_back(listed({{"b", samples(3, {5, 10, 20, 30})}}));
  const auto all = merge_series(std::move(sets));
  CHECK(series_text(*all) == "a 10=2; b 5=3 10=1 20=2 30=3; c 10=2; d 10=1; ");
  CHECK_FALSE(all->next());
}

TEST_CASE("merge_series of one set is that set, and of none is empty", "[storage][merge]") {
  std::vector<std::unique_ptr<SeriesSet>> one;
  one.push_back(listed({{"a", samples(1, {10})}}));
  CHECK(series_text(*merge_series(std::move(one))) == "a 10=1; ");
  CHECK_FALSE(merge_series({})->next());
}

}  // namespace
}  // namespace mcore
