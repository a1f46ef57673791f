// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tsdb/chunk_cutter.h"
#include "tsdb/chunk_spool.h"
#include "tsdb/sample_tally.h"

namespace mcore {

/// The aligned windows that no chunk reaches over: the ranges of the blocks that a server cuts.
inline constexpr std::int64_t kChunkWindowMs = 7'200'000;
/// The start of the aligned window, of that length, that holds a time.
[[nodiscard]] constexpr std::int64_t aligned_start(std::int64_t t_ms,
                                                   std::int64_t window_ms = kChunkWindowMs) noexcept {
  const std::int64_t rest = t_ms % window_ms;
  return t_ms - (rest < 0 ? rest + window_ms : rest);
}

/// Calls `take` with the samples of one such window after the other.
void each_chunk_window(const SeriesSamples& samples, const std::function<void(const SeriesSamples&)>& take);

/// Cuts the samples of many series into chunks, whatever order they come in.
///
/// Shape:    each series has one open chunk. A sample that is not newer than its series' last one waits with others of
///           its kind, which are sorted into chunks of their own (SpooledChunk::is_late). So chunks of one series may
///           overlap; of two with the same time the one that is not late was first, then the one cut first.
/// Units:    milliseconds since the Unix epoch. A chunk holds at most 120 floats and stays inside of a window.
/// Lifetime: borrows the spool.
/// Errors:   throws Error (kIo) of the spool.
/// Threads:  one.
/// Cost:     6 to 10 ns a float that is in order; 80 bytes a series, and 128 to 512 for its open chunk.
class ChunkMaker {
 public:
  explicit ChunkMaker(ChunkSpool& spool);
  ~ChunkMaker();
  ChunkMaker(const ChunkMaker&) = delete;
  ChunkMaker& operator=(const ChunkMaker&) = delete;

  /// Takes samples of one series. Series are numbered from 0 without large gaps.
  void append(std::uint32_t series, std::span<const std::int64_t> t_ms, std::span<const double> value);
  /// Needs: a histogram in which histogram_fault finds nothing, or a stale one.
  void append(std::uint32_t series, std::int64_t t_ms, const Histogram& histogram);
  /// Puts every open chunk into the spool and forgets all series.
  void finish();

  /// What became of samples whose time was taken, since the last call.
  [[nodiscard]] SampleTally take_tally() { return std::exchange(tally_, {}); }
  [[nodiscard]] std::size_t memory() const noexcept;

 private:
  enum class Kind : std::uint8_t { kNone, kFloat, kHistogram };
  /// The open chunk of a series.
  struct Open {
    XorState xor_state{};  // its t_ms is that of the newest sample, of either kind
    std::int64_t min_t_ms = 0;
    std::int64_t end_t_ms = INT64_MIN;  // of its window; no chunk is open: before any time
    std::uint32_t bit = 0;              // kFloat: where the stream ends
    std::uint32_t slab = 0;             // kFloat: its place
    std::uint32_t histogram = 0;        // number of the writer + 1
    std::uint8_t slab_class = 0xFF;     // none
    Kind kind = Kind::kNone;
  };
  struct Late {
    std::vector<std::pair<std::int64_t, double>> floats{};
    std::vector<std::pair<std::int64_t, Histogram>> histograms{};
  };

  Open& open_of(std::uint32_t series);
  void append_slowly(Open& open, std::uint32_t series, std::int64_t t_ms, double value);
  void begin(Open& open, std::int64_t t_ms, Kind kind);
  void close(Open& open, std::uint32_t series);
  void add_late(std::uint32_t series, std::int64_t t_ms, double value);
  void sort_late(std::uint32_t series, Late& late);

  [[nodiscard]] char* slab_bytes(std::uint32_t slab) const noexcept;
  std::uint32_t take_slab(std::uint8_t slab_class);
  void widen(Open& open);

  ChunkSpool& spool_;
  SampleTally tally_;
  std::vector<Open> open_;
  std::vector<std::unique_ptr<HistogramChunkWriter>> histograms_;
  std::unordered_map<std::uint32_t, Late> late_;
  std::size_t late_samples_ = 0;
  ChunkCutter cutter_;

  static constexpr std::size_t kSlabClasses = 6;  // 128 bytes to 4 KiB
  std::vector<std::unique_ptr<char[]>> pages_;
  std::uint32_t page_used_ = 0;  // units of the last page
  std::array<std::vector<std::uint32_t>, kSlabClasses> free_slabs_;
};

}  // namespace mcore
