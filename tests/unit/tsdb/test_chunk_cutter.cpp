// SPDX-License-Identifier: Apache-2.0
#include "tsdb/chunk_cutter.h"

#include "support/catch.h"
#include "support/hex.h"
#include "support/histogram_samples.h"
#include "tsdb/chunk_reader.h"
#include "tsdb/histogram_reader.h"

namespace mcore {
namespace {

constexpr std::int64_t kT0 = 1'700'000'000'000;

Histogram counter(double count) {
  return {.schema = 3, .count = count, .sum = count / 2, .positive_spans = {{4, 1}}, .positive_counts = {count}};
}

void add_floats(SeriesSamples& samples, std::int64_t from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    samples.t_ms.push_back(kT0 + from + static_cast<std::int64_t>(i) * 1000);
    samples.value.push_back(static_cast<double>(i * i % 37));
  }
}
void add_histograms(SeriesSamples& samples, std::int64_t from, std::size_t count, double first = 1) {
  for (std::size_t i = 0; i < count; ++i) {
    samples.histogram_t_ms.push_back(kT0 + from + static_cast<std::int64_t>(i) * 1000);
    samples.histogram.push_back(counter(first + static_cast<double>(i)));
  }
}

/// Checks what holds for any cut: order, bounds, counts, and that the chunks hold exactly the samples.
void check_whole(std::span<const EncodedChunk> chunks, const SeriesSamples& want) {
  SeriesSamples got;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const EncodedChunk& c = chunks[i];
    CHECK((i == 0 || chunks[i - 1].max_t_ms < c.min_t_ms));
    SeriesSamples one;
    REQUIRE(decode_chunk(static_cast<std::uint8_t>(c.encoding), c.bytes, {}, one) == ChunkState::kWhole);
    CHECK(one.size() == c.sample_count);
    const std::vector<std::int64_t>& t = one.t_ms.empty() ? one.histogram_t_ms : one.t_ms;
    CHECK(t.front() == c.min_t_ms);
    CHECK(t.back() == c.max_t_ms);
    CHECK(decode_chunk(static_cast<std::uint8_t>(c.encoding), c.bytes, {}, got) == ChunkState::kWhole);
  }
  CHECK(got.t_ms == want.t_ms);
  CHECK(got.value == want.value);
  CHECK(got.histogram_t_ms == want.histogram_t_ms);
  REQUIRE(got.histogram.size() == want.histogram.size());
  for (std::size_t i = 0; i < got.histogram.size(); ++i) {
    CHECK(same_histogram(got.histogram[i], want.histogram[i]));
  }
}

TEST_CASE("floats are cut by their number", "[tsdb][chunk_cutter]") {
  SeriesSamples samples;
  add_floats(samples, 0, 250);
  ChunkCutter server;
  const auto chunks = server.cut(samples);
  REQUIRE(chunks.size() == 3);
  CHECK(chunks[0].sample_count == 120);
  CHECK(chunks[1].min_t_ms == kT0 + 120'000);
  CHECK(chunks[2].sample_count == 10);
  CHECK(chunks[2].max_t_ms == kT0 + 249'000);
  check_whole(chunks, samples);

  ChunkCutter longer({.float_samples = 240});
  CHECK(longer.cut(samples).size() == 2);
  check_whole(longer.cut(samples), samples);
  ChunkCutter clamped({.float_samples = 0});
  CHECK(clamped.cut(samples).size() == 250);
}

TEST_CASE("a series without samples has no chunks", "[tsdb][chunk_cutter]") {
  ChunkCutter cutter;
  CHECK(cutter.cut({}).empty());
}

TEST_CASE("floats and histograms take turns in time", "[tsdb][chunk_cutter]") {
  SeriesSamples samples;
  add_histograms(samples, 0, 3);
  add_floats(samples, 10'000, 130);
  add_histograms(samples, 200'000, 1, 20);
  add_floats(samples, 201'000, 1);
  ChunkCutter cutter;
  const auto chunks = cutter.cut(samples);
  using enum ChunkEncoding;
  std::vector<ChunkEncoding> kinds;
  for (const EncodedChunk& c : chunks) {
    kinds.push_back(c.encoding);
  }
  CHECK(kinds == std::vector<ChunkEncoding>{kHistogram, kXor, kXor, kHistogram, kXor});
  check_whole(chunks, samples);
}

TEST_CASE("a counter reset opens a chunk that says so", "[tsdb][chunk_cutter]") {
  SeriesSamples samples;
  add_histograms(samples, 0, 5, 100);
  add_histograms(samples, 5000, 5, 1);
  samples.histogram_t_ms.push_back(kT0 + 10'000);
  samples.histogram.push_back(stale_histogram());
  add_histograms(samples, 11'000, 2, 1);
  ChunkCutter cutter;
  const auto chunks = cutter.cut(samples);
  REQUIRE(chunks.size() == 3);
  using enum CounterResetHint;
  CHECK(HistogramChunkReader(chunks[0].encoding, chunks[0].bytes).header_hint() == kUnknown);
  CHECK(HistogramChunkReader(chunks[1].encoding, chunks[1].bytes).header_hint() == kReset);
  CHECK(HistogramChunkReader(chunks[2].encoding, chunks[2].bytes).header_hint() == kUnknown);
  check_whole(chunks, samples);
}

TEST_CASE("histograms are cut by size, but not below ten samples", "[tsdb][chunk_cutter]") {
  SeriesSamples samples;
  add_histograms(samples, 0, 1000);
  ChunkCutter cutter({.histogram_bytes = 256});
  const auto chunks = cutter.cut(samples);
  CHECK(chunks.size() > 2);
  for (const EncodedChunk& c : chunks.first(chunks.size() - 1)) {
    CHECK(c.bytes.size() >= 256);
    CHECK(c.bytes.size() < 280);
  }
  check_whole(chunks, samples);

  ChunkCutter small({.histogram_bytes = 1});
  CHECK(small.cut(samples).size() == 100);
}

}  // namespace
}  // namespace mcore
