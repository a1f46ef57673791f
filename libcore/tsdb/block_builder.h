// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/labels.h"
#include "storage/querier.h"
#include "tsdb/block_meta.h"
#include "tsdb/chunk_maker.h"
#include "tsdb/chunk_segment.h"
#include "tsdb/chunk_spool.h"
#include "tsdb/series_table.h"

namespace mcore {

struct BlockBuilderOptions {
  std::string folder{};  // exists; all that is made lies in it
  NewFileOwner owner{};
  std::int64_t block_ms = kChunkWindowMs;  // length of the aligned windows; a multiple of kChunkWindowMs
  std::size_t memory = std::size_t{96} << 20U;
  std::uint64_t segment_bytes = kSegmentBytes;
  bool sync = true;
  std::function<bool()> stop{};  // asked now and then while blocks are written, by any thread; true ends it
  /// What the store has already: a sample that is there is not written again. Asked for once by each thread that
  /// builds; null if there is nothing.
  std::function<std::unique_ptr<Querier>()> open_stored{};
};

/// A finished block, still in the builder's folder. Units: as in BlockMeta.
struct BuiltBlock {
  std::string folder;
  BlockMeta meta;
};

/// What became of samples that are in no block. An example reads `up{job="a"} at 2026-11-19T03:12:00Z: ...`.
struct BuildTally {
  std::uint64_t repeated = 0;   // the same sample came twice, or is in the store
  std::uint64_t conflicts = 0;  // another value came first, or is in the store
  std::string conflict_example{};
  void add(const SampleTally& tally, const std::function<LabelsView(std::uint32_t)>& labels);
  void add(const BuildTally& more);
};

/// Makes level-1 blocks of samples that come in any order.
///
/// Shape:    one block for each aligned window that has samples; it begins with the first and ends behind the last of
///           them (tsdb-format 7.2). Where two samples of a series have the same time, the one that came first stays.
/// Units:    milliseconds since the Unix epoch.
/// Lifetime: owns what lies in its folder under names of its own; the folder is the caller's, who renames the blocks
///           away and removes the rest.
/// Errors:   throws Error (kIo, kLimit; kUsage for windows of a wrong length).
/// Threads:  series() and append() may be called by two threads, one each, as long as a number is handed over in order;
///           everything else is for one. build() and flush() may start a second one.
/// Cost:     25 ns a float, block included, where the samples of a series come one behind the other, about twice that
///           where series take turns. Memory: as the options have it, but for 250 bytes and the labels of each series
///           that is open at once; once it is full, parts of the blocks are written and joined in the end.
class BlockBuilder {
 public:
  explicit BlockBuilder(BlockBuilderOptions options);

  /// The number of a series; valid until flush().
  /// Needs: labels that LabelBuilder made, not empty, without duplicates.
  [[nodiscard]] std::uint32_t series(LabelsView labels, std::uint64_t hash) { return table_.find_or_add(labels, hash); }
  void append(std::uint32_t series, std::span<const std::int64_t> t_ms, std::span<const double> value);
  /// Needs: a histogram in which histogram_fault finds nothing, or a stale one.
  void append(std::uint32_t series, std::int64_t t_ms, const Histogram& histogram);

  /// Whether it is time to flush(); for the thread that calls series().
  [[nodiscard]] bool is_full() const noexcept {
    return table_.memory() + sample_memory_.load(std::memory_order_relaxed) >= limit_;
  }
  /// Writes out what there is and forgets the series. False if it was stopped: nothing can be done with the builder
  /// any more.
  [[nodiscard]] bool flush();

  /// Ends the taking of samples. What follows requires it.
  void finish();
  /// First and last sample; nothing if there is none.
  [[nodiscard]] std::optional<TimeRange> range() const;
  /// Writes the blocks of all windows that end at or before `end_t_ms`; the rest is for rest(). False if it was
  /// stopped. `now_ms` goes into their names.
  [[nodiscard]] bool build(std::int64_t end_t_ms, std::int64_t now_ms, std::vector<BuiltBlock>& blocks);
  /// Hands out what build() left, in label order; each series' samples in order of time. Not compared with the store.
  void rest(const std::function<void(LabelsView, SeriesSamples&)>& take);

  [[nodiscard]] const BuildTally& tally() const noexcept { return tally_; }

 private:
  struct Key {
    std::uint64_t place;  // window, then rank of the series
    std::uint32_t chunk;
  };
  /// A stretch of time that becomes one block, and its part of order_.
  struct Window {
    TimeRange range{};
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  struct Part {
    std::string folder;
    BlockMeta meta;
  };
  class Feed;
  class SpoolFeed;
  class PartFeed;
  class WindowWriter;

  void note_memory() noexcept;
  /// Divides the time of all samples into windows and sorts the spool's chunks by them.
  void plan(std::int64_t end_t_ms);
  [[nodiscard]] std::vector<std::unique_ptr<Feed>> feeds(const Window& window) const;
  [[nodiscard]] bool write_all(std::span<const Window> windows, bool as_parts, std::int64_t now_ms,
                               std::vector<BuiltBlock>& blocks);

  BlockBuilderOptions options_;
  SeriesTable table_;
  ChunkSpool spool_;
  ChunkMaker maker_;
  std::size_t limit_;
  std::uint64_t appended_ = 0;  // since the last flush
  std::uint64_t appends_ = 0;
  std::atomic<std::size_t> sample_memory_ = 0;  // of maker and spool
  std::vector<Part> parts_;
  std::vector<std::int64_t> part_windows_;  // starts of the chunk windows that parts have samples in
  BuildTally tally_;

  std::vector<std::uint32_t> order_;  // of the series
  std::vector<Key> keys_;
  std::vector<Window> windows_;
  std::optional<Window> rest_;
};

}  // namespace mcore
