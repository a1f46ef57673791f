// SPDX-License-Identifier: Apache-2.0
#include "text/prom_text_reader.h"

#include <fmt/format.h>

#include <cmath>

#include "base/number_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

/// Everything a reader yields, one line an entry.
std::string transcript(ExpositionReader& reader) {
  std::string out;
  LabelBuilder builder;
  for (;;) {
    switch (reader.next()) {
      case ExpositionEntry::kEnd:
        return out;
      case ExpositionEntry::kError:
        return out + "error " + reader.error().text() + "\n";
      case ExpositionEntry::kType:
        out += fmt::format("type {} {}\n", reader.family_name(), metric_type_word(reader.type()));
        break;
      case ExpositionEntry::kHelp:
        out += fmt::format("help {} [{}]\n", reader.family_name(), reader.help());
        break;
      case ExpositionEntry::kComment:
        out += "comment\n";
        break;
      case ExpositionEntry::kSample:
        builder.clear();
        reader.labels(builder);
        out += fmt::format("{} {}", labels_text(builder.build()), float_text(reader.value()));
        out += reader.timestamp_ms() ? fmt::format(" @{}\n", *reader.timestamp_ms()) : "\n";
        break;
      default:
        out += "unexpected entry\n";
    }
  }
}

std::string read(std::string_view body) {
  PromTextReader reader(body);
  return transcript(reader);
}

struct Case {
  std::string_view body;
  std::string_view want;
};

constexpr Case kAccepted[] = {
    {"", ""},
    {"\n\n  \n", ""},
    {"a 1\n", "a 1\n"},
    {"a 1", "a 1\n"},
    {"a 1 1704067200000", "a 1 @1704067200000\n"},
    {"a\t1\t 7 \n", "a 1 @7\n"},
    {"a{} 1\n", "a 1\n"},
    {"a { x = \"y\" , z=\"w\" , } 2\n", "a{x=\"y\", z=\"w\"} 2\n"},
    {"a{x=\"1\"y=\"2\"} 3\n", "a{x=\"1\", y=\"2\"} 3\n"},
    {"a{z=\"1\",b=\"2\"} 3\n", "a{b=\"2\", z=\"1\"} 3\n"},
    {"a{x=\"q\\\"b\\\\n\\nl\"} 1\n", "a{x=\"q\\\"b\\\\n\\nl\"} 1\n"},
    {"a{x=\"q\\t\"} 1\n", "a{x=\"q\\\\t\"} 1\n"},
    {"a{x=\"1\n2\"} 1\n", "a{x=\"1\\n2\"} 1\n"},
    {"a{x=\"\"} 1\n", "a 1\n"},
    {"a{x=\"\xc3\xbc and more than sixteen bytes\"} 1\n", "a{x=\"\xc3\xbc and more than sixteen bytes\"} 1\n"},
    {"  a 1\n", "{\"  a\"} 1\n"},
    {"{\"my.metric\",x=\"1\"} 1\n", "{\"my.metric\", x=\"1\"} 1\n"},
    {"{x=\"1\",\"m\"} 1\n", "m{x=\"1\"} 1\n"},
    {"b{\"c d\"=\"e\"} 2\n", "b{\"c d\"=\"e\"} 2\n"},
    {"a:b:c 1\n:x 2\n", "a:b:c 1\n:x 2\n"},
    {"a NaN\nb +Inf\nc -inf\nd 1e3\ne .5\nf 5.\ng -0\nh +7\n",
     "a NaN\nb +Inf\nc -Inf\nd 1000\ne 0.5\nf 5\ng -0\nh 7\n"},
    {"a 3.141592653589793238462643383279\n", "a 3.141592653589793\n"},
    {"# hello\n#tight\n#\na 1\n", "comment\ncomment\ncomment\na 1\n"},
    {"# HELP a Some \\\\ help \\n \\\"q\\\"\n", "help a [Some \\ help \n \\\"q\\\"]\n"},
    {"# HELP a\n# HELP b \n", "help a []\nhelp b []\n"},
    {"#  \tTYPE\t a counter\n", "type a counter\n"},
    {"# TYPE \"my.m\" gauge\n", "type my.m gauge\n"},
    {"# TYPE a untyped", "type a unknown\n"},
    {"# TYPEa counter\n", "comment\n"},
    {"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2.50\"} 1\nh_bucket{le=\"1e1\"} 1\nh_bucket{le=\"Inf\"} "
     "1\n"
     "h_bucket{le=\"x\"} 1\nh_bucket{quantile=\"1\"} 1\n",
     "type h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"2.5\"} 1\nh_bucket{le=\"10.0\"} 1\nh_bucket{le=\"+Inf\"} "
     "1\n"
     "h_bucket{le=\"x\"} 1\nh_bucket{quantile=\"1\"} 1\n"},
    {"# TYPE s summary\ns{quantile=\"1\",le=\"1\"} 1\n", "type s summary\ns{le=\"1\", quantile=\"1.0\"} 1\n"},
    {"a{le=\"1\"} 1\n", "a{le=\"1\"} 1\n"},
};

