// SPDX-License-Identifier: Apache-2.0
#include "promql/script_values.h"

#include <string>
#include <string_view>

#include "base/error.h"
#include "promql/script_series.h"
#include "promql/script_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

constexpr std::size_t kRoom = 1000;

/// The line read and written again; an error as its text.
std::string reread(std::string_view line) {
  std::size_t room = kRoom;
  try {
    return script_series_text(read_script_series(line, room));
  } catch (const Error& error) {
    return error.why();
  }
}

TEST_CASE("a series line is labels, then values", "[promql][script]") {
  struct Case {
    std::string_view line;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"m 1", "m 1"},
      {"m{} 1", "m 1"},
      {"{} 1", "{} 1"},
      {"m{b=\"x\",a='y',} 1", "m{a=\"y\", b=\"x\"} 1"},
      {"m{ a = \"b c\" , d=`e` }\t1", "m{a=\"b c\", d=\"e\"} 1"},
      {"{__name__=\"m\",a=\"b\"} 1", "m{a=\"b\"} 1"},
      {"{\"utf.8 name\",\"lab.el\"=\"x\"} 1", "{\"utf.8 name\", \"lab.el\"=\"x\"} 1"},
      {"job:rate:5m 1", "job:rate:5m 1"},
      {"m{a=\"\\\"\"} 1", "m{a=\"\\\"\"} 1"},
      {"m", "m"},
      {"m 1 -1.5 1e3 .5 NaN Inf -Inf +Inf nan", "m 1 -1.5 1000 0.5 NaN +Inf -Inf +Inf NaN"},
      {"m _ 1 stale  _x2 2", "m _ 1 stale _ _ 2"},
      {"m 5x2", "m 5 5 5"},
      {"m 5x0", "m 5"},
      {"m _x0 1", "m 1"},
      {"m 1+2x3", "m 1 3 5 7"},
      {"m 10-2.5x2 -1+1x1", "m 10 7.5 5 -1 0"},
      {"m 0x10", "m 0 0 0 0 0 0 0 0 0 0 0"},
      {"m stalex1", "m stale stale"},
      {"m 0.1+0.1x2", "m 0.1 0.2 0.30000000000000004"},  // added again and again, not multiplied
      // Refused.
      {"", "column 1: expected a series, found the end of the line"},
      {"5 1", "column 1: expected a series, found \"5 1\""},
      {"m {a=\"b\"} 1", "column 3: expected a number, found \"{a=\\\"b\\\"} 1\""},
      {"m{a=\"b\"}1", "column 9: expected a blank before the next value, found \"1\""},
      {"m{a=b} 1", "column 5: expected a quoted text, found \"b} 1\""},
      {"m{a=\"b\" c=\"d\"} 1", "column 9: expected ',' or '}', found \"c=\\\"d\\\"} 1\""},
      {"m{a=\"b\"", "column 8: expected ',' or '}', found the end of the line"},
      {"m{a=\"1\",a=\"2\"} 1",
       "column 1: expected each label once, not \"a\" twice, found \"m{a=\\\"1\\\",a=\\\"2\\\"} 1\""},
      {"m abc", "column 3: expected a number, found \"abc\""},
      {"m 1+x3", "column 5: expected a number, found \"x3\""},
      {"m 1+2", "column 6: expected 'x', found the end of the line"},
      {"m 1x", "column 5: expected how many times, found the end of the line"},
      {"m 1x1001", "more values than a script may have"},
      {"m _x99999999999", "more values than a script may have"},
      {"m 1x99999999999999999999", "column 5: expected how many times, found \"99999999999999999999\""},
      {"m 1e999", "column 3: expected a number that fits a double, found \"1e999\""},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.line << "'") {
      CHECK(reread(c.line) == c.want);
    }
  }
}

