// SPDX-License-Identifier: Apache-2.0
#include "render/query_table.h"

#include <cmath>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/query_values.h"

namespace mcore {
namespace {

using enum TableFormat;
constexpr std::int64_t kTime = 1'704'088'800'000;

std::string table_of(const std::vector<NamedAnswer>& answers, TableStyle style) {
  std::string out;
  style.zone = TimeZone::kUtc;
  write_query_table(answers, style, [&out](std::string& text) {
    out += text;
    text.clear();
  });
  return out;
}

std::string values_of(const std::vector<NamedAnswer>& answers, bool human = false) {
  std::string out;
  write_query_values(answers, human, [&out](std::string& text) {
    out += text;
    text.clear();
  });
  return out;
}

const QueryValue kVector =
    vector_of(kTime, {sample_of({{"__name__", "disk_bytes"}, {"device", "a\tb"}}, kTime, 1'572'864),
                      sample_of({{"__name__", "disk_bytes"}, {"device", "x,y|z"}, {"job", "n\"1"}}, kTime, 1.5e-7),
                      QuerySeries{.labels = label_set_of({{"job", "h"}}),
                                  .samples = {.histogram_t_ms = {kTime}, .histogram = {small_histogram()}}}});

TEST_CASE("an instant answer has a column a label", "[render][query_table]") {
  CHECK(table_of({{"disk_bytes", &kVector}}, {.format = kTable}) ==
        "METRIC      device  job                                                                     VALUE\n"
        "disk_bytes  a\\tb                                                                          1572864\n"
        "disk_bytes  x,y|z   n\"1                                                                   1.5e-07\n"
        "                    h    {count:9.5, sum:4.25, [-1,-0.5):0.5, [-0.001,0.001]:2, (1,2]:3, (4,8]:4}\n");
}

TEST_CASE("tsv and csv escape what would break a line", "[render][query_table]") {
  CHECK(table_of({{"disk_bytes", &kVector}}, {.format = kTsv, .human = true}) ==
        "metric\tdevice\tjob\tvalue\n"
        "disk_bytes\ta\\tb\t\t1572864\n"
        "disk_bytes\tx,y|z\tn\"1\t1.5e-07\n"
        "\t\th\t{count:9.5, sum:4.25, [-1,-0.5):0.5, [-0.001,0.001]:2, (1,2]:3, (4,8]:4}\n");
  CHECK(table_of({{"disk_bytes", &kVector}}, {.format = kCsv, .header = false}) ==
        "disk_bytes,a\tb,,1572864\n"
        "disk_bytes,\"x,y|z\",\"n\"\"1\",1.5e-07\n"
        ",,h,\"{count:9.5, sum:4.25, [-1,-0.5):0.5, [-0.001,0.001]:2, (1,2]:3, (4,8]:4}\"\n");
}

TEST_CASE("markdown and human numbers are for people", "[render][query_table]") {
  CHECK(table_of({{"disk_bytes", &kVector}}, {.format = kMarkdown, .human = true}) ==
        "| METRIC | device | job | VALUE |\n"
        "|---|---|---|---:|\n"
        "| disk_bytes | a\\tb |  | 1.5MiB |\n"
        "| disk_bytes | x,y\\|z | n\"1 | 1.5e-07B |\n"
        "|  |  | h | {count:9.5, sum:4.25, [-1,-0.5):0.5, [-0.001,0.001]:2, (1,2]:3, (4,8]:4} |\n");
}

TEST_CASE("a range answer has a row a sample, in the order of time", "[render][query_table]") {
  QuerySeries mixed = series_of({{"job", "a"}}, kTime, 60'000, {1, kNoSample, NAN});
  mixed.samples.histogram_t_ms = {kTime + 60'000};
  mixed.samples.histogram = {Histogram{.count = 2, .sum = 3}};
  const QueryValue value = matrix_of({mixed, series_of({{"job", "b"}}, kTime, 60'500, {0.25, 1e6})});
  CHECK(table_of({{"x", &value}}, {.format = kTsv}) ==
        "metric\tjob\ttime\tvalue\n"
        "\ta\t2024-01-01T06:00:00Z\t1\n"
        "\ta\t2024-01-01T06:01:00Z\t{count:2, sum:3}\n"
        "\ta\t2024-01-01T06:02:00Z\tNaN\n"
        "\tb\t2024-01-01T06:00:00Z\t0.25\n"
        "\tb\t2024-01-01T06:01:00.500Z\t1000000\n");
  CHECK(table_of({{"x", &value}}, {.format = kTable}) ==
        "METRIC  job  TIME                                 VALUE\n"
        "        a    2024-01-01T06:00:00Z                     1\n"
        "        a    2024-01-01T06:01:00Z      {count:2, sum:3}\n"
        "        a    2024-01-01T06:02:00Z                   NaN\n"
        "        b    2024-01-01T06:00:00Z                  0.25\n"
        "        b    2024-01-01T06:01:00.500Z           1000000\n");
}

TEST_CASE("scalars and strings are one value", "[render][query_table]") {
  const QueryValue scalar = scalar_of(kTime, 1e6);
  const QueryValue text = string_of(kTime, "a\tb");
  CHECK(table_of({{"1e6", &scalar}}, {.format = kTable}) == "  VALUE\n1000000\n");
  CHECK(table_of({{"1e6", &scalar}}, {.format = kTable, .human = true}) == "VALUE\n   1M\n");
  CHECK(table_of({{"1e6", &scalar}}, {.format = kTsv}) == "value\n1000000\n");
  CHECK(table_of({{"x", &text}}, {.format = kTsv, .header = false}) == "a\\tb\n");
}

TEST_CASE("an empty answer is a header", "[render][query_table]") {
  const QueryValue vector = vector_of(kTime, {});
  const QueryValue matrix = matrix_of({});
  CHECK(table_of({{"x", &vector}}, {.format = kTable}) == "METRIC  VALUE\n");
  CHECK(table_of({{"x", &matrix}}, {.format = kCsv}) == "metric,time,value\n");
  CHECK(values_of({{"x", &vector}}).empty());
}

TEST_CASE("several answers share a table and say whose a row is", "[render][query_table]") {
  const QueryValue in = vector_of(kTime, {sample_of({{"device", "eth0"}}, kTime, 2048)});
  const QueryValue out = vector_of(kTime, {sample_of({{"device", "eth0"}}, kTime, 1.5)});
  const QueryValue scalar = scalar_of(kTime, 3);
  const std::vector<NamedAnswer> answers = {{"rate(in_bytes[5m])", &in}, {"out", &out}, {"3", &scalar}};
  CHECK(table_of(answers, {.format = kTable, .human = true}) ==
        "QUERY               METRIC  device   VALUE\n"
        "rate(in_bytes[5m])          eth0    2KiB/s\n"
        "out                         eth0       1.5\n"
        "3                                        3\n");
  CHECK(table_of(answers, {.format = kTsv}) ==
        "query\tmetric\tdevice\tvalue\n"
        "rate(in_bytes[5m])\t\teth0\t2048\n"
        "out\t\teth0\t1.5\n"
        "3\t\t\t3\n");
}

TEST_CASE("value prints bare values", "[render][query_table]") {
  const QueryValue text = string_of(kTime, "two\nlines");
  const QueryValue scalar = scalar_of(kTime, 0.5);
  CHECK(values_of({{"disk_bytes", &kVector}}) ==
        "1572864\n1.5e-07\n{count:9.5, sum:4.25, [-1,-0.5):0.5, [-0.001,0.001]:2, (1,2]:3, (4,8]:4}\n");
  CHECK(values_of({{"disk_bytes", &kVector}}, true).starts_with("1.5MiB\n1.5e-07B\n"));
  CHECK(values_of({{"x", &text}, {"y", &scalar}}) == "two\nlines\n0.5\n");
}

}  // namespace
}  // namespace mcore
