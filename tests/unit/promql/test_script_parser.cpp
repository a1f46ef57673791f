// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "promql/script.h"
#include "promql/script_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

std::string expectation_text(const ScriptExpectation& expected) {
  std::string text;
  const auto add = [&text](std::string_view word) { text += " " + std::string(word); };
  if (expected.failure.has_value()) {
    add("fail " + script_rule_text(*expected.failure));
  }
  for (const ScriptTextRule& rule : expected.warnings) {
    add("warn " + script_rule_text(rule));
  }
  for (const ScriptTextRule& rule : expected.infos) {
    add("info " + script_rule_text(rule));
  }
  if (expected.has_no_warnings) {
    add("no_warn");
  }
  if (expected.has_no_infos) {
    add("no_info");
  }
  if (expected.is_ordered) {
    add("ordered");
  }
  if (expected.is_range_vector) {
    add("range vector");
  }
  if (expected.string.has_value()) {
    add("string '" + *expected.string + "'");
  }
  if (expected.scalar.has_value()) {
    add(fmt::format("scalar {}", *expected.scalar));
  }
  for (const ScriptSeries& series : expected.series) {
    add("[" + script_series_text(series) + "]");
  }
  return text;
}

/// Every command with its line, then every problem.
std::string outline(std::string_view text) {
  const Script script = parse_script(text);
  std::string out;
  for (const ScriptCommand& command : script.commands) {
    out += fmt::format("{}:", command.line);
    if (const auto* const load = std::get_if<ScriptLoad>(&command.what)) {
      out += fmt::format(" load{} {}", load->converts_histograms ? "_with_nhcb" : "", load->step_ms);
      for (const ScriptLoad::Series& series : load->series) {
        out +=
            fmt::format(" [{}{}]", script_series_text(series.described), series.start_offset_ms.empty() ? "" : " st");
      }
    } else if (const auto* const eval = std::get_if<ScriptEval>(&command.what)) {
      out += fmt::format(" {} {}-{}/{} {} ->{}", eval->is_range ? "range" : "instant", eval->start_t_ms, eval->end_t_ms,
                         eval->step_ms, eval->query, expectation_text(eval->expected));
    } else {
      out += " clear";
    }
    out += "\n";
  }
  for (const ScriptProblem& problem : script.problems) {
    out += fmt::format("{}! {}\n", problem.line, problem.text);
  }
  return out;
}

TEST_CASE("a script is blocks that empty lines and comments end", "[promql][script]") {
  CHECK(
      outline("# comment\nload 5m\n  a 1 2\n  b@st -1m _\n  b 3 4\n\nclear\nLOAD_with_nhcb 10s\r\n\tc 1\n# x\n"
              "eval instant at 1h30m sum(a)\n  {} 3\n\neval range from 0 to 10s step 5s a * 2\n  {x=\"y\"} 1 _ 2\n") ==
      "2: load 300000 [a 1 2] [b 3 4 st]\n7: clear\n8: load_with_nhcb 10000 [c 1]\n"
      "11: instant 5400000-5400000/0 sum(a) -> [{} 3]\n14: range 0-10000/5000 a * 2 -> [{x=\"y\"} 1 _ 2]\n");
  CHECK(outline("").empty());
  CHECK(outline("\n\n# only a comment").empty());
}

TEST_CASE("a number ends the block of an eval", "[promql][script]") {
  CHECK(outline("eval instant at 0 1\n  0x1F\neval instant at 0 2\n  NaN\n") ==
        "1: instant 0-0/0 1 -> scalar 31\n3: instant 0-0/0 2 -> scalar nan\n");
  CHECK(outline("eval instant at 0 1\n  1\n  {} 2\n") ==
        "1: instant 0-0/0 1 -> scalar 1\n3! expected clear, load or eval, found \"{}\"\n");
}

TEST_CASE("expect lines state what is wanted besides values", "[promql][script]") {
  struct Case {
    std::string_view line;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"expect fail", " fail of any text"},
      {"expect fail msg:  a b ", " fail \"a b\""},
      {"expect fail regex: a.*b", " fail matching \"a.*b\""},
      {"expect warn", " warn of any text"},
      {"expect warn msg: x\n expect warn regex: y", " warn \"x\" warn matching \"y\""},
      {"expect info msg: x\n expect no_warn", " info \"x\" no_warn"},
      {"expect no_info", " no_info"},
      {"expect ordered\n a 1\n b 2", " ordered [a 1] [b 2]"},
      {"expect string \"a\\nb\"", " string 'a\nb'"},
      {"expect string `a\\n`", " string 'a\\n'"},
      {"expect{} 1", " [expect 1]"},
      {"a 1\n b 2\n a 3", " [b 2] [a 3]"},  // given twice: the last one counts
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.line) {
      CHECK(outline(fmt::format("eval instant at 0 q\n {}\n", c.line)) ==
            fmt::format("1: instant 0-0/0 q ->{}\n", c.want));
    }
  }
  CHECK(outline("eval instant at 0 q\n expect range vector from 10s to 1m step 10s\n m 1 2 3\n") ==
        "1: instant 10000-60000/10000 q -> range vector [m 1 2 3]\n");
}

