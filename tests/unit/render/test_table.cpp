// SPDX-License-Identifier: Apache-2.0
#include "render/table.h"

#include <cmath>
#include <cstdint>

#include "support/catch.h"

namespace mcore {
namespace {

using enum TableFormat;

LabelsView up_of(LabelBuilder& builder, std::string_view job) {
  builder.clear();
  builder.add("__name__", "up");
  builder.add("job", job);
  return builder.build();
}

/// Two rows, one full and one without values, in the style given.
std::string sample(TableStyle style) {
  style.zone = TimeZone::kUtc;
  ResultTable table({{"metric"},
                     {"series", ColumnKind::kInteger},
                     {"share", ColumnKind::kFloat},
                     {"size", ColumnKind::kBytes, "On disk"},
                     {"min_time", ColumnKind::kTime},
                     {"span", ColumnKind::kDuration},
                     {"labels", ColumnKind::kLabels}},
                    style);
  LabelBuilder builder;
  table.text("größe");
  table.integer(INT64_MAX);
  table.number(0.25);
  table.bytes(1'610'612'736);
  table.time(1'763'521'920'250);
  table.duration(5'400'500);
  table.labels(up_of(builder, "no\"de"));
  table.end_row();
  table.text("b");
  for (int i = 0; i < 5; ++i) {
    table.none();
  }
  table.labels(LabelsView());
  table.end_row();
  table.finish();
  CHECK(table.rows() == 2);
  return table.output();
}

TEST_CASE("a table aligns its columns, numbers to the right", "[render][table]") {
  CHECK(sample({.format = kTable}) ==
        "METRIC               SERIES  SHARE     On disk  MIN TIME                        SPAN  LABELS\n"
        "größe   9223372036854775807   0.25  1610612736  2025-11-19T03:12:00.250Z  1h30m500ms  up{job=\"no\\\"de\"}\n"
        "b                                                                                     {}\n");
  CHECK(sample({.format = kTable, .header = false, .human = true}) ==
        "größe  9223372036854775807  0.25  1.5GiB  2025-11-19T03:12:00.250Z  1h30m500ms  up{job=\"no\\\"de\"}\n"
        "b                                                                               {}\n");
}

TEST_CASE("tsv and csv are for programs", "[render][table]") {
  CHECK(sample({.format = kTsv}) ==
        "metric\tseries\tshare\tsize\tmin_time\tspan\tlabels\n"
        "größe\t9223372036854775807\t0.25\t1610612736\t2025-11-19T03:12:00.250Z\t5400.5\tup{job=\"no\\\"de\"}\n"
        "b\t\t\t\t\t\t{}\n");
  CHECK(sample({.format = kCsv, .header = false}) ==
        "größe,9223372036854775807,0.25,1610612736,2025-11-19T03:12:00.250Z,5400.5,\"up{job=\"\"no\\\"\"de\"\"}\"\n"
        "b,,,,,,{}\n");
}

TEST_CASE("JSON keeps numbers numbers and integers exact", "[render][table]") {
  const std::string first =
      R"({"metric":"größe","series":9223372036854775807,"share":0.25,"size":1610612736,)"
      R"("min_time":"2025-11-19T03:12:00.250Z","span":5400.5,"labels":{"__name__":"up","job":"no\"de"}})";
  const std::string second =
      R"({"metric":"b","series":null,"share":null,"size":null,"min_time":null,"span":null,"labels":{}})";
  CHECK(sample({.format = kJson, .human = true}) == "[\n" + first + ",\n" + second + "\n]\n");
  CHECK(sample({.format = kJsonl}) == first + "\n" + second + "\n");
}

TEST_CASE("markdown is a pipe table", "[render][table]") {
  CHECK(
      sample({.format = kMarkdown, .human = true}) ==
      "| METRIC | SERIES | SHARE | On disk | MIN TIME | SPAN | LABELS |\n"
      "|---|---:|---:|---:|---|---:|---|\n"
      "| größe | 9223372036854775807 | 0.25 | 1.5GiB | 2025-11-19T03:12:00.250Z | 1h30m500ms | up{job=\"no\\\"de\"} |\n"
      "| b |  |  |  |  |  | {} |\n");
}

std::string empty_table(TableFormat format) {
  ResultTable table({{"a"}, {"b", ColumnKind::kInteger}}, {.format = format});
  table.finish();
  return table.output();
}

TEST_CASE("a table without rows is a header, or an empty array", "[render][table]") {
  CHECK(empty_table(kTable) == "A  B\n");
  CHECK(empty_table(kTsv) == "a\tb\n");
  CHECK(empty_table(kCsv) == "a,b\n");
  CHECK(empty_table(kJson) == "[]\n");
  CHECK(empty_table(kJsonl).empty());
  CHECK(empty_table(kMarkdown) == "| A | B |\n|---|---:|\n");
}

