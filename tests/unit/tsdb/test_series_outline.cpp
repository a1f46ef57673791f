// SPDX-License-Identifier: Apache-2.0
// Series with their first and last times, and what is counted by them.
#include "tsdb/series_outline.h"

#include <fmt/format.h>

#include "model/selector_text.h"
#include "support/catch.h"
#include "support/test_store.h"
#include "tsdb/cardinality.h"
#include "tsdb/store_metadata.h"

namespace mcore {
namespace {

using Lines = std::vector<std::string>;

Lines outlines(const std::string& store, std::string_view selector = {}, TimeRange range = {},
               StorePart part = StorePart::kAll) {
  const DamageReport report = [](const Error& damage) { throw Error(damage); };
  StoreReader reader(store, report);
  std::vector<Selector> selectors;
  if (!selector.empty()) {
    selectors.push_back(parse_selector(selector).value_or_throw());
  }
  Lines lines;
  for (SeriesOutlines series(reader, selectors, range, report, part); series.next();) {
    lines.push_back(
        fmt::format("{} {}..{}", labels_text(series.at().labels), series.at().first_t_ms, series.at().last_t_ms));
  }
  return lines;
}

constexpr const char* kOld = "a{x=\"1\"} 1 1000\na{x=\"1\"} 2 2000\na{x=\"2\"} 1 1500\nb 1 1000\nb 2 1800\n";
constexpr const char* kNew = "a{x=\"2\"} 3 9000000\na{x=\"3\"} 4 9001000\n";

TEST_CASE("a series' first and last times are those of head and blocks together", "[tsdb][outline]") {
  TestStore store;
  store.append(kOld);
  CHECK(outlines(store.path()) == Lines{"a{x=\"1\"} 1000..2000", "a{x=\"2\"} 1500..1500", "b 1000..1800"});
  store.cut();
  store.append(kNew);
  const Lines all{"a{x=\"1\"} 1000..2000", "a{x=\"2\"} 1500..9000000", "a{x=\"3\"} 9001000..9001000", "b 1000..1800"};
  CHECK(outlines(store.path()) == all);
  CHECK(outlines(store.path(), "a{x!=\"1\"}") == Lines{all[1], all[2]});
  CHECK(outlines(store.path(), {}, {}, StorePart::kHead) ==
        Lines{"a{x=\"2\"} 9000000..9000000", "a{x=\"3\"} 9001000..9001000"});
}

TEST_CASE("late samples count for a series' times", "[tsdb][outline]") {
  TestStore store;
  store.append("a 1 5000\n");
  store.append("a 1 3000\nb 1 4000\n");
  CHECK(outlines(store.path()) == Lines{"a 3000..5000", "b 4000..4000"});
}

TEST_CASE("in a range of time only series with samples in it are there", "[tsdb][outline]") {
  TestStore store;
  store.append(kOld);
  store.cut();
  store.append(kNew);
  CHECK(outlines(store.path(), {}, {1501, 1800}) == Lines{"b 1800..1800"});
  CHECK(outlines(store.path(), "a", {1500, 9'000'999}) == Lines{"a{x=\"1\"} 2000..2000", "a{x=\"2\"} 1500..9000000"});
  CHECK(outlines(store.path(), {}, {2001, 8'999'999}).empty());
  CHECK(outlines(store.path(), {}, {0, 2000}, StorePart::kHead).empty());
}

Cardinality counted(const std::string& store, CardinalityBy by, TimeRange window = {1000, 1000}) {
  const DamageReport report = [](const Error& damage) { throw Error(damage); };
  StoreReader reader(store, report);
  SeriesOutlines series(reader, {}, {}, report);
  return count_cardinality(series, {.by = by, .window = window, .slack = std::chrono::milliseconds(100)});
}

Lines rows(const Cardinality& counts) {
  Lines lines;
  for (const CardinalityRow& row : counts.rows) {
    lines.push_back(
        fmt::format("{}={} {} of {} +{} -{}", row.name, row.value, row.series, row.values, row.started, row.ended));
  }
  return lines;
}

TEST_CASE("series are ranked by metric, label and pair", "[tsdb][cardinality]") {
  TestStore store;
  store.append(
      "a{x=\"1\",y=\"1\"} 1 1000\na{x=\"2\",y=\"1\"} 1 1000\na{x=\"3\",y=\"2\"} 1 1000\nb{y=\"1\"} 1 1000\nc 1 1000\n");
  CHECK(rows(counted(store.path(), CardinalityBy::kMetric)) ==
        Lines{"a= 3 of 0 +0 -0", "b= 1 of 0 +0 -0", "c= 1 of 0 +0 -0"});
  CHECK(rows(counted(store.path(), CardinalityBy::kLabel)) == Lines{"x= 3 of 3 +0 -0", "y= 4 of 2 +0 -0"});
  CHECK(rows(counted(store.path(), CardinalityBy::kPair)) ==
        Lines{"y=1 3 of 0 +0 -0", "x=1 1 of 0 +0 -0", "x=2 1 of 0 +0 -0", "x=3 1 of 0 +0 -0", "y=2 1 of 0 +0 -0"});
  CHECK(counted(store.path(), CardinalityBy::kPair).series == 5);
}

TEST_CASE("a series started or ended where it does not reach the window's ends", "[tsdb][cardinality]") {
  TestStore store;
  store.append(
      "a{x=\"all\"} 1 1000\na{x=\"all\"} 1 3000\na{x=\"late\"} 1 1101\na{x=\"late\"} 1 3000\n"
      "b{x=\"early\"} 1 1000\nb{x=\"early\"} 1 2899\nb{x=\"near\"} 1 1100\nb{x=\"near\"} 1 2900\n");
  const Cardinality counts = counted(store.path(), CardinalityBy::kMetric, {1000, 3000});
  CHECK(rows(counts) == Lines{"a= 2 of 0 +1 -0", "b= 2 of 0 +0 -1"});
  CHECK(counts.started == 1);
  CHECK(counts.ended == 1);
}

TEST_CASE("a store tells the family of a metric while the log holds a series of it", "[tsdb][metadata]") {
  TestStore store;
  store.append(
      "# HELP h Times.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1 1000\nh_sum 1 1000\n"
      "# TYPE r_total counter\nr_total 1 1000\nplain 1 1000\n");
  StoreReader reader(store.path(), {});
  const StoreMetadata metadata(reader, {});
  const MetricFamily* const bucket = metadata.find("h_bucket");
  REQUIRE(bucket != nullptr);
  CHECK(bucket->name == "h");
  CHECK(bucket->type == MetricType::kHistogram);
  CHECK(bucket->help == "Times.");
  const MetricFamily* const counter = metadata.find("r_total");
  REQUIRE(counter != nullptr);
  CHECK(counter->name == "r_total");
  CHECK_FALSE(counter->has_help);
  CHECK(metadata.find("plain") == nullptr);
  CHECK(metadata.find("h") == nullptr);
}

}  // namespace
}  // namespace mcore
