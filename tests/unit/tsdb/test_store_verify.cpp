// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_verify.h"

#include <atomic>
#include <fstream>
#include <regex>
#include <thread>

#include "support/catch.h"
#include "support/corrupt_case.h"
#include "support/test_blocks.h"
#include "support/test_stores.h"
#include "tsdb/head_writer.h"
#include "tsdb/log_directory.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;

/// Findings, a line each, with paths below the store; ULIDs are written as B.
std::string verify_text(const std::string& store) {
  std::string text;
  const VerifyResult result = verify_store(store, [&](const StoreFinding& finding) {
    std::string line = finding_text(finding);
    for (std::size_t at = line.find(store + "/"); at != std::string::npos; at = line.find(store + "/")) {
      line.erase(at, store.size() + 1);
    }
    text += (finding.is_note ? "note: " : "") + line + "\n";
  });
  CHECK(result.findings + result.notes == static_cast<std::uint64_t>(std::ranges::count(text, '\n')));
  return std::regex_replace(text, std::regex("[0-9A-HJKMNP-TV-Z]{26}"), "B");
}

std::string block_of(const std::string& store) {
  return list_blocks(store, [](const Error& error) { throw Error(error); }).front().folder;
}

/// A block, and both logs.
void fill(const std::string& store) {
  append_samples(store, {{"a", 0, 1}, {"b", 0, 1}});
  append_samples(store, {{"a", 20'000'000, 3}, {"b", 20'000'000, 3}});
  append_samples(store, {{"b", 19'000'000, 2.5}});  // late
  REQUIRE(cut_test_store(store).blocks.size() == 1);
  append_samples(store, {{"a", 20'010'000, 4}, {"b", 20'010'000, 4}});
}

std::string last_segment(const std::string& folder) {
  return list_log(folder).segments.back().path;
}

TEST_CASE("nothing is found in a store that is whole", "[tsdb][verify]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  CHECK(verify_text(store) == "");
  const VerifyResult result = verify_store(store, [](const StoreFinding&) {});
  CHECK(result.blocks == 1);
  CHECK(result.series == 2);
  CHECK(result.records > 0);
  CHECK(verify_text(block_of(store)) == "");
  fs::remove_all(store + "/head");
  CHECK(verify_text(store) == "");
}

TEST_CASE("a damaged block is found with file and byte", "[tsdb][verify]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const std::string block = block_of(store);
  SECTION("a chunk") {
    flip_byte(block + "/chunks/000001", 20);
    CHECK(verify_text(store).starts_with("B/chunks/000001 at byte 8: bad checksum "));
  }
  SECTION("a segment's header") {
    flip_byte(block + "/chunks/000001", 0);
    CHECK(verify_text(store).starts_with("B/chunks/000001 at byte 0: bad magic 0xc5bd40dd, want 0x85bd40dd\n"));
  }
  SECTION("a segment that is missing before another") {
    fs::rename(block + "/chunks/000001", block + "/chunks/000002");
    CHECK(verify_text(store) == "B/chunks/000001: missing: B/chunks/000002 stands in its place\n");
  }
  SECTION("the index") {
    flip_byte(block + "/index", fs::file_size(block + "/index") - 20);
    CHECK(verify_text(store).starts_with("B/index at byte "));
  }
  SECTION("tombstones") {
    flip_byte(block + "/tombstones", 6);
    CHECK(verify_text(store).starts_with("B/tombstones"));
  }
  SECTION("meta.json") {
    fs::resize_file(block + "/meta.json", 30);
    CHECK(verify_text(store).starts_with("B/meta.json"));
  }
  SECTION("counts in meta.json") {
    std::string meta = read_test_file(block + "/meta.json");
    meta.replace(meta.find("\"numSamples\": 2"), 15, "\"numSamples\": 3");
    std::ofstream(block + "/meta.json") << meta;
    CHECK(verify_text(store) == "B/meta.json: numSamples is 3, found 2\n");
  }
}

