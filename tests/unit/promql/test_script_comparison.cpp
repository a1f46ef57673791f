// SPDX-License-Identifier: Apache-2.0
#include "promql/script_comparison.h"

#include <bit>
#include <limits>
#include <string>
#include <string_view>

#include "base/number_text.h"
#include "promql/script_expectation.h"
#include "support/catch.h"

namespace mcore {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kMinNormal = std::numeric_limits<double>::min();
const double kStale = std::bit_cast<double>(kStaleNanBits);

TEST_CASE("numbers are equal within a millionth of their sum", "[promql][script]") {
  struct Case {
    double a;
    double b;
    bool want;
  };
  const Case cases[] = {
      {1, 1, true},
      {1, 1.0000019, true},
      {1, 1.0000021, false},
      {-1, 1, false},
      {0, 1e-300, false},
      {0, kMinNormal * 1e-7, true},
      {0, kMinNormal * 1e-5, false},
      {kInf, kInf, true},
      {kInf, -kInf, false},
      {1.7e308, 1.7e308 * 1.000001, true},  // the sum is not representable
      {kNan, kNan, true},
      {kNan, 1, false},
      {kStale, kStale, true},
      {kStale, kNan, false},
      {kStale, 1, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.a, c.b);
    CHECK(equal_script_numbers(c.a, c.b) == c.want);
    CHECK(equal_script_numbers(c.b, c.a) == c.want);
  }
}

ScriptValue value_of(std::string_view literal) {
  std::size_t room = 1000;
  return read_script_series("m " + std::string(literal), room).values.at(0);
}

TEST_CASE("histograms are compared by what their buckets hold", "[promql][script]") {
  struct Case {
    std::string_view a;
    std::string_view b;
    bool want;
  };
  constexpr Case kCases[] = {
      {"{{count:1 sum:2}}", "{{count:1 sum:2}}", true},
      {"{{count:1 sum:2}}", "{{count:1 sum:2.1}}", false},
      {"{{count:1}}", "{{count:1.0000001}}", true},
      {"{{count:1}}", "{{count:2}}", false},
      {"{{schema:1}}", "{{schema:0}}", false},
      {"{{buckets:[1 0 2]}}", "{{buckets:[1 0 2 0 0]}}", true},
      {"{{buckets:[0 1]}}", "{{offset:1 buckets:[1]}}", true},
      {"{{buckets:[1]}}", "{{offset:1 buckets:[1]}}", false},
      {"{{buckets:[1 2]}}", "{{buckets:[1 3]}}", false},
      {"{{n_buckets:[1]}}", "{{buckets:[1]}}", false},
      {"{{z_bucket:1}}", "{{}}", false},
      {"{{z_bucket_w:0.001}}", "{{z_bucket_w:0.0010000001}}", false},
      {"{{schema:-53 custom_values:[1 2] buckets:[1]}}", "{{schema:-53 custom_values:[1 2] buckets:[1 0]}}", true},
      {"{{schema:-53 custom_values:[1 2]}}", "{{schema:-53 custom_values:[1 3]}}", false},
      {"{{counter_reset_hint:gauge}}", "{{}}", true},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.a << " and " << c.b) {
      CHECK(equal_script_histograms(*value_of(c.a).histogram, *value_of(c.b).histogram, false) == c.want);
    }
  }
  const Histogram gauge = *value_of("{{counter_reset_hint:gauge}}").histogram;
  CHECK_FALSE(equal_script_histograms(gauge, *value_of("{{}}").histogram, true));
  CHECK(equal_script_histograms(gauge, gauge, true));
}

ScriptEval eval_of(std::string_view header, std::string_view lines) {
  Script script = parse_script("eval " + std::string(header) + " q\n" + std::string(lines) + "\n");
  REQUIRE(script.problems.empty());
  return std::get<ScriptEval>(std::move(script.commands.at(0).what));
}

/// An answer out of series lines, each value a step of the grid.
QueryValue answer_of(ValueType type, const ScriptEval& grid, std::initializer_list<std::string_view> lines) {
  QueryValue answer;
  answer.type = type;
  answer.t_ms = grid.end_t_ms;
  for (const std::string_view line : lines) {
    std::size_t room = 1000;
    const ScriptSeries series = read_script_series(line, room);
    QuerySeries got;
    got.labels = series.labels;
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      const std::int64_t t_ms = grid.start_t_ms + static_cast<std::int64_t>(i) * grid.step_ms;
      if (series.values[i].kind == ScriptValue::Kind::kFloat) {
        got.samples.t_ms.push_back(t_ms);
        got.samples.value.push_back(series.values[i].value);
      } else if (series.values[i].kind == ScriptValue::Kind::kHistogram) {
        got.samples.histogram_t_ms.push_back(t_ms);
        got.samples.histogram.push_back(*series.values[i].histogram);
      }
    }
    answer.series.push_back(std::move(got));
  }
  return answer;
}

std::string differences_text(const std::vector<ScriptDifference>& differences) {
  std::string text;
  for (const ScriptDifference& difference : differences) {
    text += difference.got + " | " + difference.want + "\n";
  }
  return text;
}

