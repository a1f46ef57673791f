// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/querier.h"
#include "tsdb/block_meta.h"
#include "tsdb/chunk_segment.h"
#include "tsdb/index_reader.h"
#include "tsdb/tombstones.h"

namespace mcore {

class BlockCursor;

/// One block of a store, read in place.
///
/// Shape:    the folder of tsdb-format 2.
/// Lifetime: owns its mappings: they stay whole when the folder is removed. Sets and cursors must not outlive it.
/// Errors:   the constructor reads meta.json and throws Error (kIo, kCorrupt). All else opens index and tombstones at
///           first use and throws Error, each time, if those or the index's header, contents, symbols or table are
///           damaged: the block cannot be used. Damage to one list, series, chunk or segment is reported and passed
///           over; a damaged list costs a look at every series instead.
/// Threads:  one at a time.
class BlockReader {
 public:
  explicit BlockReader(std::string folder);
  /// For a meta.json that was read already.
  BlockReader(std::string folder, BlockMeta meta);
  ~BlockReader();

  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  [[nodiscard]] const BlockMeta& meta() const noexcept { return meta_; }
  /// The block's range with both ends counting. An empty block's ends before it begins.
  [[nodiscard]] TimeRange range() const noexcept { return {meta_.min_t_ms, meta_.end_t_ms - 1}; }

  /// Opens index and tombstones now, and all chunks if they will be needed: what is open stays whole when the folder is
  /// removed. Errors: throws Error for the first file that cannot be had.
  void open(bool with_chunks);

  /// The series that match, in label order, with samples decoded from the chunks in the range; deleted ones are gone.
  [[nodiscard]] std::unique_ptr<SeriesSet> select(std::span<const Selector> selectors, TimeRange range,
                                                  DamageReport report);
  /// Names of labels, and values of one, of the series that match; sorted. As in a server, whole blocks count: nobody
  /// looks whether a series has a chunk in some range.
  [[nodiscard]] std::vector<std::string> label_names(std::span<const Selector> selectors, const DamageReport& report);
  [[nodiscard]] std::vector<std::string> label_values(const std::string& name, std::span<const Selector> selectors,
                                                      const DamageReport& report);

  /// Replaces `out` with the sample that a series holds at one time, if it holds one and it is not deleted; says
  /// whether. Errors: throws Error (kCorrupt) if what is needed for the answer is damaged. Cost:   some microseconds;
  /// less for a series asked for before, and next to nothing in the chunk asked for last.
  bool sample_at(LabelsView labels, std::int64_t t_ms, SeriesSamples& out);

  /// All series in label order with their chunks as they are: for compaction. Reads the series part from front to back
  /// if the list of all series is damaged.
  [[nodiscard]] BlockCursor series(DamageReport report);

  /// The references of the series that match, ascending.
  [[nodiscard]] std::vector<SeriesRef> find(std::span<const Selector> selectors, const DamageReport& report);
  /// The reference of the series with exactly these labels.
  [[nodiscard]] std::optional<SeriesRef> find_series(LabelsView labels);

  [[nodiscard]] IndexReader& index();
  [[nodiscard]] ChunkSegments& chunks();
  [[nodiscard]] const Tombstones& tombstones();

 private:
  struct SampleCache;
  std::optional<SeriesRef> search_series(LabelsView labels);

  std::string folder_;
  BlockMeta meta_;
  std::unique_ptr<IndexReader> index_;
  std::optional<ChunkSegments> chunks_;
  std::optional<Tombstones> tombstones_;
  std::unordered_map<std::uint64_t, std::optional<SeriesRef>> known_series_;  // by hash of the label set
  std::unique_ptr<SampleCache> sample_cache_;
};

/// Walks series of a block by their references.
///
/// Lifetime: must not outlive its block; labels() and chunks() live until the next next().
/// Errors:   damaged series and chunks, and series out of label order, are reported and passed over.
class BlockCursor {
 public:
  /// Requires: `refs` ascend.
  BlockCursor(BlockReader& block, std::vector<SeriesRef> refs, TimeRange range, DamageReport report);

  /// The next series with a chunk that overlaps the range and is not deleted altogether.
  bool next();
  [[nodiscard]] SeriesRef ref() const noexcept { return refs_[next_ - 1]; }
  [[nodiscard]] LabelsView labels() const noexcept { return LabelsView(labels_); }
  /// The series' chunks that overlap the range and are not deleted altogether, ascending.
  [[nodiscard]] std::span<const ChunkMeta> chunks() const noexcept { return series_.chunks; }
  [[nodiscard]] std::span<const TimeRange> deleted() const noexcept { return deleted_; }
  /// The bytes of a chunk, or nothing if they are damaged (reported). The view lives as long as the block.
  [[nodiscard]] std::optional<ChunkBytes> chunk(const ChunkMeta& meta);
  /// What goes wrong with this series elsewhere.
  void report(const Error& damage) { report_(damage); }

 private:
  bool read_entry();

  BlockReader* block_;
  std::vector<SeriesRef> refs_;
  TimeRange range_;
  DamageReport report_;
  std::size_t next_ = 0;
  IndexSeries series_;
  LabelBuilder builder_;
  std::string labels_;
  std::span<const TimeRange> deleted_;
  std::set<std::size_t> lost_segments_;  // reported once each
};

}  // namespace mcore
