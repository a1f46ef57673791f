// SPDX-License-Identifier: Apache-2.0
#include "model/matcher.h"

#include <algorithm>
#include <optional>

#include "model/pattern_words.h"
#include "support/catch.h"

namespace mcore {
namespace {

using enum MatchType;

struct MatchCase {
  MatchType type;
  std::string_view pattern;
  std::string_view value;
  bool want;
};
constexpr MatchCase kMatches[] = {
    {kEqual, "node", "node", true},
    {kEqual, "node", "nodes", false},
    {kEqual, "", "", true},
    {kNotEqual, "node", "node", false},
    {kNotEqual, "", "x", true},
    {kRegexp, "a|b|c", "b", true},
    {kRegexp, "a|b|c", "bc", false},
    {kRegexp, "a|", "", true},
    {kRegexp, "ab|a", "ab", true},
    {kRegexp, "a|ab", "ab", true},  // the whole value, whichever alternative comes first
    {kRegexp, "node_.*", "node_", true},
    {kRegexp, "node_.*", "node_load1", true},
    {kRegexp, "node_.*", "xnode_load1", false},
    {kRegexp, "node_.+", "node_", false},
    {kRegexp, "node_.+", "node_x", true},
    {kRegexp, ".*_total", "_total", true},
    {kRegexp, ".+_total", "_total", false},
    {kRegexp, ".+_total", "a_total", true},
    {kRegexp, ".+_total", "a_totals", false},
    {kRegexp, ".*err.*", "an error", true},
    {kRegexp, ".+err.+", "error", false},
    {kRegexp, ".+err.+", "err", false},
    {kRegexp, ".+err.+", "1err2", true},
    {kRegexp, ".+errerr.*", "errerr", false},
    {kRegexp, ".+aa.*", "aaa", true},
    {kRegexp, ".*", "", true},
    {kRegexp, ".+", "", false},
    {kRegexp, ".*", "a\nb", true},
    {kRegexp, "a.b", "a\nb", true},  // `.` matches a newline
    {kRegexp, "a.+b", "a\nb", true},
    {kRegexp, "(?i)UP", "up", true},
    {kRegexp, "up", "UP", false},
    {kRegexp, R"(\d+)", "42", true},
    {kRegexp, R"(\d+)", "42x", false},
    {kRegexp, R"(10\.0\.0\.1(:\d+)?)", "10.0.0.1:9100", true},
    {kRegexp, R"(10\.0\.0\.1)", "10.0.0.1", true},
    {kRegexp, R"(10\.0\.0\.1)", "10x0x0x1", false},
    {kRegexp, "^up$", "up", true},
    {kRegexp, "^up$", "up\n", false},
    {kRegexp, "a{2}", "aa", true},
    {kRegexp, "[^a]", "é", true},
    {kRegexp, "é?", "", true},
    {kRegexp, "é?x", "x", true},
    {kNotRegexp, "a|b", "a", false},
    {kNotRegexp, "a|b", "c", true},
    {kNotRegexp, ".+", "", true},
    {kNotRegexp, "(tmp|s?h)fs.*", "shfs1", false},
};

Matcher make(MatchType type, std::string_view value, std::string_view name = "l") {
  return Matcher::make(type, std::string(name), std::string(value)).value_or_throw();
}

TEST_CASE("a matcher decides by its whole value", "[model][matcher]") {
  for (const MatchCase& c : kMatches) {
    CAPTURE(static_cast<int>(c.type), c.pattern, c.value);
    CHECK(make(c.type, c.pattern).matches(c.value) == c.want);
  }
}

TEST_CASE("a matcher knows whether a set without its label matches", "[model][matcher]") {
  CHECK(make(kEqual, "").matches_empty());
  CHECK_FALSE(make(kEqual, "a").matches_empty());
  CHECK(make(kNotEqual, "a").matches_empty());
  CHECK_FALSE(make(kNotEqual, "").matches_empty());
  CHECK(make(kRegexp, "a|").matches_empty());
  CHECK(make(kRegexp, ".*").matches_empty());
  CHECK_FALSE(make(kRegexp, ".+").matches_empty());
  CHECK(make(kNotRegexp, "a").matches_empty());
  CHECK_FALSE(make(kNotRegexp, ".*").matches_empty());
}

TEST_CASE("make refuses what RE2 refuses, in one line", "[model][matcher]") {
  for (const std::string_view bad : {"a)|(b", "(", "[a", "*", "a**", "(?=a)", R"(\q)", R"(\8)", "a{1001}", "\xFF",
                                     "a\xC3", "(?P<n", "[b-a]", "[]", "[\n"}) {
    CAPTURE(bad);
    const auto made = Matcher::make(kRegexp, "l", std::string(bad));
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().kind() == ErrorKind::kUsage);
    CHECK(std::string_view(made.error().what()).find('\n') == std::string_view::npos);
  }
  CHECK(std::string_view(Matcher::make(kNotRegexp, "l", "a(").error().what()) ==
        "read regular expression: \"a(\": missing ): \"a(\"");
}

struct WordsCase {
  std::string_view pattern;
  std::optional<std::vector<std::string>> want;  // nullopt: not to be listed
};
const WordsCase kWords[] = {
    {"a|b|c", {{"a", "b", "c"}}},
    {"c|a|b|a", {{"a", "b", "c"}}},
    {"", {{""}}},
    {"|", {{""}}},
    {"a|", {{"", "a"}}},
    {"(a|b)", {{"a", "b"}}},
    {"(?:a|b)c", {{"ac", "bc"}}},
    {"node_(cpu|disk(_io)?)_total", {{"node_cpu_total", "node_disk_io_total", "node_disk_total"}}},
    {"https?", {{"http", "https"}}},
    {"web-[1-3x]", {{"web-1", "web-2", "web-3", "web-x"}}},
    {R"(10\.0\.0\.1:9100|\_\-\/)", {{"10.0.0.1:9100", "_-/"}}},
    {"größe|é", {{"größe", "é"}}},
    {"()", {{""}}},
    {"a.b", std::nullopt},
    {"a*", std::nullopt},
    {"a+|b", std::nullopt},
    {"a{2}", std::nullopt},
    {"a??", std::nullopt},
    {"(?i)a", std::nullopt},
    {"(?P<n>a)", std::nullopt},
    {"^a$", std::nullopt},
    {R"(\d)", std::nullopt},
    {R"(\)", std::nullopt},
    {"[^a]", std::nullopt},
    {"[A-z]", std::nullopt},
    {"[0-z]", std::nullopt},
    {"[a", std::nullopt},
    {"[]", std::nullopt},
    {"(a", std::nullopt},
    {"a)", std::nullopt},
    {"a)|(b", std::nullopt},
    {"[0-9][0-9][0-9][0-9][0-9][0-9]", std::nullopt},  // a million words
    {"\xFF", std::nullopt},
};

TEST_CASE("pattern_words lists what alternations of plain words match", "[model][matcher]") {
  for (const WordsCase& c : kWords) {
    CAPTURE(c.pattern);
    CHECK(pattern_words(c.pattern) == c.want);
  }
  CHECK(pattern_words(std::string(1000, '(') + std::string(1000, ')')) == std::nullopt);
}

TEST_CASE("only what selects can be listed", "[model][matcher]") {
  CHECK(make(kEqual, "x").listed_values() == std::vector<std::string>{"x"});
  CHECK(make(kRegexp, "b|a").listed_values() == std::vector<std::string>{"a", "b"});
  CHECK(make(kRegexp, "a.*").listed_values().empty());
  CHECK(make(kNotEqual, "x").listed_values().empty());
  CHECK(make(kNotRegexp, "a|b").listed_values().empty());
}

TEST_CASE("text writes a matcher as PromQL does", "[model][matcher]") {
  CHECK(make(kEqual, "node", "job").text() == R"(job="node")");
  CHECK(make(kNotEqual, "a\"b", "job").text() == R"(job!="a\"b")");
  CHECK(make(kRegexp, R"(a\.b)", "job").text() == R"(job=~"a\\.b")");
  CHECK(make(kNotRegexp, "x", "a.b").text() == R"("a.b"!~"x")");
}

TEST_CASE("matches_all wants every condition, and takes a missing label as empty", "[model][matcher]") {
  LabelBuilder builder;
  builder.add("__name__", "up");
  builder.add("job", "node");
  const LabelsView labels = builder.build();
  CHECK(matches_all({}, labels));
  CHECK(matches_all({make(kEqual, "up", "__name__"), make(kRegexp, "no.*", "job")}, labels));
  CHECK(matches_all({make(kEqual, "", "env")}, labels));
  CHECK_FALSE(matches_all({make(kEqual, "up", "__name__"), make(kNotEqual, "node", "job")}, labels));
  CHECK_FALSE(matches_all({make(kNotEqual, "", "env")}, labels));
}

}  // namespace
}  // namespace mcore