TEST_CASE("a vector has exactly the expected series, in any order", "[promql][script]") {
  struct Case {
    std::string_view expected;
    std::initializer_list<std::string_view> got;
    std::string_view want;
  };
  const Case cases[] = {
      {"a 1\n b 2", {"b 2", "a 1"}, ""},
      {"", {}, ""},
      {"a 1", {"a 2"}, "a 2 | a 1\n"},
      {"a 1", {"b 1"}, "b 1 | no series b\nno series a | a 1\n"},
      {"a 1", {"a 1", "a 1"}, "a 1, a second time | no series a\n"},
      {"a 1", {"a {{count:1}}"}, "a {{count:1}} | a 1\n"},
      {"a {{count:1}}", {"a 1"}, "a 1 | a {{count:1}}\n"},
      {"a {{counter_reset_hint:gauge}}", {"a {{}}"}, "a {{}} | a {{counter_reset_hint:gauge}}\n"},
      {"a {{}}", {"a {{counter_reset_hint:gauge}}"}, ""},
      {"expect ordered\n a 1\n b 1", {"a 1", "b 1"}, ""},
      {"expect ordered\n a 1\n b 1", {"b 1", "a 1"}, "the order b a | the order a b\n"},
      {"1", {"a 1"}, "a vector of 1 series | the scalar 1\n"},
      {"expect string \"x\"", {}, "a vector of 0 series | the string \"x\"\n"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.expected) {
      const ScriptEval eval = eval_of("instant at 1m", c.expected);
      CHECK(differences_text(compare_script_value(answer_of(ValueType::kVector, eval, c.got), eval)) == c.want);
    }
  }
}

TEST_CASE("a matrix has its points where the values stand", "[promql][script]") {
  struct Case {
    std::string_view expected;
    std::initializer_list<std::string_view> got;
    std::string_view want;
  };
  const Case cases[] = {
      {"a 1 2 3", {"a 1 2 3"}, ""},
      {"a 1 _ 3", {"a 1 _ 3"}, ""},
      {"a 1 2", {"a 1 2 3"}, "a 1 2 3 | a 1 2\n"},
      {"a 1 2 3", {"a 1 _ 3"}, "a 1 _ 3 | a 1 2 3\n"},
      {"a 1 {{}} 3", {"a 1 {{}} 3"}, ""},
      {"a 1 {{}} 3", {"a 1 2 3"}, "a 1 2 3 | a 1 {{}} 3\n"},
      {"a 1 2 3 4", {"a 1 2 3"}, "at most 3 points | 4 points of a\n"},
      {"a 1\n b 1", {"b 1", "a 1"}, "b before a | series in the order of their labels\n"},
      {"a _ _", {}, ""},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.expected) {
      const ScriptEval eval = eval_of("range from 1m to 3m step 1m", c.expected);
      CHECK(differences_text(compare_script_value(answer_of(ValueType::kMatrix, eval, c.got), eval)) == c.want);
    }
  }
  const ScriptEval eval = eval_of("range from 1m to 3m step 1m", "a 1 2");
  QueryValue answer = answer_of(ValueType::kMatrix, eval, {"a 1 2"});
  answer.series[0].samples.t_ms[1] = 90'000;
  CHECK(differences_text(compare_script_value(answer, eval)) == "a 1 2@1m30s | a 1 2\n");
}

TEST_CASE("scalars and strings are compared as such", "[promql][script]") {
  QueryValue scalar;
  scalar.type = ValueType::kScalar;
  scalar.scalar = 2;
  CHECK(compare_script_value(scalar, eval_of("instant at 0", "2")).empty());
  CHECK(differences_text(compare_script_value(scalar, eval_of("instant at 0", "3"))) ==
        "the scalar 2 | the scalar 3\n");
  CHECK(differences_text(compare_script_value(scalar, eval_of("instant at 0", "{} 2"))) ==
        "the scalar 2 | a vector of 1 series\n");
  QueryValue string;
  string.type = ValueType::kString;
  string.string = "x";
  CHECK(compare_script_value(string, eval_of("instant at 0", "expect string \"x\"")).empty());
  CHECK(differences_text(compare_script_value(string, eval_of("instant at 0", "expect string 'y'"))) ==
        "the string \"x\" | the string \"y\"\n");
  CHECK(differences_text(compare_script_value(string, eval_of("instant at 0", ""))) ==
        "the string \"x\" | a vector of 0 series\n");
}

TEST_CASE("each rule about notes must be met, and each note of a kind meet one", "[promql][script]") {
  const std::vector<QueryNote> notes = {{.is_warning = true, .text = "PromQL warning: a (1:1)"},
                                        {.is_warning = true, .text = "PromQL warning: b (1:2)"},
                                        {.is_warning = false, .text = "PromQL info: c (1:3)"}};
  struct Case {
    std::string_view expected;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"", ""},
      {"expect warn\n expect info", ""},
      {"expect warn regex: warning: [ab]", ""},
      {"expect warn msg: PromQL warning: a (1:1)\n expect warn regex: b", ""},
      {"expect warn msg: PromQL warning: a (1:1)", "PromQL warning: b (1:2) | no such warning\n"},
      {"expect info regex: ^c", "PromQL info: c (1:3) | info matching \"^c\"\nPromQL info: c (1:3) | no such info\n"},
      {"expect no_info", "PromQL info: c (1:3) | no such info\n"},
      {"expect warn regex: [abx]\n expect warn regex: x",
       "PromQL warning: a (1:1); PromQL warning: b (1:2) | warning matching \"x\"\n"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.expected) {
      CHECK(differences_text(compare_script_notes(notes, eval_of("instant at 0", c.expected).expected)) == c.want);
    }
  }
  CHECK(differences_text(compare_script_notes({}, eval_of("instant at 0", "expect warn").expected)) ==
        "no warning | warning of any text\n");
  CHECK(compare_script_notes({}, eval_of("instant at 0", "expect no_warn").expected).empty());
}

}  // namespace
}  // namespace mcore
