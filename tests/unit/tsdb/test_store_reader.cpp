// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_reader.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/clocked_store.h"
#include "support/test_blocks.h"
#include "support/test_logs.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kNow = ClockedStore::kNow;

/// Everything below a folder: names and sizes.
std::string tree_of(const std::string& folder) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    lines.push_back(entry.path().string() + (entry.is_regular_file() ? " " + std::to_string(entry.file_size()) : ""));
  }
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

TEST_CASE("blocks and head are read as one, and what is in a block stays as it is", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", 100, 1}, {"a", 5000, 2}, {"b", 5000, 3}});
  write_test_block(store.path(), test_meta('1', 0, 90), {{"a", {{10, 9}, {20, 8}}}, {"c", {{10, 7}}}});
  BlockMeta late = test_meta('2', 0, 6000);
  late.hints = {"from-out-of-order"};
  write_test_block(store.path(), late, {{"a", {{20, 5}, {100, 6}, {200, 4}}}});
  CHECK(store.text() == "a 10=9 20=8 100=6 200=4 5000=2; b 5000=3; c 10=7; ");
  CHECK(store.text({100, 5000}) == "a 100=6 200=4 5000=2; b 5000=3; ");

  StoreReader reader(store.path(), {});
  using Words = std::vector<std::string>;
  CHECK(reader.label_values("__name__", {}, {}) == Words{"a", "b", "c"});
  CHECK(reader.label_names({}, {}) == Words{"__name__"});
  const auto range = reader.time_range();
  REQUIRE(range.has_value());
  CHECK(range->min_t_ms == 0);
  CHECK(range->max_t_ms == 5999);
}

TEST_CASE("a block alone is read like a store", "[tsdb][store]") {
  ClockedStore store;
  fs::create_directory(store.path());
  const BlockEntry block = write_test_block(store.path(), test_meta('1', 0, 90), {{"a", {{10, 9}}}});
  StoreReader reader(block.folder, {});
  CHECK(querier_text(reader) == "a 10=9; ");
  CHECK(reader.head() == nullptr);
  CHECK(store.text() == "a 10=9; ");
}

TEST_CASE("what is no store is refused with its reason", "[tsdb][store]") {
  ClockedStore store;
  CHECK_THROWS_WITH(store.text(), "list: " + store.path() + ": No such file or directory");
  fs::create_directory(store.path());
  CHECK_THROWS_WITH(store.text(), "open store: " + store.path() + ": neither a log nor blocks are here");
  fs::create_directory(store / "wal");
  CHECK(store.text().empty());
  StoreReader reader(store.path(), {});
  CHECK_FALSE(reader.time_range().has_value());
}

TEST_CASE("a reader writes nothing into the store, with or without a head there", "[tsdb][store]") {
  ClockedStore store;
  write_log_segment(store / "wal", 0, {series_record({{1, "a"}}), samples_record({{1, kNow, 1}})});
  const std::string before = tree_of(store.path());
  CHECK(store.text() == "a 1700000000000=1; ");
  CHECK(tree_of(store.path()) == before);
  store.append({{"a", kNow + 1, 2}});
  const std::string with_head = tree_of(store.path());
  CHECK(store.text() == "a 1700000000000=1 1700000000001=2; ");
  CHECK(tree_of(store.path()) == with_head);
}

TEST_CASE("a head that is behind the log does not hide what the log holds", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  SECTION("records of a killed writer") {
    append_to_segment(store / "wal", 0, {samples_record({{1, kNow + 1, 2}})});
  }
  SECTION("a server's segment") {
    write_log_segment(store / "wal", 1, {samples_record({{1, kNow + 1, 2}})});
  }
  SECTION("a server's late samples") {
    write_log_segment(store / "wbl", 0, {samples_record({{1, kNow + 1, 2}})});
  }
  SECTION("a server's checkpoint") {
    write_log_segment(store / "wal/checkpoint.00000000", 0,
                      {series_record({{1, "a"}}), samples_record({{1, kNow, 1}})});
    write_log_segment(store / "wal", 1, {samples_record({{1, kNow + 1, 2}})});
    fs::remove(store / "wal/00000000");
  }
  CHECK(store.text() == "a 1700000000000=1 1700000000001=2; ");
}