TEST_CASE("the older spellings mean the same", "[promql][script]") {
  CHECK(outline("eval_fail instant at 0 q\n\neval_warn range from 0 to 1m step 1m q\n\neval_info instant at 0 q\n\n"
                "eval_ordered instant at 0 q\n a 1\n\neval_fail instant at 0 q\n expected_fail_message a b\n"
                "eval_fail instant at 0 q\n expected_fail_regexp a.b\n") ==
        "1: instant 0-0/0 q -> fail of any text\n3: range 0-60000/60000 q -> warn of any text\n"
        "5: instant 0-0/0 q -> info of any text\n7: instant 0-0/0 q -> ordered [a 1]\n"
        "10: instant 0-0/0 q -> fail \"a b\"\n12: instant 0-0/0 q -> fail matching \"a.b\"\n");
}

TEST_CASE("what is wrong with a script is told by its line", "[promql][script]") {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"lod 5m", "1! expected clear, load or eval, found \"lod\"\n"},
      {"load", "1! expected a step such as 0, 30s or 1h30m, found \"\"\n"},
      {"load 5x", "1! expected a step such as 0, 30s or 1h30m, found \"5x\"\n"},
      {"load 0\n a 1 2", "2! a step of 0 has room for one value only\n"},
      {"load 5m\n a 1\n b c", "3! column 3: expected a number, found \"c\"\n"},
      {"load 5m\n a@st 1m", "2! expected the series of the start times on the next line\n"},
      {"load 5m\n a@st 1m\n b 1", "3! the line above has start times of another series\n"},
      {"load 5m\n a@st 1m\n a 1 2", "3! 2 values, but 1 start times above\n"},
      {"eval sum(a)", "1! column 6: expected instant or range, found \"sum(a)\"\n"},
      {"eval instant sum(a)", "1! column 14: expected 'at', found \"sum(a)\"\n"},
      {"eval instant at x a", "1! expected a time such as 0, 30s or 1h30m, found \"x\"\n"},
      {"eval instant at 0", "1! column 18: expected a query, found the end of the line\n"},
      {"eval range from 5m to 0 step 1m a", "1! the last time is before the first\n"},
      {"eval range from 0 to 5m step 0 a", "1! a step of 0, or more than a million steps\n"},
      {"eval range from 0 to 1y step 1ms a", "1! a step of 0, or more than a million steps\n"},
      {"eval_ordered range from 0 to 1m step 1m a", "1! unknown command \"eval_ordered\"\n"},
      {"eval instant at 0 a\n m 1 2",
       "2! expected one value for an instant query; \"expect range vector\" allows several\n"},
      {"eval instant at 0 a\n m", "2! expected a value behind the series\n"},
      {"eval instant at 0 a\n expect nothing",
       "2! column 8: expected fail, ordered, warn, no_warn, info, no_info, string or range vector, found "
       "\"nothing\"\n"},
      {"eval instant at 0 a\n expect fail\n expect fail",
       "3! column 8: expected one line about the failure, found \"fail\"\n"},
      {"eval instant at 0 a\n expect warn\n expect no_warn",
       "3! column 8: expected either some notes of a kind or none, found \"no_warn\"\n"},
      {"eval instant at 0 a\n expect fail regex: a(", "2! regular expression \"a(\": missing ): a(\n"},
      {"eval instant at 0 a\n expect fail text: a", "2! column 13: expected msg: or regex:, found \"text: a\"\n"},
      {"eval instant at 0 a\n expect string a", "2! column 15: expected a quoted text, found \"a\"\n"},
      {"lod\n\nlod\nx\n\nclear",
       "6: clear\n1! expected clear, load or eval, found \"lod\"\n3! expected clear, load or "
       "eval, found \"lod\"\n"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.text) {
      CHECK(outline(c.text) == c.want);
    }
  }
}

TEST_CASE("a script has at most four million values", "[promql][script]") {
  CHECK(outline("load 1m\n a 1x3999998\n b 1 2\n") == "3! more values than a script may have\n");
}

}  // namespace
}  // namespace mcore
