// SPDX-License-Identifier: Apache-2.0
#include "text/openmetrics_reader.h"

#include <fmt/format.h>

#include "base/number_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

std::string exemplars_of(ExpositionReader& reader) {
  std::string out;
  Exemplar exemplar;
  while (reader.next_exemplar(exemplar)) {
    out += fmt::format(" # {} {}", labels_text(exemplar.labels.view()), float_text(exemplar.value));
    out += exemplar.timestamp_ms ? fmt::format(" @{}", *exemplar.timestamp_ms) : "";
  }
  return out;
}

std::string read(std::string_view body) {
  OpenMetricsReader reader(body);
  std::string out;
  LabelBuilder builder;
  for (;;) {
    switch (reader.next()) {
      case ExpositionEntry::kEnd:
        return out + "end\n";
      case ExpositionEntry::kError:
        return out + "error " + reader.error().text() + "\n";
      case ExpositionEntry::kType:
        out += fmt::format("type {} {}\n", reader.family_name(), metric_type_word(reader.type()));
        break;
      case ExpositionEntry::kHelp:
        out += fmt::format("help {} [{}]\n", reader.family_name(), reader.help());
        break;
      case ExpositionEntry::kUnit:
        out += fmt::format("unit {} {}\n", reader.family_name(), reader.unit());
        break;
      case ExpositionEntry::kSample:
        builder.clear();
        reader.labels(builder);
        out += fmt::format("{} {}", labels_text(builder.build()), float_text(reader.value()));
        out += reader.timestamp_ms() ? fmt::format(" @{}", *reader.timestamp_ms()) : "";
        out += exemplars_of(reader) + "\n";
        break;
      default:
        out += "unexpected entry\n";
    }
  }
}

struct Case {
  std::string_view body;
  std::string_view want;
};

constexpr Case kAccepted[] = {
    {"# EOF", "end\n"},
    {"# EOF\n", "end\n"},
    {"# TYPE a counter\na_total 1\n# EOF\n", "type a counter\na_total 1\nend\n"},
    {"a 1 1.7e9\nb 2 1704067200.5\nc 3 -5\n# EOF\n", "a 1 @1700000000000\nb 2 @1704067200500\nc 3 @-5000\nend\n"},
    {"# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds x\n# EOF\n",
     "type a_seconds gauge\nunit a_seconds seconds\nhelp a_seconds [x]\nend\n"},
    {"# UNIT a \n# EOF\n", "unit a \nend\n"},
    {"# HELP a x\\n\\\"y\\\"\\\\\n# EOF\n", "help a [x\n\"y\"\\]\nend\n"},
    {"# TYPE a unknown\n# TYPE b info\n# TYPE c stateset\n# TYPE d gaugehistogram\n# EOF\n",
     "type a unknown\ntype b info\ntype c stateset\ntype d gaugehistogram\nend\n"},
    {"a{x=\"y\",} 1\n# EOF\n", "a{x=\"y\"} 1\nend\n"},
    {"{\"a.b_total\",\"x.y\"=\"\xc3\xbc\"} 1\n# EOF\n", "{\"a.b_total\", \"x.y\"=\"\xc3\xbc\"} 1\nend\n"},
    {"# TYPE s summary\ns{quantile=\"0.50\"} 1\n# EOF\n", "type s summary\ns{quantile=\"0.5\"} 1\nend\n"},
    {"a_total 1 # {trace_id=\"abc\"} 0.5 1704067200.5\n# EOF\n",
     "a_total 1 # {trace_id=\"abc\"} 0.5 @1704067200500\nend\n"},
    {"a 1 # {} 0.7\nb 2 3 # {x=\"\\\"\"} 3\n# EOF\n", "a 1 # {} 0.7\nb 2 @3000 # {x=\"\\\"\"} 3\nend\n"},
};

