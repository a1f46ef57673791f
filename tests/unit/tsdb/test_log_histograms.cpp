// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_histograms.h"

#include <bit>
#include <string>
#include <vector>

#include "log_example.h"
#include "support/catch.h"
#include "support/hex_bytes.h"

namespace mcore {
namespace {

using Spans = std::vector<HistogramSpan>;
using Counts = std::vector<double>;

std::string integer_record() {
  return hex_bytes(
      "07 0000000000000005 0000018bcfe617c8 00 00 00 02 3f50624dd2f1a9fc 02 09 4059200000000000"
      "02 0002 0202 02 0002 0202 04 02020100 04 02000100");
}

/// Reads the only histogram of a record.
Histogram only(const std::string& record, std::uint64_t ref, std::int64_t t_ms) {
  HistogramRecordReader reader(log_record_type(record), log_record_body(record));
  REQUIRE(reader.next());
  CHECK(reader.ref() == ref);
  CHECK(reader.t_ms() == t_ms);
  CHECK(reader.start_t_ms() == 0);
  const Histogram histogram = reader.histogram();
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.damaged());
  return histogram;
}

std::string written(std::uint64_t ref, std::int64_t t_ms, const Histogram& histogram) {
  HistogramRecordWriter writer;
  writer.add(ref, t_ms, histogram);
  return writer.record();
}

TEST_CASE("an integer histogram of a server's record is read and written", "[tsdb][log]") {
  const Histogram h = only(integer_record(), 5, 1700000045000);
  CHECK_FALSE(h.is_float);
  CHECK(h.hint == CounterResetHint::kUnknown);
  CHECK(h.schema == 1);
  CHECK(h.zero_threshold == 0.001);
  CHECK(h.zero_count == 2);
  CHECK(h.count == 9);
  CHECK(h.sum == 100.5);
  CHECK(h.positive_spans == Spans{{0, 2}, {1, 2}});
  CHECK(h.negative_spans == Spans{{0, 2}, {1, 2}});
  CHECK(h.positive_counts == Counts{1, 2, 1, 1});
  CHECK(h.negative_counts == Counts{1, 1, 0, 0});
  CHECK(spans_agree(h));
  CHECK(histogram_record_type(h) == LogRecordType::kHistograms);
  CHECK(written(5, 1700000045000, h) == integer_record());
}

TEST_CASE("a float histogram of a server's record is read and written", "[tsdb][log]") {
  const std::string record = log_example().substr(250, 75);
  const Histogram h = only(record, 3, 1700000045000);
  CHECK(h.is_float);
  CHECK(h.schema == 0);
  CHECK(h.zero_threshold == 0x1p-128);
  CHECK(h.zero_count == 1.5);
  CHECK(h.count == 10.5);
  CHECK(h.sum == 33.25);
  CHECK(h.positive_spans == Spans{{-1, 2}});
  CHECK(h.negative_spans.empty());
  CHECK(h.positive_counts == Counts{4, 5});
  CHECK(written(3, 1700000045000, h) == record);
}

TEST_CASE("custom buckets of a server's record are read and written", "[tsdb][log]") {
  const std::string record = log_example().substr(367, 65);
  const Histogram h = only(record, 4, 1700000045000);
  CHECK(h.schema == kCustomBucketsSchema);
  CHECK(h.count == 7);
  CHECK(h.sum == 21.5);
  CHECK(h.positive_counts == Counts{1, 3, 3});
  CHECK(h.custom_values == Counts{0.1, 2.5});
  CHECK(histogram_record_type(h) == LogRecordType::kCustomHistograms);
  CHECK(written(4, 1700000045000, h) == record);
  // 3.2 and 3.3 put them into the older type.
  std::string older = record;
  older[0] = 7;
  CHECK(only(older, 4, 1700000045000).custom_values == Counts{0.1, 2.5});
  Histogram as_float = h;
  as_float.is_float = true;
  CHECK(histogram_record_type(as_float) == LogRecordType::kCustomFloatHistograms);
  const Histogram back = only(written(4, 1700000045000, as_float), 4, 1700000045000);
  CHECK(back.is_float);
  CHECK(back.positive_counts == Counts{1, 3, 3});
  CHECK(back.custom_values == Counts{0.1, 2.5});
}

TEST_CASE("histograms with start times are read", "[tsdb][log]") {
  const std::string body = integer_record().substr(19);  // H, behind the two deltas
  const std::string record = hex_bytes("0c 02 80a0abfef962 b090abfef962") + body + hex_bytes("02 b0ea01 01") + body +
                             hex_bytes("02 b0ea01 02e807") + body + hex_bytes("03 b0ea01 00") + body;
  HistogramRecordReader reader(log_record_type(record), log_record_body(record));
  struct Want {
    std::uint64_t ref;
    std::int64_t t_ms;
    std::int64_t start_t_ms;
  };
  constexpr Want kWant[] = {{1, 1700000000000, 1699999999000},
                            {2, 1700000015000, 1699999999000},
                            {3, 1700000015000, 1699999999500},
                            {1, 1700000015000, 0}};
  for (const Want& want : kWant) {
    REQUIRE(reader.next());
    CHECK(reader.ref() == want.ref);
    CHECK(reader.t_ms() == want.t_ms);
    CHECK(reader.start_t_ms() == want.start_t_ms);
    CHECK(reader.histogram().count == 9);
  }
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.damaged());
}

