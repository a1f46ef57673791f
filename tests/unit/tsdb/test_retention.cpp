// SPDX-License-Identifier: Apache-2.0
#include "tsdb/retention.h"

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "support/catch.h"
#include "support/temp_folder.h"
#include "support/test_blocks.h"

namespace mcore {
namespace {

using std::chrono::hours;

constexpr std::int64_t kHour = 3'600'000;

std::vector<BlockMeta> metas_of(const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges) {
  std::vector<BlockMeta> metas;
  for (const auto& [from, to] : ranges) {
    metas.push_back(test_meta('1', from * kHour, to * kHour));
  }
  return metas;
}

using Positions = std::vector<std::size_t>;

TEST_CASE("by time, blocks go that end long before the newest", "[tsdb][retention]") {
  struct Case {
    std::vector<std::pair<std::int64_t, std::int64_t>> blocks;
    int keep;
    std::int64_t now;
    Positions want;
  };
  const Case cases[] = {
      {{}, 10, 100, {}},
      {{{0, 2}}, 1, 100, {}},  // the newest stays, however old
      {{{0, 2}, {2, 4}, {10, 12}}, 10, 100, {0}},
      {{{0, 2}, {2, 4}, {10, 12}}, 11, 100, {}},
      {{{10, 12}, {2, 4}, {0, 2}}, 8, 100, {1, 2}},
      {{{0, 8}, {1, 2}, {10, 12}}, 10, 100, {1}},   // the end counts
      {{{0, 2}, {2, 4}, {10, 12}}, 0, 100, {}},     // no limit
      {{{0, 2}, {2, 4}, {1000, 1002}}, 10, 5, {}},  // a block from the future
      {{{0, 2}, {2, 4}, {1000, 1002}}, 10, 13, {0}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.blocks, c.keep, c.now);
    CHECK(blocks_beyond_time(metas_of(c.blocks), hours(c.keep), c.now * kHour) == c.want);
  }
}

TEST_CASE("by size, the oldest blocks go", "[tsdb][retention]") {
  struct Case {
    std::vector<std::pair<std::int64_t, std::int64_t>> blocks;
    std::vector<std::uint64_t> sizes;
    std::uint64_t limit;
    std::uint64_t other;
    Positions want;
  };
  const Case cases[] = {
      {{}, {}, 100, 10, {}},
      {{{0, 2}, {2, 4}, {4, 6}}, {10, 20, 30}, 60, 0, {}},
      {{{0, 2}, {2, 4}, {4, 6}}, {10, 20, 30}, 59, 0, {0}},
      {{{0, 2}, {2, 4}, {4, 6}}, {10, 20, 30}, 60, 1, {0}},
      {{{0, 2}, {2, 4}, {4, 6}}, {1, 20, 30}, 40, 0, {1, 0}},  // a small one behind a large one goes as well
      {{{4, 6}, {2, 4}, {0, 2}}, {30, 20, 10}, 30, 0, {1, 2}},
      {{{0, 2}, {2, 4}}, {10, 10}, 5, 0, {1, 0}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.blocks, c.sizes, c.limit, c.other);
    CHECK(blocks_beyond_size(metas_of(c.blocks), c.sizes, c.limit, c.other) == c.want);
  }
}

TEST_CASE("a rule cuts at few places", "[tsdb][retention]") {
  CHECK(keep_cutoff_ms(hours(32), 100 * kHour) == 68 * kHour);
  CHECK(keep_cutoff_ms(hours(32), 101 * kHour) == 68 * kHour);
  CHECK(keep_cutoff_ms(hours(32), 102 * kHour) == 70 * kHour);
  CHECK(keep_cutoff_ms(hours(1), 100 * kHour) == 98 * kHour);  // steps of two hours at least
  CHECK(keep_cutoff_ms(hours(160), 1000 * kHour) == 840 * kHour);
  CHECK(keep_cutoff_ms(hours(160), 1009 * kHour) == 840 * kHour);
  CHECK(keep_cutoff_ms(hours(160), 1010 * kHour) == 850 * kHour);
  CHECK(keep_cutoff_ms(hours(4), kHour) == -4 * kHour);  // before the epoch, too
  CHECK(keep_cutoff_ms(hours(4), std::numeric_limits<std::int64_t>::min()) <= -9'000'000'000'000'000'000);
}

UpkeepOptions impatient() {
  UpkeepOptions options;
  options.lock_timeout = std::chrono::milliseconds(1);
  options.on_damage = [](const Error& error) { FAIL(error.what()); };
  return options;
}

RetentionReport retain(const TempFolder& store, const RetentionLimits& limits, std::int64_t now_ms) {
  const FixedClock clock(now_ms);
  Upkeep upkeep(store.path(), impatient());
  return apply_retention(upkeep, clock, limits);
}

std::string store_text(const TempFolder& store) {
  std::string text;
  for (const BlockEntry& block : list_blocks(store.path(), [](const Error& error) { FAIL(error.what()); })) {
    text +=
        fmt::format("{}-{}h {}| ", block.meta.min_t_ms / kHour, block.meta.end_t_ms / kHour, block_text(block.folder));
  }
  return text;
}

/// A block with two series, a sample each hour.
BlockEntry add_block(const TempFolder& store, char last, std::int64_t hour, std::int64_t hours_long) {
  const std::int64_t end = (hour + hours_long) * kHour;
  return write_test_block(
      store.path(), test_meta(last, hour * kHour, end),
      {steady_series("debug", hour * kHour, end, kHour), steady_series("up", hour * kHour, end, kHour)});
}

TEST_CASE("blocks beyond time and size are removed", "[tsdb][retention]") {
  const TempFolder store;
  const std::uint64_t bytes = block_bytes(add_block(store, '1', 0, 2).folder);
  add_block(store, '2', 2, 2);
  add_block(store, '3', 4, 2);
  add_block(store, '4', 6, 2);
  std::filesystem::create_directory(store / "wal");
  std::ofstream(store / "wal/00000000") << std::string(1000, '\0');
  RetentionLimits limits;
  limits.time = hours(6);
  limits.bytes = 2 * bytes + 1500;
  const auto planned = plan_retention(store.path(), limits, 100 * kHour, {});
  REQUIRE(planned.size() == 2);
  CHECK(planned[0].block.meta.ulid == test_ulid('1'));
  CHECK(planned[0].reason == RetentionReason::kTime);
  CHECK(planned[1].block.meta.ulid == test_ulid('2'));
  CHECK(planned[1].reason == RetentionReason::kSize);
  CHECK(retain(store, limits, 100 * kHour).done.size() == 2);
  CHECK(store_text(store) ==
        "4-6h debug 14400000=4 18000000=5; up 14400000=4 18000000=5; | "
        "6-8h debug 21600000=6 25200000=7; up 21600000=6 25200000=7; | ");
}

TEST_CASE("series that a rule matches are kept for a shorter time", "[tsdb][retention]") {
  const TempFolder store;
  add_block(store, '1', 0, 2);
  add_block(store, '2', 2, 4);
  add_block(store, '3', 6, 2);
  RetentionLimits limits;
  limits.rules.push_back(
      {.selectors = {{Matcher::make(MatchType::kEqual, "__name__", "debug").value_or_throw()}}, .keep = hours(4)});
  const auto planned = plan_retention(store.path(), limits, 100 * kHour, {});
  REQUIRE(planned.size() == 2);
  CHECK(planned[0].reason == RetentionReason::kRule);
  CHECK(planned[0].series == 1);
  const RetentionReport report = retain(store, limits, 100 * kHour);
  CHECK(report.done.size() == 2);
  CHECK(store_text(store) ==
        "0-2h up 0=0 3600000=1; | "
        "2-6h debug 14400000=4 18000000=5; up 7200000=2 10800000=3 14400000=4 18000000=5; | "
        "6-8h debug 21600000=6 25200000=7; up 21600000=6 25200000=7; | ");
  // The block that was wholly too old is written anew, the other has tombstones.
  CHECK_FALSE(std::filesystem::exists(store / test_ulid('1')));
  CHECK(read_block_meta(store / test_ulid('2')).stats.tombstones == 1);
  CHECK(retain(store, limits, 100 * kHour).done.empty());
}

TEST_CASE("nothing is removed while a server holds the store", "[tsdb][retention]") {
  const TempFolder store;
  add_block(store, '1', 0, 2);
  add_block(store, '2', 20, 2);
  const auto server = FileLock::try_lock(store / "lock", NewFileOwner());
  RetentionLimits limits;
  limits.time = hours(6);
  CHECK_THROWS_WITH(retain(store, limits, 100 * kHour), Catch::Contains("lock store"));
  CHECK(list_blocks(store.path(), {}).size() == 2);
}

}  // namespace
}  // namespace mcore
