// SPDX-License-Identifier: Apache-2.0
#include "promql/parser.h"

#include <string_view>
#include <vector>

#include "promql/function_table.h"
#include "support/catch.h"

using namespace mcore;

namespace {

ExprPtr parsed(std::string_view query) {
  return parse_promql(query).value_or_throw();
}

}  // namespace

TEST_CASE("a rate by job is an aggregation of a call of a range", "[promql][parser]") {
  const ExprPtr expr = parsed("sum by (job, \"a.b\") (rate(x{y!=\"z\"}[5m] @ 12.5 offset -1m))");
  REQUIRE(expr->kind == ExprKind::kAggregate);
  const auto& sum = as<AggregateExpr>(*expr);
  CHECK(sum.op == AggregateOp::kSum);
  CHECK(sum.grouping == std::vector<std::string>{"job", "a.b"});
  REQUIRE(sum.inner->kind == ExprKind::kCall);
  const auto& call = as<CallExpr>(*sum.inner);
  CHECK(call.function->id == FunctionId::kRate);
  REQUIRE(call.args.size() == 1);
  REQUIRE(call.args[0]->kind == ExprKind::kMatrixSelector);
  const auto& matrix = as<MatrixSelectorExpr>(*call.args[0]);
  CHECK(matrix.range.ms == 300'000);
  CHECK(matrix.vector->name == "x");
  REQUIRE(matrix.vector->matchers.size() == 2);
  CHECK(matrix.vector->matchers[0].text() == "y!=\"z\"");
  CHECK(matrix.vector->matchers[1].text() == "__name__=\"x\"");
  CHECK(matrix.vector->shift.at == AtKind::kTime);
  CHECK(matrix.vector->shift.at_ms == 12'500);
  CHECK(matrix.vector->shift.offset.ms == -60'000);
}

TEST_CASE("positions are those of Prometheus", "[promql][parser]") {
  const auto at = [](const Expr& expr) { return std::vector<std::uint32_t>{expr.at.begin, expr.at.end}; };
  using At = std::vector<std::uint32_t>;
  CHECK(at(*parsed(" up ")) == At{1, 3});
  CHECK(at(*parsed("-1")) == At{0, 2});
  CHECK(at(*parsed(" a + b ")) == At{1, 6});
  CHECK(at(*parsed("rate(a[5m]) ")) == At{0, 11});
  CHECK(at(*parsed("sum(a) by (b) ")) == At{0, 13});
  CHECK(at(*parsed("a[5m] offset 1m # x")) == At{0, 15});
  CHECK(at(*parsed("a[5m:] @ start() ")) == At{0, 16});
  CHECK(at(*parsed("a anchored ")) == At{0, 1});
  // The parenthesis behind was read already...
  CHECK(at(*as<ParenExpr>(*parsed("(sum(a) )")).inner) == At{1, 7});         // ...and the own one is found again,
  CHECK(at(*as<ParenExpr>(*parsed("(sum(a)#\n)")).inner) == At{1, 10});      // unless a comment stands between;
  CHECK(at(*as<ParenExpr>(*parsed("(a offset (5m))")).inner) == At{1, 15});  // of an offset it stays.
}

TEST_CASE("only between two vectors series are matched", "[promql][parser]") {
  CHECK_FALSE(as<BinaryExpr>(*parsed("a + 1")).matching);
  CHECK_FALSE(as<BinaryExpr>(*parsed("a > bool 1")).matching);
  CHECK(as<BinaryExpr>(*parsed("a + b")).matching->cardinality == MatchCardinality::kOneToOne);
  CHECK(as<BinaryExpr>(*parsed("a unless b")).matching->cardinality == MatchCardinality::kManyToMany);
  const ExprPtr expr = parsed("a == bool on (b) group_right (c) fill_right (-2) fill_left (1m) d");
  const VectorMatching& matching = *as<BinaryExpr>(*expr).matching;
  CHECK(as<BinaryExpr>(*expr).returns_bool);
  CHECK(matching.is_on);
  CHECK(matching.cardinality == MatchCardinality::kOneToMany);
  CHECK(matching.include == std::vector<std::string>{"c"});
  CHECK(matching.fill_left == 60.0);
  CHECK(matching.fill_right == -2.0);
}

TEST_CASE("types follow from the parts", "[promql][parser]") {
  struct Case {
    std::string_view query;
    ValueType want;
  };
  constexpr Case kCases[] = {
      {"1 + 2", ValueType::kScalar},
      {"-(1)", ValueType::kScalar},
      {"1 + a", ValueType::kVector},
      {"(\"a\")", ValueType::kString},
      {"scalar(a)", ValueType::kScalar},
      {"a[5m]", ValueType::kMatrix},
      {"(a[5m:])", ValueType::kMatrix},
      {"topk(1, a)", ValueType::kVector},
      {"time() * 1 - 2 ^ pi()", ValueType::kScalar},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.query << "'") {
      CHECK(type_of(*parsed(c.query)) == c.want);
    }
  }
}

TEST_CASE("the table has every function, in the order of the names", "[promql][parser]") {
  CHECK(all_functions().size() == 90);
  for (const PromqlFunction& function : all_functions()) {
    CHECK(find_function(function.name) == &function);
    CHECK(static_cast<std::size_t>(function.id) == static_cast<std::size_t>(&function - all_functions().data()));
  }
  CHECK(find_function("holt_winters") == nullptr);
  CHECK(find_function("histogram_quantiles")->variadic == 9);
  CHECK(find_function("label_join")->variadic == -1);
  CHECK(find_function("info")->is_experimental);
}