TEST_CASE("each damaged byte of a log is found", "[tsdb][verify]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  append_samples(store, {{"a", 0, 1}});
  append_samples(store, {{"a", 10'000, 2}, {"b", 10'000, 2}});
  append_samples(store, {{"a", 5'000, 1.5}});
  for (const char* const log : {"/wal", "/wbl"}) {
    const std::string path = last_segment(store + log);
    for (std::uint64_t i = 0; i < fs::file_size(path); ++i) {
      flip_byte(path, i, 0x02);  // not a bit that a fragment's type byte may have, or not
      INFO(path << " at byte " << i);
      CHECK(verify_text(store) != "");
      flip_byte(path, i, 0x02);
    }
  }
  CHECK(verify_text(store) == "");
}

TEST_CASE("where a log is damaged, the head still has what was lost", "[tsdb][verify]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  append_samples(store, {{"a", 0, 1}});
  const std::uint64_t end = fs::file_size(store + "/wal/00000000");
  append_samples(store, {{"a", 10'000, 2}});
  append_samples(store, {{"a", 20'000, 3}});
  flip_byte(store + "/wal/00000000", end + 12);
  const std::string text = verify_text(store);
  CHECK(text.starts_with(fmt::format("wal/00000000 at byte {}: checksum ", end)));
  CHECK(text.ends_with("1 samples that the damaged log has lost are in the head; 'mstore repair' logs them anew\n"));
}

TEST_CASE("a torn end and leftovers are notes", "[tsdb][verify]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const std::string path = last_segment(store + "/wal");
  const std::uint64_t end = fs::file_size(path);
  std::ofstream(path, std::ios::app | std::ios::binary) << std::string("\x01\x00\x40torn", 7);
  fs::create_directories(store + "/wal/checkpoint.00000009.tmp");
  fs::create_directories(store + "/01M81G9T0P5FDDK9NHG2YTMTE1.tmp-for-deletion");
  CHECK(verify_text(store) ==
        fmt::format("note: wal/{} at byte {}: the log ends inside a record, which whoever writes next cuts off\n"
                    "note: wal/checkpoint.00000009.tmp: left over; servers remove or ignore it\n"
                    "note: B.tmp-for-deletion: left over; upkeep and servers remove it\n",
                    path.substr(path.rfind('/') + 1), end));
}

TEST_CASE("a gap in the log and a checkpoint that nothing follows are found", "[tsdb][verify]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const LogListing wal = list_log(store + "/wal");
  REQUIRE(wal.checkpoint.has_value());
  REQUIRE(wal.segments.size() == 1);
  const std::int64_t number = wal.segments.back().number;
  fs::remove_all(store + "/head");
  SECTION("a gap") {
    fs::rename(wal.segments.back().path, segment_path(store + "/wal", number + 1));
    CHECK(verify_text(store) ==
          fmt::format("wal/{:08} at byte 0: segment {:08} is missing before it\n", number + 1, number));
  }
  SECTION("nothing behind the checkpoint") {
    fs::remove(wal.segments.back().path);
    CHECK(verify_text(store).ends_with(
        "no segment follows the checkpoint: a server begins again at 0, and its next start passes that over\n"));
  }
}

TEST_CASE("a head that is not what the logs say is found", "[tsdb][verify]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const HeadHome home(store, store + "/head", owner_of_new_files(store));
  {
    std::optional<HeadFiles> files = home.open(true);
    REQUIRE(files.has_value());
    HeadWriter head(*files, HeadWriter::Mode::kShared);
    head.begin();
    const auto id = head.find(test_labels("a").view(), test_labels("a").view().hash(), 0);
    REQUIRE(id.has_value());
    head.append(*id, kTestStart + 20'020'000, 5);
    head.publish();
  }
  const std::string text = verify_text(store);
  CHECK(text.find("a has 5 at 2023-11-15T05:33:40Z, the log has no such sample\n") != std::string::npos);
  fs::remove_all(store + "/head");
  CHECK(verify_text(store) == "");
}

TEST_CASE("a server's head chunks are looked at", "[tsdb][verify][conformance]") {
  const auto conformance = conformance_folder();
  if (!conformance.has_value()) {
    WARN("SKIPPED: no recordings");
    return;
  }
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  for (const char* const name :
       {"main", "main-running", "small", "live", "live-running", "overlap", "backfill", "wal-zstd", "wal-plain",
        "wal-running", "wal-snapshot", "two-tombstones", "index-v1"}) {
    fs::copy(*conformance / "tsdb" / name / "data", store, fs::copy_options::recursive);
    INFO(name);
    CHECK(verify_text(store) == "");
    fs::remove_all(store);
  }
  (void)copy_corrupt_case(*conformance, "headchunks-flipped-byte", store);
  CHECK(verify_text(store).starts_with("chunks_head/"));
}

TEST_CASE("what is damaged in a real directory is found", "[tsdb][verify][conformance]") {
  const auto conformance = conformance_folder();
  if (!conformance.has_value()) {
    WARN("SKIPPED: no recordings");
    return;
  }
  const std::set<std::string> whole = {"checkpoint-tmp-left", "foreign-dirs",    "headchunks-missing",
                                       "parent-left",         "tmp-blocks-left", "wal-garbage-file",
                                       "wal-truncated-tail",  "wbl-missing",     "wbl-truncated"};
  const TestStoreFolder folder;
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(*conformance / "tsdb/corrupt")) {
    if (!entry.is_directory()) {
      continue;
    }
    ++cases;
    const std::string name = entry.path().filename();
    const std::string store = folder / name;
    (void)copy_corrupt_case(*conformance, name, store);
    const VerifyResult result = verify_store(store, [](const StoreFinding&) {});
    INFO(name);
    CHECK((result.findings == 0) == whole.contains(name));
  }
  CHECK(cases == 34);
}

TEST_CASE("a store can be looked at while others write and cut", "[tsdb][verify]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  std::atomic<bool> stops{false};
  std::jthread writer([&] {
    const FixedClock clock(kTestNow);
    StoreWriter out(store, clock, {.sync = false});
    for (std::int64_t i = 1; !stops && i < 40; ++i) {
      append_samples(out, {{"a", i * 400'000, 1}, {"b", i * 400'000, 1}});
      append_samples(out, {{"a", i * 400'000 - 1, 1}});
    }
  });
  std::jthread maintainer([&] {
    while (!stops) {
      (void)cut_test_store(store);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  for (int i = 0; i < 5; ++i) {
    std::string text;
    (void)verify_store(
        store, [&](const StoreFinding& finding) { text += finding.is_note ? "" : finding_text(finding) + "\n"; });
    CHECK(text == "");
  }
  stops = true;
}

TEST_CASE("what is no store is refused", "[tsdb][verify]") {
  const TestStoreFolder folder;
  fs::create_directories(folder / "other/files");
  CHECK_THROWS_WITH(verify_store(folder / "other", [](const StoreFinding&) {}),
                    Catch::Contains("neither a log nor blocks are here"));
  CHECK_THROWS_AS(verify_store(folder / "missing", [](const StoreFinding&) {}), Error);
}

}  // namespace
}  // namespace mcore