std::string record(TableStyle style) {
  style.record = true;
  ResultTable table({{"path"}, {"series", ColumnKind::kInteger}, {"note"}}, style);
  table.text("./data");
  table.integer(7);
  table.none();
  table.end_row();
  table.finish();
  return table.output();
}

TEST_CASE("a record shows a property a line", "[render][table]") {
  CHECK(record({.format = kTable}) == "PATH    ./data\nSERIES  7\nNOTE\n");
  CHECK(record({.format = kTsv}) == "path\t./data\nseries\t7\nnote\t\n");
  CHECK(record({.format = kCsv}) == "path,series,note\n./data,7,\n");
  CHECK(record({.format = kJson}) == "{\"path\":\"./data\",\"series\":7,\"note\":null}\n");
  CHECK(record({.format = kMarkdown}) == "| | |\n|---|---|\n| PATH | ./data |\n| SERIES | 7 |\n| NOTE |  |\n");
}

/// A hostile text in a text column and in a label.
std::string hostile(TableFormat format) {
  ResultTable table({{"t"}, {"l", ColumnKind::kLabels}}, {.format = format, .header = false});
  LabelBuilder builder;
  table.text("a\tb\nc\r\\|,\"\x1B[2J\xC2\x9B\xFF");
  table.labels(up_of(builder, "x\ty\\\x1B"));
  table.end_row();
  table.finish();
  return table.output();
}

TEST_CASE("cells cannot break out of their place", "[render][table]") {
  CHECK(hostile(kTable) == "a\\tb\\nc\\r\\|,\"\\x1b[2J\\xc2\\x9b\\xff  up{job=\"x\\ty\\\\\\x1b\"}\n");
  CHECK(hostile(kTsv) == "a\\tb\\nc\\r\\\\|,\"\x1B[2J\xC2\x9B\xFF\tup{job=\"x\\ty\\\\\x1B\"}\n");
  CHECK(hostile(kCsv) == "\"a\tb\nc\r\\|,\"\"\x1B[2J\xC2\x9B\xFF\",\"up{job=\"\"x\ty\\\\\x1B\"\"}\"\n");
  CHECK(hostile(kJsonl) ==
        "{\"t\":\"a\\tb\\nc\\r\\\\|,\\\"\\u001b[2J\xC2\x9B\\ufffd\",\"l\":{\"__name__\":\"up\",\"job\":"
        "\"x\\ty\\\\\\u001b\"}}"
        "\n");
  CHECK(hostile(kMarkdown).starts_with("| |\n") == false);
  CHECK(hostile(kMarkdown).find("\\|,") != std::string::npos);
}

TEST_CASE("rows for programs are ready at once", "[render][table]") {
  for (const TableFormat format : {kTsv, kCsv, kJsonl, kJson}) {
    ResultTable table({{"a"}}, {.format = format});
    table.text("x");
    table.end_row();
    CHECK(table.output().find('x') != std::string::npos);
  }
}

TEST_CASE("durations and special floats as data", "[render][table]") {
  ResultTable table({{"d", ColumnKind::kDuration}, {"f", ColumnKind::kFloat}}, {.format = kJsonl});
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{-250}, std::int64_t{1000}, INT64_MIN}) {
    table.duration(ms);
    table.number(NAN);
    table.end_row();
  }
  CHECK(table.output() ==
        "{\"d\":0,\"f\":\"NaN\"}\n{\"d\":-0.25,\"f\":\"NaN\"}\n{\"d\":1,\"f\":\"NaN\"}\n"
        "{\"d\":-9223372036854775.808,\"f\":\"NaN\"}\n");
}

TEST_CASE("bytes_text shows two or three digits", "[render][table]") {
  const std::pair<std::uint64_t, std::string_view> cases[] = {
      {0, "0B"},
      {1023, "1023B"},
      {1024, "1.0KiB"},
      {1536, "1.5KiB"},
      {10'188, "9.9KiB"},
      {10'189, "10KiB"},
      {1'048'063, "1023KiB"},
      {1'048'064, "1.0MiB"},
      {1'610'612'736, "1.5GiB"},
      {UINT64_MAX, "16EiB"},
  };
  for (const auto& [bytes, want] : cases) {
    CHECK(bytes_text(bytes) == want);
  }
}

TEST_CASE("formats go by their names", "[render][table]") {
  CHECK(table_format_by_name("table") == kTable);
  CHECK(table_format_by_name("markdown") == kMarkdown);
  CHECK(table_format_by_name("xml") == std::nullopt);
}

}  // namespace
}  // namespace mcore
