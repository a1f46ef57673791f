// SPDX-License-Identifier: Apache-2.0
// The logs that real servers left, see ../shared/conformance/tsdb: every record is read, decoded and written again.
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/conformance.h"
#include "support/scratch_folder.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_histograms.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"
#include "tsdb/log_sequence.h"
#include "tsdb/log_writer.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;

/// Entries by the type of their records.
using Counts = std::array<std::uint64_t, 11>;

/// Counts the entries of a record and checks that encoding them gives the same bytes.
template <typename Reader, typename Write>
std::uint64_t walk(Reader reader, std::string_view record, Write write) {
  std::uint64_t count = 0;
  std::string written(1, record[0]);
  while (reader.next()) {
    write(reader, written);
    ++count;
  }
  CHECK_FALSE(reader.damaged());
  CHECK((written == record));
  return count;
}

template <typename Writer>
auto through(Writer& writer) {
  return [&writer](auto& reader, std::string& written) {
    if constexpr (requires { reader.histogram(); }) {
      writer.add(reader.ref(), reader.t_ms(), reader.histogram());
    } else {
      writer.add(reader.ref(), reader.t_ms(), reader.value(), reader.labels());
    }
    written = writer.record();
  };
}

std::uint64_t walk_samples(std::string_view record) {
  SampleRecordDecoder decoder;
  SampleRecordWriter writer;
  REQUIRE(decoder.decode(LogRecordType::kSamples, log_record_body(record)));
  for (const LogSample& sample : decoder.samples()) {
    writer.add(sample.ref, sample.t_ms, sample.value);
  }
  CHECK((writer.record() == record));
  return decoder.samples().size();
}

std::uint64_t walk_record(std::string_view record) {
  const LogRecordType type = log_record_type(record);
  const std::string_view body = log_record_body(record);
  ExemplarRecordWriter exemplars;
  HistogramRecordWriter histograms;
  switch (type) {
    case LogRecordType::kSeries:
      return walk(SeriesRecordReader(body), record, [](auto& reader, std::string& written) {
        REQUIRE(reader.is_canonical());
        append_series(written, reader.ref(), reader.labels());
      });
    case LogRecordType::kSamples:
      return walk_samples(record);
    case LogRecordType::kTombstones:
      return walk(TombstoneRecordReader(body), record, [](auto& reader, std::string& written) {
        append_tombstone(written, reader.ref(), reader.min_t_ms(), reader.max_t_ms());
      });
    case LogRecordType::kExemplars:
      return walk(ExemplarRecordReader(body), record, through(exemplars));
    case LogRecordType::kMmapMarkers:
      return walk(MmapMarkerRecordReader(body), record, [](auto& reader, std::string& written) {
        append_be64(written, reader.ref());
        append_be64(written, reader.chunk_ref());
      });
    case LogRecordType::kMetadata:
      return walk(MetadataRecordReader(body), record, [](auto& reader, std::string& written) {
        append_metadata(written, reader.ref(), reader.type(), reader.unit(), reader.help());
      });
    case LogRecordType::kHistograms:
    case LogRecordType::kFloatHistograms:
    case LogRecordType::kCustomHistograms:
    case LogRecordType::kCustomFloatHistograms:
      return walk(HistogramRecordReader(type, body), record, through(histograms));
    default:
      FAIL("a type that these servers do not write");
      return 0;
  }
}

void copy_files(const fs::path& from, std::string_view log, std::string_view but, const ScratchFolder& to) {
  if (!fs::exists(from / log)) {
    return;
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(from / log)) {
    const std::string name = fs::relative(entry.path(), from).string();
    if (entry.is_regular_file() && name != but) {
      to.write(name, read_test_file(entry.path()));
    }
  }
}

struct Read {
  std::uint64_t records = 0;
  Counts counts{};
  LogReadStatus end = LogReadStatus::kEnd;
};
Read read_log(const fs::path& folder, LogKind kind) {
  LogSequence sequence(folder.string(), kind);
  REQUIRE(sequence.open() == LogOpenStatus::kOpened);
  Read read;
  for (;;) {
    read.end = sequence.next();
    if (read.end != LogReadStatus::kRecord) {
      return read;
    }
    ++read.records;
    read.counts.at(static_cast<std::size_t>(log_record_type(sequence.record()))) += walk_record(sequence.record());
  }
}

