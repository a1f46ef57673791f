// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_reader.h"

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "support/corrupt_case.h"
#include "support/example_block.h"
#include "support/temp_folder.h"
#include "tsdb/block_check.h"
#include "tsdb/block_list.h"

namespace mcore {
namespace {

void expect_no_damage(const Error& error) {
  FAIL_CHECK(error.what());
}

Matcher matcher(MatchType type, std::string name, std::string value) {
  return Matcher::make(type, std::move(name), std::move(value)).value_or_throw();
}

/// Series with their samples as lines of text.
std::vector<std::string> lines(SeriesSet& set) {
  std::vector<std::string> out;
  SeriesSamples samples;
  while (set.next()) {
    set.samples(samples);
    std::string line = labels_text(set.labels());
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      line += " " + std::to_string(samples.value[i]) + "@" + std::to_string(samples.t_ms[i] - kExampleMinTime);
    }
    out.push_back(line);
  }
  return out;
}

struct Counts {
  std::size_t series = 0;
  std::size_t samples = 0;
  std::size_t damage = 0;
};

/// Reads everything; what makes a block unusable counts as damage.
Counts count_all(const std::string& store) {
  Counts counts;
  const DamageReport report = [&counts](const Error&) { ++counts.damage; };
  for (const BlockEntry& entry : list_blocks(store, report)) {
    BlockReader block(entry.folder, entry.meta);
    try {
      SeriesSamples samples;
      const auto set = block.select({}, TimeRange(), report);
      while (set->next()) {
        set->samples(samples);
        ++counts.series;
        counts.samples += samples.size();
      }
    } catch (const Error& error) {
      report(error);
    }
  }
  return counts;
}

class ExampleBlock {
 public:
  ExampleBlock() : folder_(temp_ / std::string(kExampleUlid)) { (void)write_example_block(folder_); }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  TempFolder temp_;
  std::string folder_;
};

TEST_CASE("a block gives its series in label order, with the samples of the range", "[tsdb][block_reader]") {
  const ExampleBlock example;
  BlockReader block(example.folder());
  CHECK(block.meta().ulid == kExampleUlid);
  CHECK(block.range() == TimeRange{1'700'000'000'000, 1'700'000'060'123});
  CHECK(lines(*block.select({}, TimeRange(), expect_no_damage)) ==
        std::vector<std::string>{
            R"(demo_requests_total{code="200", method="get"} 1.000000@0 5.000000@15000 9.000000@30000 9.000000@45000)"
            R"( 10.500000@60123)",
            R"(demo_requests_total{code="500", method="get"} 0.000000@0 1.000000@15000)",
            "temp -3.250000@0 nan@30000",
        });
  const Selector selector = {matcher(MatchType::kEqual, "method", "get"), matcher(MatchType::kNotEqual, "code", "200")};
  CHECK(lines(*block.select({&selector, 1}, TimeRange(), expect_no_damage)) ==
        std::vector<std::string>{R"(demo_requests_total{code="500", method="get"} 0.000000@0 1.000000@15000)"});
  CHECK(lines(*block.select({}, {kExampleMinTime + 30'000, kExampleMinTime + 45'000}, expect_no_damage)) ==
        std::vector<std::string>{
            R"(demo_requests_total{code="200", method="get"} 9.000000@30000 9.000000@45000)",
            "temp nan@30000",
        });
  CHECK(lines(*block.select({}, {0, kExampleMinTime - 1}, expect_no_damage)).empty());
  CHECK(lines(*block.select({}, {kExampleMinTime + 60'124, INT64_MAX}, expect_no_damage)).empty());
}

TEST_CASE("a block names labels and values, of all series or of those selected", "[tsdb][block_reader]") {
  const ExampleBlock example;
  BlockReader block(example.folder());
  using Names = std::vector<std::string>;
  CHECK(block.label_names({}, expect_no_damage) == Names{"__name__", "code", "method"});
  CHECK(block.label_values("code", {}, expect_no_damage) == Names{"200", "500"});
  const Selector temp = {matcher(MatchType::kEqual, kNameLabel.data(), "temp")};
  CHECK(block.label_names({&temp, 1}, expect_no_damage) == Names{"__name__"});
  CHECK(block.label_values("code", {&temp, 1}, expect_no_damage).empty());
  const Selector failed = {matcher(MatchType::kRegexp, "code", "5..")};
  CHECK(block.label_values("code", {&failed, 1}, expect_no_damage) == Names{"500"});
  CHECK(block.label_values("nothing", {}, expect_no_damage).empty());
}

TEST_CASE("what tombstones cover is gone from every answer", "[tsdb][block_reader]") {
  const ExampleBlock example;
  Tombstones tombstones;
  tombstones.add(5, {kExampleMinTime + 1, kExampleMinTime + 30'000});
  tombstones.add(7, {0, INT64_MAX});
  write_tombstones(example.folder(), tombstones, NewFileOwner());
  BlockReader block(example.folder());
  CHECK(lines(*block.select({}, TimeRange(), expect_no_damage)) ==
        std::vector<std::string>{
            R"(demo_requests_total{code="200", method="get"} 1.000000@0 9.000000@45000 10.500000@60123)",
            "temp -3.250000@0 nan@30000",
        });
  SeriesSamples found;
  const std::vector<ExampleSeries> series = example_series();
  CHECK_FALSE(block.sample_at(series[0].labels.view(), kExampleMinTime + 15'000, found));
  CHECK(block.sample_at(series[0].labels.view(), kExampleMinTime + 45'000, found));
  CHECK_FALSE(block.sample_at(series[1].labels.view(), kExampleMinTime, found));
}

TEST_CASE("sample_at finds the sample that a series holds at a time, and only that", "[tsdb][block_reader]") {
  const ExampleBlock example;
  BlockReader block(example.folder());
  const std::vector<ExampleSeries> series = example_series();
  SeriesSamples found;
  for (int round = 0; round < 2; ++round) {  // the second one answered by what the first remembered
    CHECK(block.sample_at(series[0].labels.view(), kExampleMinTime + 60'123, found));
    CHECK(found.t_ms == std::vector<std::int64_t>{kExampleMinTime + 60'123});
    CHECK(found.value == std::vector<double>{10.5});
    CHECK(block.sample_at(series[1].labels.view(), kExampleMinTime + 15'000, found));
    CHECK(found.value == std::vector<double>{1});
    CHECK(block.sample_at(series[2].labels.view(), kExampleMinTime + 30'000, found));
    CHECK(std::isnan(found.value.at(0)));
    CHECK_FALSE(block.sample_at(series[0].labels.view(), kExampleMinTime + 1, found));
    CHECK(found.empty());
    CHECK_FALSE(block.sample_at(series[1].labels.view(), kExampleMinTime + 30'000, found));
    CHECK_FALSE(block.sample_at(series[1].labels.view(), kExampleMinTime + 60'124, found));
    CHECK_FALSE(block.sample_at(series[1].labels.view(), 0, found));
    CHECK_FALSE(block.sample_at(label_set({{"code", "200"}}).view(), kExampleMinTime, found));
    CHECK_FALSE(block.sample_at(label_set({{"zzz", "1"}}).view(), kExampleMinTime, found));
  }
}

TEST_CASE("compaction gets each series with its chunks as they lie in the block", "[tsdb][block_reader]") {
  const ExampleBlock example;
  BlockReader block(example.folder());
  BlockCursor cursor = block.series(expect_no_damage);
  for (const ExampleSeries& series : example_series()) {
    REQUIRE(cursor.next());
    CHECK(cursor.labels() == series.labels.view());
    CHECK(cursor.deleted().empty());
    REQUIRE(cursor.chunks().size() == 1);
    CHECK(cursor.chunks()[0].max_t_ms == series.max_t_ms);
    const auto chunk = cursor.chunk(cursor.chunks()[0]);
    REQUIRE(chunk.has_value());
    CHECK(chunk->encoding == 1);
    CHECK(chunk->data == series.chunk);
  }
  CHECK_FALSE(cursor.next());
}

TEST_CASE("a block is written whole and refused when samples leave its range", "[tsdb][block_writer]") {
  const TempFolder temp;
  CHECK(write_example_block(temp / "one").stats == BlockStats{9, 9, 0, 3, 3, 0});
  check_block(temp / "one", expect_no_damage);
  for (const auto& [min, end] :
       {std::pair(kExampleMinTime + 1, INT64_MAX), std::pair(std::int64_t{0}, kExampleMinTime + 60'123)}) {
    BlockWriter writer(temp / "two");
    const ExampleSeries series = example_series()[0];
    const ChunkToWrite chunk{1, kExampleMinTime, series.max_t_ms, series.chunk, series.samples};
    writer.add_series(series.labels.view(), {&chunk, 1});
    CHECK(writer.range() == TimeRange{kExampleMinTime, series.max_t_ms});
    BlockMeta meta = example_meta();
    meta.min_t_ms = min;
    meta.end_t_ms = end;
    CHECK_THROWS_AS(writer.finish(meta), Error);
  }
}

TEST_CASE("every recorded block is intact and holds what its meta.json counts", "[tsdb][block_reader][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  int blocks = 0;
  for (const auto& fixture : std::filesystem::directory_iterator(*folder / "tsdb")) {
    if (!std::filesystem::exists(fixture.path() / "data")) {
      continue;
    }
    for (const BlockEntry& entry : list_blocks((fixture.path() / "data").string(), expect_no_damage)) {
      CAPTURE(entry.folder);
      check_block(entry.folder, expect_no_damage);
      BlockReader block(entry.folder, entry.meta);
      std::uint64_t samples = 0;
      std::uint64_t chunks = 0;
      SeriesSamples read;
      BlockCursor cursor = block.series(expect_no_damage);
      while (cursor.next()) {
        chunks += cursor.chunks().size();
      }
      const auto set = block.select({}, TimeRange(), expect_no_damage);
      while (set->next()) {
        set->samples(read);
        samples += read.size();
        CHECK(std::ranges::adjacent_find(read.t_ms, std::greater_equal<>()) == read.t_ms.end());
      }
      if (entry.meta.stats.tombstones == 0) {
        CHECK(samples == entry.meta.stats.samples);
        CHECK(chunks == entry.meta.stats.chunks);
      } else {
        CHECK(samples < entry.meta.stats.samples);
      }
      ++blocks;
    }
  }
  CHECK(blocks == 28);
}

TEST_CASE("stores of blocks alone give as many samples as promtool dumps", "[tsdb][block_reader][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  for (const char* const name : {"backfill", "index-v1"}) {
    CAPTURE(name);
    const auto expected = nlohmann::json::parse(read_test_file(*folder / "tsdb" / name / "expected.json"));
    const Counts counts = count_all((*folder / "tsdb" / name / "data").string());
    CHECK(counts.damage == 0);
    CHECK(counts.samples == expected["dump"]["samples"].get<std::size_t>());
  }
}

TEST_CASE("damage to a block is reported and costs no more than it must", "[tsdb][block_reader][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  const Counts whole = count_all((*folder / "tsdb/small/data").string());
  CHECK(whole.damage == 0);
  struct Case {
    const char* name;
    std::size_t damage;
    std::size_t lost_samples;
    std::size_t lost_series;
  };
  // The damaged block holds 8,269 samples in 23 series.
  const Case cases[] = {
      {"index-bad-version", 1, 8'269, 23},     {"index-toc-flipped", 1, 8'269, 23},
      {"index-symbols-flipped", 1, 8'269, 23}, {"index-truncated", 1, 8'269, 23},
      {"index-missing", 1, 8'269, 23},         {"index-postings-flipped", 1, 0, 0},
      {"index-postings-flipped-2", 0, 0, 0},   {"tombstones-flipped", 1, 8'269, 23},
      {"chunk-flipped-byte", 1, 18, 0},        {"chunk-flipped-byte-2", 1, 10, 0},
      {"chunk-bad-magic", 1, 8'269, 0},        {"chunk-missing", 1, 8'269, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const TempFolder store;
    copy_corrupt_case(*folder, c.name, store.path());
    const Counts counts = count_all(store.path());
    CHECK(counts.damage == c.damage);
    CHECK(whole.samples - counts.samples == c.lost_samples);
    CHECK(whole.series - counts.series == c.lost_series);
    std::size_t findings = 0;
    for (const BlockEntry& entry : list_blocks(store.path(), expect_no_damage)) {
      check_block(entry.folder, [&findings](const Error&) { ++findings; });
    }
    CHECK(findings > 0);
  }
}

}  // namespace
}  // namespace mcore
