// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/querier.h"
#include "tsdb/chunk_encoding.h"
#include "tsdb/histogram_chunk.h"
#include "tsdb/xor_chunk.h"

namespace mcore {

/// One encoded chunk. Units: milliseconds since the Unix epoch, both ends are samples.
struct EncodedChunk {
  ChunkEncoding encoding = ChunkEncoding::kXor;
  std::int64_t min_t_ms = 0;
  std::int64_t max_t_ms = 0;
  std::uint32_t sample_count = 0;
  std::string_view bytes{};
};

struct ChunkCutterOptions {
  /// 120 is what servers write; more samples share a chunk's 17 bytes of fixed cost, and readers decode more of them
  /// for a short range. At most 800 keep below the 16,000 bytes that object-storage readers fetch at first.
  std::size_t float_samples = 120;
  XorWindows windows = XorWindows::kOptimal;
  /// A chunk of histograms ends once it has both.
  std::size_t histogram_bytes = 1024;
  std::size_t histogram_samples = 10;
};

/// Cuts the samples of one series after the other into chunks for a block.
///
/// Shape:    encodings 1, 2 and 3. Chunks ascend in time and do not overlap; one ends where the next sample is of the
///           other kind, when it is full, and where HistogramChunkWriter says so.
/// Lifetime: what cut() gives lives until the next cut().
/// Cost:     that of encoding; memory is used again.
class ChunkCutter {
 public:
  explicit ChunkCutter(const ChunkCutterOptions& options = {}) noexcept : options_(options) {}

  /// Samples of a chunk of floats from now on. Requires: at least 1.
  void set_float_samples(std::size_t count) noexcept { options_.float_samples = count; }

  /// Needs: columns as SeriesSamples promises them; histograms in which histogram_fault finds nothing.
  [[nodiscard]] std::span<const EncodedChunk> cut(const SeriesSamples& samples);

 private:
  void cut_floats(std::span<const std::int64_t> t_ms, std::span<const double> value);
  void cut_histograms(std::span<const std::int64_t> t_ms, std::span<const Histogram> histogram);
  void keep_histograms(std::int64_t min_t_ms, std::int64_t max_t_ms);

  ChunkCutterOptions options_;
  std::string bytes_{};
  std::vector<EncodedChunk> chunks_{};
  std::vector<std::size_t> ends_{};  // of the chunks in bytes_, which still moves
  HistogramChunkWriter histograms_{};
};

}  // namespace mcore
