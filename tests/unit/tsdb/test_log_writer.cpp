// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_writer.h"

#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "log_example.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "support/scratch_folder.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_reader.h"
#include "tsdb/log_sequence.h"

namespace mcore {
namespace {

std::vector<std::string> records_of(std::string_view segment, LogReadStatus end = LogReadStatus::kEnd) {
  LogReader reader(segment);
  std::vector<std::string> records;
  LogReadStatus status = reader.next();
  for (; status == LogReadStatus::kRecord; status = reader.next()) {
    records.emplace_back(reader.record());
  }
  CHECK(status == end);
  CHECK(reader.end() == segment.size());
  return records;
}

/// Bytes that compress as little or as well as it happens.
std::string random_record(std::mt19937_64& random) {
  std::string record(random() % (random() % 8 == 0 ? 150'000 : 4'000), 'a');
  if (random() % 2 == 0) {
    for (char& c : record) {
      c = static_cast<char>(random());
    }
  }
  return record;
}

TEST_CASE("framing a server's records gives its bytes", "[tsdb][log]") {
  const std::string segment = log_example();
  LogFramer framer;
  framer.begin(0);
  CHECK(framer.end() == 0);
  for (const std::string& record : records_of(segment)) {
    framer.add(record, LogCompression::kNone);
  }
  CHECK(framer.bytes() == segment);
  CHECK(framer.end() == 500);
  CHECK(framer.last_crc() == 0xf7c5305cU);
}

TEST_CASE("fragments end at pages", "[tsdb][log]") {
  struct Case {
    std::string_view name;
    std::uint64_t offset;
    std::size_t record;
    std::vector<std::pair<int, std::size_t>> fragments;  // type and length, as they follow each other
    std::size_t zeros_before;
  };
  const Case cases[] = {
      {"fits", 0, 100, {{1, 100}}, 0},
      {"empty", 0, 0, {{1, 0}}, 0},
      {"exactly the page", 0, 32761, {{1, 32761}}, 0},
      {"one byte more", 0, 32762, {{2, 32761}, {4, 1}}, 0},
      {"three pages", 0, 80'000, {{2, 32761}, {3, 32761}, {4, 14478}}, 0},
      {"exactly two pages", 0, 65522, {{2, 32761}, {4, 32761}}, 0},
      {"eight bytes left", 32760, 5, {{2, 1}, {4, 4}}, 0},
      {"seven bytes left", 32761, 5, {{2, 0}, {4, 5}}, 0},
      {"seven bytes left, empty record", 32761, 0, {{1, 0}}, 0},
      {"six bytes left", 32762, 5, {{1, 5}}, 6},
      {"one byte left", 32767, 5, {{1, 5}}, 1},
      {"a later page", 32768 + 32761, 5, {{2, 0}, {4, 5}}, 0},
      {"a page's beginning", 32768, 5, {{1, 5}}, 0},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      const std::string record(c.record, 'r');
      LogFramer framer;
      framer.begin(c.offset);
      framer.add(record, LogCompression::kNone);
      const std::string& bytes = framer.bytes();
      std::size_t at = c.zeros_before;
      CHECK(bytes.substr(0, at) == std::string(at, '\0'));
      for (const auto& [type, length] : c.fragments) {
        REQUIRE(at + 7 + length <= bytes.size());
        CHECK(bytes[at] == type);
        CHECK(((static_cast<unsigned char>(bytes[at + 1]) << 8) | static_cast<unsigned char>(bytes[at + 2])) ==
              static_cast<int>(length));
        at += 7 + length;
      }
      CHECK(at == bytes.size());
      CHECK(framer.end() == c.offset + bytes.size());
      // Read back behind something that reaches to the offset.
      std::string segment(c.offset, '\0');
      segment += bytes;
      LogReader reader(segment, c.offset);
      REQUIRE(reader.next() == LogReadStatus::kRecord);
      CHECK(reader.record() == record);
      CHECK(reader.end() == framer.end());
      CHECK(reader.last_crc() == framer.last_crc());
    }
  }
}

TEST_CASE("a record is compressed only where that helps", "[tsdb][log]") {
  LogFramer framer;
  framer.begin(0);
  framer.add(std::string(1000, 'a'));
  framer.add("abc");
  framer.add("");
  CHECK(framer.bytes()[0] == 0x09);
  CHECK(framer.bytes().size() < 100);
  CHECK(framer.bytes().substr(framer.bytes().size() - 17, 1) == "\x01");
  CHECK(records_of(framer.bytes()) == std::vector<std::string>{std::string(1000, 'a'), "abc", ""});
}

TEST_CASE("batches of any records survive pages", "[tsdb][log]") {
  std::mt19937_64 random(11);
  std::string segment;
  std::vector<std::string> records;
  LogFramer framer;
  for (int batch = 0; batch < 100; ++batch) {
    framer.begin(segment.size());
    for (std::uint64_t count = random() % 5; count > 0; --count) {
      records.push_back(random_record(random));
      framer.add(records.back(), random() % 2 == 0 ? LogCompression::kSnappy : LogCompression::kNone);
    }
    segment += framer.bytes();
    CHECK(framer.end() == segment.size());
  }
  CHECK((records_of(segment) == records));
}

TEST_CASE("padding fills a page", "[tsdb][log]") {
  CHECK(page_padding(0) == 0);
  CHECK(page_padding(1) == 32767);
  CHECK(page_padding(32767) == 1);
  CHECK(page_padding(32768) == 0);
  CHECK(page_padding(100'000) == 31'072);
}

TEST_CASE("a batch goes to the next segment where it would exceed the limit", "[tsdb][log]") {
  constexpr std::uint64_t kLimit = 134'217'728;
  CHECK(fits_segment(0, kLimit + 1));  // nowhere better to go
  CHECK(fits_segment(kLimit - 100, 100));
  CHECK_FALSE(fits_segment(kLimit - 100, 101));
  CHECK_FALSE(fits_segment(kLimit, 1));
  CHECK_FALSE(fits_segment(kLimit + 5, 0));
}

TEST_CASE("a whole log is written in segments and read back", "[tsdb][log]") {
  const ScratchFolder folder;
  std::mt19937_64 random(5);
  std::vector<std::string> records;
  LogFileWriter writer(folder.path(), NewFileOwner{}, 200'000);
  for (int i = 0; i < 300; ++i) {
    records.push_back(random_record(random));
    writer.add(records.back(), i % 3 == 0 ? LogCompression::kNone : LogCompression::kSnappy);
  }
  writer.close();
  const LogListing listing = list_log(folder.path());
  REQUIRE(listing.segments.size() > 3);
  CHECK(writer.segments() == static_cast<std::int64_t>(listing.segments.size()));
  CHECK_FALSE(listing.gap().has_value());
  for (const LogSegment& segment : listing.segments) {
    CHECK(segment.size <= 200'000);
  }
  LogSequence sequence(folder.path(), LogKind::kWal);
  REQUIRE(sequence.open() == LogOpenStatus::kOpened);
  for (const std::string& record : records) {
    REQUIRE(sequence.next() == LogReadStatus::kRecord);
    CHECK((sequence.record() == record));
  }
  CHECK(sequence.next() == LogReadStatus::kEnd);
  CHECK(sequence.last_segment() == writer.segments() - 1);
}

TEST_CASE("an empty log is one empty segment, and a full folder is refused", "[tsdb][log]") {
  const ScratchFolder folder;
  {
    LogFileWriter writer(folder.path(), NewFileOwner{});
    writer.close();
  }
  REQUIRE(list_log(folder.path()).segments.size() == 1);
  CHECK(list_log(folder.path()).segments[0].size == 0);
  CHECK_THROWS_AS(LogFileWriter(folder.path(), NewFileOwner{}), Error);
  CHECK_THROWS_AS(LogFileWriter(folder.path("none"), NewFileOwner{}), Error);
}

}  // namespace
}  // namespace mcore
