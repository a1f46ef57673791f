// SPDX-License-Identifier: Apache-2.0
#include "tsdb/slab_records.h"

#include <limits>

#include "support/catch.h"
#include "support/hex.h"
#include "support/histogram_samples.h"
#include "support/series_text.h"

namespace mcore {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

TEST_CASE("slab records are a kind, a distance in time and a value", "[tsdb][head]") {
  std::string bytes;
  append_slab_record(bytes, 1000, 1000, 1.5);
  append_slab_record(bytes, 1000, 940, -0.0);
  append_slab_record(bytes, 1000, 1001, test_histogram(2.5));
  append_slab_record(bytes, 1000, 1002, test_histogram(2.5, true));
  CHECK(to_hex(bytes) ==
        "00"
        "00"
        "3ff8000000000000"
        "00"
        "77"
        "8000000000000000"
        "01"
        "02"
        "00"
        "04"
        "3f50624dd2f1a9fc"
        "00"
        "01"
        "4004000000000000"
        "010601"
        "00"
        "0102"
        "00"
        "02"
        "04"
        "00"
        "04"
        "3f50624dd2f1a9fc"
        "0000000000000000"
        "3ff0000000000000"
        "4004000000000000"
        "010601"
        "00"
        "013ff0000000000000"
        "00");
}

TEST_CASE("slab records come back one by one, in any order of time", "[tsdb][head]") {
  std::string bytes;
  append_slab_record(bytes, 5, 7, 1.0);
  append_slab_record(bytes, 5, -7, test_histogram(3));
  append_slab_record(bytes, 5, 6, stale_histogram(true));
  std::string_view rest = bytes;
  SlabRecord record;
  REQUIRE(take_slab_record(rest, 5, record));
  CHECK(record.t_ms == 7);
  CHECK_FALSE(record.is_histogram);
  CHECK(record.value == 1.0);
  REQUIRE(take_slab_record(rest, 5, record));
  CHECK(record.t_ms == -7);
  CHECK(record.is_histogram);
  CHECK(same_histogram(record.histogram, test_histogram(3)));
  REQUIRE(take_slab_record(rest, 5, record));
  CHECK(record.histogram.is_float);
  CHECK(is_stale_marker(record.histogram.sum));
  CHECK_FALSE(take_slab_record(rest, 5, record));
}

TEST_CASE("slab records hold the ends of time", "[tsdb][head]") {
  for (const std::int64_t from : {kFirst, std::int64_t{0}, kLast}) {
    for (const std::int64_t t_ms : {kFirst, kFirst + 1, std::int64_t{-1}, kLast}) {
      std::string bytes;
      append_slab_record(bytes, from, t_ms, 1.0);
      std::string_view rest = bytes;
      SlabRecord record;
      REQUIRE(take_slab_record(rest, from, record));
      CHECK(record.t_ms == t_ms);
    }
  }
}

TEST_CASE("bytes that are no slab record are refused", "[tsdb][head]") {
  std::string whole;
  append_slab_record(whole, 0, 1, test_histogram(3, true));
  SlabRecord record;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string_view cut = std::string_view(whole).substr(0, size);
    CHECK_FALSE(take_slab_record(cut, 0, record));
  }
  const std::string unknown = unhex("03 00 3ff8000000000000");
  std::string_view bytes = unknown;
  CHECK_FALSE(take_slab_record(bytes, 0, record));
}

}  // namespace
}  // namespace mcore