constexpr Case kRefused[] = {
    {"", "error 1:1: the body does not end with \"# EOF\"\n"},
    {"a 1\n", "a 1\nerror 2:1: the body does not end with \"# EOF\"\n"},
    {"a 1", "error 1:4: the body does not end with \"# EOF\"\n"},
    {"# EOF\nb 1\n", "error 2:1: unexpected data after \"# EOF\": \"b\"\n"},
    {"# EOFx\n", "error 1:6: unexpected data after \"# EOF\": \"x\"\n"},
    {"a 1\n\n# EOF\n", "a 1\nerror 2:1: expected a metric name, '{' or '#', found the end of the line\n"},
    {"# hello\n# EOF\n",
     "error 1:1: expected \"# TYPE \", \"# HELP \", \"# UNIT \" or \"# EOF\": OpenMetrics has no other comments\n"},
    {"a  1\n# EOF\n", "error 1:3: expected a value, found \" \"\n"},
    {" a 1\n# EOF\n", "error 1:1: expected a metric name, '{' or '#', found \" \"\n"},
    {"a 1 \n# EOF\n", "a 1\nerror 1:4: expected a metric name, '{' or '#', found \" \"\n"},
    {"a 1 # 5\n# EOF\n", "a 1\nerror 1:4: expected a metric name, '{' or '#', found \" \"\n"},
    {"a_total 1 # {a=\"b\"}\n# EOF\n",
     "error 1:20: expected a space and a value after the exemplar's labels, found the end of the line\n"},
    {"a_total 1 #{t=\"x\"} 1\n# EOF\n", "error 1:11: expected a timestamp in seconds, found \"#{t=\\\"x\\\"}\"\n"},
    {"a 1 # {\"x\"} 1\n# EOF\n", "error 1:11: expected '=' after the label name, found \"}\"\n"},
    {"a 1 NaN\n# EOF\n", "error 1:5: expected a timestamp in seconds, found \"NaN\"\n"},
    {"a 1 5 6\n# EOF\n", "error 1:6: expected the end of the line or an exemplar after the timestamp, found \" \"\n"},
    {"a{x = \"y\"} 1\n# EOF\n", "error 1:4: expected '=' after the label name, found \" \"\n"},
    {"a{x=\"1\n2\"} 1\n# EOF\n", "error 1:5: the quote that opens this label value is not closed on its line\n"},
    {"a{x=\"1\"y=\"2\"} 1\n# EOF\n", "error 1:8: expected ',' or '}' after the label value, found \"y=\\\"2\\\"}\"\n"},
    {"a 1\r\n# EOF\r\n", "error 1:3: expected a value, found \"1\\r\"\n"},
    {"a 1\t2\n# EOF\n", "error 1:3: expected a value, found \"1\\t2\"\n"},
    {"# TYPE a untyped\n# EOF\n",
     "error 1:10: \"untyped\" is no metric type; OpenMetrics has counter, gauge, histogram, gaugehistogram, summary, "
     "info, "
     "stateset, unknown\n"},
    {"# HELP a\n# EOF\n", "error 1:9: expected a space and the text of HELP, found the end of the line\n"},
    {"# UNIT a seconds\n# EOF\n", "error 1:10: unit \"seconds\" is not the suffix of the metric name \"a\"\n"},
    {"# UNIT seconds seconds\n# EOF\n",
     "error 1:16: unit \"seconds\" is not the suffix of the metric name \"seconds\"\n"},
};

TEST_CASE("OpenMetrics is read", "[text][openmetrics]") {
  for (const Case& c : kAccepted) {
    CAPTURE(c.body);
    CHECK(read(c.body) == c.want);
  }
}

TEST_CASE("broken OpenMetrics is refused where Prometheus refuses it", "[text][openmetrics]") {
  for (const Case& c : kRefused) {
    CAPTURE(c.body);
    CHECK(read(c.body) == c.want);
  }
}

TEST_CASE("timestamps are cut to milliseconds as Prometheus cuts them", "[text][openmetrics]") {
  // 1704067200.123 * 1000 is just below the whole number in binary.
  CHECK(read("a 1 0.0019\n# EOF\n") == "a 1 @1\nend\n");
  CHECK(read("a 1 -0.0019\n# EOF\n") == "a 1 @-1\nend\n");
}

}  // namespace
}  // namespace mcore
