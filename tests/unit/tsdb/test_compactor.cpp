// SPDX-License-Identifier: Apache-2.0
#include "tsdb/compactor.h"

#include <filesystem>

#include "base/error.h"
#include "support/catch.h"
#include "support/temp_folder.h"
#include "support/test_blocks.h"
#include "tsdb/block_check.h"
#include "tsdb/tombstones.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kNow = 1'700'000'000'000;

/// A block of two hours with one series, a sample each half hour.
BlockEntry add_block(const TempFolder& store, char last, std::int64_t hour, std::int64_t hours = 2) {
  return write_test_block(store.path(), test_meta(last, hour * kHour, (hour + hours) * kHour),
                          {steady_series("a", hour * kHour, (hour + hours) * kHour, kHour / 2)});
}

/// Four blocks: the first three fill a window.
void add_window(const TempFolder& store) {
  add_block(store, '1', 0);
  add_block(store, '2', 2);
  add_block(store, '3', 4);
  add_block(store, '4', 6);
}

UpkeepOptions impatient() {
  UpkeepOptions options;
  options.lock_timeout = std::chrono::milliseconds(1);
  options.on_damage = [](const Error& error) { FAIL(error.what()); };
  return options;
}

CompactionReport compact(const TempFolder& store, UpkeepOptions upkeep_options = impatient(),
                         CompactorOptions options = {}) {
  const FixedClock clock(kNow);
  Upkeep upkeep(store.path(), std::move(upkeep_options));
  return Compactor(upkeep, clock, std::move(options)).run();
}

/// The store's blocks: hours, level, samples: `0-6h L2 12; `.
std::string blocks_text(const TempFolder& store) {
  std::string text;
  for (const BlockEntry& block : list_blocks(store.path(), [](const Error& error) { FAIL(error.what()); })) {
    check_block(block.folder, [](const Error& error) { FAIL(error.what()); });
    text += fmt::format("{}-{}h L{} {}{}; ", block.meta.min_t_ms / kHour, block.meta.end_t_ms / kHour, block.meta.level,
                        block.meta.stats.samples, block.meta.failed ? " failed" : "");
  }
  return text;
}

/// Names in a folder, blocks as X.
std::string names_in(const std::string& folder) {
  std::string text;
  for (const DirectoryEntry& entry : list_directory(folder, true)) {
    text += fmt::format("{} ", is_ulid(entry.name) ? "X" : entry.name);
  }
  return text;
}

TEST_CASE("a store is compacted until nothing is left to do", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  const CompactionReport report = compact(store);
  REQUIRE(report.done.size() == 1);
  CHECK(report.done[0].reason == CompactionReason::kRange);
  CHECK(report.done[0].inputs.size() == 3);
  REQUIRE(report.done[0].output.has_value());
  CHECK(ulid_time_ms(report.done[0].output->ulid) == kNow);
  CHECK(report.failed == 0);
  CHECK_FALSE(report.cancelled);
  CHECK(blocks_text(store) == "0-6h L2 12; 6-8h L1 4; ");
  CHECK(names_in(store.path()) == "X X head lock ");
  CHECK(names_in(store / "head") == "stage upkeep writer ");
  CHECK(names_in(store / "head/stage").empty());
  CHECK(compact(store).done.empty());
}

TEST_CASE("what compaction would do can be had without doing it", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  const auto planned =
      plan_store_compactions(store.path(), longest_block_ms(), [](const Error& error) { FAIL(error.what()); });
  REQUIRE(planned.size() == 1);
  CHECK(planned[0].inputs.size() == 3);
  CHECK(planned[0].result.stats.samples == 12);
  CHECK(names_in(store.path()) == "X X X X ");
  CHECK(plan_store_compactions(store.path(), 2 * kHour, {}).empty());
}

TEST_CASE("two maintainers do not work on one store", "[tsdb][compactor]") {
  const TempFolder store;
  const Upkeep first(store.path(), impatient());
  CHECK_THROWS_WITH(Upkeep(store.path(), impatient()), Catch::Contains("lock upkeep: " + store / "head/upkeep") &&
                                                           Catch::Contains("is at work on the store's blocks"));
}

