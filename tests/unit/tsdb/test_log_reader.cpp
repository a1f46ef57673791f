// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/fd.h"
#include "log_example.h"
#include "support/catch.h"

namespace mcore {
namespace {

/// A file without a name, to be read as a segment is.
class ScratchFile {
 public:
  explicit ScratchFile(std::string_view bytes) {
    char name[] = "/tmp/test_log_XXXXXX";
    fd_ = Fd(::mkstemp(name));
    REQUIRE(fd_.is_open());
    ::unlink(name);
    append(bytes);
  }
  void append(std::string_view bytes) {
    REQUIRE(::write(fd_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

std::string fragment(unsigned header, std::string_view data) {
  std::string bytes;
  append_u8(bytes, static_cast<std::uint8_t>(header));
  append_be16(bytes, static_cast<std::uint16_t>(data.size()));
  append_be32(bytes, crc32c(data));
  return bytes += data;
}
std::string full(std::string_view data) {
  return fragment(1, data);
}

/// What a reader yields: every record, then how it ends.
struct Outcome {
  std::vector<std::string> records;
  LogReadStatus status = LogReadStatus::kEnd;
  std::uint64_t end = 0;
};
Outcome read_all(LogReader& reader) {
  Outcome outcome;
  for (;;) {
    outcome.status = reader.next();
    if (outcome.status != LogReadStatus::kRecord) {
      break;
    }
    outcome.records.emplace_back(reader.record());
  }
  outcome.end = reader.end();
  return outcome;
}
Outcome read_all(std::string_view segment) {
  LogReader reader(segment);
  const Outcome outcome = read_all(reader);
  // A file is read in blocks and must give the same.
  const ScratchFile file(segment);
  LogReader by_file(file.fd(), "scratch");
  const Outcome again = read_all(by_file);
  CHECK(again.records == outcome.records);
  CHECK(again.status == outcome.status);
  CHECK(again.end == outcome.end);
  CHECK(by_file.file_end() == reader.file_end());
  CHECK(by_file.fault() == reader.fault());
  CHECK(by_file.fault_offset() == reader.fault_offset());
  return outcome;
}

TEST_CASE("the records of a server's segment are read with their places and checksums", "[tsdb][log]") {
  const std::string segment = log_example();
  REQUIRE(segment.size() == 500);
  LogReader reader(segment);
  struct Want {
    std::uint64_t start;
    std::size_t size;
    std::uint32_t crc;
  };
  constexpr Want kWant[] = {{0, 48, 0x2efef9bd},   {55, 63, 0x75345c2e},  {125, 27, 0x6cad7691}, {159, 41, 0xa774232b},
                            {207, 29, 0xecc4a8f9}, {243, 75, 0xd7828bdc}, {325, 28, 0x80d5327b}, {360, 65, 0x4c133116},
                            {432, 27, 0x06001421}, {466, 27, 0xf7c5305c}};
  for (const Want& want : kWant) {
    REQUIRE(reader.next() == LogReadStatus::kRecord);
    CHECK(reader.start() == want.start);
    CHECK(reader.end() == want.start + 7 + want.size);
    CHECK(reader.record().size() == want.size);
    CHECK(reader.last_crc() == want.crc);
    CHECK_FALSE(reader.is_padded());
  }
  CHECK(reader.next() == LogReadStatus::kEnd);
  CHECK(reader.end() == 500);
}

TEST_CASE("reading may start at any record", "[tsdb][log]") {
  const std::string segment = log_example();
  LogReader reader(segment, 432);
  REQUIRE(reader.next() == LogReadStatus::kRecord);
  CHECK(reader.last_crc() == 0x06001421);
  LogReader at_end(segment, 500);
  CHECK(at_end.next() == LogReadStatus::kEnd);
  CHECK(at_end.end() == 500);
}

TEST_CASE("how a segment ends is told apart", "[tsdb][log]") {
  const std::string zeros_to_page(32768 - 10, '\0');
  struct Case {
    std::string_view name;
    std::string segment;
    std::size_t records;
    LogReadStatus status;
    std::uint64_t end;
  };
  const std::string abc = full("abc");  // 10 bytes
  const Case cases[] = {
      {"nothing", "", 0, LogReadStatus::kEnd, 0},
      {"a record", abc, 1, LogReadStatus::kEnd, 10},
      {"a padded page", abc + zeros_to_page, 1, LogReadStatus::kZeroTail, 10},
      {"zeros inside a page", abc + std::string(100, '\0'), 1, LogReadStatus::kZeroTail, 10},
      {"zeros only", std::string(100, '\0'), 0, LogReadStatus::kZeroTail, 0},
      {"pages of zeros", abc + std::string(200'000, '\0'), 1, LogReadStatus::kZeroTail, 10},
      {"padding, then a record", abc + zeros_to_page + abc, 2, LogReadStatus::kEnd, 32778},
      {"a first fragment alone", abc + fragment(2, "xyz"), 1, LogReadStatus::kTorn, 10},
      {"a first fragment and padding", abc + fragment(2, "xyz") + std::string(50, '\0'), 1, LogReadStatus::kTorn, 10},
      {"a middle fragment last", abc + fragment(2, "x") + fragment(3, "y"), 1, LogReadStatus::kTorn, 10},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      const Outcome got = read_all(c.segment);
      CHECK(got.records.size() == c.records);
      CHECK(got.status == c.status);
      CHECK(got.end == c.end);
    }
  }
}

TEST_CASE("a segment cut at any byte ends after its last whole record", "[tsdb][log]") {
  const std::string segment = log_example();
  constexpr std::size_t kEnds[] = {0, 55, 125, 159, 207, 243, 325, 360, 432, 466, 500};
  for (std::size_t size = 0; size < segment.size(); ++size) {
    std::size_t whole = 0;
    while (kEnds[whole + 1] <= size) {
      ++whole;
    }
    LogReader reader(std::string_view(segment).substr(0, size));
    Outcome got = read_all(reader);
    CAPTURE(size);
    // What is missing may be zeros only: the float histogram's last count, the sample 7.0, the bucket bound 2.5.
    if (reader.is_padded()) {
      CHECK(segment.find_first_not_of('\0', size) >= kEnds[whole + 1]);
      CHECK(got.end == kEnds[whole + 1]);
      CHECK(got.records.size() == whole + 1);
      CHECK(got.status == LogReadStatus::kEnd);
      CHECK(reader.file_end() == size);
      continue;
    }
    CHECK(got.end == kEnds[whole]);
    CHECK(got.records.size() == whole);
    CHECK(got.status == (size == kEnds[whole] ? LogReadStatus::kEnd : LogReadStatus::kTorn));
    // Of the header type and a zero are there, or the type alone.
    CHECK(reader.is_torn_to_nothing() == (size == kEnds[whole] + 1 || size == kEnds[whole] + 2));
  }
}

TEST_CASE("a record whose missing bytes are zero is whole only by its checksum", "[tsdb][log]") {
  const std::string record = std::string("value") + std::string(8, '\0');
  std::string segment = full(record);
  segment.resize(segment.size() - 6);
  const ScratchFile file(segment);
  LogReader reader(file.fd(), "scratch");
  REQUIRE(reader.next() == LogReadStatus::kRecord);
  CHECK(reader.record() == record);
  CHECK(reader.is_padded());
  CHECK(reader.end() == 20);
  CHECK(reader.next() == LogReadStatus::kEnd);
  CHECK(reader.file_end() == 14);

  std::string other = full(std::string("value") + std::string(7, '\0') + "x");
  other.resize(other.size() - 6);
  CHECK(read_all(other).status == LogReadStatus::kTorn);
}

TEST_CASE("damage stops the reader with a reason and a place", "[tsdb][log]") {
  struct Case {
    std::string_view name;
    std::string segment;
    std::size_t records;
    std::uint64_t fault_offset;
    std::string_view fault;
  };
  const std::string abc = full("abc");
  std::string flipped = abc + full("def") + abc;
  flipped[18] ^= 0x40;
  std::string too_long = abc + full("def") + abc;
  too_long[11] = static_cast<char>(0xFF);
  std::string near_end = full(std::string(32768 - 7 - 4, 'x')) + "\x01";
  near_end.resize(40'000, '\0');
  const Case cases[] = {
      {"flipped byte", flipped, 1, 10, "checksum 0xbd5f128e, want 0x4248d48a"},
      {"length past the page", too_long, 1, 10, "a fragment of 65283 bytes where its page has room for 32751"},
      {"unknown type", abc + fragment(5, "x"), 1, 10, "unknown fragment type 0x05"},
      {"type 0 with a flag", abc + std::string("\x08", 1), 1, 10, "unknown fragment type 0x08"},
      {"padding that is not zero", abc + std::string(20, '\0') + abc, 1, 10,
       "bytes that are not zero in the padding of a page"},
      {"middle without first", abc + fragment(3, "x"), 1, 10, "a record without a beginning"},
      {"last without first", abc + fragment(4, "x"), 1, 10, "a record without a beginning"},
      {"full inside a record", abc + fragment(2, "x") + abc, 1, 18, "a record begins inside another"},
      {"first inside a record", fragment(2, "x") + fragment(2, "y") + fragment(4, "z"), 0, 8,
       "a record begins inside another"},
      {"compression that changes", fragment(2, "x") + fragment(4 | 8, "z"), 0, 8,
       "fragments of one record differ in their compression"},
      {"no snappy", abc + fragment(1 | 8, "\xff\xff\xff\xff\xff"), 1, 10, "a record that snappy cannot decompress"},
      {"snappy promise", fragment(1 | 8, "\x80\x80\x80\x40zz"), 0, 0, "a record that snappy cannot decompress"},
      {"no zstd", abc + fragment(1 | 16, "abcdef"), 1, 10, "a record that zstd cannot decompress"},
      {"fragment at a page's end", near_end, 1, 32764, "a fragment in the last 4 bytes of a page"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      const Outcome got = read_all(c.segment);
      CHECK(got.records.size() == c.records);
      CHECK(got.status == LogReadStatus::kCorrupt);
      LogReader reader(c.segment);
      (void)read_all(reader);
      CHECK(reader.fault() == c.fault);
      CHECK(reader.fault_offset() == c.fault_offset);
      CHECK(reader.next() == LogReadStatus::kCorrupt);  // stays
    }
  }
}

TEST_CASE("every flipped bit of a segment is noticed or harmless", "[tsdb][log]") {
  const std::string segment = log_example();
  const std::vector<std::string> records = read_all(std::string_view(segment)).records;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = segment;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      LogReader reader(damaged);
      const Outcome got = read_all(reader);
      CAPTURE(i, bit);
      if (got.status == LogReadStatus::kEnd) {
        CHECK(got.records == records);  // a reserved bit of a header
        CHECK(bit >= 5);
      } else {
        REQUIRE(got.records.size() < records.size());
        CHECK(std::equal(got.records.begin(), got.records.end(), records.begin()));
      }
    }
  }
}

TEST_CASE("what the format allows and is seldom seen is read", "[tsdb][log]") {
  struct Case {
    std::string_view name;
    std::string segment;
    std::vector<std::string> want;
  };
  const std::string big(32768 - 7 - 7, 'x');  // leaves seven bytes
  const Case cases[] = {
      {"empty record", full("") + full("a"), {"", "a"}},
      {"empty record with a flag", fragment(1 | 8, "") + full("a"), {"", "a"}},
      {"reserved bits", fragment(0xE1, "abc") + fragment(0x21, "d"), {"abc", "d"}},
      {"unknown record type", full("\x63xyz"), {"\x63xyz"}},
      {"a type byte alone", full("\x02"), {"\x02"}},
      {"empty first fragment in the last seven bytes", full(big) + fragment(2, "") + fragment(4, "abc"), {big, "abc"}},
      {"empty record in the last seven bytes", full(big) + full("") + full("abc"), {big, "", "abc"}},
      {"a record that fills its page", full(big + "1234567") + full("a"), {big + "1234567", "a"}},
      {"six zeros at the page's end", full(big + "1") + std::string(6, '\0') + full("a"), {big + "1", "a"}},
      {"one zero at the page's end", full(big + "123456") + std::string(1, '\0') + full("a"), {big + "123456", "a"}},
      {"padding between fragments", fragment(2, "ab") + std::string(32768 - 9, '\0') + fragment(4, "c"), {"abc"}},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      const Outcome got = read_all(c.segment);
      CHECK(got.records == c.want);
      CHECK(got.status == LogReadStatus::kEnd);
      CHECK(got.end == c.segment.size());
    }
  }
}

TEST_CASE("a reader at the end goes on when the file grows", "[tsdb][log]") {
  ScratchFile file(full("abc") + full("defg").substr(0, 5));
  LogReader reader(file.fd(), "scratch");
  REQUIRE(reader.next() == LogReadStatus::kRecord);
  REQUIRE(reader.next() == LogReadStatus::kTorn);
  CHECK(reader.end() == 10);
  CHECK(reader.file_end() == 15);
  file.append(full("defg").substr(5));
  REQUIRE(reader.next() == LogReadStatus::kRecord);
  CHECK(reader.record() == "defg");
  REQUIRE(reader.next() == LogReadStatus::kEnd);
  file.append(full("h"));
  REQUIRE(reader.next() == LogReadStatus::kRecord);
  CHECK(reader.record() == "h");
}

TEST_CASE("a file that is cut under the reader ends where it is cut", "[tsdb][log]") {
  ScratchFile file(full(std::string(30'000, 'a')));
  for (int i = 0; i < 20; ++i) {
    file.append(std::string(32768 - 30'007, '\0') + full(std::string(30'000, 'b')));
  }
  LogReader reader(file.fd(), "scratch");
  REQUIRE(reader.next() == LogReadStatus::kRecord);
  REQUIRE(::ftruncate(file.fd(), 300'000) == 0);
  const Outcome got = read_all(reader);
  CHECK(got.status != LogReadStatus::kCorrupt);
  CHECK(reader.file_end() == 300'000);
}

TEST_CASE("salvage finds every record that is intact", "[tsdb][log]") {
  const std::string long_one = fragment(2, std::string(32768 - 10 - 7, 'x')) + fragment(3, "y") + fragment(4, "z");
  struct Case {
    std::string_view name;
    std::size_t flip;
    std::vector<std::string> want;
  };
  const std::string page = full("abc") + long_one + full("def") + full("ghi");
  const std::string segment = page + std::string(65536 - page.size(), '\0');
  const std::string joined = std::string(32768 - 17, 'x') + "yz";
  const Case cases[] = {
      {"in a full record", 8, {joined, "def", "ghi"}},
      {"in a first fragment", 20, {"abc", "def", "ghi"}},
      {"in a middle fragment", 32768 + 7, {"abc", "def", "ghi"}},
      {"in a last fragment", 32768 + 8 + 7, {"abc", "def", "ghi"}},
      {"in a length", 32768 + 16 + 1, {"abc", joined, "ghi"}},
      {"in a type", 32768 + 16, {"abc", joined, "def", "ghi"}},  // a reserved bit
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      std::string damaged = segment;
      damaged[c.flip] ^= 0x40;
      LogReader reader(damaged);
      std::vector<std::string> got;
      for (LogReadStatus status = reader.next(); status != LogReadStatus::kZeroTail; status = reader.next()) {
        if (status == LogReadStatus::kRecord) {
          got.emplace_back(reader.record());
        } else {
          REQUIRE(status == LogReadStatus::kCorrupt);
          reader.skip_damage();
        }
      }
      CHECK(got == c.want);
    }
  }
}

TEST_CASE("salvage finds what was written behind padding, and nothing inside a record", "[tsdb][log]") {
  const std::string inner = full("abc" + full("planted") + "xyz");
  std::string damaged = inner + full("def");
  damaged[2] ^= 0x01;  // the length: everything is to be searched
  LogReader reader(damaged);
  REQUIRE(reader.next() == LogReadStatus::kCorrupt);
  reader.skip_damage();
  REQUIRE(reader.next() == LogReadStatus::kRecord);
  CHECK(reader.record() == "def");

  const std::string behind_padding = full("abc") + std::string(20, '\0') + full("def") + full("ghi");
  LogReader lost(behind_padding);
  REQUIRE(lost.next() == LogReadStatus::kRecord);
  REQUIRE(lost.next() == LogReadStatus::kCorrupt);
  lost.skip_damage();
  REQUIRE(lost.next() == LogReadStatus::kRecord);
  CHECK(lost.record() == "def");
  REQUIRE(lost.next() == LogReadStatus::kRecord);
  CHECK(lost.record() == "ghi");
  CHECK(lost.next() == LogReadStatus::kEnd);
}

TEST_CASE("the checksum before a place identifies a log", "[tsdb][log]") {
  const ScratchFile file(log_example() + std::string(32768 - 500, '\0') + full("abc"));
  CHECK(fragment_crc_before(file.fd(), "f", 55) == 0x2efef9bdU);
  CHECK(fragment_crc_before(file.fd(), "f", 500) == 0xf7c5305cU);
  CHECK(fragment_crc_before(file.fd(), "f", 32778) == crc32c("abc"));
  for (const std::uint64_t none : {0, 1, 54, 56, 501, 600, 32768, 32777, 32779, 1'000'000}) {
    CAPTURE(none);
    CHECK_FALSE(fragment_crc_before(file.fd(), "f", none).has_value());
  }
}

TEST_CASE("a descriptor that cannot be read is an error with its path", "[tsdb][log]") {
  LogReader reader(-7, "gone/00000001");
  const Fd writing(::open("/dev/null", O_WRONLY));
  LogReader unreadable(writing.get(), "odd/00000001");
  try {
    (void)unreadable.next();
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(std::string_view(e.what()) == "read log: odd/00000001 at byte 0: Bad file descriptor");
  }
}

}  // namespace
}  // namespace mcore