TEST_CASE("a running server's directory is followed in a head of the reader's own", "[tsdb][store]") {
  ClockedStore store;
  write_log_segment(store / "wal", 0, {series_record({{1, "a"}}), samples_record({{1, kNow, 1}})});
  const auto server = FileLock::try_lock(store / "lock", {});
  CHECK(store.text() == "a 1700000000000=1; ");
  append_to_segment(store / "wal", 0, {series_record({{2, "b"}}), samples_record({{1, kNow + 1, 2}})});
  write_log_segment(store / "wbl", 0, {samples_record({{2, kNow - 5, 3}})});
  CHECK(store.text() == "a 1700000000000=1 1700000000001=2; b 1699999999995=3; ");
  // A record that is half there is none yet, and then it is.
  const std::string path = store / "wal/00000000";
  LogFramer framer;
  framer.begin(fs::file_size(path));
  framer.add(samples_record({{1, kNow + 2, 4}, {2, kNow + 2, 5}}));
  std::ofstream(path, std::ios::app | std::ios::binary) << framer.bytes().substr(0, 12);
  CHECK(store.text() == "a 1700000000000=1 1700000000001=2; b 1699999999995=3; ");
  std::ofstream(path, std::ios::app | std::ios::binary) << framer.bytes().substr(12);
  CHECK(store.text() == "a 1700000000000=1 1700000000001=2 1700000000002=4; b 1699999999995=3 1700000000002=5; ");
  // The oldest samples become a block, the log a checkpoint.
  write_test_block(store.path(), test_meta('1', kNow, kNow + 2), {{"a", {{kNow, 1}, {kNow + 1, 2}}}});
  write_log_segment(store / "wal/checkpoint.00000000", 0,
                    {series_record({{1, "a"}, {2, "b"}}), samples_record({{1, kNow + 2, 4}, {2, kNow + 2, 5}})});
  write_log_segment(store / "wal", 1, {});
  fs::remove(path);
  CHECK(store.text() == "a 1700000000000=1 1700000000001=2 1700000000002=4; b 1699999999995=3 1700000000002=5; ");
}

TEST_CASE("without a place for a head one is built for this process alone", "[tsdb][store]") {
  ClockedStore store;
  write_log_segment(store / "wal", 0, {series_record({{1, "a"}}), samples_record({{1, kNow, 1}})});
  ::setenv("XDG_CACHE_HOME", "/proc/none", 1);
  CHECK(store.text() == "a 1700000000000=1; ");
  CHECK(store.text() == "a 1700000000000=1; ");
}

TEST_CASE("damage is reported with its place, and hides nothing else", "[tsdb][store]") {
  ClockedStore store;
  store.append({{"a", kNow, 1}});
  append_to_segment(store / "wal", 0, {samples_record({{1, kNow + 1, 2}}), samples_record({{1, kNow + 2, 3}})});
  const BlockEntry block = write_test_block(store.path(), test_meta('1', 0, 90), {{"a", {{10, 9}}}});
  write_test_block(store.path(), test_meta('2', 100, 190), {{"a", {{110, 8}}}});
  fs::remove(block.folder + "/index");
  std::fstream file(store / "wal/00000000", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(store / "wal/00000000")) - 40);
  file.put('\x7F');
  file.close();
  std::vector<std::string> damages;
  StoreReader reader(store.path(), [&](const Error& error) { damages.emplace_back(error.what()); });
  CHECK(querier_text(reader) == "a 110=8 1700000000000=1 1700000000002=3; ");
  REQUIRE(damages.size() == 2);
  CHECK(damages[0].find(store / "wal/00000000") != std::string::npos);
  CHECK(damages[1].find(block.folder) != std::string::npos);
}

}  // namespace
}  // namespace mcore