TEST_CASE("a histogram literal has its keys in any order", "[promql][script]") {
  struct Case {
    std::string_view line;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"m {{}}", "m {{}}"},
      {"m {{ schema:1 count:3 sum:-2.5 buckets:[1 0 2] }}", "m {{schema:1 count:3 sum:-2.5 buckets:[1 0 2]}}"},
      {"m {{offset:-2 buckets:[1] n_buckets:[3 4] n_offset:5}}",
       "m {{offset:-2 buckets:[1] n_offset:5 n_buckets:[3 4]}}"},
      {"m {{z_bucket:2 z_bucket_w:0.001}}", "m {{z_bucket:2 z_bucket_w:0.001}}"},
      {"m {{schema:-53 custom_values:[5 10] buckets:[1 2 3]}}",
       "m {{schema:-53 custom_values:[5 10] buckets:[1 2 3]}}"},
      {"m {{counter_reset_hint:gauge}}", "m {{counter_reset_hint:gauge}}"},
      {"m {{count:1}}x2 5", "m {{count:1}} {{count:1}} {{count:1}} 5"},
      {"m {{count:1 buckets:[1]}}+{{count:2 buckets:[2]}}x2",
       "m {{count:1 buckets:[1]}} {{count:3 buckets:[3]}} {{count:5 buckets:[5]}}"},
      {"m {{count:5 buckets:[5]}}-{{count:2 buckets:[2]}}x1", "m {{count:5 buckets:[5]}} {{count:3 buckets:[3]}}"},
      // Refused.
      {"m {{bucket:[1]}}", "column 5: expected a histogram key such as buckets, or '}}', found \"bucket:[1]}}\""},
      {"m {{count:1 count:2}}", "column 13: expected each key once, found \"count:2}}\""},
      {"m {{count 1}}", "column 10: expected ':', found \" 1}}\""},
      {"m {{schema:9}}", "column 3: expected a schema from -4 to 8, or -53, found \"{{schema:9}}\""},
      {"m {{schema:1.5}}", "column 13: expected a histogram key such as buckets, or '}}', found \".5}}\""},
      {"m {{offset:1000001}}", "column 12: expected a whole number from -1000000 to 1000000, found \"1000001}}\""},
      {"m {{buckets:[1 x]}}", "column 16: expected a number, found \"x]}}\""},
      {"m {{buckets:[1", "column 15: expected a number, found the end of the line"},
      {"m {{counter_reset_hint:never}}", "column 24: expected unknown, reset, not_reset or gauge, found \"never}}\""},
      {"m {{schema:-53 custom_values:[5] buckets:[1 2 3]}}",
       "column 3: expected no more buckets than custom bounds and one, found \"{{schema:-53 custom_values:[5]...\""},
      {"m {{schema:-53 custom_values:[5 1]}}",
       "column 3: expected custom bounds that ascend, found \"{{schema:-53 custom_values:[5 ...\""},
      {"m {{schema:1}}+{{}}x1",
       "column 16: expected a histogram of no lower resolution than the one before it, found \"{{}}x1\""},
      {"m {{}}+{{schema:-53 custom_values:[1]}}x1",
       "column 8: expected a histogram of no lower resolution than the one before it, found \"{{schema:-53 "
       "custom_values:[1]...\""},
      {"m {{}}+{{}}x1000", "more values than a script may have"},  // computed histograms weigh more
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.line << "'") {
      CHECK(reread(c.line) == c.want);
    }
  }
}

TEST_CASE("a hint counts where it is written, in a sequence where the second literal writes it", "[promql][script]") {
  const auto names_hint = [](std::string_view line) {
    std::size_t room = kRoom;
    return read_script_series(line, room).values.at(0).names_hint;
  };
  CHECK_FALSE(names_hint("m {{count:1}}"));
  CHECK(names_hint("m {{counter_reset_hint:unknown}}"));
  CHECK(names_hint("m {{counter_reset_hint:gauge}}x2"));
  CHECK_FALSE(names_hint("m {{counter_reset_hint:gauge}}+{{count:1}}x2"));
  CHECK(names_hint("m {{count:1}}+{{counter_reset_hint:gauge}}x2"));
}

TEST_CASE("a line of start times lists offsets", "[promql][script]") {
  using Offsets = std::vector<std::optional<std::int64_t>>;
  const auto offsets = [](std::string_view line) {
    std::size_t room = kRoom;
    const auto read = read_script_start_line(line, room);
    return read.has_value() ? read->offset_ms : Offsets{424242};
  };
  CHECK(offsets("m@st -30s-1mx2") == Offsets{-30'000, -90'000, -150'000});
  CHECK(offsets("m{a=\"b c\"}@st _ 0s 5msx1 _x2 -1m+30sx1") ==
        Offsets{std::nullopt, 0, 5, 5, std::nullopt, std::nullopt, -60'000, -30'000});
  CHECK(offsets("m@st") == Offsets{});
  CHECK(offsets("m 1 2") == Offsets{424242});  // no such line
  CHECK(offsets("m{a=\"@st\"} 1 2") == Offsets{424242});
  CHECK_THROWS_AS(offsets("m@st abc"), Error);
  CHECK_THROWS_AS(offsets("m@st -30s-1m"), Error);
  CHECK_THROWS_AS(offsets("m@st 1mx1001"), Error);
}

}  // namespace
}  // namespace mcore
