// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_records.h"

#include <limits>
#include <string>
#include <vector>

#include "log_example.h"
#include "support/catch.h"
#include "support/hex_bytes.h"
#include "tsdb/log_reader.h"

namespace mcore {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

/// The record that begins at `offset` of the worked example.
std::string example_record(std::uint64_t offset) {
  const std::string segment = log_example();
  LogReader reader(segment, offset);
  REQUIRE(reader.next() == LogReadStatus::kRecord);
  return std::string(reader.record());
}

/// Walks all entries; false for damage.
template <typename Reader>
bool walks(std::string_view body) {
  Reader reader(body);
  while (reader.next()) {
  }
  return !reader.damaged();
}

TEST_CASE("the type of a record is its first byte", "[tsdb][log]") {
  CHECK(log_record_type("") == LogRecordType::kUnknown);
  CHECK(log_record_type(std::string_view("\0", 1)) == LogRecordType::kUnknown);
  CHECK(log_record_type("\x01") == LogRecordType::kSeries);
  CHECK(log_record_type("\x0d") == LogRecordType::kFloatHistogramsV2);
  CHECK(log_record_type("\x0e") == LogRecordType::kUnknown);
  CHECK(log_record_type("\x63") == LogRecordType::kUnknown);
  CHECK(log_record_type("\xff") == LogRecordType::kUnknown);
}

TEST_CASE("series of a server's record are read and written", "[tsdb][log]") {
  const std::string record = example_record(0);
  REQUIRE(log_record_type(record) == LogRecordType::kSeries);
  SeriesRecordReader reader(log_record_body(record));
  std::string written;
  begin_record(written, LogRecordType::kSeries);
  REQUIRE(reader.next());
  CHECK(reader.ref() == 1);
  REQUIRE(reader.is_canonical());
  CHECK(labels_text(reader.labels()) == R"(up{job="a"})");
  append_series(written, reader.ref(), reader.labels());
  REQUIRE(reader.next());
  CHECK(reader.ref() == 2);
  CHECK(labels_text(reader.labels()) == "m");
  append_series(written, reader.ref(), reader.labels());
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.damaged());
  CHECK(written == record);
}

TEST_CASE("labels come as a set where they are one, and as they are where not", "[tsdb][log]") {
  struct Case {
    std::string_view name;
    std::string_view labels;
    bool is_canonical;
    std::string_view built;
  };
  const Case cases[] = {
      {"none", "00", true, "{}"},
      {"two", R"(02 01"a" 01"1" 01"b" 01"2")", true, R"({a="1", b="2"})"},
      {"unsorted", R"(02 01"b" 01"2" 01"a" 01"1")", false, R"({a="1", b="2"})"},
      {"empty value", R"(02 01"a" 00 01"b" 01"2")", false, R"({b="2"})"},
      {"twice", R"(02 01"a" 01"1" 01"a" 01"1")", false, R"({a="1", a="1"})"},
      {"a length in two bytes", R"(01 8100"a" 01"1")", true, R"({a="1"})"},
      {"unsorted, a length in two bytes", R"(02 8100"b" 01"2" 01"a" 01"1")", false, R"({a="1", b="2"})"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      const std::string body = hex_bytes("0000000000000007") + hex_bytes(c.labels);
      SeriesRecordReader reader(body);
      REQUIRE(reader.next());
      CHECK(reader.ref() == 7);
      CHECK(reader.is_canonical() == c.is_canonical);
      LabelBuilder builder;
      reader.labels(builder);
      const LabelsView built = builder.build();
      CHECK(labels_text(built) == c.built);
      if (c.is_canonical) {
        CHECK(reader.labels() == built);
      }
      CHECK_FALSE(reader.next());
      CHECK_FALSE(reader.damaged());
    }
  }
}

TEST_CASE("labels of any length survive a record", "[tsdb][log]") {
  for (const std::size_t size : {1, 126, 127, 128, 129, 254, 255, 256, 16383, 16384, 65536, (1 << 24) - 1}) {
    CAPTURE(size);
    LabelBuilder builder;
    const std::string value(size, 'v');
    builder.add("a", value);
    const std::string name(std::min<std::size_t>(size, 1000), 'n');
    builder.add(name, "x");
    const LabelsView labels = builder.build();
    std::string record;
    begin_record(record, LogRecordType::kSeries);
    append_series(record, 1, labels);
    append_series(record, 2, labels);
    SeriesRecordReader reader(log_record_body(record));
    for (const std::uint64_t ref : {1, 2}) {
      REQUIRE(reader.next());
      CHECK(reader.ref() == ref);
      REQUIRE(reader.is_canonical());
      CHECK((reader.labels() == labels));
    }
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.damaged());
  }
}

TEST_CASE("series that do not decode are damage", "[tsdb][log]") {
  const std::string body = hex_bytes(R"(0000000000000001 02 08"__name__" 02"up" 03"job" 01"a")");
  CHECK(walks<SeriesRecordReader>(body));
  CHECK(walks<SeriesRecordReader>(""));
  for (std::size_t size = 1; size < body.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(walks<SeriesRecordReader>(std::string_view(body).substr(0, size)));
    CHECK_FALSE(walks<SeriesRecordReader>(body + body.substr(0, size)));
  }
  CHECK_FALSE(walks<SeriesRecordReader>(hex_bytes("0000000000000001 ffffffffffffffffff01")));  // labels without end
  CHECK_FALSE(walks<SeriesRecordReader>(hex_bytes("0000000000000001 01 ffffffff0f 01")));      // a text without end
  // One byte more than a label may have here.
  std::string huge = hex_bytes(R"(0000000000000001 01 01"a")");
  append_ustr(huge, std::string(1 << 24, 'v'));
  CHECK_FALSE(walks<SeriesRecordReader>(huge));
}

