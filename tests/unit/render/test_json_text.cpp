// SPDX-License-Identifier: Apache-2.0
#include "render/json_text.h"

#include <cmath>
#include <limits>

#include "support/catch.h"

namespace mcore {
namespace {

struct StringCase {
  std::string_view text;
  std::string_view want;
};
constexpr StringCase kStrings[] = {
    {"", R"("")"},
    {"node", R"("node")"},
    {"a\"b\\c/d", R"("a\"b\\c/d")"},
    {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
    {std::string_view("\0\x01\x1F\x7F", 4), "\"\\u0000\\u0001\\u001f\x7F\""},
    {"<a>&", R"("<a>&")"},  // no HTML escaping
    {"größe \xF0\x9F\x98\x80", "\"größe \xF0\x9F\x98\x80\""},
    {"a\u2028b\u2029", R"("a\u2028b\u2029")"},
    {"a\xFF\xC3z", R"("a\ufffd\ufffdz")"},
};

TEST_CASE("JSON strings are escaped as Go's encoding/json does", "[render][json]") {
  for (const StringCase& c : kStrings) {
    std::string out;
    append_json_string(out, c.text);
    CHECK(out == c.want);
  }
}

TEST_CASE("labels become an object in their order", "[render][json]") {
  LabelBuilder builder;
  builder.add("job", "no\"de");
  builder.add("__name__", "up");
  std::string out;
  append_json_labels(out, builder.build());
  CHECK(out == R"({"__name__":"up","job":"no\"de"})");
  out.clear();
  append_json_labels(out, LabelsView());
  CHECK(out == "{}");
}

TEST_CASE("floats are numbers where JSON has one", "[render][json]") {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const std::pair<double, std::string_view> cases[] = {
      {0, "0"},         {-0.0, "-0"},       {0.1, "0.1"},        {1e6, "1e+06"}, {1.5e-7, "1.5e-07"},
      {NAN, "\"NaN\""}, {kInf, "\"+Inf\""}, {-kInf, "\"-Inf\""},
  };
  for (const auto& [value, want] : cases) {
    std::string out;
    append_json_float(out, value);
    CHECK(out == want);
  }
}

}  // namespace
}  // namespace mcore
