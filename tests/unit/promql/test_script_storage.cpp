// SPDX-License-Identifier: Apache-2.0
#include "promql/script_storage.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/histogram_text.h"
#include "model/selector_text.h"
#include "support/catch.h"
#include "support/series_text.h"

namespace mcore {
namespace {

ScriptLoad load_of(std::int64_t step_ms, std::initializer_list<std::string_view> lines, bool converts = false) {
  ScriptLoad load;
  load.step_ms = step_ms;
  load.converts_histograms = converts;
  std::size_t room = 1000;
  for (const std::string_view line : lines) {
    load.series.push_back({.described = read_script_series(line, room)});
  }
  return load;
}

std::string load_error(ScriptStorage& storage, const ScriptLoad& load) {
  try {
    storage.load(load);
  } catch (const Error& error) {
    return error.why();
  }
  return "";
}

TEST_CASE("loaded values lie a step apart, and loads add up", "[promql][script]") {
  ScriptStorage storage;
  storage.load(load_of(10, {"b 1 _ 3", "a{x=\"y\"} stale {{sum:7}}"}));
  CHECK(querier_text(storage) == "a{x=\"y\"} 0=stale 10=h7; b 0=1 20=3; ");
  storage.load(load_of(15, {"b _ 9", "c 1 2"}));
  CHECK(querier_text(storage) == "a{x=\"y\"} 0=stale 10=h7; b 0=1 15=9 20=3; c 0=1 15=2; ");
  storage.clear();
  CHECK(querier_text(storage).empty());
}

TEST_CASE("of a series given twice in one load the last one counts", "[promql][script]") {
  ScriptStorage storage;
  storage.load(load_of(10, {"a 1 2 3", "a 4"}));
  CHECK(querier_text(storage) == "a 0=4; ");
}

TEST_CASE("two samples at one time fail the load unless they are the same", "[promql][script]") {
  ScriptStorage storage;
  storage.load(load_of(10, {"a 1 {{count:1}}"}));
  CHECK(load_error(storage, load_of(10, {"a 1 {{count:1}} 5"})).empty());
  CHECK(load_error(storage, load_of(10, {"a 2"})) == "a has two samples at one time");
  CHECK(load_error(storage, load_of(10, {"a {{}}"})) == "a has two samples at one time");
  CHECK(load_error(storage, load_of(10, {"a _ {{count:2}}"})) == "a has two samples at one time");
  CHECK(load_error(storage, load_of(10, {"a _ 1"})) == "a has two samples at one time");
  CHECK(load_error(storage, load_of(10, {"b {{buckets:[-1]}}"})).starts_with("b at 0 ms: positive side"));
}

TEST_CASE("select gives what matches and has samples in the range", "[promql][script]") {
  ScriptStorage storage;
  storage.load(load_of(10, {"a{l=\"1\"} 1 2 3", "a{l=\"2\"} 1", "b 1 2 {{sum:3}}"}));
  const auto selected = [&](std::string_view selector, TimeRange range) {
    const Selector selectors[] = {parse_selector(selector).value_or_throw()};
    return series_text(*storage.select(selectors, range));
  };
  CHECK(selected("a", {}) == "a{l=\"1\"} 0=1 10=2 20=3; a{l=\"2\"} 0=1; ");
  CHECK(selected("a", {10, 19}) == "a{l=\"1\"} 10=2; ");
  CHECK(selected("{l=\"\"}", {15, 30}) == "b 20=h3; ");
  CHECK(selected("c", {}).empty());
  CHECK(selected("a", {20, 10}).empty());
  CHECK(storage.label_names({}, {}) == std::vector<std::string>{"__name__", "l"});
  CHECK(storage.label_names({}, {20, 30}) == std::vector<std::string>{"__name__", "l"});
  CHECK(storage.label_values("l", {}, {}) == std::vector<std::string>{"1", "2"});
  CHECK(storage.label_values("l", {}, {10, 30}) == std::vector<std::string>{"1"});
}

TEST_CASE("start times lie where their offsets put them", "[promql][script]") {
  ScriptStorage storage;
  ScriptLoad load = load_of(1000, {"a 1 2 {{}} 4", "b 1"});
  load.series[0].start_offset_ms = {std::nullopt, -400, -500, std::nullopt};
  storage.load(load);
  const auto set = storage.select({}, {500, 5000});
  SeriesSamples samples;
  REQUIRE(set->next());
  set->samples(samples);
  CHECK(samples.t_ms == std::vector<std::int64_t>{1000, 3000});
  CHECK(samples.start_ms == std::vector<std::int64_t>{600, 0});
  CHECK(samples.histogram_start_ms == std::vector<std::int64_t>{1500});
  CHECK_FALSE(set->next());
  const auto all = storage.select({}, {});
  REQUIRE(all->next());
  REQUIRE(all->next());
  all->samples(samples);
  CHECK(samples.start_ms.empty());
}

TEST_CASE("histograms say of resets what a store would say", "[promql][script]") {
  struct Case {
    std::string_view line;
    std::string_view want;  // of each histogram: unknown, not reset, gauge
  };
  constexpr Case kCases[] = {
      {"a {{count:1}} {{count:1}} {{count:2}}", "unn"},
      {"a {{count:2}} {{count:1}} {{count:1}}", "uun"},
      {"a {{count:1}} {{count:2 counter_reset_hint:reset}} {{count:3}}", "uun"},
      {"a {{count:1 counter_reset_hint:not_reset}} {{count:1}}", "un"},
      {"a {{count:1 counter_reset_hint:gauge}} {{count:1 counter_reset_hint:gauge}} {{count:1}}", "ggu"},
      {"a {{count:1}} 5 {{count:1}} {{count:2}}", "uun"},
      {"a {{count:1}} stale {{count:1}}", "uu"},
      {"a {{count:1}} _ {{count:1}}", "un"},
      {"a {{count:1 buckets:[1]}} {{count:2 buckets:[0 2]}}", "uu"},
      {"a {{count:1 buckets:[1]}} {{count:2 buckets:[1 1]}}", "un"},
      {"a {{schema:1 count:1}} {{count:1}}", "uu"},
      {"a {{count:1}} {{count:1 z_bucket_w:0.1}}", "uu"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.line) {
      ScriptStorage storage;
      storage.load(load_of(10, {c.line}));
      const auto set = storage.select({}, {});
      SeriesSamples samples;
      REQUIRE(set->next());
      set->samples(samples);
      std::string hints;
      for (const Histogram& histogram : samples.histogram) {
        hints += "urng"[static_cast<int>(histogram.hint)];
      }
      CHECK(hints == c.want);
    }
  }
}

TEST_CASE("load_with_nhcb adds native histograms with custom buckets", "[promql][script]") {
  ScriptStorage storage;
  storage.load(load_of(10,
                       {"h_bucket{le=\"1\",j=\"x\"} 1 2 stale", "h_bucket{le=\"2\",j=\"x\"} 3 4 stale",
                        "h_bucket{le=\"abc\",j=\"x\"} 9 9", "h_sum{j=\"x\"} 5.5", "h_count{j=\"x\"} 4 _", "g 1"},
                       true));
  const Selector selectors[] = {parse_selector("h").value_or_throw()};
  const auto set = storage.select(selectors, {});
  REQUIRE(set->next());
  CHECK(labels_text(set->labels()) == "h{j=\"x\"}");
  SeriesSamples samples;
  set->samples(samples);
  CHECK(samples.t_ms.empty());
  REQUIRE(samples.histogram_t_ms == std::vector<std::int64_t>{0, 10});
  CHECK(histogram_test_text(samples.histogram[0]) ==
        "{{schema:-53 count:4 sum:5.5 custom_values:[1 2] buckets:[1 2 1]}}");
  CHECK(histogram_test_text(samples.histogram[1]) == "{{schema:-53 count:4 custom_values:[1 2] buckets:[2 2]}}");
  CHECK_FALSE(set->next());
  CHECK(load_error(storage, load_of(10, {"k_bucket{le=\"1\"} 2", "k_bucket{le=\"2\"} 1"}, true)) ==
        "the buckets of k at 0 ms are no classic histogram");
}

}  // namespace
}  // namespace mcore
