// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_cut.h"

#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/clocked_store.h"
#include "support/test_blocks.h"
#include "support/test_logs.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kNow = ClockedStore::kNow;
constexpr std::int64_t kWindow = ClockedStore::kWindow;
constexpr std::int64_t kHour = ClockedStore::kHour;

HeadHome home_of(const ClockedStore& store) {
  return {store.path(), store / "head", {}};
}

HeadCutResult cut(const ClockedStore& store, std::int64_t t_ms, const HeadUpkeepOptions& options = {}) {
  return cut_head(home_of(store), t_ms, options);
}

/// All blocks of a store in order of time: `[-1,0) a -1=1; | [0,7200000) a 0=2; `.
std::string blocks_text(const ClockedStore& store) {
  std::string text;
  for (const BlockEntry& block : list_blocks(store.path(), [](const Error& error) { throw Error(error); })) {
    text += fmt::format("{}[{},{}) {}", text.empty() ? "" : "| ", block.meta.min_t_ms, block.meta.end_t_ms,
                        block_text(block.folder));
  }
  return text;
}

TEST_CASE("windows begin at multiples of two hours, before the epoch too", "[tsdb][cut]") {
  struct Case {
    std::int64_t t_ms;
    std::int64_t start;
    std::int64_t last;
  };
  constexpr Case kCases[] = {
      {0, 0, 7'199'999},
      {7'199'999, 0, 7'199'999},
      {7'200'000, 7'200'000, 14'399'999},
      {-1, -7'200'000, -1},
      {-7'200'000, -7'200'000, -1},
      {-7'200'001, -14'400'000, -7'200'001},
      {kNow, kWindow, kWindow + 7'199'999},
      {kFirst, kFirst, -9'223'372'036'850'400'001},
      {-9'223'372'036'850'400'001, kFirst, -9'223'372'036'850'400'001},
      {-9'223'372'036'850'400'000, -9'223'372'036'850'400'000, -9'223'372'036'843'200'001},
      {kLast, 9'223'372'036'850'400'000, kLast},
  };
  for (const Case& c : kCases) {
    CHECK(window_start(c.t_ms) == c.start);
    CHECK(window_last(c.start) == c.last);
  }
}

TEST_CASE("a cut is due an hour behind the newest sample, and never ahead of the clock", "[tsdb][cut]") {
  struct Case {
    std::string_view name;
    std::int64_t min_t_ms;
    std::int64_t max_t_ms;
    std::int64_t floor_t_ms;
    std::uint64_t late;
    std::int64_t now_ms;
    bool force;
    std::optional<std::int64_t> want;
  };
  const std::int64_t before = kWindow - 2 * kHour;
  const Case cases[] = {
      {"an empty head", kLast, kNoTime, kNoTime, 0, kNow, false, std::nullopt},
      {"an empty head, by force", kLast, kNoTime, kNoTime, 0, kNow, true, std::nullopt},
      {"half an hour of data", kNow - kHour / 2, kNow, kNoTime, 0, kNow, false, std::nullopt},
      {"the same by force", kNow - kHour / 2, kNow, kNoTime, 0, kNow, true, kNow + 1},
      {"a window that ended an hour ago", before, kWindow + kHour, kNoTime, 0, kWindow + kHour, false, kWindow},
      {"a millisecond less", before, kWindow + kHour - 1, kNoTime, 0, kWindow + kHour, false, std::nullopt},
      {"and something in the window before", before - 1, kWindow + kHour - 1, kNoTime, 0, kWindow, false, before},
      {"a sample ahead of the clock", before, kWindow + 9 * kHour, kNoTime, 0, kWindow + 5, false, kWindow},
      {"the same by force", before, kWindow + 9 * kHour, kNoTime, 0, kWindow + 5, true, kWindow + 6},
      {"what is cut already", before, kWindow + kHour, kWindow, 0, kWindow + kHour, false, std::nullopt},
      {"late samples wait", before, kWindow + kHour, kWindow, 3, kWindow + kHour, false, std::nullopt},
      {"but not by force", kWindow - 5, kWindow + kHour, kWindow + 2 * kHour, 3, kWindow, true, kWindow + 2 * kHour},
      {"late ones alone, of a store without blocks", kNow + 9 * kHour, kNow + 9 * kHour, kNoTime, 3, kNow, true,
       std::nullopt},
      {"a sample at the beginning of time", kFirst, kFirst + 5, kNoTime, 1, kNow, true, std::nullopt},
      {"samples at both ends of time", kFirst, kLast, kNoTime, 1, kLast, true, kLast},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      HeadCommit commit{};
      commit.min_t_ms = c.min_t_ms;
      commit.max_t_ms = c.max_t_ms;
      commit.floor_t_ms = c.floor_t_ms;
      commit.late_samples = c.late;
      CHECK(cut_time(commit, c.now_ms, c.force) == c.want);
    }
  }
}

