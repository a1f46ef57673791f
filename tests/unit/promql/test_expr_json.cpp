// SPDX-License-Identifier: Apache-2.0
#include "promql/expr_json.h"

#include <string_view>

#include "promql/parser.h"
#include "support/catch.h"

using namespace mcore;

TEST_CASE("a tree is JSON as the API has it", "[promql][json]") {
  struct Case {
    std::string_view query;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"1h30m", R"({"type":"numberLiteral","val":"5400"})"},
      {"-(\"a\")", ""},
      {"('a')", R"({"expr":{"type":"stringLiteral","val":"a"},"type":"parenExpr"})"},
      {"a{b!~'c'} @ 1.5 offset -1m",
       R"({"anchored":false,"matchers":[{"name":"b","type":"!~","value":"c"},{"name":"__name__","type":"=","value":"a"}],)"
       R"("name":"a","offset":-60000,"offsetExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":1500,)"
       R"("type":"vectorSelector"})"},
      {"{a=\"b\"}[5m*step()] smoothed @ end()",
       R"({"anchored":false,"matchers":[{"name":"a","type":"=","value":"b"}],"name":"","offset":0,"offsetExpr":null,)"
       R"("range":0,"rangeExpr":{"lhs":{"duration":true,"type":"numberLiteral","val":"300"},"op":"*",)"
       R"("rhs":{"lhs":null,"op":"step","rhs":null,"type":"durationExpr","wrapped":false},"type":"durationExpr",)"
       R"("wrapped":false},"smoothed":true,"startOrEnd":"end","timestamp":null,"type":"matrixSelector"})"},
      {"-1[5m:]", ""},
      {"vector(1)[5m:]",
       R"({"expr":{"args":[{"type":"numberLiteral","val":"1"}],"func":{"argTypes":["scalar"],"name":"vector",)"
       R"("returnType":"vector","variadic":0},"type":"call"},"offset":0,"offsetExpr":null,"range":300000,)"
       R"("rangeExpr":null,"startOrEnd":null,"step":0,"stepExpr":null,"timestamp":null,"type":"subquery"})"},
      {"pi() > bool 1",
       R"({"bool":true,"lhs":{"args":[],"func":{"argTypes":[],"name":"pi","returnType":"scalar","variadic":0},)"
       R"("type":"call"},"matching":null,"op":">","rhs":{"type":"numberLiteral","val":"1"},"type":"binaryExpr"})"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      const auto parsed = parse_promql(c.query);
      REQUIRE(parsed.ok() == !c.want.empty());
      if (parsed.ok()) {
        CHECK(expr_json(*parsed.value()) == c.want);
      }
    }
  }
}

TEST_CASE("how vectors are matched is in the JSON", "[promql][json]") {
  const auto json = [](std::string_view query) { return expr_json(*parse_promql(query).value_or_throw()); };
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  CHECK(has(json("a + b"), R"("matching":{"card":"one-to-one","fillValues":{"lhs":null,"rhs":null},"include":[],)"
                           R"("labels":[],"on":false})"));
  CHECK(has(json("a or b"), R"("card":"many-to-many")"));
  CHECK(has(json("a * on (b) group_left (c) fill_left (1.5) fill_right (2) d"),
            R"("matching":{"card":"many-to-one","fillValues":{"lhs":1.5,"rhs":2},"include":["c"],"labels":["b"],)"
            R"("on":true})"));
  CHECK(has(json("topk without (x) (1, a)"),
            R"("grouping":["x"],"op":"topk","param":{"type":"numberLiteral","val":"1"})"));
}
