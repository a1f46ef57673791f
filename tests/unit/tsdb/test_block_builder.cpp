// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_builder.h"

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "support/catch.h"
#include "support/temp_folder.h"
#include "support/test_blocks.h"
#include "tsdb/block_check.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

/// One sample of the series `name`.
struct Row {
  std::string name;
  std::int64_t t_ms;
  double value;
};

/// Builds blocks of floats and keeps their text.
class Building {
 public:
  explicit Building(BlockBuilderOptions options = {}) : builder_(with_folder(std::move(options), folder_.path())) {}

  void add(const Row& row) {
    const LabelSet labels = test_labels(row.name);
    builder_.append(builder_.series(labels.view(), labels.view().hash()), std::span(&row.t_ms, 1),
                    std::span(&row.value, 1));
  }
  void add(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      add(row);
    }
  }
  void add(std::string_view name, std::int64_t t_ms, const Histogram& histogram) {
    const LabelSet labels = test_labels(name);
    builder_.append(builder_.series(labels.view(), labels.view().hash()), t_ms, histogram);
  }
  BlockBuilder& builder() { return builder_; }

  /// The blocks in order of time: `[first, end) content`. Each is sound.
  std::vector<std::string> blocks(std::int64_t end_t_ms = kAll) {
    builder_.finish();
    built_.clear();
    REQUIRE(builder_.build(end_t_ms, 1'700'000'000'000, built_));
    std::vector<std::string> texts;
    for (const BuiltBlock& block : built_) {
      check_block(block.folder, [](const Error& error) { FAIL_CHECK(error.what()); });
      texts.push_back(fmt::format("[{}, {}) {}", block.meta.min_t_ms, block.meta.end_t_ms, block_text(block.folder)));
    }
    return texts;
  }
  std::string rest() {
    std::string text;
    builder_.rest([&](LabelsView labels, SeriesSamples& samples) {
      text += labels_text(labels);
      for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
        text += fmt::format(" {}={}", samples.t_ms[i], samples.value[i]);
      }
      text += "; ";
    });
    return text;
  }
  const std::vector<BuiltBlock>& built() const { return built_; }

 private:
  static BlockBuilderOptions with_folder(BlockBuilderOptions options, const std::string& folder) {
    options.folder = folder;
    options.sync = false;
    return options;
  }

  TempFolder folder_;
  BlockBuilder builder_;
  std::vector<BuiltBlock> built_;
};

using Texts = std::vector<std::string>;

