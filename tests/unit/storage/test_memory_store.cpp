// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_store.h"

#include <string>
#include <vector>

#include "storage/merged_querier.h"
#include "support/catch.h"

using namespace mcore;

namespace {

void add(MemoryStore& store, std::string_view name, std::vector<std::int64_t> t_ms, double value) {
  LabelBuilder builder;
  builder.add(kNameLabel, name);
  builder.add("job", "a");
  SeriesSamples samples;
  samples.value.assign(t_ms.size(), value);
  samples.t_ms = std::move(t_ms);
  store.add(builder.build(), std::move(samples));
}

std::string text(Querier& querier, TimeRange range) {
  std::string out;
  SeriesSamples samples;
  for (const auto set = querier.select({}, range); set->next();) {
    set->samples(samples);
    out += labels_text(set->labels());
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      out += " " + std::to_string(samples.t_ms[i]) + "=" + std::to_string(static_cast<int>(samples.value[i]));
    }
    out += ";";
  }
  return out;
}

}  // namespace

TEST_CASE("series are in label order, samples in the order of time, the first of one time counts",
          "[storage][memory]") {
  MemoryStore store;
  add(store, "b", {10, 30}, 1);
  add(store, "a", {5}, 2);
  add(store, "b", {20, 30}, 3);
  CHECK(text(store, {}) == R"(a{job="a"} 5=2;b{job="a"} 10=1 20=3 30=1;)");
  CHECK(text(store, {11, 20}) == R"(b{job="a"} 20=3;)");
  CHECK(text(store, {31, 40}).empty());
  CHECK(store.newest_t_ms() == 30);
  CHECK_FALSE(MemoryStore().newest_t_ms().has_value());
}

TEST_CASE("a batch may bring samples in any order", "[storage][memory]") {
  MemoryStore store;
  SampleBatch batch;
  LabelBuilder builder;
  builder.add(kNameLabel, "m");
  for (const std::int64_t t_ms : {20, 10, 20}) {
    BatchSample& sample = batch.add(builder.build());
    sample.t_ms = t_ms;
    sample.value = static_cast<double>(batch.samples().size());
  }
  store.add(batch);
  CHECK(text(store, {}) == "m 10=2 20=1;");
}

TEST_CASE("names and values are those of the series that match", "[storage][memory]") {
  MemoryStore store;
  add(store, "b", {10}, 1);
  add(store, "a", {20}, 1);
  CHECK(store.label_names({}, {}) == std::vector<std::string>{"__name__", "job"});
  CHECK(store.label_values("__name__", {}, {}) == std::vector<std::string>{"a", "b"});
  CHECK(store.label_values("__name__", {}, {15, 25}) == std::vector<std::string>{"a"});
  const Selector b{Matcher::make(MatchType::kEqual, "__name__", "b").value_or_throw()};
  CHECK(store.label_values("__name__", std::span(&b, 1), {}) == std::vector<std::string>{"b"});
}

TEST_CASE("several queriers are one, the earlier one counts", "[storage][merged]") {
  MemoryStore first;
  MemoryStore second;
  add(first, "a", {10, 20}, 1);
  add(second, "a", {20, 30}, 2);
  add(second, "c", {10}, 2);
  MergedQuerier merged({&first, &second});
  CHECK(text(merged, {}) == R"(a{job="a"} 10=1 20=1 30=2;c{job="a"} 10=2;)");
  CHECK(merged.label_values("__name__", {}, {}) == std::vector<std::string>{"a", "c"});
  CHECK(merged.label_names({}, {}) == std::vector<std::string>{"__name__", "job"});
}