constexpr Case kRefused[] = {
    {"a 1\nb\n", "a 1\nerror 2:2: expected a value, found the end of the line\n"},
    {"a one\n", "error 1:3: expected a value, found \"one\"\n"},
    {"a 1\r\n", "error 1:3: expected a value, found \"1\\r\"\n"},
    {"a 1,5\n", "error 1:3: expected a value, found \"1,5\"\n"},
    {"a 0x10\n", "error 1:3: expected a value, found \"0x10\"\n"},
    {"a 0x1p-2\n", "error 1:3: a value \"0x1p-2\": hexadecimal and underscores are not allowed in numbers\n"},
    {"a 1e999\n", "error 1:3: a value \"1e999\" is beyond the range of a 64-bit float\n"},
    {"a 1 -5\n", "error 1:5: expected a timestamp in milliseconds or the end of the line, found \"-5\"\n"},
    {"a 1 1.5\n", "error 1:6: expected the end of the line after the timestamp, found \".5\"\n"},
    {"a 1 17 5\n", "error 1:8: expected the end of the line after the timestamp, found \"5\"\n"},
    {"a 1 99999999999999999999\n", "error 1:5: timestamp \"99999999999999999999\" does not fit 64 bits\n"},
    {"a 1 # x\n", "error 1:5: expected a timestamp in milliseconds or the end of the line, found \"#\"\n"},
    {"1a 1\n", "error 1:1: expected a metric name, '{' or '#', found \"1a\"\n"},
    {"a{1x=\"1\"} 1\n", "error 1:3: expected a label name or '}', found \"1x=\\\"1\\\"}\"\n"},
    {"a{x=\"y\",,z=\"w\"} 1\n", "error 1:9: expected a label name or '}', found \",z=\\\"w\\\"}\"\n"},
    {"a{,} 1\n", "error 1:3: expected a label name or '}', found \",}\"\n"},
    {"a{x:y=\"1\"} 1\n", "error 1:4: expected '=' after the label name, found \":y=\\\"1\\\"}\"\n"},
    {"a{x=y} 1\n", "error 1:5: expected a label value in double quotes, found \"y}\"\n"},
    {"a{x='y'} 1\n", "error 1:5: expected a label value in double quotes, found \"'y'}\"\n"},
    {"a{x=\"y} 1\n", "error 1:5: the quote that opens this label value is not closed\n"},
    {"a{x=\"y\\\n\"} 1\n", "error 1:5: the quote that opens this label value is not closed\n"},
    {"a{x=\"y\" 1\n", "error 1:9: expected a label name or '}', found \"1\"\n"},
    {"bad{\ngood 2\n", "error 1:5: expected a label name or '}', found the end of the line\n"},
    {"a{x=\"\xff\"} 1\n", "error 1:5: label value \"\\xff\" is not valid UTF-8\n"},
    {"gr\xc3\xb6\xc3\x9f"
     "e 1\n",
     "error 1:3: expected a value, found \"öße\"\n"},
    {"{\"a\",\"b\"} 1\n", "error 1:6: a second metric name: the sample has one already\n"},
    {"a{\"b\"} 1\n", "error 1:3: a second metric name: the sample has one already\n"},
    {"{x=\"y\"} 1\n", "error 1:1: the sample has no metric name\n"},
    {"a{x=\"y\"}{} 1\n", "error 1:9: expected a value, found \"{}\"\n"},
    {"a 1{\n", "error 1:4: expected a timestamp in milliseconds or the end of the line, found \"{\"\n"},
    {"# TYPE a banana\n",
     "error 1:10: \"banana\" is no metric type; this format has counter, gauge, histogram, summary, untyped\n"},
    {"# TYPE a\n", "error 1:9: \"\" is no metric type; this format has counter, gauge, histogram, summary, untyped\n"},
    {"# TYPE a  gauge\n",
     "error 1:10: \" gauge\" is no metric type; this format has counter, gauge, histogram, summary, untyped\n"},
    {"# HELP 9a x\n", "error 1:8: expected a metric name after HELP, found \"9a\"\n"},
    {"# HELP \n", "error 1:8: expected a metric name after HELP, found the end of the line\n"},
    {"# HELP a \xff\n", "error 1:10: help text \"\\xff\" is not valid UTF-8\n"},
    {"\xef\xbb\xbf"
     "a 1\n",
     "error 1:1: expected a metric name, '{' or '#', found \"\xef\xbb\xbf"
     "a\"\n"},
    {"<html>\n", "error 1:1: expected a metric name, '{' or '#', found \"<html>\"\n"},
};