TEST_CASE("a cut moves what lies before it into a block a window", "[tsdb][cut]") {
  const Histogram h = test_histogram(5);
  ClockedStore store;
  store.append({{"a", -7'200'001, 1}, {"a", -1, 2}, {"a", 0, 3}, {"a", 7'199'999, 4}, {"a", 7'200'000, 5}});
  store.append({{"b", 7'200'000, 6}, {"h", 3, 0, &h}, {"h", 2, 7}, {"a", -2, 8}, {"c", 9'000'000, 1}, {"c", -5, 9}});
  const std::string before = store.text();
  const HeadCutResult result = cut(store, 7'200'000);
  CHECK(result.done);
  CHECK(result.samples == 8);
  CHECK(result.blocks.size() == 3);
  CHECK(blocks_text(store) ==
        "[-7200001,-7200000) a -7200001=1; | [-5,0) a -2=8 -1=2; c -5=9; | [0,7200000) a 0=3 7199999=4; h 2=7 3=h5; ");
  CHECK(store.text() == before);
  CHECK(store.text_of_logs() == before);
  CHECK_FALSE(fs::exists(store / ("head/stage/" + result.blocks[0])));

  std::optional<HeadFiles> files = home_of(store).open(false);
  const HeadCommit commit = files->published();
  CHECK(commit.floor_t_ms == 7'200'000);
  CHECK(commit.in_blocks_t_ms == 7'200'000);
  CHECK(commit.shrink_wal == 0);
  CHECK(commit.shrink_wbl == 0);
  CHECK(commit.wal.segment == 1);
}

TEST_CASE("one sample of long ago does not make blocks of all the time since", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kFirst + 1, 1}, {"a", 1, 2}, {"a", kWindow - 1, 3}, {"a", kNow, 4}, {"a", kFirst, 5}});
  const std::string before = store.text();
  CHECK(cut(store, kWindow).blocks.size() == 3);
  CHECK(blocks_text(store) ==
        "[-9223372036854775808,-9223372036850400000) a -9223372036854775808=5 -9223372036854775807=1; "
        "| [1,7200000) a 1=2; | [1699999199999,1699999200000) a 1699999199999=3; ");
  CHECK(store.text() == before);
}

TEST_CASE("late samples of old windows go into blocks of their own at the next cut", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}});
  REQUIRE(cut(store, kWindow).done);
  CHECK(store.append({{"a", kWindow - 20, 3}, {"a", kWindow - 10, 1}, {"a", kWindow - 10, 7}, {"late", 5, 4}}).late ==
        2);
  const std::string before = store.text();
  CHECK(before == "a 1699999199980=3 1699999199990=1 1700000000000=2; late 5=4; ");
  CHECK(store.text_of_logs() == before);
  REQUIRE(cut(store, kWindow).done);
  CHECK(blocks_text(store) ==
        "[5,7200000) late 5=4; | [1699999199980,1699999200000) a 1699999199980=3; "
        "| [1699999199990,1699999200000) a 1699999199990=1; ");
  CHECK(store.text() == before);
  CHECK(store.text_of_logs() == before);
}

TEST_CASE("a series that comes back after a cut is logged anew, under another ref", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"gone", kWindow - 10, 1}, {"stays", kWindow - 10, 1}, {"stays", kNow, 2}});
  REQUIRE(cut(store, kWindow).done);
  CHECK(store.append({{"gone", kNow, 3}, {"stays", kNow + 1, 3}}).new_series == 1);
  const std::string want =
      "gone 1699999199990=1 1700000000000=3; stays 1699999199990=1 1700000000000=2 1700000000001=3; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  CHECK(store.append({{"gone", kNow, 4}}).refused_total() == 1);
  CHECK(store.append({{"gone", kWindow - 10, 4}}).refused_total() == 1);  // against the block
  CHECK(store.append({{"gone", kWindow - 10, 1}}).repeated == 1);
}

