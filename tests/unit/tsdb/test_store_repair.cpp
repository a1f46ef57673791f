// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_repair.h"

#include <fcntl.h>

#include <fstream>

#include "support/catch.h"
#include "support/conformance.h"
#include "support/test_blocks.h"
#include "support/test_stores.h"
#include "tsdb/head_writer.h"
#include "tsdb/log_directory.h"
#include "tsdb/store_verify.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;

/// What a repair says it has done, with paths below the store; ULIDs are written as B.
std::string repair_text(const std::string& store, RepairOptions options = {}) {
  std::string text;
  options.on_action = [&](const RepairAction& action) {
    text += action.path.substr(store.size() + 1) + ": " + action.text + (action.loses ? " (!)\n" : "\n");
  };
  (void)repair_store(store, FixedClock(kTestNow), options);
  for (std::size_t at = 0; at + 26 <= text.size(); ++at) {
    if (text.substr(at, 26).find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos) {
      text.replace(at, 26, "B");
    }
  }
  return text;
}

bool is_clean(const std::string& store) {
  return verify_store(store, [](const StoreFinding&) {}).findings == 0;
}

std::string block_of(const std::string& store) {
  return list_blocks(store, [](const Error& error) { throw Error(error); }).front().folder;
}

void fill(const std::string& store) {
  for (std::int64_t t_ms = 10'000; t_ms <= 30'000; t_ms += 10'000) {
    append_samples(store, {{"a", t_ms, 1}, {"b", t_ms, 1}});
  }
  append_samples(store, {{"a", 15'000, 2}});
}
constexpr std::string_view kAll = "a 10000=1 15000=2 20000=1 30000=1; b 10000=1 20000=1 30000=1; ";

std::string wal_of(const std::string& store) {
  return list_log(store + "/wal").segments.back().path;
}

/// Writes zeros over the last bytes of a file.
void zero_end(const std::string& path, std::uint64_t bytes) {
  const std::uint64_t size = fs::file_size(path);
  fs::resize_file(path, size - bytes);
  fs::resize_file(path, size);
}

TEST_CASE("a store in order is left as it is", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  (void)cut_test_store(store, true);
  append_samples(store, {{"a", 40'000, 4}});
  const std::string before = store_text(store);
  CHECK(repair_text(store) == "");
  CHECK(store_text(store) == before);
  CHECK_FALSE(path_exists(store + "/moved-aside"));
}

TEST_CASE("a log with zeros inside its last record takes writers again, and the head gives back what it lost",
          "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  zero_end(wal_of(store), 20);
  const bool has_head = GENERATE(true, false);
  if (!has_head) {
    fs::remove_all(store + "/head");
    CHECK_THROWS_AS(append_samples(store, {{"a", 50'000, 5}}), Error);
  }
  const std::string text = repair_text(store);
  if (has_head) {
    CHECK(text ==
          "wal: the logs are written anew without a damaged place; 2 samples lost there were still in the head, or in "
          "a server's chunks (!)\n");
    CHECK(store_text(store) == kAll);
  } else {
    CHECK(text == "wal: the logs are written anew without a damaged place (!)\n");
    CHECK(store_text(store) == "a 10000=1 15000=2 20000=1; b 10000=1 20000=1; ");
  }
  CHECK(append_samples(store, {{"a", 50'000, 5}}).samples == 1);
  fs::remove_all(store + "/head");
  CHECK(store_text(store).find("50000=5") != std::string::npos);
  CHECK(is_clean(store));
  CHECK(repair_text(store) == "");
}

TEST_CASE("what is replaced lies aside, in a folder that can be read as a store", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  flip_byte(wal_of(store), fs::file_size(wal_of(store)) - 1);
  const RepairResult result = repair_store(store, FixedClock(kTestNow), {});
  CHECK(result.moved_aside == store + "/moved-aside/20231115T060000Z");
  CHECK(path_exists(result.moved_aside + "/wal/00000000"));
  CHECK(path_exists(result.moved_aside + "/wbl/00000000"));
  CHECK(list_log(store + "/wal").checkpoint.has_value());
  std::string samples;
  StoreReader reader(result.moved_aside, [](const Error&) {});
  samples = relative_text(*reader.select({}, {}));
  CHECK(samples == "a 10000=1 15000=2 20000=1; b 10000=1 20000=1; ");
}

TEST_CASE("each damaged byte of a log costs what it holds and no more", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  fs::remove_all(store + "/head");
  for (const char* const log : {"/wal/00000000", "/wbl/00000000"}) {
    for (std::uint64_t i = 0; i < fs::file_size(store + log); i += 9) {
      const std::string copy = folder / fmt::format("copy-{}{}", log[2], i);  // readers keep a head of each
      fs::copy(store, copy, fs::copy_options::recursive);
      flip_byte(copy + log, i, 0x02);
      std::string before;
      {
        StoreReader reader(copy, [](const Error&) {});
        before = relative_text(*reader.select({}, {}));
      }
      INFO(log << " at byte " << i);
      CHECK(repair_text(copy) != "");
      CHECK(store_text(copy) == before);
      CHECK(is_clean(copy));
      CHECK(append_samples(copy, {{"c", 60'000, 6}}).samples == 1);
    }
  }
}

TEST_CASE("a torn end is cut off", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const std::uint64_t size = fs::file_size(wal_of(store));
  std::ofstream(wal_of(store), std::ios::app | std::ios::binary) << std::string("\x01\x00\x40torn", 7);
  CHECK(repair_text(store) == "wal: a log ends inside a record, which nobody was promised: it is cut off\n");
  CHECK(fs::file_size(wal_of(store)) == size);
  CHECK(store_text(store) == kAll);
}

TEST_CASE("gaps between segments and a checkpoint that nothing follows are closed", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  (void)cut_test_store(store, true);
  append_samples(store, {{"a", 8'000'000, 4}});
  const LogListing wal = list_log(store + "/wal");
  REQUIRE(wal.checkpoint.has_value());
  fs::remove_all(store + "/head");
  const std::int64_t number = wal.segments.back().number;
  if (GENERATE(true, false)) {
    fs::rename(wal.segments.back().path, segment_path(store + "/wal", number + 3));
    CHECK(repair_text(store) == "wal: the logs are written anew without a damaged place (!)\n");
    CHECK(store_text(store).find("8000000=4") != std::string::npos);
  } else {
    fs::remove(wal.segments.back().path);
    CHECK(repair_text(store) == "wal: the logs are written anew without a damaged place (!)\n");
  }
  CHECK(is_clean(store));
  CHECK(append_samples(store, {{"a", 9'000'000, 4}}).samples == 1);
}

TEST_CASE("a head that says other than the log is built anew", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  {
    const HeadHome home(store, store + "/head", owner_of_new_files(store));
    std::optional<HeadFiles> files = home.open(true);
    HeadWriter head(*files, HeadWriter::Mode::kShared);
    head.begin();
    const auto id = head.find(test_labels("a").view(), test_labels("a").view().hash(), 0);
    REQUIRE(id.has_value());
    head.append(*id, kTestStart + 35'000, 5);
    head.publish();
  }
  CHECK(store_text(store) != kAll);
  CHECK(repair_text(store, {.dry_run = true}) ==
        "head: it says other than the logs do and would be built anew from them\n");
  CHECK(store_text(store) != kAll);
  CHECK(repair_text(store) == "head: it says other than the logs do and is built anew from them\n");
  CHECK(store_text(store) == kAll);
}

TEST_CASE("a damaged block is written anew, and one that was only marked as failed loses the mark", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  (void)cut_test_store(store, true);
  const std::string block = block_of(store);
  const std::string all = store_text(store);
  SECTION("a chunk") {
    flip_byte(block + "/chunks/000001", 20);
    CHECK(repair_text(store, {.dry_run = true}).starts_with("B: 2 places are damaged, first "));
    CHECK(block_of(store) == block);
    CHECK(repair_text(store) == "B: written anew as B with 3 samples; 4 of 7 are lost (!)\n");
    CHECK(store_text(store) == "b 10000=1 20000=1 30000=1; ");
  }
  SECTION("a segment's header") {
    flip_byte(block + "/chunks/000001", 0);
    CHECK(repair_text(store) == "B: written anew as B with 7 samples\n");
    CHECK(store_text(store) == all);
  }
  SECTION("a segment that was lost before another") {
    fs::rename(block + "/chunks/000001", block + "/chunks/000002");
    CHECK(repair_text(store) == "B: written anew as B with 7 samples\n");
    CHECK(store_text(store) == all);
  }
  SECTION("counts") {
    std::string meta = read_test_file(block + "/meta.json");
    meta.replace(meta.find("\"numSamples\": 7"), 15, "\"numSamples\": 3");
    std::ofstream(block + "/meta.json") << meta;
    CHECK(repair_text(store) == "B: written anew as B with 7 samples\n");
    CHECK(store_text(store) == all);
  }
  SECTION("the mark") {
    BlockMeta meta = read_block_meta(block);
    meta.failed = true;
    std::ofstream(block + "/meta.json") << block_meta_text(meta);
    CHECK(repair_text(store) == "B: marked as one that cannot be compacted; it can, and the mark goes\n");
    CHECK(block_of(store) == block);
    CHECK_FALSE(read_block_meta(block).failed);
  }
  CHECK(is_clean(store));
  CHECK(repair_text(store) == "");
}

TEST_CASE("each damaged byte of an index costs no more than the series that it is of", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  (void)cut_test_store(store, true);
  fs::remove_all(store + "/head");
  const std::string all = store_text(store);
  const std::string name = block_of(store).substr(store.size());
  const std::uint64_t size = fs::file_size(store + name + "/index");
  std::uint64_t whole = 0;
  for (std::uint64_t i = 0; i < size; i += i < 16 ? 1 : 11) {
    const std::string copy = folder / fmt::format("copy-{}", i);
    fs::copy(store, copy, fs::copy_options::recursive);
    flip_byte(copy + name + "/index", i, 0x11);
    (void)repair_text(copy);
    const std::string text = store_text(copy);
    INFO("byte " << i);
    CHECK(is_clean(copy));
    CHECK((text == all || text.starts_with("b ") || text.ends_with("30000=1; ")));
    whole += text == all ? 1 : 0;
    fs::remove_all(copy);
  }
  CHECK(whole > 0);
}

TEST_CASE("samples ahead of the clock leave logs and blocks", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  constexpr std::int64_t kYear = 31'536'000'000;
  fill(store);
  const FixedClock wrong(kTestNow + kYear);
  {
    StoreWriter writer(store, wrong, {});
    append_samples(writer, {{"a", kYear, 9}, {"c", kYear, 9}});
  }
  const bool in_blocks = GENERATE(true, false);
  if (in_blocks) {
    (void)cut_and_shrink(Upkeep(store), wrong, true, {});
  } else {
    append_samples(store, {{"a", 40'000, 4}});  // late, for the clock is right again
  }
  CHECK(repair_text(store) == "");
  const RepairOptions options{.max_ahead = std::chrono::minutes(10)};
  RepairOptions dry = options;
  dry.dry_run = true;
  const std::string plan = repair_text(store, dry);
  const std::string text = repair_text(store, options);
  if (in_blocks) {
    CHECK(plan == "B: its samples ahead of the clock would be moved aside\n");
    CHECK(text == "B: moved aside: all of its samples are deleted or ahead of the clock\n");
    CHECK(store_text(store) == kAll);
  } else {
    CHECK(plan == "wal: 2 samples ahead of the clock would be moved aside\n");
    CHECK(text == "wal: the logs are written anew without 2 samples ahead of the clock\n");
    CHECK(store_text(store) == "a 10000=1 15000=2 20000=1 30000=1 40000=4; b 10000=1 20000=1 30000=1; ");
  }
  CHECK(repair_text(store, options) == "");
  CHECK(append_samples(store, {{"a", 50'000, 5}}).samples == 1);
  CHECK(is_clean(store));
}

TEST_CASE("nothing is repaired under a running server, and what is no store is refused", "[tsdb][repair]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  flip_byte(wal_of(store), 15);
  const auto lock = FileLock::try_lock(store + "/lock", owner_of_new_files(store));
  REQUIRE(lock.has_value());
  CHECK_THROWS_WITH(repair_text(store, {.lock_timeout = std::chrono::milliseconds(1)}), Catch::Contains("lock store"));
  CHECK(repair_text(store, {.dry_run = true}).ends_with("the logs would be written anew from what is intact (!)\n"));
  fs::create_directories(folder / "other/files");
  CHECK_THROWS_WITH(repair_text(folder / "other"), Catch::Contains("neither a log nor blocks are here"));
}

}  // namespace
}  // namespace mcore
