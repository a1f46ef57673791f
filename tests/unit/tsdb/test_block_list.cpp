// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_list.h"

#include <filesystem>

#include "base/error.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "support/corrupt_case.h"
#include "support/temp_folder.h"
#include "tsdb/file_writer.h"

namespace mcore {
namespace {

void add_block(const TempFolder& store, const BlockMeta& meta) {
  std::filesystem::create_directory(store / meta.ulid);
  replace_file(store / (meta.ulid + "/meta.json"), block_meta_text(meta), NewFileOwner());
}

BlockMeta meta_of(char last, std::int64_t min_t_ms, std::int64_t end_t_ms) {
  BlockMeta meta;
  meta.ulid = std::string("01M81G9T0P5FDDK9NHG2YTMTE") + last;
  meta.min_t_ms = min_t_ms;
  meta.end_t_ms = end_t_ms;
  return meta;
}

std::string names(const std::vector<BlockEntry>& blocks) {
  std::string text;
  for (const BlockEntry& block : blocks) {
    text += block.meta.ulid.back();
  }
  return text;
}

void expect_no_damage(const Error& error) {
  FAIL(error.what());
}

TEST_CASE("blocks are listed by start, without those that are to go", "[tsdb][block_list]") {
  const TempFolder store;
  add_block(store, meta_of('1', 200, 300));
  add_block(store, meta_of('2', 0, 100));
  BlockMeta merged = meta_of('3', 100, 200);
  merged.parents = {{"01M81G9T0P5FDDK9NHG2YTMTE4", 100, 150}, {std::string("00000000000000000000000000"), 0, 0}};
  add_block(store, merged);
  add_block(store, meta_of('4', 100, 150));
  BlockMeta deletable = meta_of('5', 50, 60);
  deletable.deletable = true;
  add_block(store, deletable);
  std::filesystem::create_directory(store / "01M81G9T0P5FDDK9NHG2YTMTE6.tmp-for-deletion");
  std::filesystem::create_directory(store / "wal");
  replace_file(store / "01M81G9T0P5FDDK9NHG2YTMTE7", "a file is no block", NewFileOwner());
  const BlockListing listing = list_all_blocks(store.path(), expect_no_damage);
  CHECK(names(listing.blocks) == "231");
  CHECK(names(listing.superseded) == "45");
  CHECK(listing.blocks[0].folder == store / "01M81G9T0P5FDDK9NHG2YTMTE2");
}

TEST_CASE("a block whose meta.json cannot be used is reported, the others are listed", "[tsdb][block_list]") {
  const TempFolder store;
  add_block(store, meta_of('1', 0, 100));
  std::filesystem::create_directory(store / "01M81G9T0P5FDDK9NHG2YTMTE2");
  std::filesystem::create_directory(store / "01M81G9T0P5FDDK9NHG2YTMTE3");
  replace_file(store / "01M81G9T0P5FDDK9NHG2YTMTE3/meta.json", "{", NewFileOwner());
  std::vector<std::string> damage;
  const auto blocks =
      list_blocks(store.path(), [&](const Error& error) { damage.push_back(error.where() + ": " + error.why()); });
  CHECK(names(blocks) == "1");
  REQUIRE(damage.size() == 2);
  CHECK(damage[0] == (store / "01M81G9T0P5FDDK9NHG2YTMTE2/meta.json") + ": No such file or directory");
  CHECK(damage[1] == (store / "01M81G9T0P5FDDK9NHG2YTMTE3/meta.json") + ": no JSON, at byte 1");
}

TEST_CASE("the log is asked for what no unhinted block covers", "[tsdb][block_list]") {
  std::vector<BlockEntry> blocks;
  CHECK(min_valid_t_ms(blocks) == std::numeric_limits<std::int64_t>::min());
  blocks.push_back({"", meta_of('1', 0, 100)});
  blocks.push_back({"", meta_of('2', 50, 80)});
  CHECK(min_valid_t_ms(blocks) == 100);
  for (const std::string_view hint : {kHintOutOfOrder, kHintStaleSeries, kHintSelectedSeries}) {
    blocks.push_back({"", meta_of('3', 100, 200)});
    blocks.back().meta.hints = {"something", std::string(hint)};
    CHECK(min_valid_t_ms(blocks) == 100);
  }
  blocks.back().meta.hints = {"something"};
  CHECK(min_valid_t_ms(blocks) == 200);
}

TEST_CASE("recorded damage to folders leaves the blocks that a server loads", "[tsdb][block_list][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  struct Case {
    const char* name;
    std::size_t blocks;
    std::size_t damage;
    std::size_t superseded;
  };
  const Case cases[] = {
      {"meta-missing", 3, 1, 0}, {"meta-empty", 3, 1, 0},      {"meta-torn", 3, 1, 0},    {"meta-version", 4, 0, 0},
      {"parent-left", 4, 0, 1},  {"tmp-blocks-left", 4, 0, 0}, {"foreign-dirs", 4, 0, 0}, {"index-missing", 4, 0, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const TempFolder store;
    copy_corrupt_case(*folder, c.name, store.path());
    std::size_t damage = 0;
    const BlockListing listing = list_all_blocks(store.path(), [&](const Error&) { ++damage; });
    CHECK(listing.blocks.size() == c.blocks);
    CHECK(damage == c.damage);
    CHECK(listing.superseded.size() == c.superseded);
  }
}

}  // namespace
}  // namespace mcore
