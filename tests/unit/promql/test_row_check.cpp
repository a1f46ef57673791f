// SPDX-License-Identifier: Apache-2.0
#include "promql/row_check.h"

#include <string_view>
#include <vector>

#include "base/error.h"
#include "support/catch.h"

using namespace mcore;

namespace {

Row row(std::string_view job, std::vector<double> values) {
  LabelBuilder builder;
  builder.add("job", job);
  Row one;
  one.labels = std::string(builder.build().bytes());
  one.value = std::move(values);
  return one;
}
const double kNone = absent_value();

}  // namespace

TEST_CASE("two rows of one label set may not meet at a step", "[promql][row_check]") {
  RowCheck check(RowCheck::Rule::kNoOverlap);
  check.add(row("a", {1, kNone}));
  check.add(row("b", {1, 1}));
  CHECK_NOTHROW(check.add(row("a", {kNone, 2})));
  CHECK_THROWS_AS(check.add(row("a", {kNone, 2})), Error);
}

TEST_CASE("or may not be there at all", "[promql][row_check]") {
  RowCheck check(RowCheck::Rule::kNoRepeat);
  check.add(row("a", {1, kNone}));
  CHECK_NOTHROW(check.add(row("a", {kNone, kNone})));  // without samples it is none
  CHECK_THROWS_AS(check.add(row("a", {kNone, 2})), Error);
}

TEST_CASE("what cannot repeat is not looked at", "[promql][row_check]") {
  RowCheck check(RowCheck::Rule::kNone);
  check.add(row("a", {1}));
  CHECK_NOTHROW(check.add(row("a", {1})));
}

TEST_CASE("rows of one label set are joined where the first one stands", "[promql][row_check]") {
  std::vector<Row> rows;
  rows.push_back(row("a", {1, kNone}));
  rows.push_back(row("b", {5, 5}));
  rows.push_back(row("a", {kNone, 2}));
  merge_repeated(rows);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].value == std::vector<double>{1, 2});
  CHECK(rows[1].value == std::vector<double>{5, 5});
  rows.push_back(row("b", {kNone, 5}));
  CHECK_THROWS_AS(merge_repeated(rows), Error);
}
