// SPDX-License-Identifier: Apache-2.0
#include "tsdb/chunk_segment.h"

#include "base/error.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "support/example_block.h"
#include "support/temp_folder.h"
#include "tsdb/file_writer.h"

namespace mcore {
namespace {

void put_file(const std::string& path, std::string_view bytes) {
  FileWriter file(path, NewFileOwner());
  file.write(bytes);
  file.finish(false);
}

std::string why(ChunkSegments& chunks, std::uint64_t ref) {
  try {
    (void)chunks.chunk(ref);
    return "read";
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kCorrupt);
    return error.why();
  }
}

const std::string kExampleSegment = unhex(
    "85bd40dd 01 000000"
    "1c 01 0005 80a0abfef962 3ff0000000000000 9875 c26ffe5a85d900f7b43e 1eaafd44"
    "15 01 0002 80a0abfef962 0000000000000000 9875 c457fe 29579964"
    "1d 01 0002 80a0abfef962 c00a000000000000 b0ea01 c005ff90000000000008 7ee50dcc");

TEST_CASE("the chunk segment of the format's example is written and read byte for byte", "[tsdb][chunk_segment]") {
  const TempFolder temp;
  ChunkSegmentWriter writer(temp.path(), NewFileOwner());
  std::vector<std::uint64_t> refs;
  for (const ExampleSeries& series : example_series()) {
    refs.push_back(writer.add(1, series.chunk));
  }
  writer.finish();
  CHECK(refs == std::vector<std::uint64_t>{8, 42, 69});
  CHECK(to_hex(read_test_file(temp / "000001")) == to_hex(kExampleSegment));
  ChunkSegments chunks(temp.path());
  for (std::size_t i = 0; i < refs.size(); ++i) {
    CHECK(chunks.chunk(refs[i]).encoding == 1);
    CHECK(chunks.chunk(refs[i]).data == example_series()[i].chunk);
  }
}

TEST_CASE("a new segment begins where the next chunk would not fit", "[tsdb][chunk_segment]") {
  const TempFolder temp;
  // Two chunks of 10 bytes count 20 each, the header 8.
  ChunkSegmentWriter writer(temp.path(), NewFileOwner(), 48);
  const std::string data(10, 'x');
  CHECK(writer.add(2, data) == 8);
  CHECK(writer.add(2, data) == 24);
  CHECK(writer.add(2, data) == (1ULL << 32U | 8));
  CHECK(writer.add(2, std::string(1000, 'y')) == (2ULL << 32U | 8));  // alone in its own, as it fits none
  CHECK(writer.add(3, data) == (3ULL << 32U | 8));
  writer.finish();
  ChunkSegments chunks(temp.path());
  CHECK(chunks.size() == 4);
  CHECK(chunks.chunk(2ULL << 32U | 8).data == std::string(1000, 'y'));
  CHECK(chunks.chunk(3ULL << 32U | 8).encoding == 3);
}

TEST_CASE("a reference counts segments by position, not by the number in their names", "[tsdb][chunk_segment]") {
  const TempFolder temp;
  put_file(temp / "000002", kExampleSegment);
  put_file(temp / "000002.tmp", "no segment");
  put_file(temp / "README", "no segment");
  ChunkSegments chunks(temp.path());
  REQUIRE(chunks.size() == 1);
  CHECK(chunks.chunk(42).data == example_series()[1].chunk);
}

TEST_CASE("references and chunks that are damaged are refused with the place", "[tsdb][chunk_segment]") {
  const TempFolder temp;
  std::string flipped = kExampleSegment;
  flipped[50] = static_cast<char>(flipped[50] ^ 1);
  put_file(temp / "000001", flipped);
  put_file(temp / "000002", "");
  put_file(temp / "000003", unhex("85bd40dd 02 000000 00"));
  put_file(temp / "000004", unhex("d0bd40dd 01 000000 00"));
  put_file(temp / "000005", unhex("85bd40dd 01 000000 ffffffffffffffffff01 00000000"));
  ChunkSegments chunks(temp.path());
  CHECK(why(chunks, 8) == "read");
  CHECK(why(chunks, 42).starts_with("bad checksum"));
  CHECK(why(chunks, 42).ends_with("of a chunk at byte 42"));
  CHECK(why(chunks, 4) == "the index names a chunk outside of the segment's 104 bytes, at byte 4");
  CHECK(why(chunks, 103) == "the index names a chunk outside of the segment's 104 bytes, at byte 103");
  CHECK(why(chunks, 0xFFFF'FFFF) == "the index names a chunk outside of the segment's 104 bytes, at byte 4294967295");
  CHECK(why(chunks, 1ULL << 32U | 8) == "end of file inside the header at byte 0");
  CHECK(why(chunks, 2ULL << 32U | 8) == "format version 2, want 1 at byte 4");
  CHECK(why(chunks, 3ULL << 32U | 8) == "bad magic 0xd0bd40dd, want 0x85bd40dd at byte 0");
  CHECK(why(chunks, 4ULL << 32U | 8) == "a chunk runs over the end of the segment at byte 8");
  CHECK(why(chunks, 5ULL << 32U | 8) == "the index names segment 6 of 5");
  ChunkSegments none(temp / "missing");
  CHECK(none.size() == 0);
}

}  // namespace
}  // namespace mcore