TEST_CASE("the Prometheus text format is read with all that Prometheus tolerates", "[text][prom_text]") {
  for (const Case& c : kAccepted) {
    CAPTURE(c.body);
    CHECK(read(c.body) == c.want);
  }
}

TEST_CASE("a broken line is refused with line, column and reason", "[text][prom_text]") {
  for (const Case& c : kRefused) {
    CAPTURE(c.body);
    CHECK(read(c.body) == c.want);
  }
}

TEST_CASE("after an error there is nothing but the error", "[text][prom_text]") {
  PromTextReader reader("a\nb 1\n");
  CHECK(reader.next() == ExpositionEntry::kError);
  CHECK(reader.next() == ExpositionEntry::kError);
  CHECK(reader.error().line == 1);
}

TEST_CASE("every cut of a body is read without going over its end", "[text][prom_text]") {
  const std::string body =
      "# HELP a_metric_with_a_long_name help text\n# TYPE a_metric_with_a_long_name counter\n"
      "a_metric_with_a_long_name{label=\"value that is long\",other=\"x\"} 1.25e+10 1704067200000\n";
  for (std::size_t size = 0; size <= body.size(); ++size) {
    const std::vector<char> exact(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    PromTextReader reader({exact.data(), exact.size()});
    (void)transcript(reader);
  }
  SUCCEED("the sanitizers watch");
}

TEST_CASE("more labels than the usual are read too", "[text][prom_text]") {
  std::string body = "a{";
  for (int i = 10; i < 99; ++i) {
    body += fmt::format("l{}=\"{}\",", i, i);
  }
  body += "} 1\nb{x=\"1\"} 2\n";
  PromTextReader reader(body);
  LabelBuilder builder;
  REQUIRE(reader.next() == ExpositionEntry::kSample);
  reader.labels(builder);
  CHECK(builder.build().size() == 90);
  builder.clear();
  REQUIRE(reader.next() == ExpositionEntry::kSample);
  reader.labels(builder);
  CHECK(labels_text(builder.build()) == "b{x=\"1\"}");
}

TEST_CASE("the text of a series names it", "[text][prom_text]") {
  PromTextReader reader("a{x=\"1\"} 1\na{x=\"1\"} 2\n b 3\n");
  REQUIRE(reader.next() == ExpositionEntry::kSample);
  const std::string first(reader.series_text());
  REQUIRE(reader.next() == ExpositionEntry::kSample);
  CHECK(reader.series_text() == first);
  REQUIRE(reader.next() == ExpositionEntry::kSample);
  CHECK(reader.series_text() == " b");
}

}  // namespace
}  // namespace mcore
