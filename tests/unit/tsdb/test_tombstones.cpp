// SPDX-License-Identifier: Apache-2.0
#include "tsdb/tombstones.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "support/catch.h"
#include "support/example_block.h"
#include "support/temp_folder.h"

namespace mcore {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

TEST_CASE("the tombstones file of the format's example is read and written byte for byte", "[tsdb][tombstones]") {
  const std::string bytes = unhex("0130ba30 01 0e a0bcacfef962 a8e0adfef962 d4a6069b");
  const Tombstones read = Tombstones::parse("tombstones", bytes);
  REQUIRE(read.of(14).size() == 1);
  CHECK(read.of(14)[0] == TimeRange{1'700'000'010'000, 1'700'000'020'500});
  CHECK(read.of(13).empty());
  CHECK(read.interval_count() == 1);
  CHECK(to_hex(read.encode()) == to_hex(bytes));
  CHECK(to_hex(Tombstones().encode()) == "0130ba300100000000");
  CHECK(Tombstones::parse("tombstones", Tombstones().encode()).empty());
}

TEST_CASE("intervals that overlap, touch or lie 1 ms apart are one", "[tsdb][tombstones]") {
  struct Case {
    std::vector<TimeRange> added;
    std::vector<TimeRange> want;
  };
  const Case cases[] = {
      {{{10, 20}}, {{10, 20}}},
      {{{10, 20}, {21, 30}}, {{10, 30}}},
      {{{21, 30}, {10, 20}}, {{10, 30}}},
      {{{10, 20}, {22, 30}}, {{10, 20}, {22, 30}}},
      {{{10, 20}, {30, 40}, {15, 35}}, {{10, 40}}},
      {{{10, 20}, {30, 40}, {50, 60}, {0, 100}}, {{0, 100}}},
      {{{10, 20}, {30, 40}, {0, 5}}, {{0, 5}, {10, 20}, {30, 40}}},
      {{{20, 10}}, {}},
      {{{kFirst, kLast}, {5, 6}}, {{kFirst, kLast}}},
      {{{kLast, kLast}, {kFirst, kFirst}}, {{kFirst, kFirst}, {kLast, kLast}}},
  };
  for (const Case& c : cases) {
    Intervals intervals;
    for (const TimeRange range : c.added) {
      intervals.add(range);
    }
    CHECK(std::vector<TimeRange>(intervals.ranges().begin(), intervals.ranges().end()) == c.want);
  }
}

TEST_CASE("intervals know what they contain, both ends counting", "[tsdb][tombstones]") {
  Intervals intervals;
  intervals.add({10, 20});
  intervals.add({30, 40});
  CHECK(intervals.contains(10));
  CHECK(intervals.contains(20));
  CHECK_FALSE(intervals.contains(21));
  CHECK_FALSE(intervals.contains(9));
  CHECK(intervals.covers({30, 40}));
  CHECK_FALSE(intervals.covers({20, 30}));
}

TEST_CASE("deleted samples of both kinds go, the others stay as they were", "[tsdb][tombstones]") {
  SeriesSamples samples;
  for (std::int64_t t = 0; t < 10; ++t) {
    samples.t_ms.push_back(t);
    samples.value.push_back(static_cast<double>(t) / 2);
    samples.histogram_t_ms.push_back(100 + t);
    samples.histogram.emplace_back().sum = static_cast<double>(t);
  }
  const TimeRange deleted[] = {{-5, 1}, {4, 6}, {9, 102}, {109, 300}};
  remove_deleted(samples, deleted);
  CHECK(samples.t_ms == std::vector<std::int64_t>{2, 3, 7, 8});
  CHECK(samples.value == std::vector<double>{1, 1.5, 3.5, 4});
  CHECK(samples.histogram_t_ms == std::vector<std::int64_t>{103, 104, 105, 106, 107, 108});
  CHECK(samples.histogram.front().sum == 3);
}

TEST_CASE("a damaged tombstones file is refused with the place", "[tsdb][tombstones]") {
  struct Case {
    std::string bytes;
    std::string_view why;
  };
  const auto file = [](std::string_view entries) {
    std::string bytes = unhex("0130ba30 01");
    bytes += unhex(entries);
    append_be32(bytes, crc32c(unhex(entries)));
    return bytes;
  };
  const Case cases[] = {
      {"", "end of file, want at least 9 bytes at byte 0"},
      {unhex("0130ba30010000"), "end of file, want at least 9 bytes at byte 7"},
      {unhex("0130ba31 01 00000000"), "bad magic 0x0130ba31, want 0x0130ba30 at byte 0"},
      {unhex("0130ba30 02 00000000"), "format version 2, want 1 at byte 4"},
      {unhex("0130ba30 01 0e a0bcacfef962 a8e0adfef962 d4a6069c"),
       "bad checksum 0xd4a6069b, want 0xd4a6069c, of the entries at byte 5"},
      {file("0e"), "damaged entry at byte 5"},
      {file("0e 02 02 0e 02"), "damaged entry at byte 8"},
      {file("ffffffffffffffffffff01 02 02"), "damaged entry at byte 5"},
  };
  for (const Case& c : cases) {
    try {
      (void)Tombstones::parse("b/tombstones", c.bytes);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kCorrupt);
      CHECK(error.where() == "b/tombstones");
      CHECK(error.why() == c.why);
    }
  }
}

TEST_CASE("new tombstones of a block are counted in its meta.json", "[tsdb][tombstones]") {
  const TempFolder temp;
  const std::string folder = temp / std::string(kExampleUlid);
  (void)write_example_block(folder);
  Tombstones tombstones;
  tombstones.add(5, {1, 2});
  tombstones.add(5, {5, 6});
  tombstones.add(9, {1, 2});
  tombstones.add(9, {2, 1});
  write_tombstones(folder, tombstones, NewFileOwner());
  CHECK(read_block_meta(folder).stats.tombstones == 3);
  CHECK(Tombstones::read(folder).encode() == tombstones.encode());
  CHECK(Tombstones::read(temp / "nothing").empty());
}

}  // namespace
}  // namespace mcore
