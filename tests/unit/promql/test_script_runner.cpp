// SPDX-License-Identifier: Apache-2.0
#include "promql/script_runner.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "promql/parser.h"
#include "support/catch.h"

namespace mcore {
namespace {

std::vector<std::int64_t> steps_of(const QueryOptions& options) {
  std::vector<std::int64_t> steps;
  for (std::int64_t t_ms = options.start_t_ms; t_ms <= options.end_t_ms;
       t_ms += options.is_instant() ? 1 : options.step_ms) {
    steps.push_back(t_ms);
  }
  return steps;
}

/// Answers numbers, strings, and for a selector the samples that lie exactly at the steps.
QueryAnswer simple_answer(const Expr& expr, std::string_view, Querier& querier, const QueryOptions& options) {
  QueryAnswer answer;
  answer.value.type = options.is_instant() ? type_of(expr) : ValueType::kMatrix;
  answer.value.t_ms = options.start_t_ms;
  const std::vector<std::int64_t> steps = steps_of(options);
  if (expr.kind == ExprKind::kString) {
    answer.value.type = ValueType::kString;
    answer.value.string = as<StringExpr>(expr).value;
    return answer;
  }
  if (expr.kind == ExprKind::kNumber) {
    answer.value.scalar = as<NumberExpr>(expr).value;
    if (!options.is_instant()) {
      answer.value.series.emplace_back().samples = {.t_ms = steps,
                                                    .value = std::vector<double>(steps.size(), answer.value.scalar)};
    }
    return answer;
  }
  const auto& selector = as<VectorSelectorExpr>(expr);
  if (selector.name == "broken") {
    throw Error(ErrorKind::kUsage, "query", "", "it is broken");
  }
  answer.notes.push_back({.is_warning = true, .text = "PromQL warning: asked"});
  const Selector selectors[] = {selector.matchers};
  const auto set = querier.select(selectors, {});
  SeriesSamples samples;
  while (set->next()) {
    set->samples(samples);
    QuerySeries series;
    series.labels = LabelSet(set->labels());
    for (const std::int64_t t_ms : steps) {
      const std::int64_t at = selector.shift.at == AtKind::kTime ? selector.shift.at_ms : t_ms;
      for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
        if (samples.t_ms[i] == at) {
          series.samples.t_ms.push_back(t_ms);
          series.samples.value.push_back(samples.value[i]);
        }
      }
    }
    if (!series.samples.empty()) {
      answer.value.series.push_back(std::move(series));
    }
  }
  return answer;
}

std::string run(std::string_view script, ScriptEvaluator evaluate = simple_answer) {
  ScriptOptions options;
  options.evaluate = std::move(evaluate);
  std::string text;
  const ScriptCounts counts = run_script(
      script, options, [&](const ScriptFailure& failure) { text += script_failure_text("f", failure) + "\n"; });
  return text + fmt::format("{}/{}", counts.passed, counts.failed);
}

TEST_CASE("a script that gets what it expects passes", "[promql][script]") {
  CHECK(run("load 1m\n a 1 2 3\n b{x=\"y\"} 4 5 6\n\neval instant at 1m a\n expect warn\n a 2\n\n"
            "eval range from 0 to 2m step 1m b\n b{x=\"y\"} 4 5 6\n\neval instant at 0 7\n 7\n\n"
            "eval instant at 0 \"x\"\n expect string \"x\"\n\neval instant at 0 broken\n expect fail msg: it is "
            "broken\n\n"
            "clear\n\neval instant at 0 a\n") == "6/0");
}

TEST_CASE("a failure names line, query, got and want", "[promql][script]") {
  constexpr std::string_view kLoad = "load 1m\n a 1 2 3\n\n";
  struct Case {
    std::string_view eval;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"eval instant at 1m a\n a 3", "f:4: eval instant at 1m: a\n    got:  a 2\n    want: a 3\n0/1"},
      {"eval range from 0 to 1m step 1m a\n a 1",
       "f:4: eval range from 0s to 1m step 1m: a\n    got:  a 1 2\n    want: a 1\n0/1"},
      {"eval instant at 0 a\n expect no_warn\n a 1",
       "f:4: eval instant at 0s: a\n    got:  PromQL warning: asked\n    want: no such warning\n0/1"},
      {"eval instant at 0 a\n expect fail",
       "f:4: eval instant at 0s: a\n    got:  an answer\n    want: an error of any text\n0/1"},
      {"eval instant at 0 broken",
       "f:4: eval instant at 0s: broken\n    got:  the error \"it is broken\"\n    want: an answer\n0/1"},
      {"eval instant at 0 broken\n expect fail msg: other",
       "f:4: eval instant at 0s: broken\n    got:  the error \"it is broken\"\n    want: an error \"other\"\n0/1"},
      {"load 1m\n a 9", "f:4: load: a has two samples at one time\n0/1"},
      {"load 1m\n a b", "f:5: column 3: expected a number, found \"b\"\n0/1"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.eval) {
      CHECK(run(std::string(kLoad) + std::string(c.eval) + "\n") == c.want);
    }
  }
}