/// Three series over five hours, a sample each ten minutes, one series behind the other.
std::vector<Row> family_rows() {
  std::vector<Row> rows;
  for (const std::string name : {"c", "a", "b"}) {
    for (std::int64_t t_ms = 0; t_ms < 5 * kHour; t_ms += 600'000) {
      rows.push_back({name, t_ms, static_cast<double>(t_ms / 600'000) + (name == "b" ? 0.5 : 0)});
    }
  }
  return rows;
}
const Texts kFamilyBlocks{
    "[0, 6600001) a 12: 0=0 6600000=11; b 12: 0=0.5 6600000=11.5; c 12: 0=0 6600000=11; ",
    "[7200000, 13800001) a 12: 7200000=12 13800000=23; b 12: 7200000=12.5 13800000=23.5; c 12: 7200000=12 "
    "13800000=23; ",
    "[14400000, 17400001) a 14400000=24 15000000=25 15600000=26 16200000=27 16800000=28 17400000=29; b 14400000=24.5 "
    "15000000=25.5 15600000=26.5 16200000=27.5 16800000=28.5 17400000=29.5; c 14400000=24 15000000=25 15600000=26 "
    "16200000=27 16800000=28 17400000=29; "};

TEST_CASE("each aligned window with samples becomes a level-1 block", "[tsdb][builder]") {
  Building building;
  building.add(family_rows());
  CHECK(building.blocks() == kFamilyBlocks);
  CHECK(building.builder().range() == TimeRange{0, 17'400'000});
  for (const BuiltBlock& block : building.built()) {
    CHECK(block.meta.level == 1);
    CHECK(block.meta.sources == std::vector<std::string>{block.meta.ulid});
    CHECK(block.meta.parents.empty());
    CHECK(block.meta.hints.empty());
    CHECK(is_ulid(block.meta.ulid));
    CHECK(block.meta.stats.series == 3);
    CHECK(block.meta.stats.chunks == 3);
  }
}

TEST_CASE("the order in which samples come makes no difference", "[tsdb][builder]") {
  std::vector<Row> rows = family_rows();
  SECTION("by time, as a collector has them") {
    std::ranges::stable_sort(rows, {}, &Row::t_ms);
  }
  SECTION("the newest first") {
    std::ranges::reverse(rows);
  }
  SECTION("shuffled") {
    std::shuffle(rows.begin(), rows.end(), std::mt19937(7));
  }
  SECTION("the second half before the first") {
    std::ranges::rotate(rows, rows.begin() + 45);
  }
  Building building;
  building.add(rows);
  CHECK(building.blocks() == kFamilyBlocks);
  CHECK(building.builder().tally().repeated == 0);
  CHECK(building.builder().tally().conflicts == 0);
}

TEST_CASE("what does not fit into memory is written in parts and joined", "[tsdb][builder]") {
  std::vector<Row> rows = family_rows();
  SECTION("series by series") {}
  SECTION("by time") {
    std::ranges::stable_sort(rows, {}, &Row::t_ms);
  }
  SECTION("shuffled") {
    std::shuffle(rows.begin(), rows.end(), std::mt19937(7));
  }
  Building building;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    building.add(rows[i]);
    if (i % 25 == 24) {
      REQUIRE(building.builder().flush());
    }
  }
  CHECK(building.blocks() == kFamilyBlocks);
  for (const BuiltBlock& block : building.built()) {
    CHECK(block.meta.stats.chunks == 3);  // no crumbs are left of the joining
  }
}

TEST_CASE("a repeated sample counts once, and of two values the first stays", "[tsdb][builder]") {
  Building building;
  building.add(std::vector<Row>{{"a", 1000, 1}, {"a", 1000, 1}, {"a", 2000, 2}, {"a", 3000, 3}});
  SECTION("at once") {
    building.add(std::vector<Row>{{"a", 2000, 2}, {"a", 3000, 9}, {"a", 2000, 8}});
  }
  SECTION("after a part was written") {
    REQUIRE(building.builder().flush());
    building.add(std::vector<Row>{{"a", 2000, 2}, {"a", 3000, 9}, {"a", 2000, 8}});
  }
  CHECK(building.blocks() == Texts{"[1000, 3001) a 1000=1 2000=2 3000=3; "});
  CHECK(building.builder().tally().repeated == 2);
  CHECK(building.builder().tally().conflicts == 2);
  CHECK(building.builder().tally().conflict_example.starts_with("a at 1970-01-01T00:00:0"));
  CHECK(building.built().front().meta.stats.samples == 3);
}

TEST_CASE("a late sample does not displace one that came in order", "[tsdb][builder]") {
  Building building;
  building.add(std::vector<Row>{{"a", 1000, 1}, {"a", 3000, 3}, {"a", 2000, 2}, {"a", 2000, 7}, {"a", 4000, 4}});
  CHECK(building.blocks() == Texts{"[1000, 4001) a 1000=1 2000=2 3000=3 4000=4; "});
  CHECK(building.builder().tally().conflicts == 1);
  CHECK(building.builder().tally().conflict_example == "a at 1970-01-01T00:00:02Z: 2 is stored, 7 came");
}

TEST_CASE("zero and minus zero are two values, equal NaNs one", "[tsdb][builder]") {
  Building building;
  const double nan = std::bit_cast<double>(std::uint64_t{0x7FF0000000000002});
  building.add(std::vector<Row>{{"a", 1000, 0.0}, {"a", 1000, -0.0}, {"a", 2000, nan}, {"a", 2000, nan}});
  CHECK(building.blocks().size() == 1);
  CHECK(building.builder().tally().conflicts == 1);
  CHECK(building.builder().tally().repeated == 1);
}

TEST_CASE("times before 1970 lie in windows of their own", "[tsdb][builder]") {
  Building building;
  building.add(std::vector<Row>{{"a", -1, 1}, {"a", 0, 2}, {"a", -2 * kHour, 3}, {"a", -2 * kHour - 1, 4}});
  CHECK(building.blocks() ==
        Texts{"[-7200001, -7200000) a -7200001=4; ", "[-7200000, 0) a -7200000=3 -1=1; ", "[0, 1) a 0=2; "});
}

TEST_CASE("longer windows hold what they can, two hours the end of it", "[tsdb][builder]") {
  BlockBuilderOptions options;
  options.block_ms = 6 * kHour;
  Building building(options);
  std::vector<Row> rows;
  for (std::int64_t hour = 1; hour < 12; ++hour) {
    rows.push_back({"a", hour * kHour, static_cast<double>(hour)});
  }
  building.add(rows);
  const bool in_parts = GENERATE(false, true);
  if (in_parts) {
    REQUIRE(building.builder().flush());
    building.add(Row{"b", 7 * kHour, 0.5});
  }
  const std::string b = in_parts ? "b 25200000=0.5; " : "";
  CHECK(building.blocks(10 * kHour) ==
        Texts{"[3600000, 18000001) a 3600000=1 7200000=2 10800000=3 14400000=4 18000000=5; ",
              "[21600000, 25200001) a 21600000=6 25200000=7; " + b, "[28800000, 32400001) a 28800000=8 32400000=9; "});
  CHECK(building.built().front().meta.stats.chunks == 1);  // a chunk may reach over two hours there
  CHECK(building.rest() == "a 36000000=10 39600000=11; ");
}

TEST_CASE("what must not become a block is handed out in order", "[tsdb][builder]") {
  Building building;
  building.add(std::vector<Row>{{"b", 3 * kHour, 2}, {"a", 5 * kHour, 3}, {"a", 2 * kHour, 1}, {"a", kHour, 0}});
  CHECK(building.blocks(2 * kHour + 5) == Texts{"[3600000, 3600001) a 3600000=0; "});
  CHECK(building.rest() == "a 7200000=1 18000000=3; b 10800000=2; ");
}

TEST_CASE("chunks hold at most 120 floats and stay in their window", "[tsdb][builder]") {
  Building building;
  for (std::int64_t i = 0; i < 1000; ++i) {
    building.add(Row{"a", i * 15'000, static_cast<double>(i)});
  }
  CHECK(building.blocks() == Texts{"[0, 7185001) a 480: 0=0 7185000=479; ",
                                   "[7200000, 14385001) a 480: 7200000=480 14385000=959; ",
                                   "[14400000, 14985001) a 40: 14400000=960 14985000=999; "});
  CHECK(building.built()[0].meta.stats.chunks == 4);
  CHECK(building.built()[2].meta.stats.chunks == 1);
}

Histogram histogram(double count) {
  Histogram h;
  h.count = count;
  h.sum = count * 2;
  h.positive_spans = {{0, 1}};
  h.positive_counts = {count};
  return h;
}

TEST_CASE("histograms and floats of a series alternate in time", "[tsdb][builder]") {
  Building building;
  building.add("h", 1000, histogram(1));
  building.add("h", 2000, histogram(3));
  building.add(Row{"h", 3000, 7});
  building.add("h", 4000, histogram(2));
  building.add("h", 1500, histogram(2));  // late
  building.add("h", 2000, histogram(3));  // again
  building.add("h", 2000, histogram(4));  // another one
  building.add("h", 3000, histogram(5));  // where a float is
  building.add(Row{"h", 4000, 1});        // where a histogram is
  CHECK(building.blocks() == Texts{"[1000, 4001) h 1000=h2 1500=h4 2000=h6 3000=7 4000=h4; "});
  CHECK(building.built()[0].meta.stats.histogram_samples == 4);
  CHECK(building.built()[0].meta.stats.float_samples == 1);
  CHECK(building.builder().tally().repeated == 1);
  CHECK(building.builder().tally().conflicts == 3);
}

/// A store that holds some series.
class StoredSeries final : public Querier {
 public:
  explicit StoredSeries(std::string folder) : block_(std::move(folder)) {}
  std::unique_ptr<SeriesSet> select(std::span<const Selector> selectors, TimeRange range) override {
    return block_.select(selectors, range, [](const Error& error) { throw Error(error); });
  }
  std::vector<std::string> label_names(std::span<const Selector> /*selectors*/, TimeRange /*range*/) override {
    return {};
  }
  std::vector<std::string> label_values(const std::string& /*name*/, std::span<const Selector> /*selectors*/,
                                        TimeRange /*range*/) override {
    return {};
  }

 private:
  BlockReader block_;
};

TEST_CASE("what the store has already is not written again", "[tsdb][builder]") {
  const TempFolder store;
  const BlockEntry there = write_test_block(store.path(), test_meta('1', 0, 2 * kHour),
                                            {{"a", {{1000, 1}, {2000, 2}}}, {"c", {{1000, 5}}}, {"d", {{9, 9}}}});
  BlockBuilderOptions options;
  options.open_stored = [&] { return std::make_unique<StoredSeries>(there.folder); };
  Building building(options);
  SECTION("some of it") {
    building.add(std::vector<Row>{{"a", 1000, 1}, {"a", 1500, 1.5}, {"a", 2000, 8}, {"b", 1000, 3}, {"c", 1000, 5}});
    building.add(Row{"c", 3 * kHour, 6});
    CHECK(building.blocks() == Texts{"[1000, 1501) a 1500=1.5; b 1000=3; ", "[10800000, 10800001) c 10800000=6; "});
    CHECK(building.builder().tally().repeated == 2);
    CHECK(building.builder().tally().conflicts == 1);
    CHECK(building.builder().tally().conflict_example == "a at 1970-01-01T00:00:02Z: 2 is stored, 8 came");
  }
  SECTION("all of it: then there is no block") {
    building.add(std::vector<Row>{{"a", 1000, 1}, {"c", 1000, 5}});
    CHECK(building.blocks().empty());
    CHECK(building.builder().tally().repeated == 2);
  }
}

TEST_CASE("building stops when asked to", "[tsdb][builder]") {
  bool stop = false;
  BlockBuilderOptions options;
  options.stop = [&stop] { return stop; };
  Building building(options);
  building.add(family_rows());
  stop = true;
  SECTION("while blocks are written") {
    building.builder().finish();
    std::vector<BuiltBlock> blocks;
    CHECK_FALSE(building.builder().build(kAll, 0, blocks));
    CHECK(blocks.empty());
  }
  SECTION("while a part is") {
    CHECK_FALSE(building.builder().flush());
  }
}

TEST_CASE("windows are whole multiples of two hours", "[tsdb][builder]") {
  BlockBuilderOptions options;
  options.block_ms = GENERATE(0, -7'200'000, 3'600'000, 9'000'000);
  CHECK_THROWS_WITH(BlockBuilder(options), Catch::Contains("multiple of two hours"));
}

TEST_CASE("nothing makes no block", "[tsdb][builder]") {
  Building building;
  CHECK(building.blocks().empty());
  CHECK_FALSE(building.builder().range().has_value());
  CHECK(building.rest().empty());
}

}  // namespace
}  // namespace mcore
