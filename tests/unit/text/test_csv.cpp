// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <limits>

#include "base/number_text.h"
#include "support/catch.h"
#include "text/csv_columns.h"
#include "text/csv_reader.h"
#include "text/csv_writer.h"

namespace mcore {
namespace {

using Fields = std::vector<std::string>;

TEST_CASE("times of each format are read to the millisecond", "[text][csv]") {
  using enum CsvTimeFormat;
  struct Case {
    std::string_view text;
    CsvTimeFormat format;
    std::optional<std::int64_t> want_ms;
    std::string layout{};
  };
  const Case cases[] = {
      {"1700000000", kUnixSeconds, 1'700'000'000'000},
      {"1700000000.1239", kUnixSeconds, 1'700'000'000'123},
      {"-1.5", kUnixSeconds, -1500},
      {"-0.5", kUnixSeconds, -500},
      {"1e9", kUnixSeconds, std::nullopt},
      {"", kUnixSeconds, std::nullopt},
      {"--1", kUnixSeconds, std::nullopt},
      {"9223372036854775807", kUnixSeconds, std::nullopt},
      {"1700000000123", kUnixMilliseconds, 1'700'000'000'123},
      {"-1", kUnixMilliseconds, -1},
      {"1.5", kUnixMilliseconds, std::nullopt},
      {"1700000000123999999", kUnixNanoseconds, 1'700'000'000'123},
      {"-1", kUnixNanoseconds, -1},
      {"2023-11-14T22:13:20Z", kRfc3339, 1'700'000'000'000},
      {"2023-11-14t23:13:20.1239+01:00", kRfc3339, 1'700'000'000'123},
      {"2023-11-14 16:43:20-05:30", kRfc3339, 1'700'000'000'000},
      {"1969-12-31T23:59:59.5Z", kRfc3339, -500},
      {"2024-02-29T00:00:00Z", kRfc3339, 1'709'164'800'000},
      {"2023-02-29T00:00:00Z", kRfc3339, std::nullopt},
      {"2023-11-14T22:13:20", kRfc3339, std::nullopt},
      {"2023-11-14T24:13:20Z", kRfc3339, std::nullopt},
      {"2023-11-14T22:13:20.Z", kRfc3339, std::nullopt},
      {"2023-11-14T22:13:20Zx", kRfc3339, std::nullopt},
      {"14.11.2023 22:13:20", kCustom, 1'700'000'000'000, "%d.%m.%Y %H:%M:%S"},
      {"14.11.2023 22:13:20,25", kCustom, 1'700'000'000'250, "%d.%m.%Y %T"},
      {"14/Nov/2023:23:13:20 +0100", kCustom, 1'700'000'000'000, "%d/%b/%Y:%H:%M:%S %z"},
      {"2023-11", kCustom, 1'698'796'800'000, "%Y-%m"},
      {"14.11.2023 x", kCustom, std::nullopt, "%d.%m.%Y"},
      {"soon", kCustom, std::nullopt, "%d.%m.%Y"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text, c.layout);
    CHECK(parse_csv_time(c.text, c.format, c.layout) == c.want_ms);
  }
}

TEST_CASE("a column map is read item by item", "[text][csv]") {
  const auto got = parse_csv_columns("2:metric:ask,Bid price:metric:bid,1:label:ticker,4:time:custom:%H:%M");
  REQUIRE(got.ok());
  const std::vector<CsvColumn>& columns = got.value();
  REQUIRE(columns.size() == 4);
  CHECK(columns[0].number == 2);
  CHECK(columns[0].name == "ask");
  CHECK(columns[1].number == 0);
  CHECK(columns[1].header == "Bid price");
  CHECK(columns[2].kind == CsvColumn::Kind::kLabel);
  CHECK(columns[3].time_format == CsvTimeFormat::kCustom);
  CHECK(columns[3].layout == "%H:%M");
  struct Case {
    std::string_view spec;
    std::string_view why;
  };
  const Case cases[] = {
      {"", "\"\": expected COLUMN:metric:NAME, COLUMN:label:NAME, COLUMN:time:FORMAT or COLUMN:value"},
      {"1:label:a", "\"1:label:a\": no column is a metric"},
      {"0:metric:a", "\"0:metric:a\": columns are counted from 1"},
      {"1:metric:", "\"1:metric:\": the metric needs a name"},
      {"1:gauge:a", "\"1:gauge:a\": \"gauge\" is none of metric, label, time, value"},
      {"1:metric:a,2:time:unix",
       "\"2:time:unix\": \"unix\" is none of unix_s, unix_ms, unix_ns, rfc3339, custom:LAYOUT"},
      {"1:metric:a,2:time:unix_s,3:time:unix_s", "\"3:time:unix_s\": a second column of times"},
      {"1:value", "\"1:value\": a value needs a column label:__name__"},
      {"1:metric:a,2:label:__name__",
       "\"1:metric:a,2:label:__name__\": a metric has its name already: label:__name__ goes with value"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.spec);
    const auto refused = parse_csv_columns(c.spec);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().why() == c.why);
  }
}

TEST_CASE("records are cut as RFC 4180 has them", "[text][csv]") {
  struct Case {
    std::string_view text;
    Fields want;
    std::size_t size;
  };
  const Case cases[] = {
      {"a,b,c\nrest", {"a", "b", "c"}, 6},
      {"a,b\r\n", {"a", "b"}, 5},
      {",,\n", {"", "", ""}, 3},
      {"\n", {""}, 1},
      {"\"a,b\",\"c\"\"d\"\r\n", {"a,b", "c\"d"}, 14},
      {"\"two\nlines\",x\n", {"two\nlines", "x"}, 14},
      {"\"\",\"\"\"\"\n", {"", "\""}, 8},
      {"a\"b\",c\n", {"a\"b\"", "c"}, 7},
      {" \"a\",b\n", {" \"a\"", "b"}, 7},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CsvSplitter splitter;
    REQUIRE(splitter.read(c.text, false) == CsvSplitter::Outcome::kRecord);
    CHECK(Fields(splitter.fields().begin(), splitter.fields().end()) == c.want);
    CHECK(splitter.size() == c.size);
  }
}

TEST_CASE("a record that is not whole is waited for, one that is none is refused", "[text][csv]") {
  CsvSplitter splitter;
  for (const std::string_view text : {"", "a,b", "\"a", "\"a\"", "\"a\"\r", "\"a\nb"}) {
    CAPTURE(text);
    CHECK(splitter.read(text, false) == CsvSplitter::Outcome::kMore);
  }
  CHECK(splitter.read("\"a\"b,c\n", false) == CsvSplitter::Outcome::kBad);
  CHECK(splitter.reason() == "expected ',' or the end of the line behind a closing quote, found \"b\"");
  CHECK(splitter.read("\"a\nb\n", true) == CsvSplitter::Outcome::kBad);
  CHECK(splitter.reason() == "the quote of a field is not closed");
  CHECK(splitter.read("a,b", true) == CsvSplitter::Outcome::kMore);
  CHECK(splitter.read("\"" + std::string(2 << 20, 'x') + "\",1\n", false) == CsvSplitter::Outcome::kBad);
  CHECK(splitter.read(std::string(2 << 20, 'x'), false) == CsvSplitter::Outcome::kBad);
  CHECK(splitter.reason() == "a record of more than 1 MiB");
}

TEST_CASE("series are written as rows with a column a label", "[text][csv]") {
  LabelBuilder builder;
  builder.add("__name__", "m");
  builder.add("job", "a,\"b\"\nc");
  builder.add("zone", "z");
  CsvWriter writer({"instance", "job"});
  writer.series(builder.build());
  writer.sample(1, -0.0);
  writer.sample(-2, 0.1);
  writer.sample(3, std::numeric_limits<double>::infinity());
  writer.sample(4, std::bit_cast<double>(kStaleNanBits));
  writer.leave_out_histogram();
  CHECK(writer.output() ==
        "metric,instance,job,time,value\nm,,\"a,\"\"b\"\"\nc\",1,-0\nm,,\"a,\"\"b\"\"\nc\",-2,0.1\n"
        "m,,\"a,\"\"b\"\"\nc\",3,+Inf\nm,,\"a,\"\"b\"\"\nc\",4,NaN\n");
  CHECK(writer.losses().labels == 1);
  CHECK(writer.losses().stale_markers == 1);
  CHECK(writer.losses().native_histograms == 1);
}

}  // namespace
}  // namespace mcore
