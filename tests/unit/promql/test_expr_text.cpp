// SPDX-License-Identifier: Apache-2.0
#include "promql/expr_text.h"

#include <string>
#include <string_view>

#include "promql/parser.h"
#include "support/catch.h"

using namespace mcore;

namespace {

struct Case {
  std::string_view query;
  std::string_view want;
};

std::string printed(std::string_view query) {
  return expr_text(*parse_promql(query).value_or_throw());
}

}  // namespace

TEST_CASE("an expression is printed as Prometheus prints it", "[promql][text]") {
  constexpr Case kCases[] = {
      {"1e3", "1000"},
      {"1e23", "100000000000000000000000"},
      {".5", "0.5"},
      {"0x1F", "31"},
      {"017", "15"},
      {"1_000.5", "1000.5"},
      {"-inf", "-Inf"},
      {"NaN", "NaN"},
      {"1h30m", "1h30m"},
      {"-90d", "-90d"},
      {"'it''s'", ""},  // two strings are no expression
      {"'a\"\\t'", "\"a\\\"\\t\""},
      {"`back\\n`", "\"back\\\\n\""},
      {"\"\\xff\"", "\"\\xff\""},
      {"+a - -b", "+a - -b"},
      {"-1^2", "-1 ^ 2"},
      {"a^b^c", "a ^ b ^ c"},
      {"(a+b)*c", "(a + b) * c"},
      {"foo/bar", "foo / bar"},
      {"up{}", "up"},
      {"a{z=\"1\",b!~'2',}", "a{b!~\"2\",z=\"1\"}"},
      {"{\"dot.name\", \"l.b\"=\"v\"}", "{\"l.b\"=\"v\",__name__=\"dot.name\"}"},
      {"{__name__=\"a\"}", "{__name__=\"a\"}"},
      {"a{b=\"\\n\\u00e4\\u200b\"}", "a{b=\"\\n\xC3\xA4\\u200b\"}"},
      {"sum(a)by(b,\"c.d\")", "sum by (b, \"c.d\") (a)"},
      {"sum by () (a)", "sum(a)"},
      {"sum without () (a)", "sum without () (a)"},
      {"topk(5,a)", "topk(5, a)"},
      {"quantile without(a)(0.5,b)", "quantile without (a) (0.5, b)"},
      {"a==bool on(b)group_right c", "a == bool on (b) group_right () c"},
      {"a*ignoring(b)group_left(c,d)e", "a * ignoring (b) group_left (c, d) e"},
      {"a+ignoring()b", "a + b"},
      {"a+on()b", "a + on () b"},
      {"a+fill(1)b", "a + fill (1) b"},
      {"a+fill_right(-1m)fill_left(1e9)b", "a + fill_left (1e+09) fill_right (-60) b"},
      {"a</1", "a </ 1"},
      {"a ATAN2 b", "a atan2 b"},
      {"a[300s]", "a[5m]"},
      {"a[90]offset 1h @1.5", "a[1m30s] @ 1.500 offset 1h"},
      {"a offset -5m @ end()", "a @ end() offset -5m"},
      {"a offset 0", "a"},
      {"a[5m] anchored offset 1m", "a[5m] anchored offset 1m"},
      {"a smoothed @ 0", "a @ 0.000 smoothed"},
      {"a[5m:1m]@start()offset 1m", "a[5m:1m] @ start() offset 1m"},
      {"sum(a)[1h:]", "sum(a)[1h:]"},
      {"a[5m*2]", "a[5m * 2]"},
      {"a[-(1-2*step())]", "a[-(1 - 2 * step())]"},
      {"a[max_of(5m,range()/2):min_of(step(),1)]", "a[max_of(5m, range() / 2):min_of(step(), 1)]"},
      {"a offset +step()", "a offset step()"},
      {"a offset -(5m*2)", "a offset -(5m * 2)"},
      {"a offset 5m*2", "a offset 5m * 2"},  // a product of vectors
      {"info(a,{b=\"c\"})", "info(a, {b=\"c\"})"},
      {"time()", "time()"},
      {"a # gone", "a"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      if (c.want.empty()) {
        CHECK_FALSE(parse_promql(c.query).ok());
        continue;
      }
      CHECK(printed(c.query) == c.want);
      CHECK(printed(c.want) == c.want);
    }
  }
}