TEST_CASE("several histograms share a record, and a stale one is empty", "[tsdb][log]") {
  const Histogram first = only(integer_record(), 5, 1700000045000);
  Histogram gauge = first;
  gauge.hint = CounterResetHint::kGauge;
  gauge.positive_counts = {9007199254740992, 0, 7, 7};
  gauge.count = 9007199254740992;
  Histogram stale;
  stale.sum = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});
  HistogramRecordWriter writer;
  writer.add(5, 1700000045000, first);
  writer.add(4, 1700000044000, gauge);
  writer.add(6, 1700000060000, stale);
  HistogramRecordReader reader(LogRecordType::kHistograms, log_record_body(writer.record()));
  REQUIRE(reader.next());
  REQUIRE(reader.next());
  CHECK(reader.ref() == 4);
  CHECK(reader.t_ms() == 1700000044000);
  CHECK(reader.histogram().hint == CounterResetHint::kGauge);
  CHECK(reader.histogram().positive_counts == Counts{9007199254740992, 0, 7, 7});
  REQUIRE(reader.next());
  CHECK(reader.ref() == 6);
  CHECK(std::bit_cast<std::uint64_t>(reader.histogram().sum) == 0x7ff0000000000002);
  CHECK(reader.histogram().positive_spans.empty());
  CHECK(reader.histogram().bucket_count() == 0);
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.damaged());
}

TEST_CASE("a histogram record that is cut is damage", "[tsdb][log]") {
  for (const std::string& record : {integer_record(), log_example().substr(250, 75), log_example().substr(367, 65)}) {
    for (std::size_t size = 2; size < record.size(); ++size) {
      HistogramRecordReader reader(log_record_type(record), std::string_view(record).substr(1, size - 1));
      CAPTURE(size);
      CHECK_FALSE(reader.next());
      CHECK(reader.damaged() == (size != 17));  // a base without a sample is an empty record
    }
  }
}

TEST_CASE("numbers that no histogram can have are damage", "[tsdb][log]") {
  struct Case {
    std::string_view name;
    std::string_view body;
    bool reads;
  };
  // Hint, schema, zero threshold, zero count, count, sum; then spans, buckets.
  constexpr Case kCases[] = {
      {"nothing inside", "00 00 0000000000000000 00 00 0000000000000000 00 00 00 00", true},
      {"hint of a later version", "09 00 0000000000000000 00 00 0000000000000000 00 00 00 00", true},
      {"schema beyond 32 bits", "00 8080808020 0000000000000000 00 00 0000000000000000 00 00 00 00", false},
      {"spans without end", "00 00 0000000000000000 00 00 0000000000000000 ffffffff0f 00 00 00", false},
      {"span offset beyond 32 bits", "00 00 0000000000000000 00 00 0000000000000000 01 8080808020 01 00 01 02 00",
       false},
      {"span length beyond 32 bits", "00 00 0000000000000000 00 00 0000000000000000 01 00 8080808010 00 00 00", false},
      {"buckets without end", "00 00 0000000000000000 00 00 0000000000000000 00 00 ffffffffffffffff7f 00", false},
      {"spans that promise too much", "00 00 0000000000000000 00 00 0000000000000000 01 00 05 00 01 02 00", true},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.name) {
      const std::string body = hex_bytes(c.body);
      ByteReader reader(body);
      Histogram histogram;
      CHECK(read_histogram_body(reader, false, histogram) == c.reads);
      if (c.reads) {
        CHECK(reader.left() == 0);
        CHECK(spans_agree(histogram) == (c.name != "spans that promise too much"));
      }
    }
  }
}

}  // namespace
}  // namespace mcore
