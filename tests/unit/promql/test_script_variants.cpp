// SPDX-License-Identifier: Apache-2.0
#include "promql/script_variants.h"

#include <string_view>
#include <vector>

#include "promql/expr_text.h"
#include "promql/parser.h"
#include "support/catch.h"

namespace mcore {
namespace {

std::string pinned(std::string_view query) {
  const ExprPtr expr = parse_promql(query).value_or_throw();
  return pin_selectors(*expr, 300'000) ? expr_text(*expr) : "looks at the time";
}

TEST_CASE("pinning gives each selector the time it has no other for", "[promql][script]") {
  struct Case {
    std::string_view query;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"a", "a @ 300.000"},
      {"1 + -a", "1 + -a @ 300.000"},
      {"(a offset 1m)", "(a @ 300.000 offset 1m)"},
      {"rate(a[5m] offset 1m)", "rate(a[5m] @ 300.000 offset 1m)"},
      {"a @ 10 + b", "a @ 10.000 + b @ 300.000"},
      {"a @ start()", "a @ 300.000"},
      {"topk(scalar(b), a)", "topk(scalar(b @ 300.000), a @ 300.000)"},
      {"max_over_time(rate(a[5m])[10m:1m])", "max_over_time(rate(a[5m])[10m:1m] @ 300.000)"},
      {"max_over_time(a[10m:1m] @ 10)", "max_over_time(a[10m:1m] @ 10.000)"},
      {"max_over_time(timestamp(a)[10m:1m])", "max_over_time(timestamp(a)[10m:1m] @ 300.000)"},
      {"\"x\"", "\"x\""},
      {"time()", "looks at the time"},
      {"a + hour()", "looks at the time"},
      {"sum(predict_linear(a[5m], 60))", "looks at the time"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.query) {
      CHECK(pinned(c.query) == c.want);
    }
  }
}

TEST_CASE("a pinned query is asked again before and behind its time", "[promql][script]") {
  CHECK(pinned_query_times(5000) == std::vector<std::int64_t>{-50'000, 0, 1000, 5000, 50'000});
  CHECK(pinned_query_times(0) == std::vector<std::int64_t>{-1000, 0, 1000});
}

TEST_CASE("a query that names the query's own range is told", "[promql][script]") {
  CHECK(depends_on_query_range("a @ start()"));
  CHECK(depends_on_query_range("rate(a[step()])"));
  CHECK_FALSE(depends_on_query_range("start + end"));
}

}  // namespace
}  // namespace mcore
