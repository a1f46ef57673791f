// SPDX-License-Identifier: Apache-2.0
// Small blocks for tests: series written as text, and read back as text.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "storage/querier.h"
#include "tsdb/block_list.h"
#include "tsdb/block_reader.h"
#include "tsdb/block_writer.h"
#include "tsdb/chunk_cutter.h"

namespace mcore {

/// A name of blocks: the same 25 characters, then the one that tells them apart.
[[nodiscard]] inline std::string test_ulid(char last) {
  std::string ulid = "01M81G9T0P5FDDK9NHG2YTMTE";
  ulid.push_back(last);
  return ulid;
}

/// A series and its samples, floats only: {"up", {{0, 1}, {15, 2}}}.
struct TestSeries {
  std::string name;
  std::vector<std::pair<std::int64_t, double>> samples;
};

[[nodiscard]] inline LabelSet test_labels(std::string_view name) {
  LabelBuilder builder;
  builder.add(kNameLabel, name);
  return LabelSet(builder.build());
}

[[nodiscard]] inline SeriesSamples test_samples(const TestSeries& series) {
  SeriesSamples samples;
  for (const auto& [t_ms, value] : series.samples) {
    samples.t_ms.push_back(t_ms);
    samples.value.push_back(value);
  }
  return samples;
}

/// A sample every `step_ms` from `from_ms` on, before `end_ms`: its value is its number in `numbers`, counted from 0.
[[nodiscard]] inline TestSeries steady_series(std::string name, std::int64_t from_ms, std::int64_t end_ms,
                                              std::int64_t step_ms) {
  TestSeries series{std::move(name), {}};
  for (std::int64_t t_ms = from_ms; t_ms < end_ms; t_ms += step_ms) {
    series.samples.emplace_back(t_ms, static_cast<double>(t_ms / step_ms));
  }
  return series;
}

/// Adds the series' chunks, cut as servers do.
inline void add_test_series(BlockWriter& writer, LabelsView labels, const SeriesSamples& samples,
                            std::size_t float_samples = 120) {
  ChunkCutter cutter({.float_samples = float_samples});
  std::vector<ChunkToWrite> chunks;
  for (const EncodedChunk& chunk : cutter.cut(samples)) {
    chunks.push_back(
        {static_cast<std::uint8_t>(chunk.encoding), chunk.min_t_ms, chunk.max_t_ms, chunk.bytes, chunk.sample_count});
  }
  writer.add_series(labels, chunks);
}

[[nodiscard]] inline BlockMeta test_meta(char last, std::int64_t min_t_ms, std::int64_t end_t_ms) {
  BlockMeta meta;
  meta.ulid = test_ulid(last);
  meta.sources = {meta.ulid};
  meta.min_t_ms = min_t_ms;
  meta.end_t_ms = end_t_ms;
  return meta;
}

/// Writes a block into a store. Needs: series in label order.
inline BlockEntry write_test_block(const std::string& store, BlockMeta meta, const std::vector<TestSeries>& series,
                                   std::size_t float_samples = 120) {
  std::string folder = store + "/" + meta.ulid;
  BlockWriter writer(folder, {.sync = false});
  for (const TestSeries& one : series) {
    add_test_series(writer, test_labels(one.name).view(), test_samples(one), float_samples);
  }
  meta = writer.finish(std::move(meta));
  return {std::move(folder), std::move(meta)};
}

/// What a block holds, what is deleted left out: `up 0=1 15=2; `; histograms by their sum, `15=h2`. A series with more
/// than 10 samples only by their number and ends: `up 480: 0=0 7185000=479; `.
[[nodiscard]] inline std::string block_text(const std::string& folder) {
  BlockReader reader(folder);
  const DamageReport fail = [](const Error& error) { throw Error(error); };
  std::string text;
  SeriesSamples samples;
  for (const auto set = reader.select({}, TimeRange(), fail); set->next();) {
    set->samples(samples);
    std::vector<std::pair<std::int64_t, std::string>> all;
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      all.emplace_back(samples.t_ms[i], fmt::format("{}", samples.value[i]));
    }
    for (std::size_t i = 0; i < samples.histogram.size(); ++i) {
      all.emplace_back(samples.histogram_t_ms[i], fmt::format("h{}", samples.histogram[i].sum));
    }
    std::ranges::sort(all);
    text += labels_text(set->labels());
    constexpr std::size_t kShown = 10;
    const bool is_long = all.size() > kShown;
    if (is_long) {
      text += fmt::format(" {}:", all.size());
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!is_long || i == 0 || i + 1 == all.size()) {
        text += fmt::format(" {}={}", all[i].first, all[i].second);
      }
    }
    text += "; ";
  }
  return text;
}

}  // namespace mcore