TEST_CASE("a held store is left alone, before any work", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  const auto server = FileLock::try_lock(store / "lock", NewFileOwner());
  bool worked = false;
  CompactorOptions options;
  options.on_progress = [&](const CompactionProgress&) { worked = true; };
  try {
    compact(store, impatient(), options);
    FAIL("compacted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kBusy);
    CHECK_THAT(error.what(), Catch::Contains("a running Prometheus looks after its blocks itself"));
  }
  CHECK_FALSE(worked);
  CHECK(blocks_text(store) == "0-2h L1 4; 2-4h L1 4; 4-6h L1 4; 6-8h L1 4; ");
}

TEST_CASE("a server that starts while blocks are merged keeps them", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  std::optional<FileLock> server;
  CompactorOptions options;
  options.on_progress = [&](const CompactionProgress&) { server = FileLock::try_lock(store / "lock", NewFileOwner()); };
  CHECK_THROWS_WITH(compact(store, impatient(), options), Catch::Contains("lock store"));
  CHECK(blocks_text(store) == "0-2h L1 4; 2-4h L1 4; 4-6h L1 4; 6-8h L1 4; ");
  CHECK(names_in(store / "head/stage").empty());
  server.reset();
  compact(store);
  CHECK(blocks_text(store) == "0-6h L2 12; 6-8h L1 4; ");
}

TEST_CASE("a block that changes while it is merged is merged anew", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  int calls = 0;
  CompactorOptions options;
  options.on_progress = [&](const CompactionProgress&) {
    if (++calls == 1) {
      const std::string folder = store / test_ulid('2');
      Tombstones tombstones;
      tombstones.add(BlockReader(folder).find_series(test_labels("a").view()).value(), {2 * kHour, 3 * kHour});
      write_tombstones(folder, tombstones, NewFileOwner());
    }
  };
  CHECK(compact(store, impatient(), options).done.size() == 1);
  CHECK(calls == 2);
  CHECK(blocks_text(store) == "0-6h L2 9; 6-8h L1 4; ");
}

TEST_CASE("blocks that others add meanwhile are taken in", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  bool added = false;
  CompactorOptions options;
  options.on_progress = [&](const CompactionProgress& progress) {
    if (!std::exchange(added, true)) {
      CHECK(progress.planned == 1);
      add_block(store, '5', 1, 1);
    }
  };
  CHECK(compact(store, impatient(), options).done.size() == 2);
  CHECK(blocks_text(store) == "0-6h L3 12; 6-8h L1 4; ");
}

TEST_CASE("what a killed maintainer left goes away, what it finished stays", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  // Killed while merging, while removing, and between the two.
  fs::create_directories(store / ("head/stage/" + test_ulid('A') + "/chunks"));
  fs::copy(store / test_ulid('1'), store / (test_ulid('B') + ".tmp-for-deletion"), fs::copy_options::recursive);
  const std::vector<BlockEntry> inputs = {{store / test_ulid('1'), read_block_meta(store / test_ulid('1'))},
                                          {store / test_ulid('2'), read_block_meta(store / test_ulid('2'))},
                                          {store / test_ulid('3'), read_block_meta(store / test_ulid('3'))}};
  static_cast<void>(merge_blocks(inputs, store / test_ulid('M'), test_ulid('M')));
  fs::create_directory(store / (test_ulid('C') + ".tmp-for-creation"));  // a server's
  fs::create_directory(store / "other.tmp-for-deletion");                // nobody's
  CHECK(compact(store).done.empty());
  CHECK(blocks_text(store) == "0-6h L2 12; 6-8h L1 4; ");
  CHECK(names_in(store.path()) == "X X head lock other.tmp-for-deletion ");
  CHECK(names_in(store / "head/stage").empty());
}

TEST_CASE("inputs stay while the block that replaced them cannot be opened", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  BlockMeta merged = test_meta('M', 0, 2 * kHour);
  merged.parents = {{test_ulid('1'), 0, 2 * kHour}};
  const BlockEntry broken = write_test_block(store.path(), merged, {steady_series("a", 0, 2 * kHour, kHour)});
  fs::resize_file(broken.folder + "/index", 100);
  std::vector<std::string> damage;
  UpkeepOptions options = impatient();
  options.on_damage = [&](const Error& error) { damage.emplace_back(error.what()); };
  compact(store, options);
  CHECK(fs::exists(store / test_ulid('1')));
  REQUIRE_FALSE(damage.empty());
  CHECK_THAT(damage[0], Catch::Contains(broken.folder));
}

TEST_CASE("a damaged block is marked, and the others go on", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  add_block(store, '5', 8);
  add_block(store, '6', 10);
  add_block(store, '7', 12);
  fs::resize_file(store / (test_ulid('2') + "/chunks/000001"), 20);
  std::vector<std::string> damage;
  UpkeepOptions options = impatient();
  options.on_damage = [&](const Error& error) { damage.emplace_back(error.what()); };
  const CompactionReport report = compact(store, options);
  CHECK(report.done.size() == 1);
  CHECK(report.failed == 1);
  REQUIRE(damage.size() == 1);
  CHECK_THAT(damage[0], Catch::Contains(test_ulid('2')));
  CHECK(read_block_meta(store / test_ulid('2')).failed);
  CHECK_FALSE(read_block_meta(store / test_ulid('1')).failed);
  CHECK(compact(store, options).failed == 0);  // it is not tried again
  CHECK(list_blocks(store.path(), {}).size() == 5);
}

TEST_CASE("a compaction that is called off leaves the store as it was", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  const std::atomic<bool> cancel = true;
  CompactorOptions options;
  options.cancel = &cancel;
  const CompactionReport report = compact(store, impatient(), options);
  CHECK(report.cancelled);
  CHECK(report.done.empty());
  CHECK(blocks_text(store) == "0-2h L1 4; 2-4h L1 4; 4-6h L1 4; 6-8h L1 4; ");
}

/// Deletes everything from a block.
void delete_all(const std::string& folder) {
  BlockReader reader(folder);
  Tombstones tombstones;
  for (const SeriesRef ref : reader.find({}, {})) {
    tombstones.add(ref, TimeRange());
  }
  write_tombstones(folder, tombstones, NewFileOwner());
}

TEST_CASE("blocks of which nothing is left vanish", "[tsdb][compactor]") {
  const TempFolder store;
  add_block(store, '1', 0);
  add_block(store, '2', 2);
  add_block(store, '3', 4);
  delete_all(store / test_ulid('2'));
  const CompactionReport report = compact(store);
  REQUIRE(report.done.size() == 1);
  CHECK(report.done[0].reason == CompactionReason::kTombstones);
  CHECK_FALSE(report.done[0].output.has_value());
  CHECK(blocks_text(store) == "0-2h L1 4; 4-6h L1 4; ");
}

TEST_CASE("a block stays empty while it says where the log begins", "[tsdb][compactor]") {
  const TempFolder store;
  add_block(store, '1', 0, 9);
  add_block(store, '2', 9, 3);
  BlockMeta late = test_meta('3', 10 * kHour, 11 * kHour);
  late.hints = {std::string(kHintOutOfOrder)};
  write_test_block(store.path(), late, {steady_series("a", 10 * kHour, 11 * kHour, kHour)});
  delete_all(store / test_ulid('2'));
  delete_all(store / test_ulid('3'));
  CHECK(compact(store).done.empty());
  CHECK(list_blocks(store.path(), {}).size() == 3);
}

TEST_CASE("a copy of a block under another name is left alone", "[tsdb][compactor]") {
  const TempFolder store;
  add_window(store);
  fs::copy(store / test_ulid('1'), store / test_ulid('9'), fs::copy_options::recursive);
  int damages = 0;
  UpkeepOptions options = impatient();
  options.on_damage = [&](const Error&) { ++damages; };
  CHECK(compact(store, options).done.size() == 1);
  CHECK(damages == 1);
}

}  // namespace
}  // namespace mcore
