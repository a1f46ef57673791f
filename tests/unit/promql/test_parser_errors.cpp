// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "promql/parser.h"
#include "support/catch.h"

using namespace mcore;

namespace {

std::string refusal(std::string_view query, const ParseOptions& options = {}) {
  const ParseOutcome outcome = parse_query(query, options);
  return outcome.ok() ? "" : parse_error_text(query, outcome.errors.front());
}

struct Case {
  std::string_view query;
  std::string_view want;
};

}  // namespace

TEST_CASE("what does not follow the grammar is refused in Prometheus' words", "[promql][parser]") {
  constexpr Case kCases[] = {
      {"", "unknown position: parse error: no expression found in input"},
      {" # nothing", "1:1: parse error: no expression found in input"},
      {"a b", "1:3: parse error: unexpected identifier \"b\""},
      {"a\n b", "2:2: parse error: unexpected identifier \"b\""},
      {"a +", "1:4: parse error: unexpected end of input"},
      {"+ * a", "1:3: parse error: unexpected <op:*>"},
      {"a or", "1:5: parse error: unexpected end of input"},
      {"on", "1:1: parse error: unexpected <on>"},
      {"a \"a long string\"", "1:3: parse error: unexpected string \"\\\"a long st\"..."},
      {"a = b", "1:3: parse error: unexpected \"=\""},
      {"sum 5", "1:5: parse error: unexpected number \"5\""},
      {"sum(a b)", "1:7: parse error: unexpected identifier \"b\" in aggregation"},
      {"sum by (a) b", "1:12: parse error: unexpected identifier \"b\" in aggregation"},
      {"sum by a (b)", "1:8: parse error: unexpected identifier \"a\" in grouping opts, expected \"(\""},
      {"sum by (a b) (c)", "1:11: parse error: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\""},
      {"sum by (5) (c)", "1:9: parse error: unexpected number \"5\" in grouping opts, expected label"},
      {"sum by (without) (c)", "1:9: parse error: unexpected <without> in grouping opts, expected label"},
      {"sum by (\"\") (c)", "1:9: parse error: invalid label name for grouping: \"\""},
      {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
      {"sum(a, b)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
      {"topk(a)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"},
      {"a + on(b) group_left", "1:21: parse error: unexpected end of input"},
      {"a + group_left(b) c", "1:5: parse error: unexpected <group_left>"},
      {"a + on b", "1:8: parse error: unexpected identifier \"b\" in grouping opts, expected \"(\""},
      {"a + fill(b) c", "1:10: parse error: unexpected identifier \"b\""},
      {"a + fill(1) fill_left(2) c", "1:22: parse error: unexpected \"(\""},  // fill_left is a metric there
      {"a{b}", "1:4: parse error: unexpected \"}\" in label matching, expected label matching operator"},
      {"a{b=c}", "1:5: parse error: unexpected identifier \"c\" in label matching, expected string"},
      {"a{b=\"c\" d}", "1:9: parse error: unexpected identifier \"d\" in label matching, expected \",\" or \"}\""},
      {"a{,}", "1:3: parse error: unexpected \",\" in label matching, expected identifier or \"}\""},
      {"a{b=~\"(\"}", "1:3: parse error: error parsing regexp: missing closing ): `(`"},
      {"a[5m 1]", "1:6: parse error: unexpected number \"1\" in subquery or range, expected \":\" or \"]\""},
      {"a[]",
       "1:3: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or "
       "range()"},
      {"a[5m:1m 1]", "1:9: parse error: unexpected number \"1\" in subquery selector, expected \"]\""},
      {"a[5m:+]",
       "1:7: parse error: unexpected \"]\" in subquery selector, expected number, duration, step(), range(), or \"]\""},
      {"a[0m]", "1:3: parse error: duration must be greater than 0"},
      {"a[-5m]", "1:3: parse error: duration must be greater than 0"},
      {"a[5m:0s]", "1:6: parse error: duration must be greater than 0"},
      {"a[300y]", "1:3: parse error: duration out of range"},
      {"a[1e10]", "1:3: parse error: duration out of range"},
      {"a[5m/0]", "1:5: parse error: division by zero"},
      {"a[5m%0]", "1:5: parse error: modulo by zero"},
      {"a[30m1h]", "1:3: parse error: not a valid duration string: \"30m1h\""},
      {"a[1.5h]", "1:3: parse error: unknown unit \".\" in duration \"1.5h\""},
      {"a offset",
       "1:9: parse error: unexpected end of input in offset, expected number, duration, step(), or range()"},
      {"a offset (5m) - b",
       "1:17: parse error: unexpected identifier \"b\" in offset, expected number, duration, step(), or range()"},
      {"a offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"},
      {"1 offset 1m",
       "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a "
       "subquery"},
      {"a @", "1:4: parse error: unexpected end of input in @, expected timestamp"},
      {"a @ b", "1:5: parse error: unexpected identifier \"b\" in @, expected timestamp"},
      {"a @ start", "1:10: parse error: unexpected end of input in @, expected timestamp"},
      {"a @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"},
      {"a @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"},
      {"(a) @ 5",
       "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a "
       "subquery"},
      {"(a)[5m]", "1:4: parse error: ranges only allowed for vector selectors"},
      {"a offset 1m [5m]", "1:13: parse error: no offset modifiers allowed before range"},
      {"a @ 5 [5m]", "1:7: parse error: no @ modifiers allowed before range"},
      {"a[5m:] anchored", "1:1: parse error: anchored modifier is not supported for subqueries"},
      {"(a) smoothed", "1:1: parse error: smoothed modifier not implemented"},
      {"a[5m] anchored smoothed", "1:1: parse error: anchored and smoothed modifiers cannot be used together"},
      {"nope(a)", "1:1: parse error: unknown function with name \"nope\""},
      {"RATE(a[5m])", "1:1: parse error: unknown function with name \"RATE\""},
      {"abs(a,)", "1:6: parse error: trailing commas not allowed in function call args"},
      {"abs(,)", "1:5: parse error: unexpected \",\""},
      {"0x", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"0x\": invalid syntax"},
      {"1e999", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e999\": value out of range"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      CHECK(refusal(c.query) == c.want);
    }
  }
}

TEST_CASE("what has the wrong type is refused in Prometheus' words", "[promql][parser]") {
  constexpr Case kCases[] = {
      {"rate(a)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"},
      {"abs(1)", "1:5: parse error: expected type instant vector in call to function \"abs\", got scalar"},
      {"abs()", "1:1: parse error: expected 1 argument(s) in call to \"abs\", got 0"},
      {"round()", "1:1: parse error: expected at least 1 argument(s) in call to \"round\", got 0"},
      {"round(a, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"},
      {"label_join(a, \"b\")", "1:1: parse error: expected at least 3 argument(s) in call to \"label_join\", got 2"},
      {"info(a, b)", "1:9: parse error: expected label selectors only, got vector selector instead"},
      {"info(a, sum(b))", "1:9: parse error: expected label selectors only"},
      {"sum(a[5m])", "1:5: parse error: expected type instant vector in aggregation expression, got range vector"},
      {"topk(\"a\", b)", "1:6: parse error: expected type scalar in aggregation parameter, got string"},
      {"count_values(1, b)", "1:14: parse error: expected type string in aggregation parameter, got scalar"},
      {"1 + \"a\"", "1:5: parse error: binary expression must contain only scalar and instant vector types"},
      {"a[5m] + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"},
      {"1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
      {"a + bool b", "1:3: parse error: bool modifier can only be used on comparison operators"},
      {"a and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
      {"a + on(b) 1", "1:1: parse error: vector matching only allowed between instant vectors"},
      {"a + fill(0) 1", "1:1: parse error: filling in missing series only allowed between instant vectors"},
      {"a and fill(0) b", "1:1: parse error: filling in missing series not allowed for set operators"},
      {"a or on(b) group_left c", "1:1: parse error: no grouping allowed for \"or\" operation"},
      {"a * on(b) group_left(b) c", "1:3: parse error: label \"b\" must not occur in ON and GROUP clause at once"},
      {"-a[5m]",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"range "
       "vector\""},
      {"a[5m][5m:]", "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"},
      {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{a=~\".*\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"a{\"b\"}", "1:1: parse error: metric name must not be set twice: \"a\" or \"b\""},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      CHECK(refusal(c.query) == c.want);
    }
  }
}

TEST_CASE("parts of the language can be taken out", "[promql][parser]") {
  CHECK(refusal("pi() + limitk(1, a)", {.experimental_functions = false}) ==
        "1:8: parse error: limitk() is experimental and must be enabled with "
        "--enable-feature=promql-experimental-functions");
  CHECK(refusal("info(a)", {.experimental_functions = false}) == "1:1: parse error: function \"info\" is not enabled");
  CHECK(refusal("a[5m] smoothed", {.extended_range_selectors = false}) ==
        "1:1: parse error: smoothed modifier is experimental and not enabled");
  CHECK(refusal("a + fill(0) b", {.fill_modifiers = false}) ==
        "1:1: parse error: binop fill modifiers are experimental and not enabled");
  CHECK(refusal("a[5m * 2]", {.duration_expressions = false}) ==
        "1:3: parse error: experimental duration expression is not enabled");
  CHECK(refusal("a offset step()", {.duration_expressions = false}) ==
        "1:10: parse error: experimental duration expression is not enabled");
}

TEST_CASE("a person sees the line and a caret, and what may have been meant", "[promql][parser]") {
  struct Shown {
    std::string_view query;
    std::string_view want;
  };
  constexpr Shown kShown[] = {
      {"sum by (job)) (up)",
       "parse query: 1:13: unexpected right parenthesis ')'\n"
       "    sum by (job)) (up)\n"
       "                ^"},
      {"up{job=node}",
       "parse query: 1:8: unexpected identifier \"node\" in label matching, expected string; a value needs quotes, and "
       "single quotes around all for the shell: '{label=\"node\"}'\n"
       "    up{job=node}\n"
       "           ^"},
      {"", "parse query: no expression found in input"},
      {"a +\n\t\xC3\xA4 * b",
       "parse query: 2:2: unexpected character: '\xC3\xA4'\n"
       "     \xC3\xA4 * b\n"
       "     ^"},
      {"ratte(a[5m])",
       "parse query: 1:1: unknown function with name \"ratte\"; did you mean rate?\n"
       "    ratte(a[5m])\n"
       "    ^"},
      {"a.b + 1",
       "parse query: 1:2: unexpected character: '.'; a name with dots is written '{\"a.b\"}', in single quotes for the "
       "shell\n"
       "    a.b + 1\n"
       "     ^"},
      {"rate(up)",
       "parse query: 1:6: expected type range vector in call to function \"rate\", got instant vector; a range is "
       "written "
       "with its length behind: x[5m], of an expression (x)[5m:]\n"
       "    rate(up)\n"
       "         ^"},
  };
  for (const Shown& c : kShown) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      const auto parsed = parse_promql(c.query);
      REQUIRE_FALSE(parsed.ok());
      CHECK(parsed.error().kind() == ErrorKind::kUsage);
      CHECK(std::string_view(parsed.error().what()) == c.want);
    }
  }
}

TEST_CASE("a long line is cut around the caret", "[promql][parser]") {
  std::string query(200, 'a');
  query.append(" b ").append(200, 'c');
  CHECK(source_excerpt(query, 201) ==
        "    ..." + std::string(69, 'a') + " b " + std::string(28, 'c') + "...\n    " + std::string(73, ' ') + "^");
}

TEST_CASE("what nests too deep or is too high is refused, not overflowed", "[promql][parser]") {
  std::string parens(100'000, '(');
  CHECK(refusal(parens) == "1:501: parse error: the expression nests deeper than 500 levels");
  CHECK(refusal("a[" + parens) == "1:502: parse error: the expression nests deeper than 500 levels");
  CHECK(refusal(std::string(100'000, '-')) == "1:501: parse error: the expression nests deeper than 500 levels");
  std::string sum = "1";
  std::string power = "1";
  std::string range = "a[1";
  std::string subqueries = "a";
  for (int i = 0; i < 4'000; ++i) {
    sum += "+1";
    power += "^1";
    range += "+1";
    subqueries += "[1m:]";
  }
  CHECK(refusal(sum) == "1:1: parse error: the expression is a tree of more than 3000 levels");
  CHECK(refusal(power) == "1:1001: parse error: the expression nests deeper than 500 levels");
  CHECK(refusal(range).ends_with("the expression nests deeper than 500 levels"));
  CHECK(refusal(subqueries).ends_with("the expression is a tree of more than 3000 levels"));
  CHECK(refusal(sum.substr(0, 4'999)).empty());
}
