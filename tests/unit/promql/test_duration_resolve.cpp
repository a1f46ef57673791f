// SPDX-License-Identifier: Apache-2.0
#include "promql/duration_resolve.h"

#include <string_view>

#include "promql/parser.h"
#include "support/catch.h"

using namespace mcore;

TEST_CASE("durations are computed from step and range", "[promql][duration]") {
  struct Case {
    std::string_view query;
    std::int64_t want_ms;  // of the range
  };
  constexpr Case kCases[] = {
      {"a[5m]", 300'000},         {"a[5m * 2]", 600'000},        {"a[2 ^ 3 ^ 2 / 1000]", 512},
      {"a[-(1 - 3)]", 2'000},     {"a[1h % 7m]", 240'000},       {"a[step() * 2]", 30'000},
      {"a[range() + 1]", 61'000}, {"a[min_of(5m, 20)]", 20'000}, {"a[max_of(step(), range())]", 60'000},
      {"a[1 / 3]", 333},          {"a[0.0005 + 0.0004]", 0},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      const ExprPtr expr = parse_promql(c.query).value_or_throw();
      REQUIRE_FALSE(resolve_durations(*expr, 15'000, 60'000));
      CHECK(as<MatrixSelectorExpr>(*expr).range.ms == c.want_ms);
    }
  }
}

TEST_CASE("every part of a query that has a duration gets it", "[promql][duration]") {
  const ExprPtr expr =
      parse_promql("rate((sum by (a) (x offset (1m - 2m)))[1 * step():step() / 5] offset -step())").value_or_throw();
  REQUIRE_FALSE(resolve_durations(*expr, 5'000, 0));
  const auto& subquery = as<SubqueryExpr>(*as<CallExpr>(*expr).args[0]);
  CHECK(subquery.range.ms == 5'000);
  CHECK(subquery.step.ms == 1'000);
  CHECK(subquery.shift.offset.ms == -5'000);
  const auto& sum = as<AggregateExpr>(unwrap_parens(*subquery.inner));
  CHECK(as<VectorSelectorExpr>(*sum.inner).shift.offset.ms == -60'000);
  REQUIRE_FALSE(resolve_durations(*expr, 10'000, 0));
  CHECK(subquery.range.ms == 10'000);
}

TEST_CASE("durations that cannot be are refused with their place", "[promql][duration]") {
  struct Case {
    std::string_view query;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"a[5m - 5m]", "2:9: duration must be greater than 0"},
      {"rate(a[step()])", "7:13: duration must be greater than 0"},
      {"a[5m / step()]", "2:13: division by zero"},
      {"a[5m:1 % range()]", "5:16: modulo by zero"},
      {"a offset (10 ^ 400)", "10:18: duration is NaN or infinite"},
      {"a offset ((-1) ^ 0.5)", "11:20: duration is NaN or infinite"},
      {"a offset (10 ^ 12)", "10:17: duration is out of range"},
      {"a[1y * 293]", "2:10: duration is out of range"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      const auto problem = resolve_durations(*parse_promql(c.query).value_or_throw(), 0, 0);
      REQUIRE(problem);
      CHECK(std::string_view(problem->what()) == c.want);
      CHECK(problem->kind() == ErrorKind::kUsage);
    }
  }
}
