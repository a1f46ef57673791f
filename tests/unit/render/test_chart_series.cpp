// SPDX-License-Identifier: Apache-2.0
#include "render/chart_series.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/query_values.h"

namespace mcore {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::int64_t kTime = 1'704'088'800'000;

std::vector<std::string> legends_of(const std::vector<NamedAnswer>& answers, const ChartOptions& options = {}) {
  std::vector<std::string> legends;
  for (const ChartLine& line : chart_of(answers, options).lines) {
    legends.push_back(line.legend);
  }
  return legends;
}

TEST_CASE("lines are called by what tells them apart", "[render][chart]") {
  const auto series = [](LabelPairs labels) { return series_of(labels, kTime, 1000, {1, 2}); };
  const QueryValue modes =
      matrix_of({series({{"job", "node"}, {"mode", "idle"}}), series({{"job", "node"}, {"mode", "user"}})});
  const QueryValue pairs =
      matrix_of({series({{"a", "1"}, {"b", "x"}, {"c", "same"}}), series({{"a", "2"}, {"c", "same"}})});
  const QueryValue single = matrix_of({series({{"__name__", "up"}, {"job", "node"}})});
  const QueryValue nameless = matrix_of({series({})});
  CHECK(legends_of({{"x", &modes}}) == std::vector<std::string>{"idle", "user"});
  CHECK(legends_of({{"x", &pairs}}) == std::vector<std::string>{R"({a="1", b="x"})", R"({a="2"})"});
  CHECK(legends_of({{"x", &single}}) == std::vector<std::string>{R"(up{job="node"})"});
  CHECK(legends_of({{"sum(x)", &nameless}}) == std::vector<std::string>{"sum(x)"});
  CHECK(legends_of({{"in", &modes}, {"out", &single}}) == std::vector<std::string>{"in idle", "in user", "out"});
  CHECK(legends_of({{"x", &modes}}, {.legend = "mode {{mode}} of {{ job }}{{nope}}"}) ==
        std::vector<std::string>{"mode idle of node", "mode user of node"});
}

TEST_CASE("a legend's template replaces what is in double braces", "[render][chart]") {
  const LabelSet labels = label_set_of({{"job", "node"}, {"a.b", "utf8"}});
  CHECK(legend_text("", labels.view()).empty());
  CHECK(legend_text("plain", labels.view()) == "plain");
  CHECK(legend_text("{{job}}{{a.b}}", labels.view()) == "nodeutf8");
  CHECK(legend_text("{{ .job }} {{$job}}", labels.view()) == "node node");
  CHECK(legend_text("{{job", labels.view()) == "{{job");
  CHECK(legend_text("{job} }} {{}}", labels.view()) == "{job} }} ");
}

TEST_CASE("what has no place is counted and left out", "[render][chart]") {
  const QueryValue value = matrix_of({series_of({}, kTime, 1000, {3, NAN, -kInf, -1, kInf})});
  const Chart chart = chart_of(std::vector<NamedAnswer>{{"x_bytes", &value}}, {});
  CHECK(chart.hidden == 3);
  CHECK(chart.samples == 2);
  CHECK(chart.low == -1);
  CHECK(chart.high == 3);
  CHECK(chart.lines[0].t_ms == std::vector<std::int64_t>{kTime, kTime + 3000});
  CHECK(chart.start_ms == kTime);
  CHECK(chart.end_ms == kTime + 4000);  // the samples span the axis, drawn or not
  CHECK(chart.title == "x_bytes");
  CHECK(chart.unit == ValueUnit{UnitKind::kBytes});
}

TEST_CASE("a histogram is drawn as its mean", "[render][chart]") {
  QuerySeries series = series_of({}, kTime, 2000, {1, 2});
  series.samples.histogram_t_ms = {kTime + 1000, kTime + 3000};
  series.samples.histogram = {Histogram{.count = 4, .sum = 10}, Histogram{}};  // the second has no mean
  const QueryValue value = matrix_of({series});
  const Chart chart = chart_of(std::vector<NamedAnswer>{{"x", &value}}, {});
  CHECK(chart.has_means);
  CHECK(chart.hidden == 1);
  CHECK(chart.lines[0].t_ms == std::vector<std::int64_t>{kTime, kTime + 1000, kTime + 2000});
  CHECK(chart.lines[0].value == std::vector<double>{1, 2.5, 2});
}

TEST_CASE("a gap is more than one and a half steps", "[render][chart]") {
  const QueryValue value = matrix_of({series_of({}, kTime, 1000, {1, 2, 3, kNoSample, kNoSample, 4})});
  const std::vector<NamedAnswer> answers = {{"x", &value}};
  CHECK(chart_of(answers, {.step_ms = 15'000}).gap_ms == 22'500);
  CHECK(chart_of(answers, {}).gap_ms == 1500);  // of the usual spacing
}

TEST_CASE("answers of all types make a chart", "[render][chart]") {
  const QueryValue scalar = scalar_of(kTime, 3);
  const QueryValue text = string_of(kTime, "x");
  const QueryValue vector = vector_of(kTime + 5, {sample_of({{"a", "b"}}, kTime + 5, 2)});
  const QueryValue empty = vector_of(kTime, {});
  const Chart chart = chart_of(std::vector<NamedAnswer>{{"3", &scalar}, {"s", &text}, {"v", &vector}}, {});
  REQUIRE(chart.lines.size() == 2);
  CHECK(chart.lines[0].legend == "3");
  CHECK(chart.lines[1].legend == "v");
  CHECK(chart.title == "3, s, v");
  CHECK(chart.start_ms == kTime);
  CHECK(chart.end_ms == kTime + 5);
  const Chart none = chart_of(std::vector<NamedAnswer>{{"e", &empty}}, {.title = "mine", .range_ms = {{1, 2}}});
  CHECK(none.lines.empty());
  CHECK(none.title == "mine");
  CHECK(none.start_ms == 1);
  CHECK(none.end_ms == 2);
}

TEST_CASE("answers of different units share none", "[render][chart]") {
  const QueryValue value = matrix_of({series_of({{"__name__", "x_seconds"}}, kTime, 1000, {1})});
  CHECK(chart_of(std::vector<NamedAnswer>{{"a_bytes", &value}, {"b_bytes", &value}}, {}).unit.kind == UnitKind::kBytes);
  CHECK(chart_of(std::vector<NamedAnswer>{{"a_bytes", &value}, {"b_watts", &value}}, {}).unit == ValueUnit());
  CHECK(chart_of(std::vector<NamedAnswer>{{R"({job="x"})", &value}}, {}).unit.kind == UnitKind::kSeconds);
}

TEST_CASE("a summary has the least, the greatest and the last value", "[render][chart]") {
  const LineSummary summary = summary_of({.t_ms = {1, 2, 3}, .value = {2, -1, 1.5}});
  CHECK(summary.min == -1);
  CHECK(summary.max == 2);
  CHECK(summary.last == 1.5);
}

}  // namespace
}  // namespace mcore
