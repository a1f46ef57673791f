// SPDX-License-Identifier: Apache-2.0
#include "model/selector_text.h"

#include "support/catch.h"

namespace mcore {
namespace {

struct AcceptedCase {
  std::string_view text;
  std::string_view want;  // as selector_text() writes it
};
constexpr AcceptedCase kAccepted[] = {
    {"up", "up"},
    {"  up  ", "up"},
    {"job:up:sum", "job:up:sum"},
    {"on", "on"},
    {"up{}", "up"},
    {"{}", "{}"},
    {"{ }", "{}"},
    {R"(up{job="node",mode!~"a|b"})", R"(up{job="node", mode!~"a|b"})"},
    {R"(up { job = "node" , })", R"(up{job="node"})"},
    {R"({__name__=~"node_.*"})", R"({__name__=~"node_.*"})"},
    {R"({__name__="up",__name__!~"x.*"})", R"({__name__="up", __name__!~"x.*"})"},
    {R"({__name__="up"})", "up"},
    {R"({"a.b", "x y"="z"})", R"({__name__="a.b", "x y"="z"})"},
    {R"({'up'})", "up"},
    {R"({job='no"de'})", R"({job="no\"de"})"},
    {R"({job="a\x41\101\u00e9\U0001F600\n\\"})", "{job=\"aAA\xC3\xA9\xF0\x9F\x98\x80\\n\\\\\"}"},
    {R"({job='it\'s'})", R"({job="it's"})"},
    {R"({job=`a\d`})", R"({job="a\\d"})"},
    {"{job=`a\nb`}", R"({job="a\nb"})"},
    {"up{ # the job\n job=\"a\" # more\n}", R"(up{job="a"})"},
    {R"({größe="1"})", ""},  // PromQL wants quotes
    {R"({"größe"="1"})", R"({"größe"="1"})"},
    // Without braces and quotes.
    {"job=node", R"({job="node"})"},
    {"job=node,mode!=idle", R"({job="node", mode!="idle"})"},
    {"job = node , mode != idle,", R"({job="node", mode!="idle"})"},
    {"instance=~10\\.0\\..*|b", R"({instance=~"10\\.0\\..*|b"})"},
    {"instance!~(a|b)[12]?", R"({instance!~"(a|b)[12]?"})"},
    {R"(job="a b",x=1)", R"({job="a b", x="1"})"},
    {R"("x y"=z)", R"({"x y"="z"})"},
    {R"("a.b")", R"({__name__="a.b"})"},
    {"up{job=node}", R"(up{job="node"})"},
    {"up{instance=localhost:9100,path=/a/b=c}", R"(up{instance="localhost:9100", path="/a/b=c"})"},
    {"{job=}", R"({job=""})"},
    {"job=", R"({job=""})"},
    {"job!=,x=1", R"({job!="", x="1"})"},
    {"__name__=up", "up"},
};

TEST_CASE("parse_selector reads PromQL's selectors and the lenient spelling", "[model][selector]") {
  for (const AcceptedCase& c : kAccepted) {
    CAPTURE(c.text);
    const auto got = parse_selector(c.text);
    REQUIRE(got.ok() == !c.want.empty());
    if (got.ok()) {
      CHECK(selector_text(got.value()) == c.want);
    }
  }
}

struct RefusedCase {
  std::string_view text;
  std::string_view want;  // behind "parse selector: "
};
constexpr RefusedCase kRefused[] = {
    {"", "'': column 1: expected a metric name, '{' or a condition such as job=node, found the end"},
    {"  ", "'  ': column 3: expected a metric name, '{' or a condition such as job=node, found the end"},
    {"1up", R"('1up': column 1: expected a metric name, '{' or a condition such as job=node, found "1up")"},
    {"up{", "'up{': column 4: expected a label name or '}', found the end"},
    {"up{job=\"a\"", "'up{job=\"a\"': column 11: expected ',' or '}', found the end"},
    {"up{job",
     "'up{job': column 7: expected =, !=, =~ or !~, found the end; a metric name in braces needs quotes, and "
     "single quotes around all for the shell: '{\"up\"}'"},
    {"{up}",
     "'{up}': column 4: expected =, !=, =~ or !~, found \"}\"; a metric name in braces needs quotes, and single "
     "quotes around all for the shell: '{\"up\"}'"},
    {"{a.b=c}",
     "'{a.b=c}': column 3: expected =, !=, =~ or !~, found \".\"; such a name needs quotes, and single quotes "
     "around all for the shell: '{\"a.b\"=\"c\"}'"},
    {"{job=a b}",
     "'{job=a b}': column 8: expected ',' or '}', found \"b\"; such a value needs quotes, and single "
     "quotes around all for the shell: '{job=\"a b\"}'"},
    {"{,}", R"('{,}': column 2: expected a label name, found ",")"},
    {"{a=b,,}", R"('{a=b,,}': column 6: expected a label name, found ",")"},
    {"{a>1}", R"('{a>1}': column 3: expected =, !=, =~ or !~, found ">")"},
    {"job==node", R"('job==node': column 5: expected a value, found "="; a value that starts so needs quotes)"},
    {"up[5m]", R"('up[5m]': column 3: expected '{' or the end, found "["; a selector has no time, --start, --end and )"
               "--last say it"},
    {"up offset 5m", R"('up offset 5m': column 4: expected '{' or the end, found "offset"; a selector has no time, )"
                     "--start, --end and --last say it"},
    {"up{} @ 1", R"('up{} @ 1': column 6: expected the end, found "@"; a selector has no time, --start, --end and )"
                 "--last say it"},
    {"rate(up[5m])", R"('rate(up[5m])': column 5: expected '{' or the end, found "("; an expression is for mquery)"},
    {"up,job=node", R"('up,job=node': column 3: expected '{' or the end, found ","; a metric name and conditions are )"
                    "written name{label=value}"},
    {"a.b", R"('a.b': column 2: expected '{' or the end, found "."; such a name is written '{"a.b"}', in single )"
            "quotes for the shell"},
    {"up{a=b}}", R"('up{a=b}}': column 8: expected the end, found "}")"},
    {"up{__name__=\"x\"}", R"('up{__name__="x"}': column 12: expected no second metric name, found "=")"},
    {R"(up{"x"})", R"('up{"x"}': column 4: expected no second metric name, found "\"")"},
    {R"({""})", R"('{""}': column 2: expected a metric name that is not empty, found "\"")"},
    {R"({""="x"})", R"('{""="x"}': column 2: expected a label name that is not empty, found "\"")"},
    {R"({a="b)", R"('{a="b': column 6: expected a closing ", found the end)"},
    {"{a=\"b\nc\"}", R"("{a=\"b\nc\"}": column 6: expected a closing ", found "\n")"},
    {R"({a="\q"})", R"('{a="\q"}': column 5: expected an escape that PromQL knows, found "\\")"},
    {R"({a="\400"})", R"('{a="\400"}': column 5: expected an escape that PromQL knows, found "\\")"},
    {R"({a="\ud800"})", R"('{a="\ud800"}': column 5: expected an escape that PromQL knows, found "\\")"},
    {R"({a="\x4"})", R"('{a="\x4"}': column 5: expected an escape that PromQL knows, found "\\")"},
    {R"({a="\'"})", R"("{a=\"\\'\"}": column 5: expected an escape that PromQL knows, found "\\")"},
    {R"({é="ü",a=~"("})", R"('{é="ü",a=~"("}': column 2: expected a label name, found "é")"},
    {R"({e="ü",a=~"("})", R"('{e="ü",a=~"("}': column 9: read regular expression: "(": missing ): "(")"},
    {"{a=\"\xFF\"}", R"("{a=\"\xff\"}": expected UTF-8)"},
};

TEST_CASE("parse_selector says where it stopped and what belongs there", "[model][selector]") {
  for (const RefusedCase& c : kRefused) {
    CAPTURE(c.text);
    const auto got = parse_selector(c.text);
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().kind() == ErrorKind::kUsage);
    CHECK(got.error().what() == "parse selector: " + std::string(c.want));
  }
}

TEST_CASE("selects_everything tells what would match a series without labels", "[model][selector]") {
  for (const std::string_view text : {"{}", "job=", "{a=~\".*\"}", "{a!=\"x\",b=\"\"}"}) {
    CAPTURE(text);
    CHECK(selects_everything(parse_selector(text).value_or_throw()));
  }
  for (const std::string_view text : {"up", "job!=", "{a=~\".+\"}", "{a!=\"x\",b=\"y\"}"}) {
    CAPTURE(text);
    CHECK_FALSE(selects_everything(parse_selector(text).value_or_throw()));
  }
}

TEST_CASE("what selector_text writes reads back the same", "[model][selector]") {
  for (const AcceptedCase& c : kAccepted) {
    if (!c.want.empty()) {
      CAPTURE(c.want);
      CHECK(selector_text(parse_selector(c.want).value_or_throw()) == c.want);
    }
  }
}

}  // namespace
}  // namespace mcore
