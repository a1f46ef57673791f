// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_sequence.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "support/catch.h"
#include "support/scratch_folder.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_writer.h"

namespace mcore {
namespace {

std::string framed(const std::vector<std::string>& records, std::uint64_t offset = 0) {
  LogFramer framer;
  framer.begin(offset);
  for (const std::string& record : records) {
    framer.add(record, LogCompression::kNone);
  }
  return framer.bytes();
}

/// All records, joined with blanks, and "!" for each piece of damage.
std::string read_all(LogSequence& sequence, LogReadStatus* end = nullptr) {
  std::string text;
  for (;;) {
    const LogReadStatus status = sequence.next();
    if (status == LogReadStatus::kRecord) {
      text += std::string(text.empty() ? "" : " ") + std::string(sequence.record());
    } else if (status == LogReadStatus::kCorrupt) {
      text += text.empty() ? "!" : " !";
      sequence.skip_damage();
    } else {
      if (end != nullptr) {
        *end = status;
      }
      return text;
    }
  }
}

TEST_CASE("a log folder is listed by number", "[tsdb][log]") {
  const ScratchFolder folder;
  CHECK(list_log(folder.path("wal")).segments.empty());  // a folder that does not exist
  folder.write("wal/00000010", "abc");
  folder.write("wal/00000009", "");
  folder.write("wal/100000000", "x");
  folder.write("wal/0100000001", "x");
  folder.write("wal/notes.txt", "x");
  folder.write("wal/0000001a", "x");
  folder.write("wal/-0000001", "x");
  folder.write("wal/99999999999999999999", "x");
  folder.write("wal/000005", "x");
  folder.write("wal/00000011/00000000", "a folder");
  folder.write("wal/checkpoint.00000007/00000000", "");
  folder.write("wal/checkpoint.00000008/00000000", "");
  folder.write("wal/checkpoint.00000009.tmp/00000000", "");
  folder.write("wal/checkpoint.x/00000000", "");
  const LogListing listing = list_log(folder.path("wal"));
  REQUIRE(listing.segments.size() == 3);
  CHECK(listing.segments[0].number == 9);
  CHECK(listing.segments[0].size == 0);
  CHECK(listing.segments[1].number == 10);
  CHECK(listing.segments[1].size == 3);
  CHECK(listing.segments[1].path == folder.path("wal/00000010"));
  CHECK(listing.segments[2].number == 100'000'000);
  CHECK(listing.gap() == 11);
  REQUIRE(listing.checkpoint.has_value());
  CHECK(listing.checkpoint->number == 8);
  CHECK(listing.checkpoint->path == folder.path("wal/checkpoint.00000008"));
  CHECK(listing.segments_from(10).size() == 2);
  CHECK(segment_path("wal", 17) == "wal/00000017");
  CHECK(segment_path("wal", 123456789) == "wal/123456789");
  CHECK(checkpoint_path("wal", 17) == "wal/checkpoint.00000017");
}

TEST_CASE("a log is its checkpoint and the segments behind it", "[tsdb][log]") {
  const ScratchFolder folder;
  folder.write("checkpoint.00000003/00000000", framed({"c1", "c2"}) + std::string(32768 - 18, '\0'));
  folder.write("checkpoint.00000003/00000001", framed({"c3"}));
  folder.write("00000002", framed({"old"}));
  folder.write("00000003", framed({"older"}));
  folder.write("00000004", framed({"a"}));
  folder.write("00000005", framed({"b"}) + std::string(100, '\0'));
  LogSequence sequence(folder.path(), LogKind::kWal);
  REQUIRE(sequence.open() == LogOpenStatus::kOpened);
  CHECK(sequence.checkpoint() == 3);
  CHECK(sequence.last_segment() == 5);
  CHECK(sequence.total_bytes() == 32768 + 9 + 8 + 108);
  REQUIRE(sequence.next() == LogReadStatus::kRecord);
  CHECK(sequence.in_checkpoint());
  CHECK((sequence.end() == LogPosition{0, 9}));
  LogReadStatus end{};
  CHECK(read_all(sequence, &end) == "c2 c3 a b");
  CHECK(end == LogReadStatus::kZeroTail);
  CHECK_FALSE(sequence.in_checkpoint());
  CHECK((sequence.start() == LogPosition{5, 0}));
  CHECK((sequence.end() == LogPosition{5, 8}));
  CHECK(sequence.file_end() == 108);
  CHECK(sequence.last_crc().has_value());
}

TEST_CASE("an empty log has no position", "[tsdb][log]") {
  const ScratchFolder folder;
  LogSequence sequence(folder.path("none"), LogKind::kWal);
  REQUIRE(sequence.open() == LogOpenStatus::kOpened);
  CHECK(sequence.next() == LogReadStatus::kEnd);
  CHECK((sequence.end() == LogPosition{}));
  CHECK(sequence.last_segment() == -1);
  CHECK_FALSE(sequence.last_crc().has_value());
  // An empty last segment, as after every start of a server, is a position without a record.
  folder.write("wal/00000000", "");
  LogSequence started(folder.path("wal"), LogKind::kWal);
  REQUIRE(started.open() == LogOpenStatus::kOpened);
  CHECK(started.next() == LogReadStatus::kEnd);
  CHECK((started.end() == LogPosition{0, 0}));
  CHECK_FALSE(started.last_crc().has_value());
}

TEST_CASE("reading goes on from a position, also after the log has grown", "[tsdb][log]") {
  const ScratchFolder folder;
  folder.write("00000000", framed({"a", "b"}));
  LogSequence sequence(folder.path(), LogKind::kWal);
  REQUIRE(sequence.open() == LogOpenStatus::kOpened);
  CHECK(read_all(sequence) == "a b");
  const LogPosition noted = sequence.end();
  CHECK((noted == LogPosition{0, 16}));
  const std::optional<std::uint32_t> sequence_crc = sequence.last_crc();
  CHECK(sequence_crc == 0xd280b0c4U);  // of "b"
  std::ofstream(folder.path("00000000"), std::ios::app) << framed({"c"}, 16);
  CHECK(read_all(sequence) == "c");  // the same sequence sees what its last segment got
  folder.write("00000001", framed({"d"}));
  LogSequence later(folder.path(), LogKind::kWal);
  REQUIRE(later.open(noted) == LogOpenStatus::kOpened);
  CHECK((later.end() == noted));
  CHECK_FALSE(later.last_crc().has_value());
  CHECK(later.crc_before_end() == sequence_crc);
  CHECK(read_all(later) == "c d");
  CHECK(later.crc_before_end() == later.last_crc());
  CHECK((later.end() == LogPosition{1, 8}));

  CHECK(later.open({0, 25}) == LogOpenStatus::kPositionGone);  // cut since
  CHECK(later.open({2, 0}) == LogOpenStatus::kPositionGone);
  std::filesystem::remove(folder.path("00000000"));
  CHECK(later.open(noted) == LogOpenStatus::kPositionGone);
  REQUIRE(later.open({1, 8}) == LogOpenStatus::kOpened);
  CHECK(read_all(later).empty());
}

TEST_CASE("files that vanish after opening are still read", "[tsdb][log]") {
  const ScratchFolder folder;
  folder.write("00000000", framed({"a"}));
  folder.write("00000001", framed({"b"}));
  LogSequence sequence(folder.path(), LogKind::kWal);
  REQUIRE(sequence.open() == LogOpenStatus::kOpened);
  std::filesystem::remove(folder.path("00000000"));
  std::filesystem::remove(folder.path("00000001"));
  CHECK(read_all(sequence) == "a b");
}

TEST_CASE("where a log is not whole it says so, and the rest can be had", "[tsdb][log]") {
  struct File {
    std::string_view name;
    std::string bytes;
  };
  struct Case {
    std::string_view name;
    LogKind kind;
    std::vector<File> files;
    std::string_view want;
    LogReadStatus end;
    std::string_view fault;  // of the first damage, behind the folder's name
  };
  const std::string a = framed({"a"});
  const std::string bb = framed({"b", "bb"});
  const std::string torn = bb.substr(0, bb.size() - 1);
  std::string flipped = bb;
  flipped[7] ^= 1;
  using enum LogReadStatus;
  const Case cases[] = {
      {"torn at the end", LogKind::kWal, {{"00000000", a}, {"00000001", torn}}, "a b", kTorn, ""},
      {"torn before another segment",
       LogKind::kWal,
       {{"00000000", torn}, {"00000001", a}},
       "b ! a",
       kEnd,
       "/00000000 at byte 8: the file ends inside a record, at byte 16"},
      {"torn before an empty segment",
       LogKind::kWal,
       {{"00000000", torn}, {"00000001", ""}},
       "b !",
       kEnd,
       "/00000000 at byte 8: the file ends inside a record, at byte 16"},
      {"torn to nothing before another segment",
       LogKind::kWal,
       {{"00000000", a + "\x01"}, {"00000001", a}},
       "a a",
       kEnd,
       ""},
      {"torn checkpoint",
       LogKind::kWal,
       {{"checkpoint.00000000/00000000", torn}, {"00000001", a}},
       "b ! a",
       kEnd,
       "/checkpoint.00000000/00000000 at byte 8: the file ends inside a record, at byte 16"},
      {"torn checkpoint and nothing else",
       LogKind::kWal,
       {{"checkpoint.00000000/00000000", torn}},
       "b !",
       kEnd,
       "/checkpoint.00000000/00000000 at byte 8: the file ends inside a record, at byte 16"},
      {"flipped",
       LogKind::kWal,
       {{"00000000", flipped}, {"00000001", a}},
       "! bb a",
       kEnd,
       "/00000000 at byte 0: checksum 0x20eb33c7, want 0xd280b0c4"},
      {"gap",
       LogKind::kWal,
       {{"00000000", a}, {"00000002", a}},
       "a ! a",
       kEnd,
       "/00000002 at byte 0: segment 00000001 is missing before it"},
      {"first segment missing",
       LogKind::kWal,
       {{"00000005", a}},
       "! a",
       kEnd,
       "/00000005 at byte 0: segment 00000000 is missing before it"},
      {"segment missing behind the checkpoint",
       LogKind::kWal,
       {{"checkpoint.00000003/00000000", a}, {"00000006", bb}},
       "a ! b bb",
       kEnd,
       "/00000006 at byte 0: segment 00000004 is missing before it"},
      {"a WBL begins anywhere", LogKind::kWbl, {{"00000005", a}, {"00000006", bb}}, "a b bb", kEnd, ""},
      {"a gap in a WBL",
       LogKind::kWbl,
       {{"00000005", a}, {"00000007", bb}},
       "a ! b bb",
       kEnd,
       "/00000007 at byte 0: segment 00000006 is missing before it"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      const ScratchFolder folder;
      for (const File& file : c.files) {
        folder.write(std::string("log/") + std::string(file.name), file.bytes);
      }
      LogSequence sequence(folder.path("log"), c.kind);
      REQUIRE(sequence.open() == LogOpenStatus::kOpened);
      LogReadStatus end{};
      CHECK(read_all(sequence, &end) == c.want);
      CHECK(end == c.end);
      REQUIRE(sequence.open() == LogOpenStatus::kOpened);
      LogReadStatus status = sequence.next();
      while (status == kRecord) {
        status = sequence.next();
      }
      REQUIRE((status == kCorrupt) == !c.fault.empty());
      if (status == kCorrupt) {
        CHECK(sequence.next() == kCorrupt);  // stays
        CHECK(sequence.fault().kind() == ErrorKind::kCorrupt);
        CHECK(std::string(sequence.fault().what()) == "read log: " + folder.path("log") + std::string(c.fault));
      }
    }
  }
}

}  // namespace
}  // namespace mcore
