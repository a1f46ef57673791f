// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_follower.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "model/selector_text.h"
#include "support/catch.h"
#include "support/test_store.h"
#include "tsdb/store_info.h"

namespace mcore {
namespace {

using Lines = std::vector<std::string>;

Lines look(StoreFollower& follower) {
  Lines lines;
  const bool found = follower.look([&](LabelsView labels, const SeriesSamples& samples) {
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      lines.push_back(fmt::format("{} {} @{}", labels_text(labels), samples.value[i], samples.t_ms[i]));
    }
  });
  CHECK(found == !lines.empty());
  return lines;
}

TEST_CASE("a follower hands over what comes and nothing that was there", "[tsdb][follow]") {
  TestStore store;
  store.append("a 1 1000\nb 1 1000\n");
  StoreFollower follower(store.path(), {}, {});
  CHECK(look(follower).empty());
  store.append("a 2 2000\nc 1 1000\n");
  store.append("a 3 3000\n");
  CHECK(look(follower) == Lines{"a 2 @2000", "a 3 @3000", "c 1 @1000"});
  CHECK(look(follower).empty());
  store.append("a 3 3000\n");  // there already
  CHECK(look(follower).empty());
}

TEST_CASE("a follower hands over late samples, each once", "[tsdb][follow]") {
  TestStore store;
  store.append("a 5 5000\na 1 1000\n");
  StoreFollower follower(store.path(), {}, {});
  store.append("a 2 2000\n");
  CHECK(look(follower) == Lines{"a 2 @2000"});
  store.append("a 3 3000\na 6 6000\nb 1 1000\n");
  CHECK(look(follower) == Lines{"a 3 @3000", "a 6 @6000", "b 1 @1000"});
}

TEST_CASE("a follower sees only the series that match", "[tsdb][follow]") {
  TestStore store;
  store.append("a{x=\"1\"} 1 1000\n");
  StoreFollower follower(store.path(),
                         {parse_selector("a{x=\"1\"}").value_or_throw(), parse_selector("x=2").value_or_throw()}, {});
  store.append("a{x=\"1\"} 2 2000\na{x=\"3\"} 2 2000\nb{x=\"2\"} 2 2000\nb 1 1000\n");
  CHECK(look(follower) == Lines{"a{x=\"1\"} 2 @2000", "b{x=\"2\"} 2 @2000"});
}

TEST_CASE("a new generation of the head hides nothing and repeats nothing", "[tsdb][follow]") {
  TestStore store;
  store.append("a 1 1000\na 2 2000\na 1 500\nkept 1 1000\n");
  StoreFollower follower(store.path(), {}, {});
  store.append("a 3 3000\nlate 1 100\n");
  store.cut();  // what came just now is in a block before anybody looked
  store.append("a 9 9000000\nkept 1 9000000\n");
  CHECK(look(follower) == Lines{"a 3 @3000", "late 1 @100", "a 9 @9000000", "kept 1 @9000000"});
  CHECK(look(follower).empty());
}

TEST_CASE("a store that is not there yet is followed from its first sample on", "[tsdb][follow]") {
  const TempFolder folder;
  StoreFollower follower(folder.path(), {}, {});
  CHECK(look(follower).empty());
  const FixedClock clock(10'000);
  StoreWriterOptions options;
  options.sync = false;
  StoreWriter writer(folder.path(), clock, options);
  SampleBatch batch;
  LabelBuilder builder;
  builder.add(kNameLabel, "a");
  BatchSample& sample = batch.add(builder.build());
  sample.t_ms = 1000;
  sample.value = 1;
  (void)writer.append(batch);
  CHECK(look(follower) == Lines{"a 1 @1000"});
}

TEST_CASE("a store at a glance", "[tsdb][info]") {
  TestStore store;
  const auto at_a_glance = [&] { return look_at_store(store.path(), 1 << 20, [](const Error&) {}); };
  CHECK_FALSE(at_a_glance().range.has_value());
  store.append("a 1 1000\na 2 2000\nb 1 500\nb 1 400\n");
  StoreInfo info = at_a_glance();
  REQUIRE(info.head.has_value());
  CHECK(info.head->series == 2);
  CHECK(info.head->samples == 3);
  CHECK(info.head->late_samples == 1);
  CHECK(info.head->is_own);
  CHECK(info.range == TimeRange{400, 2000});
  CHECK(info.wal.segments == 1);
  CHECK(info.blocks.empty());
  CHECK(info.block_bytes() == 0);

  store.cut();
  info = at_a_glance();
  REQUIRE(info.blocks.size() == 1);
  CHECK(info.block_totals().samples == 4);
  CHECK(info.block_totals().series == 2);
  CHECK(info.blocks[0].bytes > 100);
  CHECK(info.sure_t_ms == info.blocks[0].block.meta.min_t_ms);
  const StoreInfo single = look_at_store(info.blocks[0].block.folder, 1 << 20, [](const Error&) {});
  CHECK(single.blocks.size() == 1);
  CHECK_FALSE(single.head.has_value());
}

TEST_CASE("a log without a head is read for a glance only if it is short", "[tsdb][info]") {
  TestStore store;
  const TempFolder cache;
  ::setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  store.append("a 1 1000\n");
  std::filesystem::remove_all(store.path() + "/head");
  CHECK_FALSE(look_at_store(store.path(), 10, [](const Error&) {}).head.has_value());
  const StoreInfo info = look_at_store(store.path(), 1 << 20, [](const Error&) {});
  REQUIRE(info.head.has_value());
  CHECK_FALSE(info.head->is_own);
  CHECK(info.head->max_t_ms == 1000);
}

TEST_CASE("what is no store is not looked at", "[tsdb][info]") {
  const TempFolder folder;
  CHECK_THROWS_WITH(look_at_store(folder.path(), 0, {}),
                    "open store: " + folder.path() + ": neither a log nor blocks are here");
  CHECK_THROWS_WITH(look_at_store(folder / "missing", 0, {}), Catch::Contains("No such file or directory"));
}

}  // namespace
}  // namespace mcore