TEST_CASE("a series with late samples that stay does not retire", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"b", kNow, 1}});
  // A server calls late what is newer than the series' own last but older than an hour.
  write_log_segment(store / "wbl", 0, {samples_record({{1, kWindow + 10, 2}})});
  const std::string want = "a 1699999199990=1 1699999200010=2; b 1700000000000=1; ";
  CHECK(store.text() == want);
  REQUIRE(cut(store, kWindow).done);
  CHECK(blocks_text(store) == "[1699999199990,1699999200000) a 1699999199990=1; ");
  CHECK(store.append({{"a", kNow, 3}}).new_series == 0);
}

TEST_CASE("what was deleted from the head is not in the block", "[tsdb][cut]") {
  ClockedStore store;
  store.append(
      {{"a", kWindow - 30, 1}, {"a", kWindow - 20, 2}, {"a", kNow, 3}, {"a", kWindow - 25, 4}, {"b", kWindow - 20, 5}});
  append_to_segment(store / "wal", 0, {tombstone_record(1, kWindow - 25, kWindow - 20)});
  const std::string want = "a 1699999199970=1 1700000000000=3; b 1699999199980=5; ";
  CHECK(store.append({{"a", kWindow - 22, 6}}).refused_total() == 1);
  CHECK(store.text() == want);
  REQUIRE(cut(store, kWindow).done);
  CHECK(blocks_text(store) == "[1699999199970,1699999200000) a 1699999199970=1; b 1699999199980=5; ");
  CHECK(store.text() == want);
}

TEST_CASE("appends go on while a cut is under way", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}});
  HeadUpkeepOptions options;
  int calls = 0;
  options.on_progress = [&](const std::string&, double) {
    if (calls++ == 0) {
      // Before the cut: late by now, whatever its series has.
      CHECK(store.append({{"a", kWindow - 5, 3}, {"new", kWindow - 5, 4}, {"a", kNow + 1, 5}}).late == 2);
    }
  };
  REQUIRE(cut(store, kWindow, options).done);
  CHECK(blocks_text(store) == "[1699999199990,1699999200000) a 1699999199990=1; ");
  const std::string want = "a 1699999199990=1 1699999199995=3 1700000000000=2 1700000000001=5; new 1699999199995=4; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  CHECK(store.append({{"new", kNow, 6}}).new_series == 0);
}

TEST_CASE("a cut is called off when something comes in between", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}});
  HeadUpkeepOptions options;
  std::string want;
  bool has_block = false;
  SECTION("a server that appends, and a writer that takes that in") {
    options.on_progress = [&](const std::string&, double) {
      write_log_segment(store / "wal", 2, {series_record({{9, "s"}}), samples_record({{9, kWindow - 5, 3}})});
      CHECK(store.append({{"a", kNow + 1, 4}}).samples == 1);
    };
    want = "a 1699999199990=1 1700000000000=2 1700000000001=4; s 1699999199995=3; ";
  }
  SECTION("a server that appends and is still there for nobody") {
    options.on_progress = [&](const std::string&, double) {
      write_log_segment(store / "wal", 2, {series_record({{9, "s"}}), samples_record({{9, kWindow - 5, 3}})});
    };
    want = "a 1699999199990=1 1700000000000=2; s 1699999199995=3; ";
  }
  SECTION("a block that others bring") {
    options.on_progress = [&](const std::string&, double) {
      write_test_block(store.path(), test_meta('1', kWindow - 100, kWindow - 7), {{"x", {{kWindow - 20, 5}}}});
    };
    want = "a 1699999199990=1 1700000000000=2; x 1699999199980=5; ";
    has_block = true;
  }
  SECTION("a head that is removed") {
    options.on_progress = [&](const std::string&, double) {
      store.remove_head();
      CHECK(store.append({{"a", kNow + 1, 4}}).samples == 1);
      fs::create_directories(store / "head/stage");
    };
    want = "a 1699999199990=1 1700000000000=2 1700000000001=4; ";
  }
  SECTION("a wish to stop") {
    options.is_cancelled = [] { return true; };
    want = "a 1699999199990=1 1700000000000=2; ";
  }
  try {
    CHECK_FALSE(cut(store, kWindow, options).done);
  } catch (const Error& error) {
    INFO(error.what());  // its stage went with the head
    CHECK(error.kind() == ErrorKind::kIo);
  }
  CHECK(blocks_text(store).empty() != has_block);
  CHECK(store.text() == want);
  CHECK(store.text_of_logs().size() >= want.size() - (has_block ? 20 : 0));
}

