// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_merge.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "storage/sample_merge.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "support/corrupt_case.h"
#include "support/temp_folder.h"
#include "support/test_blocks.h"
#include "tsdb/block_check.h"
#include "tsdb/histogram_reader.h"

namespace mcore {
namespace {

const std::string kMerged = test_ulid('M');

BlockMerge merge(const TempFolder& store, std::span<const BlockEntry> inputs, const BlockMergeOptions& options = {}) {
  BlockMerge merged = merge_blocks(inputs, store / "stage", kMerged, options);
  if (merged.end == MergeEnd::kWritten) {
    check_block(store / "stage", [](const Error& error) { FAIL(error.what()); });
    CHECK(read_block_meta(store / "stage") == merged.meta);
  }
  return merged;
}

TEST_CASE("blocks become one, each series once and in order", "[tsdb][block_merge]") {
  const TempFolder store;
  const std::vector<BlockEntry> inputs = {
      write_test_block(store.path(), test_meta('2', 100, 200), {{"a", {{100, 3}}}, {"c", {{110, 4}, {120, 5}}}}),
      write_test_block(store.path(), test_meta('1', 0, 100), {{"a", {{0, 1}, {99, 2}}}, {"b", {{50, 6}}}}),
  };
  const BlockMerge merged = merge(store, inputs);
  REQUIRE(merged.end == MergeEnd::kWritten);
  CHECK(block_text(store / "stage") == "a 0=1 99=2 100=3; b 50=6; c 110=4 120=5; ");
  CHECK(merged.meta.ulid == kMerged);
  CHECK(merged.meta.min_t_ms == 0);
  CHECK(merged.meta.end_t_ms == 200);
  CHECK(merged.meta.level == 2);
  CHECK(merged.meta.sources == std::vector<std::string>{test_ulid('1'), test_ulid('2')});
  CHECK(merged.meta.parents == std::vector<BlockParent>{{test_ulid('1'), 0, 100}, {test_ulid('2'), 100, 200}});
  CHECK(merged.meta.stats.samples == 6);
  CHECK(merged.meta.stats.float_samples == 6);
  CHECK(merged.meta.stats.series == 3);
  CHECK(merged.meta.stats.chunks == 3);
}

TEST_CASE("at one time the sample of the earlier block stays", "[tsdb][block_merge]") {
  const TempFolder store;
  const std::vector<BlockEntry> inputs = {
      write_test_block(store.path(), test_meta('3', 0, 100), {{"a", {{10, 30}, {20, 31}, {30, 32}}}}),
      write_test_block(store.path(), test_meta('1', 5, 100), {{"a", {{20, 10}, {40, 11}, {50, 12}}}}),
      write_test_block(store.path(), test_meta('2', 0, 100), {{"a", {{5, 20}, {30, 21}, {50, 22}, {60, 23}}}}),
  };
  REQUIRE(merge(store, inputs).end == MergeEnd::kWritten);
  CHECK(block_text(store / "stage") == "a 5=20 10=30 20=31 30=21 40=11 50=22 60=23; ");
}

TEST_CASE("chunks that overlap for long are mixed piece by piece", "[tsdb][block_merge]") {
  const TempFolder store;
  const std::vector<BlockEntry> inputs = {
      write_test_block(store.path(), test_meta('1', 0, 6000), {steady_series("a", 0, 6000, 2)}),
      write_test_block(store.path(), test_meta('2', 0, 6000), {steady_series("a", 0, 6000, 3)}),
      write_test_block(store.path(), test_meta('3', 5000, 9000), {steady_series("a", 5001, 9000, 1)}),
  };
  const BlockMerge merged = merge(store, inputs);
  BlockReader reader(store / "stage");
  SeriesSamples samples;
  CHECK_FALSE(reader.sample_at(test_labels("a").view(), 1, samples));
  for (const auto& [t_ms, value] : {std::pair<std::int64_t, double>(6, 3),
                                    {9, 3},
                                    {3003, 1001},
                                    {5002, 2501},
                                    {5003, 5003},
                                    {5004, 2502},
                                    {5997, 1999},
                                    {8999, 8999}}) {
    CAPTURE(t_ms);
    REQUIRE(reader.sample_at(test_labels("a").view(), t_ms, samples));
    CHECK(samples.value[0] == value);
  }
  CHECK(merged.meta.stats.samples == 7333);
  CHECK(merged.meta.stats.chunks == 31);  // full ones, the last ones evened out
}

TEST_CASE("what is deleted is gone for good", "[tsdb][block_merge]") {
  const TempFolder store;
  const BlockEntry input =
      write_test_block(store.path(), test_meta('1', 0, 10'000),
                       {{"a", {{0, 1}, {10, 2}, {20, 3}}}, {"b", {{10, 4}}}, steady_series("c", 0, 10'000, 10)});
  Tombstones tombstones;
  BlockReader reader(input.folder);
  tombstones.add(*reader.find_series(test_labels("a").view()), {5, 15});
  tombstones.add(*reader.find_series(test_labels("b").view()), {0, 10});
  tombstones.add(*reader.find_series(test_labels("c").view()), {100, 9000});
  write_tombstones(input.folder, tombstones, NewFileOwner());
  const std::vector<BlockEntry> inputs = {{input.folder, read_block_meta(input.folder)}};
  const BlockMerge merged = merge(store, inputs);
  CHECK(block_text(store / "stage") == "a 0=1 20=3; c 109: 0=0 9990=999; ");
  CHECK(merged.meta.stats.tombstones == 0);
  CHECK(merged.meta.stats.series == 2);
}

TEST_CASE("a merge may leave out series and ranges, or everything", "[tsdb][block_merge]") {
  const TempFolder store;
  const std::vector<BlockEntry> inputs = {
      write_test_block(store.path(), test_meta('1', 0, 100), {{"a", {{0, 1}}}, {"b", {{0, 2}, {50, 3}}}}),
      write_test_block(store.path(), test_meta('2', 100, 200), {{"a", {{100, 4}}}, {"b", {{100, 5}}}}),
  };
  BlockMergeOptions options;
  options.edit = [](LabelsView labels, SeriesEdit& edit) {
    edit.drop = labels == test_labels("a").view();
    edit.deleted.add({50, 100});
  };
  REQUIRE(merge(store, inputs, options).end == MergeEnd::kWritten);
  CHECK(block_text(store / "stage") == "b 0=2; ");
  options.edit = [](LabelsView, SeriesEdit& edit) { edit.deleted.add(TimeRange()); };
  CHECK(merge_blocks(inputs, store / "nothing", kMerged, options).end == MergeEnd::kEmpty);
}

TEST_CASE("series under new labels are sorted anew, and joined where they meet", "[tsdb][block_merge]") {
  const TempFolder store;
  const std::vector<BlockEntry> inputs = {
      write_test_block(store.path(), test_meta('1', 0, 100),
                       {{"a", {{0, 1}}}, {"b", {{0, 2}, {50, 3}}}, {"c", {{7, 4}}}, {"d", {{8, 5}}}}),
      write_test_block(store.path(), test_meta('2', 100, 200), {{"b", {{100, 6}}}, {"z", {{100, 7}, {110, 8}}}}),
  };
  const auto rename = [](LabelsView labels, LabelBuilder& out) {
    const std::string_view name = labels.get(kNameLabel);
    if (name == "d") {
      return false;
    }
    out.add(kNameLabel, name == "a" ? "y" : name == "z" ? "b" : name);
    out.add("empty", "");
    return name != "nothing";
  };
  for (const std::size_t sort_bytes : {std::size_t{1}, std::size_t{100}, std::size_t{1} << 20U}) {
    CAPTURE(sort_bytes);
    BlockMergeOptions options;
    options.relabel = rename;
    options.sort_bytes = sort_bytes;
    REQUIRE(merge(store, inputs, options).end == MergeEnd::kWritten);
    CHECK(block_text(store / "stage") == "b 0=2 50=3 100=6 110=8; c 7=4; y 0=1; ");
    std::filesystem::remove_all(store / "stage");
  }
  BlockMergeOptions options;
  options.relabel = [](LabelsView, LabelBuilder& out) {
    out.add("x", "1");
    out.add("x", "2");
    return true;
  };
  CHECK_THROWS_WITH(merge(store, inputs, options), "relabel: a: label \"x\" would be there twice");
}

TEST_CASE("short chunks become long ones, long ones are copied", "[tsdb][block_merge]") {
  struct Case {
    std::int64_t step_ms;
    std::size_t chunk;  // of the inputs
    std::uint64_t want_chunks;
  };
  // Three blocks of 7200 s each.
  const Case cases[] = {{15'000, 120, 6}, {15'000, 240, 6}, {30'000, 120, 3},  {60'000, 120, 2},
                        {10'000, 240, 9}, {25'000, 240, 4}, {600'000, 120, 1}, {7'200'000, 120, 1}};
  for (const Case& c : cases) {
    CAPTURE(c.step_ms, c.chunk);
    const TempFolder store;
    std::vector<BlockEntry> inputs;
    for (int i = 0; i < 3; ++i) {
      const std::int64_t start = i * 7'200'000;
      inputs.push_back(write_test_block(store.path(), test_meta(static_cast<char>('1' + i), start, start + 7'200'000),
                                        {steady_series("a", start, start + 7'200'000, c.step_ms)}, c.chunk));
    }
    const BlockMerge merged = merge(store, inputs);
    CHECK(merged.meta.stats.samples == static_cast<std::uint64_t>(21'600'000 / c.step_ms));
    CHECK(merged.meta.stats.chunks == c.want_chunks);
  }
}

Histogram histogram_of(double count) {
  Histogram histogram;
  histogram.count = count;
  histogram.sum = count;
  histogram.positive_spans = {{0, 2}};
  histogram.positive_counts = {count, 0};
  return histogram;
}

void add_histograms(BlockWriter& writer, const std::vector<std::pair<std::int64_t, Histogram>>& histograms) {
  SeriesSamples samples;
  for (const auto& [t_ms, histogram] : histograms) {
    samples.histogram_t_ms.push_back(t_ms);
    samples.histogram.push_back(histogram);
  }
  add_test_series(writer, test_labels("h").view(), samples);
}

BlockEntry histogram_block(const std::string& store, BlockMeta meta,
                           const std::vector<std::pair<std::int64_t, Histogram>>& histograms) {
  std::string folder = store + "/" + meta.ulid;
  BlockWriter writer(folder, {.sync = false});
  add_histograms(writer, histograms);
  meta = writer.finish(std::move(meta));
  return {std::move(folder), std::move(meta)};
}

/// What the headers of a block's chunks say about resets.
std::vector<CounterResetHint> chunk_hints(const std::string& folder) {
  BlockReader reader(folder);
  std::vector<CounterResetHint> hints;
  for (BlockCursor cursor = reader.series([](const Error& error) { throw Error(error); }); cursor.next();) {
    for (const ChunkMeta& chunk : cursor.chunks()) {
      const ChunkBytes bytes = cursor.chunk(chunk).value();
      hints.push_back(HistogramChunkReader(static_cast<ChunkEncoding>(bytes.encoding), bytes.data).header_hint());
    }
  }
  return hints;
}

TEST_CASE("chunks of histograms never hold a reset, seen in the counts or not", "[tsdb][block_merge]") {
  using enum CounterResetHint;
  const TempFolder store;
  Histogram reset = histogram_of(100);  // grew past the old count at once
  reset.hint = kReset;
  const std::vector<BlockEntry> inputs = {
      histogram_block(store.path(), test_meta('1', 0, 100),
                      {{10, histogram_of(5)}, {30, reset}, {50, histogram_of(110)}, {70, histogram_of(3)}}),
      histogram_block(store.path(), test_meta('2', 0, 100), {{20, histogram_of(6)}, {40, histogram_of(105)}}),
  };
  REQUIRE(merge(store, inputs).end == MergeEnd::kWritten);
  CHECK(block_text(store / "stage") == "h 10=h5 20=h6 30=h100 40=h105 50=h110 70=h3; ");
  CHECK(chunk_hints(store / "stage") == std::vector<CounterResetHint>{kUnknown, kUnknown, kReset, kReset});
}

TEST_CASE("chunks of histograms that stand alone are copied", "[tsdb][block_merge]") {
  using enum CounterResetHint;
  const TempFolder store;
  const std::vector<BlockEntry> inputs = {
      histogram_block(store.path(), test_meta('1', 0, 100), {{10, histogram_of(5)}, {30, histogram_of(4)}}),
      histogram_block(store.path(), test_meta('2', 100, 200), {{120, histogram_of(6)}, {140, histogram_of(7)}}),
      write_test_block(store.path(), test_meta('3', 50, 200), {{"h", {{50, 1}, {130, 2}}}}),
  };
  REQUIRE(merge(store, inputs).end == MergeEnd::kWritten);
  CHECK(block_text(store / "stage") == "h 10=h5 30=h4 50=1 120=h6 130=2 140=h7; ");
  CHECK(merge(store, {inputs.data(), 2}).meta.stats.chunks == 3);
  CHECK(chunk_hints(store / "stage") == std::vector<CounterResetHint>{kUnknown, kReset, kUnknown});
}

/// Samples of every series, as who reads several blocks at once sees them.
std::vector<std::pair<std::string, SeriesSamples>> read_together(const std::vector<std::string>& folders) {
  std::vector<std::unique_ptr<BlockReader>> readers;
  std::vector<std::unique_ptr<SeriesSet>> sets;
  for (const std::string& folder : folders) {
    readers.push_back(std::make_unique<BlockReader>(folder));
    sets.push_back(readers.back()->select({}, TimeRange(), [](const Error& error) { throw Error(error); }));
  }
  std::vector<std::pair<std::string, SeriesSamples>> all;
  SeriesSamples samples;
  for (const auto set = merge_series(std::move(sets)); set->next();) {
    set->samples(samples);
    if (!samples.empty()) {
      all.emplace_back(labels_text(set->labels()), samples);
    }
  }
  return all;
}

TEST_CASE("a merged block holds what readers of its inputs saw", "[tsdb][block_merge]") {
  std::uint64_t state = 1;
  const auto random = [&state](std::uint64_t below) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    return static_cast<std::int64_t>((state >> 33U) % below);
  };
  for (int round = 0; round < 50; ++round) {
    CAPTURE(round);
    const TempFolder store;
    std::vector<BlockEntry> inputs;
    std::vector<std::string> folders;
    std::int64_t start = 0;
    for (char name = '1'; name <= '5'; ++name) {
      start += random(3000);
      const std::int64_t end = start + 1000 + random(8000);
      std::vector<TestSeries> series;
      for (const char* const label : {"a", "b", "c"}) {
        series.push_back({label, {}});
        for (std::int64_t t = start + random(1000); t < end; t += 1 + random(random(2) == 0 ? 5 : 300)) {
          series.back().samples.emplace_back(t, static_cast<double>(t * 10 + name));
        }
        if (series.back().samples.empty()) {
          series.pop_back();
        }
      }
      BlockEntry block = write_test_block(store.path(), test_meta(name, start, end), series, 1 + random(300));
      if (random(2) == 0) {
        Tombstones tombstones;
        for (const SeriesRef ref : BlockReader(block.folder).find({}, {})) {
          const std::int64_t from = start + random(3000);
          tombstones.add(ref, {from, from + random(2000)});
        }
        write_tombstones(block.folder, tombstones, NewFileOwner());
      }
      folders.push_back(block.folder);
      inputs.push_back({block.folder, read_block_meta(block.folder)});
    }
    REQUIRE(merge(store, inputs).end == MergeEnd::kWritten);
    const auto want = read_together(folders);
    const auto got = read_together({store / "stage"});
    REQUIRE(got.size() == want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      CHECK(got[i].first == want[i].first);
      CHECK(got[i].second.t_ms == want[i].second.t_ms);
      CHECK(got[i].second.value == want[i].second.value);
    }
  }
}

void overwrite(const std::string& path, std::streamoff offset, char byte) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file.put(byte);
}

TEST_CASE("damage stops a merge, unless it is to save what is left", "[tsdb][block_merge]") {
  const TempFolder store;
  const std::vector<BlockEntry> inputs = {
      write_test_block(store.path(), test_meta('1', 0, 100), {{"a", {{0, 1}}}, {"b", {{0, 2}}}}),
      write_test_block(store.path(), test_meta('2', 100, 200), {{"a", {{100, 3}}}}),
  };
  overwrite(inputs[0].folder + "/chunks/000001", 12, '\x7f');
  CHECK_THROWS_WITH(merge(store, inputs), Catch::Contains(inputs[0].folder) && Catch::Contains("bad checksum"));
  std::vector<std::string> damage;
  BlockMergeOptions options;
  options.salvage = [&](const Error& error) { damage.emplace_back(error.what()); };
  REQUIRE(merge(store, inputs, options).end == MergeEnd::kWritten);
  CHECK(block_text(store / "stage") == "a 100=3; b 0=2; ");
  REQUIRE(damage.size() == 1);
  CHECK_THAT(damage[0], Catch::Contains(inputs[0].folder));
}

TEST_CASE("samples outside of a block's range are damage, saved into a wider block", "[tsdb][block_merge]") {
  const TempFolder store;
  BlockEntry input = write_test_block(store.path(), test_meta('1', 0, 100), {{"a", {{0, 1}, {90, 2}}}});
  input.meta.min_t_ms = 10;
  input.meta.end_t_ms = 90;
  const std::vector<BlockEntry> inputs = {input};
  CHECK_THROWS_WITH(merge(store, inputs),
                    Catch::Contains("samples from 0 to 90 outside of the block's range [10, 90)"));
  int damages = 0;
  BlockMergeOptions options;
  options.salvage = [&](const Error&) { ++damages; };
  const BlockMerge merged = merge(store, inputs, options);
  CHECK(damages == 1);
  CHECK(merged.meta.min_t_ms == 0);
  CHECK(merged.meta.end_t_ms == 91);
  CHECK(block_text(store / "stage") == "a 0=1 90=2; ");
}

TEST_CASE("a merge can be watched and called off", "[tsdb][block_merge]") {
  const TempFolder store;
  const std::vector<BlockEntry> inputs = {
      write_test_block(store.path(), test_meta('1', 0, 100), {{"a", {{0, 1}}}, {"b", {{0, 2}}}}),
      write_test_block(store.path(), test_meta('2', 100, 200), {{"a", {{100, 3}}}}),
  };
  std::atomic<bool> cancel = false;
  MergeProgress last;
  BlockMergeOptions options;
  options.on_progress = [&](const MergeProgress& progress) { last = progress; };
  options.cancel = &cancel;
  CHECK(merge(store, inputs, options).end == MergeEnd::kWritten);
  CHECK(last.series == 3);
  CHECK(last.series_total == 3);
  CHECK(last.samples == 3);
  cancel = true;
  CHECK(merge_blocks(inputs, store / "other", kMerged, options).end == MergeEnd::kCancelled);
}

/// Bytes of index and chunks.
std::uintmax_t size_of(const std::string& folder) {
  return std::filesystem::file_size(folder + "/index") + std::filesystem::file_size(folder + "/chunks/000001");
}

TEST_CASE("merged blocks are a good deal smaller than what they are made of", "[tsdb][block_merge]") {
  const TempFolder store;
  std::vector<BlockEntry> inputs;
  std::uintmax_t before = 0;
  for (int i = 0; i < 3; ++i) {
    const std::int64_t start = i * 7'200'000;
    std::vector<TestSeries> all;
    for (int series = 0; series < 50; ++series) {
      TestSeries one{fmt::format("series_{:02}", series), {}};
      for (std::int64_t t = start; t < start + 7'200'000; t += 15'000) {
        const std::int64_t n = t / 15'000;
        const std::int64_t noise = (n * 7919 + series * 104'729) % 1000;  // of a gauge with three decimals
        one.samples.emplace_back(t, static_cast<double>(20'000 + noise) / 1000);
      }
      all.push_back(std::move(one));
    }
    inputs.push_back(
        write_test_block(store.path(), test_meta(static_cast<char>('1' + i), start, start + 7'200'000), all));
    before += size_of(inputs.back().folder);
  }
  const BlockMerge merged = merge(store, inputs);
  CHECK(merged.meta.stats.samples == 72'000);
  CHECK(static_cast<double>(size_of(store / "stage")) < 0.99 * static_cast<double>(before));
}

TEST_CASE("recorded blocks of a server are merged without a loss", "[tsdb][block_merge][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance data");
    return;
  }
  const TempFolder store;
  std::vector<BlockEntry> inputs =
      list_blocks((*folder / "tsdb" / "small" / "data").string(), [](const Error& error) { FAIL(error.what()); });
  REQUIRE(inputs.size() == 4);
  const BlockMerge merged = merge(store, inputs);
  std::uint64_t samples = 0;
  for (const BlockEntry& input : inputs) {
    samples += input.meta.stats.samples;
  }
  CHECK(merged.meta.stats.samples <= samples);
  CHECK(merged.meta.stats.samples > samples / 2);
}

}  // namespace
}  // namespace mcore