TEST_CASE("every record of a server's logs is read and written again", "[tsdb][log][conformance]") {
  const auto shared = conformance_folder();
  if (!shared) {
    WARN("skipped: no conformance data beside this checkout");
    return;
  }
  struct Case {
    std::string_view log;
    std::uint64_t records;
    Counts counts;  // of types 0 to 10, found by another program
    LogReadStatus end;
  };
  using enum LogReadStatus;
  constexpr Case kCases[] = {
      {"live/data/wal", 402, {0, 85, 2666, 0, 156, 0, 78, 39, 39, 39}, kZeroTail},
      {"live/data/wbl", 0, {}, kEnd},
      {"live-running/data/wal", 382, {0, 85, 2538, 0, 148, 0, 78, 37, 37, 37}, kEnd},
      {"main/data/wal", 184, {0, 62, 20756, 3, 37, 0, 1, 1528, 380, 388}, kZeroTail},
      {"main/data/wbl", 19, {0, 0, 182, 0, 0, 9, 0, 8, 0, 8}, kZeroTail},
      {"main-running/data/wal", 184, {0, 62, 20756, 3, 37, 0, 1, 1528, 380, 388}, kEnd},
      {"main-running/data/wbl", 19, {0, 0, 182, 0, 0, 9, 0, 8, 0, 8}, kEnd},
      {"small/data/wal", 119, {0, 24, 5417, 1, 10, 0, 0, 270, 270, 270}, kZeroTail},
      {"small/data/wbl", 5, {0, 0, 14, 0, 0, 2}, kZeroTail},
      {"two-tombstones/data/wal", 82, {0, 24, 3617, 2, 7, 0, 0, 180, 180, 180}, kZeroTail},
      {"wal-plain/data/wal", 91, {0, 24, 4017, 1, 10, 0, 0, 200, 200, 200}, kZeroTail},
      {"wal-zstd/data/wal", 91, {0, 24, 4017, 1, 10, 0, 0, 200, 200, 200}, kZeroTail},
      {"wal-running/data/wal", 91, {0, 24, 4017, 1, 10, 0, 0, 200, 200, 200}, kEnd},
      {"wal-running/data/wbl", 5, {0, 0, 14, 0, 0, 2}, kEnd},
      {"wal-snapshot/data/wal", 70, {0, 24, 3017, 2, 7, 0, 0, 150, 150, 150}, kZeroTail},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.log) {
      const Read read = read_log(*shared / "tsdb" / c.log, c.log.ends_with("wbl") ? LogKind::kWbl : LogKind::kWal);
      CHECK(read.records == c.records);
      CHECK(read.counts == c.counts);
      CHECK(read.end == c.end);
    }
  }
}

TEST_CASE("an uncompressed segment of a server is framed to the same bytes", "[tsdb][log][conformance]") {
  const auto shared = conformance_folder();
  if (!shared) {
    WARN("skipped: no conformance data beside this checkout");
    return;
  }
  const std::string segment = read_test_file(*shared / "tsdb/wal-plain/data/wal/00000000");
  LogReader reader(segment);
  LogFramer framer;
  framer.begin(0);
  while (reader.next() == LogReadStatus::kRecord) {
    framer.add(reader.record(), LogCompression::kNone);
  }
  REQUIRE(framer.end() == reader.end());
  CHECK((framer.bytes() + std::string(page_padding(framer.end()), '\0') == segment));
}

TEST_CASE("damage to a server's log is found where promtool finds it", "[tsdb][log][conformance]") {
  const auto shared = conformance_folder();
  if (!shared) {
    WARN("skipped: no conformance data beside this checkout");
    return;
  }
  struct Case {
    std::string_view name;
    std::string_view log;
    std::string_view removed;  // from the undamaged log
    std::uint64_t records;     // before the damage
    LogReadStatus status;
    std::string_view fault;  // behind the folder's name
  };
  using enum LogReadStatus;
  constexpr Case kCases[] = {
      {"wal-flipped-byte", "wal", "", 85, kCorrupt, "/00000005 at byte 16781: checksum 0xf528a2eb, want 0xf77270fb"},
      {"wal-torn-page", "wal", "", 111, kCorrupt, "/00000006 at byte 3415: checksum 0xf6a7fed5, want 0xa6ba8e87"},
      {"wal-truncated-tail", "wal", "", 118, kTorn, ""},
      {"wal-missing-segment", "wal", "wal/00000005", 64, kCorrupt,
       "/00000006 at byte 0: segment 00000005 is missing before it"},
      {"wal-garbage-file", "wal", "", 119, kZeroTail, ""},
      {"checkpoint-tmp-left", "wal", "", 119, kZeroTail, ""},
      {"checkpoint-missing", "wal", "wal/checkpoint.00000003/00000000", 0, kCorrupt,
       "/00000004 at byte 0: segment 00000000 is missing before it"},
      {"checkpoint-flipped-byte", "wal", "", 0, kCorrupt,
       "/checkpoint.00000003/00000000 at byte 0: checksum 0xb5039e0b, want 0x3a48608a"},
      {"wbl-flipped-byte", "wbl", "", 1, kCorrupt, "/00000006 at byte 24: checksum 0x48b2ea20, want 0xf0260c07"},
      {"wbl-truncated", "wbl", "", 4, kTorn, ""},
      {"wbl-missing", "wbl", "wbl/00000006", 0, kEnd, ""},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.name) {
      const ScratchFolder scratch;
      copy_files(*shared / "tsdb/small/data", c.log, c.removed, scratch);
      copy_files(*shared / "tsdb/corrupt" / c.name / "files", c.log, "", scratch);
      LogSequence sequence(scratch.path(c.log), c.log == "wbl" ? LogKind::kWbl : LogKind::kWal);
      REQUIRE(sequence.open() == LogOpenStatus::kOpened);
      std::uint64_t records = 0;
      LogReadStatus status = sequence.next();
      for (; status == kRecord; status = sequence.next()) {
        ++records;
      }
      CHECK(records == c.records);
      REQUIRE(status == c.status);
      if (status == kCorrupt) {
        CHECK(std::string(sequence.fault().what()) == "read log: " + scratch.path(c.log) + std::string(c.fault));
      }
    }
  }
}

}  // namespace
}  // namespace mcore