TEST_CASE("a cut that was killed leaves a floor, and the next one goes on", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}, {"b", kWindow - 8, 3}});
  HeadUpkeepOptions options;
  options.on_progress = [](const std::string&, double) { throw std::runtime_error("killed"); };
  CHECK_THROWS_WITH(cut(store, kWindow, options), "killed");
  CHECK(store.append({{"b", kWindow - 5, 4}}).late == 1);
  std::string want = "a 1699999199990=1 1700000000000=2; b 1699999199992=3 1699999199995=4; ";
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
  SECTION("as it was to be") {
    REQUIRE(cut(store, kWindow).done);
    CHECK(blocks_text(store) == "[1699999199990,1699999200000) a 1699999199990=1; b 1699999199992=3 1699999199995=4; ");
  }
  SECTION("with a block that others bring meanwhile, and a writer that logs what that endangers") {
    write_test_block(store.path(), test_meta('1', kWindow - 100, kWindow - 7), {{"a", {{kWindow - 20, 5}}}});
    CHECK(store.append({{"a", kNow, 2}}).repeated == 1);
    want = "a 1699999199980=5 1699999199990=1 1700000000000=2; b 1699999199992=3 1699999199995=4; ";
    CHECK(store.text_of_logs() == want);
    REQUIRE(cut(store, kWindow).done);
  }
  SECTION("with a block that no writer has noticed") {
    write_test_block(store.path(), test_meta('1', kWindow - 100, kWindow - 7), {{"a", {{kWindow - 20, 5}}}});
    want = "a 1699999199980=5 1699999199990=1 1700000000000=2; b 1699999199992=3 1699999199995=4; ";
    REQUIRE(cut(store, kWindow).done);
    CHECK(blocks_text(store) ==
          "[1699999199900,1699999199993) a 1699999199980=5; "
          "| [1699999199990,1699999200000) a 1699999199990=1; b 1699999199992=3 1699999199995=4; ");
  }
  CHECK(store.text() == want);
  CHECK(store.text_of_logs() == want);
}

TEST_CASE("the torn end of a killed writer does not keep a cut from its work", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}});
  std::ofstream(store / "wal/00000000", std::ios::app) << '\x01';
  REQUIRE(cut(store, kWindow).done);
  CHECK(blocks_text(store) == "[1699999199990,1699999200000) a 1699999199990=1; ");
  CHECK(store.text_of_logs() == "a 1699999199990=1 1700000000000=2; ");
}

TEST_CASE("a server that has the store keeps a cut out", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kWindow - 10, 1}, {"a", kNow, 2}});
  const auto server = FileLock::try_lock(store / "lock", {});
  REQUIRE(server.has_value());
  HeadUpkeepOptions options;
  options.lock_timeout = std::chrono::milliseconds(1);
  CHECK_THROWS_WITH(cut(store, kWindow, options), Catch::StartsWith("lock store: " + (store / "lock") + ": held by "));
  CHECK(home_of(store).open(false)->published().floor_t_ms == kNoTime);
}

TEST_CASE("a cut that finds nothing makes no block", "[tsdb][cut]") {
  ClockedStore store;
  store.append({{"a", kNow, 2}});
  const HeadCutResult result = cut(store, kWindow);
  CHECK(result.done);
  CHECK(result.blocks.empty());
  CHECK(store.append({{"a", kWindow - 1, 3}}).late == 1);
  CHECK(store.text() == "a 1699999199999=3 1700000000000=2; ");
  CHECK(store.text_of_logs() == "a 1699999199999=3 1700000000000=2; ");
}

}  // namespace
}  // namespace mcore
