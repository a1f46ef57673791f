// SPDX-License-Identifier: Apache-2.0
#include "tsdb/deletion.h"

#include <filesystem>

#include "base/error.h"
#include "support/catch.h"
#include "support/temp_folder.h"
#include "support/test_blocks.h"

namespace mcore {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;

Selector named(const std::string& name) {
  return {Matcher::make(MatchType::kEqual, std::string(kNameLabel), name).value_or_throw()};
}

UpkeepOptions impatient() {
  UpkeepOptions options;
  options.lock_timeout = std::chrono::milliseconds(1);
  options.on_damage = [](const Error& error) { FAIL(error.what()); };
  return options;
}

DeletionReport remove(const TempFolder& store, const std::vector<DeletionRule>& rules, bool rewrite = false) {
  const FixedClock clock(kNow);
  Upkeep upkeep(store.path(), impatient());
  return delete_from_blocks(upkeep, clock, rules, {.rewrite = rewrite});
}

std::string store_text(const TempFolder& store) {
  std::string text;
  for (const BlockEntry& block : list_blocks(store.path(), [](const Error& error) { FAIL(error.what()); })) {
    text += block_text(block.folder) + "| ";
  }
  return text;
}

void add_blocks(const TempFolder& store) {
  write_test_block(store.path(), test_meta('1', 0, 100),
                   {{"a", {{0, 1}, {50, 2}, {90, 3}}}, {"b", {{10, 4}, {20, 5}}}});
  write_test_block(store.path(), test_meta('2', 100, 200), {{"a", {{100, 6}, {150, 7}}}, {"b", {{110, 8}}}});
}

TEST_CASE("samples of a series and a range are deleted from every block", "[tsdb][deletion]") {
  const TempFolder store;
  add_blocks(store);
  const DeletionReport report = remove(store, {{.selectors = {named("a")}, .range = {40, 120}}});
  REQUIRE(report.blocks.size() == 2);
  CHECK(report.blocks[0].block.ulid == test_ulid('1'));
  CHECK(report.blocks[0].series == 1);
  CHECK_FALSE(report.blocks[0].rewritten);
  CHECK(store_text(store) == "a 0=1; b 10=4 20=5; | a 150=7; b 110=8; | ");
  CHECK(read_block_meta(store / test_ulid('1')).stats.tombstones == 1);
}

TEST_CASE("a deletion goes no further than what is there", "[tsdb][deletion]") {
  const TempFolder store;
  add_blocks(store);
  remove(store, {{.selectors = {named("b")}, .range = {}}});
  for (const auto& [last, want] : {std::pair<char, TimeRange>('1', {10, 20}), {'2', {110, 110}}}) {
    const Tombstones tombstones = Tombstones::read(store / test_ulid(last));
    REQUIRE(tombstones.series().size() == 1);
    CHECK(tombstones.series().begin()->second.ranges()[0] == want);
  }
  CHECK(store_text(store) == "a 0=1 50=2 90=3; | a 100=6 150=7; | ");
}

TEST_CASE("deleting again changes nothing", "[tsdb][deletion]") {
  const TempFolder store;
  add_blocks(store);
  const std::vector<DeletionRule> rules = {{.selectors = {named("a")}, .range = {40, 120}}};
  remove(store, rules);
  const BlockStamp before = stamp_of_block(store / test_ulid('1'));
  CHECK(remove(store, rules).blocks.empty());
  CHECK(remove(store, {{.selectors = {named("a")}, .range = {60, 80}}}).blocks.empty());
  CHECK(stamp_of_block(store / test_ulid('1')) == before);
  CHECK(remove(store, {{.selectors = {named("nobody")}, .range = {}}}).blocks.empty());
  CHECK(remove(store, {{.selectors = {named("a")}, .range = {200, 300}}}).blocks.empty());
  CHECK(remove(store, {{.selectors = {named("a")}, .range = {30, 50}}}).blocks.size() == 1);
  CHECK(Tombstones::read(store / test_ulid('1')).interval_count() == 1);
}

TEST_CASE("blocks can be written anew at once", "[tsdb][deletion]") {
  const TempFolder store;
  add_blocks(store);
  write_test_block(store.path(), test_meta('3', 200, 300), {{"c", {{200, 9}}}});
  const DeletionReport report = remove(store, {{.selectors = {named("a"), named("b")}, .range = {0, 100}}}, true);
  REQUIRE(report.blocks.size() == 2);
  CHECK(report.blocks[0].rewritten);
  CHECK(report.blocks[1].rewritten);
  CHECK(store_text(store) == "a 150=7; b 110=8; | c 200=9; | ");
  CHECK_FALSE(std::filesystem::exists(store / test_ulid('1')));
  CHECK_FALSE(std::filesystem::exists(store / test_ulid('2')));
  CHECK(std::filesystem::exists(store / test_ulid('3')));
  const auto blocks = list_blocks(store.path(), {});
  CHECK(blocks[0].meta.stats.tombstones == 0);
  CHECK(blocks[0].meta.min_t_ms == 100);
}

TEST_CASE("nothing is deleted while a server holds the store", "[tsdb][deletion]") {
  const TempFolder store;
  add_blocks(store);
  const auto server = FileLock::try_lock(store / "lock", NewFileOwner());
  CHECK_THROWS_WITH(remove(store, {{.selectors = {named("a")}, .range = {}}}), Catch::Contains("lock store"));
  CHECK(store_text(store) == "a 0=1 50=2 90=3; b 10=4 20=5; | a 100=6 150=7; b 110=8; | ");
}

TEST_CASE("a damaged block does not save the others", "[tsdb][deletion]") {
  const TempFolder store;
  add_blocks(store);
  std::filesystem::resize_file(store / (test_ulid('1') + "/index"), 60);
  const FixedClock clock(kNow);
  UpkeepOptions options = impatient();
  int damages = 0;
  options.on_damage = [&](const Error&) { ++damages; };
  Upkeep upkeep(store.path(), options);
  const std::vector<DeletionRule> rules = {{.selectors = {named("a")}, .range = {}}};
  const DeletionReport report = delete_from_blocks(upkeep, clock, rules);
  CHECK(report.failed == 1);
  CHECK(damages == 1);
  CHECK(report.blocks.size() == 1);
  CHECK(block_text(store / test_ulid('2')) == "b 110=8; ");
}

}  // namespace
}  // namespace mcore
