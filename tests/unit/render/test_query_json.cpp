// SPDX-License-Identifier: Apache-2.0
#include "render/query_json.h"

#include <cmath>
#include <limits>
#include <string>

#include "support/catch.h"
#include "support/query_values.h"

namespace mcore {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::int64_t kTime = 1'704'088'800'000;

std::string jsonl(const QueryValue& value) {
  std::string out;
  write_query_jsonl(value, [&out](std::string& text) {
    out += text;
    text.clear();
  });
  return out;
}

TEST_CASE("a vector has one value a series", "[render][query_json]") {
  const QueryValue value = vector_of(
      kTime + 500, {sample_of({{"__name__", "up"}, {"job", "node"}}, kTime + 500, 1), sample_of({}, kTime + 500, 0.1)});
  CHECK(query_json(value) == R"({"resultType":"vector","result":[)"
                             R"({"metric":{"__name__":"up","job":"node"},"value":[1704088800.500,"1"]},)"
                             R"({"metric":{},"value":[1704088800.500,"0.1"]}]})");
  CHECK(jsonl(value) ==
        "{\"metric\":{\"__name__\":\"up\",\"job\":\"node\"},\"value\":[1704088800.500,\"1\"]}\n"
        "{\"metric\":{},\"value\":[1704088800.500,\"0.1\"]}\n");
  CHECK(query_json(vector_of(kTime, {})) == R"({"resultType":"vector","result":[]})");
  CHECK(jsonl(vector_of(kTime, {})).empty());
}

TEST_CASE("a matrix has values and histograms apart", "[render][query_json]") {
  QuerySeries mixed = series_of({{"a", "x"}}, kTime, 15'000, {1, NAN, -kInf, 1e21, 1e-7});
  mixed.samples.histogram_t_ms = {kTime + 1, kTime + 15'000 * 5};
  mixed.samples.histogram = {small_histogram(), Histogram{.sum = kInf}};
  const QueryValue value = matrix_of({mixed, series_of({{"b", "y"}}, kTime, 15'000, {kNoSample, 2, kNoSample, 3.5})});
  CHECK(query_json(value) ==
        R"({"resultType":"matrix","result":[{"metric":{"a":"x"},"values":[[1704088800,"1"],[1704088815,"NaN"],)"
        R"([1704088830,"-Inf"],[1704088845,"1e+21"],[1704088860,"1e-07"]],"histograms":[[1704088800.001,)"
        R"({"count":"9.5","sum":"4.25","buckets":[[1,"-1","-0.5","0.5"],[3,"-0.001","0.001","2"],[0,"1","2","3"],)"
        R"([0,"4","8","4"]]}],[1704088875,{"count":"0","sum":"+Inf"}]]},)"
        R"({"metric":{"b":"y"},"values":[[1704088815,"2"],[1704088845,"3.5"]]}]})");
  CHECK(query_json(matrix_of({})) == R"({"resultType":"matrix","result":[]})");
}

TEST_CASE("custom buckets reach to infinity", "[render][query_json]") {
  QuerySeries series{.labels = label_set_of({}), .samples = {.histogram_t_ms = {kTime}}};
  series.samples.histogram = {{.schema = kCustomBucketsSchema,
                               .count = 6,
                               .sum = 10,
                               .positive_spans = {{.offset = 0, .length = 3}},
                               .positive_counts = {1, 2, 3},
                               .custom_values = {0.5, 2}}};
  CHECK(query_json(vector_of(kTime, {series})) ==
        R"({"resultType":"vector","result":[{"metric":{},"histogram":[1704088800,{"count":"6","sum":"10","buckets":)"
        R"([[3,"-Inf","0.5","1"],[0,"0.5","2","2"],[0,"2","+Inf","3"]]}]}]})");
}

TEST_CASE("a scalar never has an exponent, and a string is escaped for HTML", "[render][query_json]") {
  CHECK(query_json(scalar_of(kTime + 500, 1e22)) ==
        R"({"resultType":"scalar","result":[1704088800.5,"10000000000000000000000"]})");
  CHECK(query_json(scalar_of(kTime, 1e-7)) == R"({"resultType":"scalar","result":[1704088800,"0.0000001"]})");
  CHECK(query_json(scalar_of(-500, NAN)) == R"({"resultType":"scalar","result":[-0.5,"NaN"]})");
  CHECK(query_json(string_of(kTime, "a<b>&\"\u2028\b\xFF")) ==
        R"({"resultType":"string","result":[1704088800,"a\u003cb\u003e\u0026\"\u2028\b\ufffd"]})");
  CHECK(jsonl(scalar_of(kTime, 3)) == "{\"metric\":{},\"value\":[1704088800,\"3\"]}\n");
  CHECK(jsonl(string_of(kTime, "x")) == "{\"metric\":{},\"value\":[1704088800,\"x\"]}\n");
}

TEST_CASE("labels have fewer escapes than other strings, and are always JSON", "[render][query_json]") {
  CHECK(query_json(vector_of(0, {sample_of({{"q\"", "a<b>&\\\n\r\t\b\x7F\u2028größe\xFF\xC3"}}, 0, 1)})) ==
        "{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"q\\\"\":"
        "\"a<b>&\\\\\\n\\r\\t\\u0008\x7F\u2028größe\\ufffd\\ufffd\"},\"value\":[0,\"1\"]}]}");
}

TEST_CASE("times before 1970 and at the ends of the scale are written whole", "[render][query_json]") {
  const auto time_of = [](std::int64_t t_ms) {
    const std::string text = jsonl(vector_of(t_ms, {sample_of({}, t_ms, 1)}));
    return text.substr(22, text.find(',', 22) - 22);
  };
  CHECK(time_of(-1) == "-0.001");
  CHECK(time_of(-62'135'596'800'000) == "-62135596800");
  CHECK(time_of(std::numeric_limits<std::int64_t>::max()) == "9223372036854775.807");
  CHECK(time_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775.808");
}

TEST_CASE("long answers are handed on in pieces that make the same text", "[render][query_json]") {
  std::vector<QuerySeries> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back(series_of({{"n", std::to_string(i)}}, kTime, 1000, std::vector<double>(300, i + 0.25)));
  }
  const QueryValue value = matrix_of(many);
  int pieces = 0;
  std::string joined;
  write_query_json(value, [&](std::string& text) {
    ++pieces;
    joined += text;
    text.clear();
  });
  std::string grown;
  write_query_json(value, [&grown](std::string& text) { grown = text; });
  CHECK(pieces > 3);
  CHECK(joined == grown);
  CHECK(joined == query_json(value));
  CHECK(joined.size() == 313'674);
}

}  // namespace
}  // namespace mcore