TEST_CASE("what Prometheus prints as something else is printed so that it stays", "[promql][text]") {
  constexpr Case kCases[] = {
      {"sum by (\"without\", \"inf\") (a)", "sum by (\"without\", \"inf\") (a)"},
      {"info(a, {})", "info(a, {})"},
      {"1s1ms", "1s1ms"},
      {"Inf ^ 2", "Inf ^ 2"},
      {"a offset (5m) * 2", "a offset (5m * 2)"},
      {"a offset (1 + 2) * 3", "a offset (1 + 2) * 3"},
      {"a offset - -step() * 2", "a offset (--step() * 2)"},
      {"a[(-2)^2]", "a[(-2) ^ 2]"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      CHECK(printed(c.query) == c.want);
      CHECK(printed(c.want) == c.want);
    }
  }
}

TEST_CASE("what is longer than 100 bytes is spread over lines", "[promql][text]") {
  constexpr Case kCases[] = {
      {"a+b", "a + b"},
      {"histogram_quantile(0.9,sum by(le)(rate(very_long_metric_name_number_one_bucket{environment=\"production\","
       "datacenter=\"somewhere\"}[15m])))>bool 0.5",
       "  histogram_quantile(\n"
       "    0.9,\n"
       "    sum by (le) (\n"
       "      rate(very_long_metric_name_number_one_bucket{datacenter=\"somewhere\",environment=\"production\"}[15m])\n"
       "    )\n"
       "  )\n"
       "> bool\n"
       "  0.5"},
      {"-(first_metric_of_a_long_name + second_metric_of_a_long_name + third_metric_of_a_long_name_that_is_longer)",
       "-(\n"
       "    first_metric_of_a_long_name + second_metric_of_a_long_name\n"
       "  +\n"
       "    third_metric_of_a_long_name_that_is_longer\n"
       ")"},
      {"topk(3, sum by (a_long_label, another_long_label) "
       "(a_metric_of_a_rather_long_name{with=\"conditions\"}[5m:1m]))",
       ""},
      {"topk(3, max_over_time(sum by (a_long_label, another_label) "
       "(a_metric_of_a_rather_long_name{with=\"x\"})[1h:1m]))",
       "topk(\n"
       "  3,\n"
       "  max_over_time(\n"
       "sum by (a_long_label, another_label) (a_metric_of_a_rather_long_name{with=\"x\"})[1h:1m]\n"
       "  )\n"
       ")"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      const auto parsed = parse_promql(c.query);
      REQUIRE(parsed.ok() == !c.want.empty());
      if (parsed.ok()) {
        CHECK(pretty_expr_text(*parsed.value()) == c.want);
        CHECK(pretty_expr_text(*parse_promql(c.want).value_or_throw()) == c.want);
      }
    }
  }
}

TEST_CASE("a copy of a tree prints the same", "[promql][text]") {
  for (const std::string_view query :
       {"-sum by (a) (rate(b{c=~\"d|e\"}[5m * 2] anchored @ 5 offset step())) > bool 1", "(\"a\")",
        "topk(2, x)[5m:1m] @ end() offset 1h", "a / on (b) group_left (c) fill_left (1) d",
        "label_replace(a, \"b\", \"c\", \"d\", \"e\")"}) {
    DYNAMIC_SECTION("'" << query << "'") {
      const ExprPtr expr = parse_promql(query).value_or_throw();
      const ExprPtr copy = clone(*expr);
      CHECK(expr_text(*copy) == expr_text(*expr));
      CHECK(copy->at.begin == expr->at.begin);
      CHECK(copy->at.end == expr->at.end);
    }
  }
}
