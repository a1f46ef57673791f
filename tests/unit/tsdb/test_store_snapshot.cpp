// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_snapshot.h"

#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "support/catch.h"
#include "support/corrupt_case.h"
#include "support/test_stores.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;

nlink_t links_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_nlink;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : list_directory(folder)) {
    names.push_back(entry.name);
  }
  return names;
}

/// Two windows in blocks, the rest in the logs.
void fill(const std::string& store) {
  append_samples(store, {{"a", 0, 1}, {"b", 0, 1}});
  append_samples(store, {{"a", 7'200'000, 2}, {"b", 7'200'000, 2}});
  append_samples(store, {{"a", 20'000'000, 3}, {"b", 20'000'000, 3}});
  append_samples(store, {{"b", 19'000'000, 2.5}});  // late
  REQUIRE(cut_test_store(store).blocks.size() == 2);
}

constexpr std::string_view kFilled = "a 0=1 7200000=2 20000000=3; b 0=1 7200000=2 19000000=2.5 20000000=3; ";

TEST_CASE("a snapshot has linked blocks, copied logs, and no head", "[tsdb][snapshot]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  fill(store);
  const SnapshotResult result = take_snapshot(store, folder / "copy", {});
  CHECK(result.blocks == 2);
  CHECK(result.linked == 8);
  CHECK_FALSE(path_exists(folder / "copy/head"));
  CHECK(store_text(folder / "copy") == kFilled);
  const std::string block = names_in(folder / "copy").front();
  CHECK(links_of(folder / ("copy/" + block + "/index")) == 2);
  // The copy lives on when its original grows, is cut, or goes.
  append_samples(store, {{"a", 20'500'000, 4}});
  (void)cut_test_store(store, true);
  CHECK(store_text(folder / "copy") == kFilled);
  fs::remove_all(store);
  CHECK(append_samples(folder / "copy", {{"a", 20'500'000, 5}}).samples == 1);
  CHECK(store_text(folder / "copy") ==
        "a 0=1 7200000=2 20000000=3 20500000=5; b 0=1 7200000=2 19000000=2.5 20000000=3; ");
}

TEST_CASE("a snapshot can be made of copies alone, and into an empty folder", "[tsdb][snapshot]") {
  const TestStoreFolder folder;
  fill(folder / "store");
  fs::create_directories(folder / "copy");
  const SnapshotResult result = take_snapshot(folder / "store", folder / "copy", {.link = false});
  CHECK(result.linked == 0);
  const std::string block = names_in(folder / "copy").front();
  CHECK(links_of(folder / ("copy/" + block + "/index")) == 1);
  CHECK(store_text(folder / "copy") == kFilled);
  CHECK(names_in(folder / "copy").size() == 4);  // two blocks, both logs, nothing left over
}

TEST_CASE("a snapshot replaces what a killed one left, and nothing else", "[tsdb][snapshot]") {
  const TestStoreFolder folder;
  fill(folder / "store");
  fs::create_directories(folder / "copy.incomplete/wal");
  (void)take_snapshot(folder / "store", folder / "copy/", {});
  CHECK(store_text(folder / "copy") == kFilled);
  CHECK_FALSE(path_exists(folder / "copy.incomplete"));
  CHECK_THROWS_WITH(take_snapshot(folder / "store", folder / "copy", {}), Catch::Contains("this folder is not empty"));
  fs::create_directories(folder / "other/files");
  CHECK_THROWS_WITH(take_snapshot(folder / "other", folder / "x", {}), Catch::Contains("neither a log nor blocks"));
  CHECK_THROWS_AS(take_snapshot(folder / "missing", folder / "x", {}), Error);
  CHECK_FALSE(path_exists(folder / "x"));
}

TEST_CASE("a snapshot that is called off leaves nothing", "[tsdb][snapshot]") {
  const TestStoreFolder folder;
  fill(folder / "store");
  const SnapshotResult result = take_snapshot(folder / "store", folder / "copy", {.is_cancelled = [] { return true; }});
  CHECK(result.cancelled);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"store"});
}

TEST_CASE("a snapshot reports a block that is none and takes the rest", "[tsdb][snapshot]") {
  const TestStoreFolder folder;
  fill(folder / "store");
  fs::create_directories(folder / "store/01M81G9T0P5FDDK9NHG2YTMTE1");
  int damages = 0;
  SnapshotOptions options;
  options.on_damage = [&](const Error&) { ++damages; };
  (void)take_snapshot(folder / "store", folder / "copy", options);
  CHECK(damages == 1);
  CHECK(store_text(folder / "copy") == kFilled);
}

TEST_CASE("a snapshot of a server's directory ends with the log's last whole record", "[tsdb][snapshot][conformance]") {
  const auto conformance = conformance_folder();
  if (!conformance.has_value()) {
    WARN("SKIPPED: no recordings");
    return;
  }
  const TestStoreFolder folder;
  fs::copy(*conformance / "tsdb/small/data", folder / "store", fs::copy_options::recursive);
  const std::string want = store_text(folder / "store");
  std::string last;
  for (const DirectoryEntry& entry : list_directory(folder / "store/wal")) {
    last = entry.is_directory ? last : entry.name;
  }
  const std::string path = folder / ("store/wal/" + last);
  std::ofstream(path, std::ios::app | std::ios::binary) << std::string("\x01\x00\x40torn", 7);
  (void)take_snapshot(folder / "store", folder / "copy", {});
  CHECK(store_text(folder / "copy") == want);
  CHECK(fs::file_size(folder / ("copy/wal/" + last)) < fs::file_size(path));
}

TEST_CASE("snapshots taken while others write and cut hold whole batches", "[tsdb][snapshot]") {
  const TestStoreFolder folder;
  const std::string store = folder / "store";
  constexpr int kSeries = 5;
  const auto batch_at = [](std::int64_t t_ms) {
    std::vector<TestSample> batch;
    for (int i = 0; i < kSeries; ++i) {
      batch.push_back({"s" + std::to_string(i), t_ms, static_cast<double>(t_ms)});
    }
    return batch;
  };
  append_samples(store, batch_at(0));
  std::atomic<std::int64_t> acknowledged{0};
  std::atomic<bool> stops{false};
  std::jthread writer([&] {
    const FixedClock clock(kTestNow);
    StoreWriter out(store, clock, {.sync = false});
    for (std::int64_t i = 1; !stops; ++i) {
      // Half an hour at a time, so that there is always something to cut; every fifth is late.
      const std::int64_t t_ms = i % 5 == 4 ? i * 40'000 - 90'001 : i * 40'000;
      append_samples(out, batch_at(t_ms));
      acknowledged = i;
      if (t_ms > 20'000'000) {
        break;
      }
    }
  });
  std::jthread maintainer([&] {
    while (!stops) {
      (void)cut_test_store(store);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  for (int round = 0; round < 12; ++round) {
    const std::int64_t before = acknowledged;
    const std::string copy = folder / ("copy" + std::to_string(round));
    (void)take_snapshot(store, copy, {});
    std::string damage;
    StoreReader reader(copy, [&](const Error& error) { damage += error.what(); });
    const auto set = reader.select({}, {});
    std::vector<std::int64_t> times;
    int series = 0;
    SeriesSamples samples;
    for (; set->next(); ++series) {
      set->samples(samples);
      if (series == 0) {
        times = samples.t_ms;
      }
      CHECK(samples.t_ms == times);
    }
    CHECK(series == kSeries);
    CHECK(static_cast<std::int64_t>(times.size()) >= before + 1);
    CHECK(damage.empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  stops = true;
}

}  // namespace
}  // namespace mcore