TEST_CASE("a query that does not parse fails its eval only", "[promql][script]") {
  const std::string got = run("eval instant at 0 sum(\n 1\n\neval instant at 0 7\n 7\n");
  CHECK(got.starts_with("f:1: eval instant at 0s: sum(\n    got:  "));
  CHECK(got.ends_with("    want: a query\n1/1"));
}

TEST_CASE("nothing behind a load that failed is run", "[promql][script]") {
  CHECK(run("load 1m\n a 1\n\nload 1m\n a 2\n\neval instant at 0 a\n a 7\n") ==
        "f:4: load: a has two samples at one time\n0/1");
}

TEST_CASE("an instant query is asked again at other times and as a step of a range", "[promql][script]") {
  std::vector<std::string> asked;
  const ScriptEvaluator listing = [&](const Expr& expr, std::string_view text, Querier& querier,
                                      const QueryOptions& options) {
    const bool is_pinned = as<VectorSelectorExpr>(expr).shift.at == AtKind::kTime;
    asked.push_back(fmt::format("{}{}-{}/{}", is_pinned ? "@" : "", options.start_t_ms / 1000, options.end_t_ms / 1000,
                                options.step_ms / 1000));
    return simple_answer(expr, text, querier, options);
  };
  CHECK(run("load 1m\n a 1 2 3\n\neval instant at 1m a\n a 2\n", listing) == "1/0");
  CHECK(asked == std::vector<std::string>{"60-60/0", "0-120/60", "@-600--600/0", "@-660--540/60", "@0-0/0",
                                          "@-60-60/60", "@12-12/0", "@-48-72/60", "@60-60/0", "@0-120/60", "@600-600/0",
                                          "@540-660/60"});
  asked.clear();
  CHECK(run("load 1m\n a 1 2 3\n\neval instant at 1m a @ start()\n a 2\n",
            [&](const Expr& expr, std::string_view text, Querier& querier, const QueryOptions& options) {
              CHECK(options.is_instant());  // as a step of a range, start() is another time
              return simple_answer(expr, text, querier, options);
            }) == "1/0");
}

TEST_CASE("an answer that differs only in an extra run fails", "[promql][script]") {
  const ScriptEvaluator forgets_at = [](const Expr& expr, std::string_view text, Querier& querier,
                                        const QueryOptions& options) {
    const ExprPtr copy = clone(expr);
    as<VectorSelectorExpr>(*copy).shift = {};
    return simple_answer(*copy, text, querier, options);
  };
  constexpr std::string_view kScript = "load 1m\n a 1 2 3\n\neval instant at 1m a\n a 2\n";
  CHECK(run(kScript, forgets_at) ==
        "f:4: eval instant at 1m, pinned with @ and asked at -10m: a\n    got:  no series a\n    want: a 2\n0/1");
  const ScriptEvaluator empty_ranges = [](const Expr& expr, std::string_view text, Querier& querier,
                                          const QueryOptions& options) {
    QueryAnswer answer = simple_answer(expr, text, querier, options);
    if (!options.is_instant()) {
      answer.value.series.clear();
    }
    return answer;
  };
  CHECK(run(kScript, empty_ranges) ==
        "f:4: eval instant at 1m, as a step of a range query: a\n    got:  no series a\n    want: a 2\n0/1");
  ScriptOptions options;
  options.evaluate = empty_ranges;
  options.checks_range = false;
  CHECK(run_script(kScript, options, [](const ScriptFailure&) {}).passed == 1);
  options.evaluate = forgets_at;
  options.checks_pinned = false;
  CHECK(run_script(kScript, options, [](const ScriptFailure&) {}).passed == 1);
}

TEST_CASE("a run that is cancelled ends", "[promql][script]") {
  ScriptOptions options;
  options.evaluate = simple_answer;
  options.is_cancelled = [] { return true; };
  const ScriptCounts counts = run_script("eval instant at 0 1\n 1\n", options, [](const ScriptFailure&) {});
  CHECK(counts.was_cancelled);
  CHECK(counts.passed + counts.failed == 0);
}

TEST_CASE("of many differences ten are shown", "[promql][script]") {
  ScriptFailure failure{.line = 3, .what = "x"};
  failure.differences.resize(12, {.got = "a", .want = "b"});
  const std::string text = script_failure_text("f", failure);
  CHECK(text.ends_with("    want: b\n    and 2 more differences"));
}

}  // namespace
}  // namespace mcore