TEST_CASE("tombstones of a server's record are read and written", "[tsdb][log]") {
  const std::string record = hex_bytes("03 0000000000000001 a0bcacfef962 809aadfef962");
  TombstoneRecordReader reader(log_record_body(record));
  REQUIRE(reader.next());
  CHECK(reader.ref() == 1);
  CHECK(reader.min_t_ms() == 1700000010000);
  CHECK(reader.max_t_ms() == 1700000016000);
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.damaged());

  std::string written;
  begin_record(written, LogRecordType::kTombstones);
  append_tombstone(written, 1, 1700000010000, 1700000016000);
  CHECK(written == record);
  append_tombstone(written, 2, kMin, kMax);
  TombstoneRecordReader both(log_record_body(written));
  REQUIRE((both.next() && both.next()));
  CHECK(both.ref() == 2);
  CHECK(both.min_t_ms() == kMin);
  CHECK(both.max_t_ms() == kMax);
  for (std::size_t size = 2; size < record.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(walks<TombstoneRecordReader>(log_record_body(record.substr(0, size))));
  }
}

TEST_CASE("exemplars of a server's record are read and written", "[tsdb][log]") {
  const std::string record = example_record(159);
  REQUIRE(log_record_type(record) == LogRecordType::kExemplars);
  ExemplarRecordReader reader(log_record_body(record));
  ExemplarRecordWriter writer;
  CHECK(writer.empty());
  REQUIRE(reader.next());
  CHECK(reader.ref() == 1);
  CHECK(reader.t_ms() == 1700000045000);
  CHECK(reader.value() == 0.5);
  REQUIRE(reader.is_canonical());
  CHECK(labels_text(reader.labels()) == R"({trace_id="abc"})");
  writer.add(reader.ref(), reader.t_ms(), reader.value(), reader.labels());
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.damaged());
  CHECK(writer.record() == record);

  writer.add(~std::uint64_t{0}, kMin, -1, LabelsView());
  ExemplarRecordReader both(log_record_body(writer.record()));
  REQUIRE((both.next() && both.next()));
  CHECK(both.ref() == ~std::uint64_t{0});
  CHECK(both.t_ms() == kMin);
  CHECK(both.labels().empty());
  CHECK(walks<ExemplarRecordReader>(""));
  CHECK(walks<ExemplarRecordReader>(record.substr(1, 16)));  // a base and no exemplar
  for (std::size_t size = 1; size < record.size() - 1; ++size) {
    CAPTURE(size);
    CHECK(walks<ExemplarRecordReader>(record.substr(1, size)) == (size == 16));
  }
}

TEST_CASE("markers of a server's WBL are read", "[tsdb][log]") {
  struct Case {
    std::string_view record;
    std::uint64_t ref;
    std::uint64_t chunk_ref;
  };
  constexpr Case kCases[] = {{"05 0000000000000001 0000000000000000", 1, 0},
                             {"05 0000000000000006 0000000100000008", 6, (std::uint64_t{1} << 32U) + 8}};
  for (const Case& c : kCases) {
    const std::string record = hex_bytes(c.record);
    REQUIRE(log_record_type(record) == LogRecordType::kMmapMarkers);
    MmapMarkerRecordReader reader(log_record_body(record));
    REQUIRE(reader.next());
    CHECK(reader.ref() == c.ref);
    CHECK(reader.chunk_ref() == c.chunk_ref);
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.damaged());
    CHECK_FALSE(walks<MmapMarkerRecordReader>(log_record_body(record).substr(0, 15)));
  }
}

TEST_CASE("metadata is read whatever fields it has, and written with two", "[tsdb][log]") {
  std::string record;
  begin_record(record, LogRecordType::kMetadata);
  append_metadata(record, 300, MetricType::kCounter, "seconds", "Time spent.");
  CHECK(record == hex_bytes(R"(06 ac02 01 02 04"UNIT" 07"seconds" 04"HELP" 0b"Time spent.")"));
  const std::string body =
      std::string(log_record_body(record)) + hex_bytes(R"(05 07 03 03"NEW" 01"x" 04"HELP" 01"h" 03"ODD" 00 06 63 00)");
  MetadataRecordReader reader(body);
  REQUIRE(reader.next());
  CHECK(reader.ref() == 300);
  CHECK(reader.type() == MetricType::kCounter);
  CHECK(reader.unit() == "seconds");
  CHECK(reader.help() == "Time spent.");
  REQUIRE(reader.next());
  CHECK(reader.ref() == 5);
  CHECK(reader.type() == MetricType::kStateset);
  CHECK(reader.unit().empty());
  CHECK(reader.help() == "h");
  REQUIRE(reader.next());
  CHECK(reader.ref() == 6);
  CHECK(reader.type() == MetricType::kUnknown);  // a type of a later version
  CHECK(reader.help().empty());
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.damaged());
  for (std::size_t size = 2; size < record.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(walks<MetadataRecordReader>(log_record_body(record.substr(0, size))));
  }
  CHECK_FALSE(walks<MetadataRecordReader>(hex_bytes("01 01 ffffffffffffffff7f")));  // fields without end
}

}  // namespace
}  // namespace mcore
