// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <limits>

#include "base/number_text.h"
#include "support/catch.h"
#include "text/json_lines_reader.h"
#include "text/json_lines_writer.h"

namespace mcore {
namespace {

/// The line as `name{...} value@time ...`, or what is wrong with it.
std::string read_line(std::string_view line) {
  const std::string exact(line);
  JsonLineReader reader;
  if (!reader.read(exact)) {
    return std::to_string(reader.column()) + ": " + reader.reason();
  }
  LabelBuilder builder;
  reader.labels(builder);
  std::string text = labels_text(builder.build());
  for (std::size_t i = 0; i < reader.values().size(); ++i) {
    const double value = reader.values()[i];
    text += " " + (is_stale_marker(value) ? "stale" : float_text(value)) + "@" + std::to_string(reader.t_ms()[i]);
  }
  return text;
}

TEST_CASE("a JSON line is read whatever the order of its keys and its blanks", "[text][json_lines]") {
  struct Case {
    std::string_view line;
    std::string_view want;
  };
  const Case cases[] = {
      {R"({"metric":{"__name__":"up","job":"x"},"values":[1,2.5],"timestamps":[1549891472010,1549891487724]})",
       R"(up{job="x"} 1@1549891472010 2.5@1549891487724)"},
      {" { \"timestamps\" : [ 1 , -2 ] ,\t\"values\":[ -0.5e-3 , 1E6 ],\"metric\" : { \"__name__\" : \"m\" } } \r",
       "m -0.0005@1 1e+06@-2"},
      {R"({"metric":{"__name__":"m","empty":""},"values":[null,"NaN","Infinity","-Inf","StaleNaN",NaN,-Infinity,"2"],)"
       R"("timestamps":[1,2,3,4,5,6,7,8]})",
       "m NaN@1 NaN@2 +Inf@3 -Inf@4 stale@5 NaN@6 -Inf@7 2@8"},
      {R"({"metric":{"__name__":"m","a\"\\\/\b\f\n\r\t":"\u00fc\u20AC\ud83d\ude00"},"values":[1],"timestamps":[1.5e3]})",
       "m{\"a\\\"\\\\/\b\f\\n\r\t\"=\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"} 1@1500"},
      {R"({"metric":{"__name__":"m","lone":"\ud83dx\udc00"},"values":[1],"timestamps":[1]})",
       "m{lone=\"\xef\xbf\xbdx\xef\xbf\xbd\"} 1@1"},
      {R"({"x":{"y":[1,{"z":"]}"},[]],"q":null},"metric":{"__name__":"m"},"s":"\"","values":[1],"timestamps":[1],"n":1})",
       "m 1@1"},
      {R"({"metric":{"a":"1"},"metric":{"__name__":"m"},"values":[9],"values":[1],"timestamps":[1]})", "m 1@1"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    CHECK(read_line(c.line) == c.want);
  }
}

TEST_CASE("a JSON line that is none is refused where it breaks", "[text][json_lines]") {
  struct Case {
    std::string_view line;
    std::string_view want;
  };
  const Case cases[] = {
      {"", "1: expected '{', found the end"},
      {"up 1", "1: expected '{', found \"u\""},
      {"{", "2: expected a string in double quotes, found the end"},
      {"{}", "1: the object has no \"metric\""},
      {"{}x", "3: expected the end of the line behind the object, found \"x\""},
      {R"({"metric":{"__name__":"m"}})", "1: the object has no \"values\""},
      {R"({"metric":{"__name__":"m"},"values":[],"timestamps":[]})", "1: the object has no \"values\""},
      {R"({"metric":{"__name__":"m"},"values":[1,2],"timestamps":[1]})", "1: 2 values for 1 timestamps"},
      {R"({"metric":{"__name__":1}})", "23: expected a string in double quotes, found \"1\""},
      {R"({"metric":[]})", "11: expected '{', found \"[\""},
      {R"({"values":[1,]})", "14: expected a number, found \"]\""},
      {R"({"values":["x"]})", "12: expected a number, found \"x\""},
      {R"({"values":[1 2]})", "14: expected ']', found \"2\""},
      {R"({"values":[0x1p4]})", "12: expected a number, found \"0x1p4\""},
      {R"({"timestamps":[1.5]})", "16: expected a timestamp in milliseconds, found \"1.5\""},
      {R"({"timestamps":["1"]})", "16: expected a timestamp in milliseconds, found \"\\\"\""},
      {R"({"timestamps":[99999999999999999999]})",
       "16: expected a timestamp in milliseconds, found \"99999999999999999999\""},
      {R"({"metric":{"a":"x)", "16: the string is not closed"},
      {R"({"metric":{"a":"\x"}})", "17: unknown escape in a string"},
      {R"({"metric":{"a":"\u12g4"}})", "17: expected four hexadecimal digits behind \\u"},
      {"{\"metric\":{\"a\":\"\xff\"}}", "16: label value \"\\xff\" is not valid UTF-8"},
      {R"({"x":}})", "6: expected a value, found \"}\""},
      {R"({"x":[1})", "9: expected '}', found the end"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    CHECK(read_line(c.line) == c.want);
  }
  CHECK(read_line("{\"x\":" + std::string(100'000, '[')) == "70: the object is nested too deeply");
}

TEST_CASE("series are written as JSON lines that VictoriaMetrics takes", "[text][json_lines]") {
  LabelBuilder builder;
  builder.add("__name__", "m");
  builder.add("a", "q\"b\\n\nc\x01\xc3\xbc");
  const LabelSet labels(builder.build());
  const double infinity = std::numeric_limits<double>::infinity();
  JsonLinesWriter writer;
  writer.series(labels.view());
  writer.sample(1, 0.1);
  writer.sample(-2, 1e21);
  writer.sample(3, infinity);
  writer.sample(4, -infinity);
  writer.sample(5, std::bit_cast<double>(kNormalNanBits));
  writer.sample(6, std::bit_cast<double>(kStaleNanBits));
  writer.leave_out_histogram();
  writer.series(labels.view());
  writer.finish();
  CHECK(writer.output() ==
        "{\"metric\":{\"__name__\":\"m\",\"a\":\"q\\\"b\\\\n\\nc\\u0001\xc3\xbc\"},\"values\":[0.1,1e+21,\"Infinity\","
        "\"-Infinity\",null,null],\"timestamps\":[1,-2,3,4,5,6]}\n");
  CHECK(writer.losses().stale_markers == 1);
  CHECK(writer.losses().native_histograms == 1);
  CHECK(read_line(writer.output()) == "m{a=\"q\\\"b\\\\n\\nc\x01\xc3\xbc\"} 0.1@1 1e+21@-2 +Inf@3 -Inf@4 NaN@5 NaN@6");
}

TEST_CASE("a long series is written in several lines", "[text][json_lines]") {
  LabelBuilder builder;
  builder.add("__name__", "m");
  const LabelSet labels(builder.build());
  JsonLinesWriter writer;
  writer.series(labels.view());
  for (int i = 0; i < 25'000; ++i) {
    writer.sample(i, i);
  }
  writer.finish();
  CHECK(std::count(writer.output().begin(), writer.output().end(), '\n') == 3);
}

}  // namespace
}  // namespace mcore
